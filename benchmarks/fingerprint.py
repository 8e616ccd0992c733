"""Fingerprints of results: equal if two engines tell the same, whatever their numbering of names and causes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate import FleetResult
from lifecycle_kit.simulate.fleet.log import Log

__all__ = ["Fingerprint", "of_log", "of_result"]

Column = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a result to compare it.

    Attributes:
        size: how many moves, or requests, it has.
        digest: of all that it says.
    """

    size: int
    digest: str


def of_log(log: Log, until_ns: int | None = None) -> Fingerprint:
    """Return the fingerprint of a log, or of what it says up to an instant.

    >>> at, who, move = np.array([5, 7]), np.array([0, 1]), np.array([1, 1])
    >>> one = Log(at, who, move, np.array([0, 1]), "ab", ["x", "y"])
    >>> other = Log(at, who, move, np.array([1, 0]), "ab", ["y", "x"])
    >>> of_log(one) == of_log(other), of_log(one) == of_log(Log(at, who, move, np.array([0, 0]), "ab", ["x", "y"]))
    (True, False)
    >>> of_log(one, until_ns=6).size
    1
    """
    size = len(log) if until_ns is None else int(np.searchsorted(log.at_ns, until_ns, side="right"))
    who, cause = _told(log.who[:size], log.names), _told(log.cause[:size], log.causes)
    return Fingerprint(size, _digest(log.at_ns[:size], log.move[:size], *who, *cause))


def of_result(result: FleetResult) -> Fingerprint:
    """Return the fingerprint of all that came of a fleet: moves, requests, routes, the update."""
    requests = result.requests
    rest = (of_log(result.log).digest, tuple(result.routes), result.update_done_s, result.update_stuck_s)
    columns = (requests.at_ns, requests.outcome, requests.ended_ns, requests.tries)
    return Fingerprint(len(requests), _digest(*columns, *_told(requests.who, requests.names), repr(rest)))


def _told(places: Column, words: Sequence[str]) -> tuple[Column, str]:
    """Return places in the sorted list of the words that occur, and these words; a place of -1 stays one."""
    used = np.unique(places)
    said = [words[place] if place >= 0 else "" for place in used.tolist()]
    order = sorted(set(said) - {""})
    place_of = {word: place for place, word in enumerate(order)} | {"": -1}
    number = np.array([place_of[word] for word in said], np.int64)
    return number[np.searchsorted(used, places)], repr(order)


def _digest(*parts: Column | str) -> str:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(part.encode() if isinstance(part, str) else np.ascontiguousarray(part, np.int64).tobytes())
    return made.hexdigest()
