"""What the effect of a scenario is measured by: a number that is large with the fault and small with a cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.summary import summary
from lifecycle_kit.states import HAS_PROCESS

__all__ = ["MEASURES", "QUEUE_MEASURES", "Measure"]

MEASURES: Mapping[str, str] = {
    "failed requests": "failed",
    "error requests": "error",
    "refused requests": "refused",
    "cut requests": "cut",
    "timeout requests": "timeout",
    "no-route requests": "no_route",
    "restarts": "restarts",
    "killed instances": "killed",
    "longest time without a ready one": "longest_without_s",
    "seconds with two owners": "two_owners_s",
}
"""Measures of a fleet: the words of the file, and the name of the number in `summary`."""

QUEUE_MEASURES: Mapping[str, str] = {
    "backlog at the end": "backlog",
    "largest backlog": "backlog_most",
    "jobs done twice": "done_twice",
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
        name = {**MEASURES, **QUEUE_MEASURES}[self.what]
        if name == "killed":
            return killed(result.fleets[self.on])
        return summary(result, on=self.on)[name]

    def cures(self, fault: float, changed: float) -> bool:
        """Tell whether a change cures, given the number with the fault and with the change.

        >>> measure = Measure(what="failed requests", on="api", factor=10, gone=5)
        >>> measure.cures(fault=200, changed=0), measure.cures(fault=200, changed=60), measure.cures(fault=9, changed=0)
        (True, False, False)
        """
        return changed <= self.gone and fault >= self.factor * max(changed, 1)


def killed(fleet: FleetResult) -> int:
    """Return how many lives ended by SIGKILL, whoever sent it."""
    ends = (move for move in fleet.log if move.source in HAS_PROCESS and move.target not in HAS_PROCESS)
    return sum(move.cause.startswith("signal SIGKILL") for move in ends)
