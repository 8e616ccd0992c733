"""What the effect of a scenario is measured by: a number that is large with the fault and small with a cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, FleetResult, Jobs, WorldResult
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.units import seconds

__all__ = ["MEASURES", "QUEUE_MEASURES", "Measure", "owners_s", "restarts"]


def restarts(fleet: FleetResult) -> int:
    """Return how many lives began after the first of each instance."""
    _, targets = np.divmod(fleet.log.move, len(STATES))
    born = fleet.log.who[targets == STATES.index(State.STARTING)]
    return len(born) - len(np.unique(born))


def owners_s(fleet: FleetResult, more_than: int = 1) -> float:
    """Return for how many seconds more instances than this held the work: ready once in this life, and not ended."""
    held, since, total = 0, 0, 0
    for at, change in _owners(fleet):
        if held > more_than:
            total += at - since
        held, since = held + change, at
    return seconds(total + (fleet.until_ns - since if held > more_than else 0))


def _owners(fleet: FleetResult) -> Iterator[tuple[int, int]]:
    owning = set[str]()
    for move in fleet.log:
        if move.target is State.READY and move.instance not in owning:
            owning.add(move.instance)
            yield move.at_ns, 1
        elif move.target not in HAS_PROCESS and move.instance in owning:
            owning.remove(move.instance)
            yield move.at_ns, -1


def _without_s(fleet: FleetResult) -> float:
    """Return for how many seconds after the first route the balancer knew of no instance."""
    edges = [*fleet.routes, (fleet.until_ns, ())]
    begun = next((place for place, (_, names) in enumerate(edges) if names), len(edges))
    pairs = zip(edges[begun:], edges[begun + 1 :], strict=False)
    return seconds(sum(later - at for (at, names), (later, _) in pairs if not names))


def _killed(fleet: FleetResult) -> float:
    """Return how many lives were ended by a kill: SIGKILL, whoever sent it."""
    return sum(
        move.target not in HAS_PROCESS and move.source in HAS_PROCESS and "SIGKILL" in move.cause for move in fleet.log
    )


def _outcome(word: str) -> Callable[[FleetResult], float]:
    return lambda fleet: fleet.outcomes.get(word, 0)


def _update_s(fleet: FleetResult) -> float:
    return seconds(fleet.until_ns) if fleet.update_done_s is None else fleet.update_done_s


def _waiting(jobs: Jobs) -> float:
    return int(np.count_nonzero(jobs.end == JOB_ENDS.index("waiting")))


def _twice(jobs: Jobs) -> float:
    return int(np.count_nonzero(jobs.completions > 1))


MEASURES: Mapping[str, Callable[[FleetResult], float]] = {
    "failed requests": lambda fleet: fleet.failed,
    **{f"{word} requests": _outcome(word) for word in ("error", "refused", "cut", "timeout", "no-route")},
    "requests sent": lambda fleet: int(fleet.requests.tries.sum()),
    "restarts": restarts,
    "killed instances": _killed,
    "seconds without a route": _without_s,
    "seconds with two owners": owners_s,
    "end of the update": _update_s,
}
"""Measures of a fleet, by the words of the file; times are in seconds."""

QUEUE_MEASURES: Mapping[str, Callable[[Jobs], float]] = {
    "backlog at the end": _waiting,
    "jobs done twice": _twice,
}
"""Measures of a queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the effect is measured by.

    Attributes:
        what: one of `MEASURES` or `QUEUE_MEASURES`.
        on: the fleet or queue.
        factor: the fault is at least so many times worse than any cure (of which at least 1 is counted).
        gone: with a cure at most so much is left.
    """

    what: str
    on: str
    factor: float = 10.0
    gone: float = 0.0

    def of(self, result: WorldResult) -> float:
        """Return the number for one run."""
        if self.what in QUEUE_MEASURES:
            return QUEUE_MEASURES[self.what](result.jobs[self.on])
        return MEASURES[self.what](result.fleets[self.on])

    def cures(self, fault: float, changed: float) -> bool:
        """Tell whether a change cures, given the number with the fault and with the change.

        >>> measure = Measure(what="failed requests", on="api", factor=10, gone=5)
        >>> measure.cures(fault=200, changed=0), measure.cures(fault=200, changed=60), measure.cures(fault=9, changed=0)
        (True, False, False)
        """
        return changed <= self.gone and fault >= self.factor * max(changed, 1)
