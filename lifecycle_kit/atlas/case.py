"""One case of the atlas as a value: a situation (`given`) and what a real system made of it (`observed`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EVIDENCE", "KINDS", "LEVELS", "BadKey", "Case"]

KINDS = ("restart", "decision", "probe", "stop", "rollout", "state", "backoff", "group")
LEVELS = ("rule", "fact")
EVIDENCE = ("recorded", "upstream-test", "source", "documented", "derived")

_TEXTS = ("id", "system", "version", "kind", "family", "level", "title", "evidence", "source")
_CHOICES = {"kind": KINDS, "level": LEVELS, "evidence": EVIDENCE}


class BadKey(ValueError):
    """A key of a case is missing or holds something else than it should."""

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the atlas; the keys are defined in the README beside the data.

    Attributes:
        id: unique name: the system, a slash, and a few words.
        system: the real program, such as "systemd".
        version: of the program or of its sources.
        kind: what sort of question it answers, one of `KINDS`.
        family: the mechanism behind it, such as "start-limit".
        level: "rule" if it follows from `given` by the family's rule, "fact" if it is only worth showing.
        title: in a sentence.
        given: everything that a prediction needs.
        observed: what the real system did.
        evidence: one of `EVIDENCE`: recorded, or how else it is known.
        source: how it was recorded, or the place in the sources.
        tolerance_s: how far measured times may be off, seconds.
        notes: further remarks.
        extra: recorded colour, never compared.
        place: file and line it was read from.
    """

    id: str
    system: str
    version: str
    kind: str
    family: str
    level: str
    title: str
    given: Mapping[str, Any]
    observed: Mapping[str, Any]
    evidence: str
    source: str
    tolerance_s: float
    notes: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    place: tuple[str, int] = ("", 0)

    @property
    def sort(self) -> str:
        """Kind, system and family in one word, as the table of comparisons has it."""
        return f"{self.kind}/{self.system}/{self.family}"

    @classmethod
    def of(cls, data: Mapping[str, Any], place: tuple[str, int] = ("", 0)) -> Case:
        """Return the case that a line of the atlas describes.

        Raises:
            BadKey: naming the first key that is missing or cannot be used.
        """
        for key in _TEXTS:
            _need(data, key, str, "a text")
        for key, allowed in _CHOICES.items():
            if data[key] not in allowed:
                raise BadKey(key, f"{data[key]!r} is not known; allowed are {', '.join(allowed)}")
        for key in ("given", "observed"):
            _need(data, key, dict, "an object")
        tolerance = _need(data, "tolerance_s", (int, float), "a number of seconds")
        if isinstance(tolerance, bool) or not 0 <= tolerance < float("inf"):
            raise BadKey("tolerance_s", f"{tolerance!r} is no tolerance; give seconds, at least 0")
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data and name != "place"}
        return cls(**known, place=place)


def _need(data: Mapping[str, Any], key: str, kind: type | tuple[type, ...], what: str) -> Any:
    if key not in data:
        raise BadKey(key, f"it is missing; every case needs {what} there")
    if not isinstance(data[key], kind):
        raise BadKey(key, f"{data[key]!r} is not {what}")
    return data[key]
