"""A diagnosis: four parts, each with its own judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lifecycle_kit.classroom.incidents.changed import judge_change
from lifecycle_kit.classroom.incidents.judge import PARTS, Mark, judge_cause, judge_lines, judge_next
from lifecycle_kit.classroom.incidents.values import Incident, Record

__all__ = ["JUDGES", "judge"]

JUDGES: Mapping[str, Callable[[object, Incident], Mark]] = MappingProxyType(
    {"cause": judge_cause, "lines": judge_lines, "next": judge_next, "change": judge_change}
)
"""Who judges each of `PARTS`."""


def judge(diagnosis: Record, incident: Incident) -> tuple[Mark, ...]:
    """Return the marks for a diagnosis that has all four parts."""
    return tuple(JUDGES[part](diagnosis[part], incident) for part in PARTS)
