"""Drain and stop: one deadline spent in parts, and one outcome for every piece of work.

A stop plan is a list of phases - let a hook run, let the work in flight finish, signal, kill - each with a
limit, all of them paid from one budget where the system has one. It is a value; `machine.step` walks through it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lifecycle_kit.units import NS_PER_S, ns

__all__ = ["Fate", "Phase", "StopPlan", "Until", "fates"]


class Until(enum.Enum):
    """What ends a phase before its limit. The end of the process ends any phase."""

    EXIT = "exit"
    HOOK = "hook"
    DRAINED = "drained"
    EMPTY = "empty"  # after the end of the process: nothing of its group remains; skipped if nothing did


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One part of a stop.

    Attributes:
        name: what the system calls it, such as "preStop" or "stop-sigterm".
        signal: sent when the phase begins, such as "SIGTERM"; None sends nothing.
        to: who gets it: the "group" of the process, or the "main" process alone.
        until: what ends it early.
        limit_s: longest time for it, seconds; None waits as long as it takes.
    """

    name: str
    signal: str | None = None
    to: str = "group"
    until: Until = Until.EXIT
    limit_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlan:
    """How a unit is stopped.

    Attributes:
        phases: in order; the last one usually kills. If the last one runs out, the process is left to itself.
        budget_s: seconds that all phases before the kill share; None: each has only its own limit.
        floor_s: the least that a phase with a signal gets, even from an empty budget.
        whole_seconds: charge only the full seconds that earlier phases used (Kubernetes).
    """

    phases: tuple[Phase, ...]
    budget_s: float | None = None
    floor_s: float = 0.0
    whole_seconds: bool = False

    def __post_init__(self) -> None:
        if not self.phases:
            raise ValueError("a stop plan needs at least one phase: give it a signal to send")
        for value in (self.budget_s, self.floor_s, *(phase.limit_s for phase in self.phases)):
            if value is not None:
                ns(value)

    def limit_ns(self, index: int, used_ns: int) -> int | None:
        """Return how long phase `index` may take when `used_ns` have passed since the stop began; None: no limit.

        >>> plan = term_then_kill(30, pre_stop_s=28.5)
        >>> plan.limit_ns(1, used_ns=int(28.5e9)) / 1e9
        2.0
        """
        phase = self.phases[index]
        own = None if phase.limit_s is None else ns(phase.limit_s)
        if self.budget_s is None or phase.signal == "SIGKILL":
            return own
        spent = used_ns // NS_PER_S * NS_PER_S if self.whole_seconds else used_ns
        left = max(0, ns(self.budget_s) - spent)
        if phase.signal is not None:
            left = max(left, ns(self.floor_s))
        return left if own is None else min(own, left)

    @property
    def kill_index(self) -> int | None:
        """Where the plan kills, None if it never does."""
        return next((i for i, phase in enumerate(self.phases) if phase.signal == "SIGKILL"), None)


def term_then_kill(grace_s: float, *, signal: str = "SIGTERM", pre_stop_s: float | None = None) -> StopPlan:
    """Return the plan most systems have: signal, wait `grace_s` seconds, kill.

    Args:
        grace_s: seconds from the stop request to the kill, the pause included.
        signal: the stop signal.
        pre_stop_s: a pause before the signal, paid from the grace period; with Kubernetes' floor of 2 s.
    """
    phases = [Phase(name="term", signal=signal), Phase(name="kill", signal="SIGKILL")]
    if pre_stop_s is None:
        return StopPlan(phases=tuple(phases), budget_s=grace_s)
    pause = Phase(name="preStop", until=Until.HOOK, limit_s=pre_stop_s)
    return StopPlan(phases=(pause, *phases), budget_s=grace_s, floor_s=2.0, whole_seconds=True)


class Fate(enum.Enum):
    """How one piece of work ended; every piece has exactly one fate."""

    DONE = "done"
    REFUSED = "refused"  # it came after the route was closed: the client knows at once and can go elsewhere
    CUT = "cut"  # it was in flight when the process ended: lost
    REQUEUED = "requeued"  # it was in flight, and handed back


def fates(work: list[tuple[float, float]], *, closed_s: float, ended_s: float, requeues: bool = False) -> list[Fate]:
    """Return what became of each piece of work.

    Args:
        work: `(arrives_s, takes_s)` for each piece, seconds.
        closed_s: from this instant on new work is refused.
        ended_s: when the process ended.
        requeues: whether unfinished work is handed back instead of lost.

    >>> [fate.value for fate in fates([(0, 2), (0, 9), (4, 1)], closed_s=3, ended_s=8)]
    ['done', 'cut', 'refused']
    """

    def fate(arrives: float, takes: float) -> Fate:
        if arrives >= min(closed_s, ended_s):
            return Fate.REFUSED
        if arrives + takes <= ended_s:
            return Fate.DONE
        return Fate.REQUEUED if requeues else Fate.CUT

    return [fate(arrives, takes) for arrives, takes in work]
