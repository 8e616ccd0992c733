"""What the balancer of the quick engine believes: noticed event by event, put in order when the run is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.quick_book import WHO_SHIFT
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.routes import Routes
from lifecycle_kit.simulate.fleet.world import Rule
from lifecycle_kit.view import lifecycle_view

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_facts import Facts

__all__ = ["Beliefs", "Changes", "LateRoutes"]

Integers = npt.NDArray[np.int64]


class Beliefs:
    """What the balancer comes to believe, change by change.

    Args:
        rule: which instances may get requests.
        spread: how long a change takes to reach the balancer, nanoseconds.
        line: of events, whose keys tell which of two changes at one instant comes first.

    Attributes:
        at: instants of the changes.
        what: twice the number of the instance, and one more if it came.
    """

    __slots__ = ("_keys", "_line", "_rule", "_spread", "at", "what")

    def __init__(self, rule: Rule, spread: int, line: Line) -> None:
        self._rule, self._spread, self._line = rule, spread, line
        self.at: list[int] = []
        self.what: list[int] = []
        self._keys: list[tuple[int, int, int, int]] = []

    def look(self, instance: Facts, now: int) -> None:
        """Notice a change of an instance; it takes effect when it has spread."""
        eligible = self._eligible(instance)
        if eligible != instance.seen:
            instance.seen = eligible
            self.at.append(now + self._spread)
            self.what.append(2 * instance.who + eligible)
            self._keys.append(self._line.current[1:5])

    def _eligible(self, instance: Facts) -> bool:
        match self._rule:
            case "process":
                return instance.alive
            case "liveness":
                return instance.alive and instance.verdict_of_liveness
            case "readiness":
                return instance.alive and instance.ready and not instance.draining
            case rule:
                view = lifecycle_view if isinstance(rule, str) else rule
                blocked = instance.blocked is not None
                return view(instance.alive, instance.ready, instance.draining, blocked) == "ready"

    def changes(self) -> Changes:
        """Return all that was noticed in a run that is over."""
        line = self._line
        return Changes(
            at=np.array(self.at, np.int64), what=np.array(self.what, np.int64),
            keys=np.array(self._keys, np.int64).reshape(-1, 4), lives=line.book.table(), until=line.until,
            spread=self._spread, by_process=self._rule == "process", by_birth=self._rule in ("process", "liveness"),
            ready_at_birth=line.ready_at_birth,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes:
    """What was noticed in a run, and the lives that nobody looked at because they were computed at once.

    Attributes:
        at, what: as of `Beliefs`.
        keys: the rest of the key of the event at which it was noticed.
        lives: as the book has them.
        until, spread: nanoseconds.
        by_process, by_birth: whether the rule goes by the process alone, and whether one gets requests from birth on.
        ready_at_birth: whether those lives were ready as soon as they were born.
    """

    at: Integers
    what: Integers
    keys: Integers
    lives: Integers
    until: int
    spread: int
    by_process: bool
    by_birth: bool
    ready_at_birth: bool

    def columns(self) -> tuple[Integers, Integers]:
        """Return `(at, what)` of all changes, in order."""
        if not len(self.lives):
            return self.at, self.what
        noticed = np.column_stack((self.at - self.spread, self.keys, self.what))
        rows = np.vstack((noticed, self._came(), self._went()))
        rows = rows[rows[:, 0] <= self.until]
        rows = rows[np.lexsort(rows[:, 4::-1].T)]
        return rows[:, 0] + self.spread, rows[:, 5]

    def _came(self) -> Integers:
        """Return rows of `(instant, rest of the key, change)` for instances that may get requests from then on."""
        base, born, _, ended, probes, ready, *_ = self.lives.T
        at, news = born if self.by_birth else ready, ended - 1
        own = news if self.by_birth or self.ready_at_birth else probes + 1
        planner, planners = np.where(at == born, 0, born), np.where(at == born, 0, news)
        return np.column_stack((at, born, planner, planners, own, 2 * (base >> WHO_SHIFT) + 1))

    def _went(self) -> Integers:
        """Return the same for instances that may not get requests any more."""
        base, born, spawn, ended, probes, _, drains, ends, _ = self.lives.T
        stopped = (drains < ends) & (not self.by_process)
        at = np.where(stopped, drains, ends)
        planners, own = np.where(stopped, ended - 1, spawn), np.where(stopped, probes, ended)
        return np.column_stack((at, born, born, planners, own, 2 * (base >> WHO_SHIFT)))


class LateRoutes(Routes):
    """Routes whose columns are made when somebody asks for them, and not before."""

    __slots__ = ("_changes",)

    def __init__(self, changes: Changes, names: Sequence[str]) -> None:
        self._changes, self.names = changes, names

    def __getattr__(self, name: str) -> Any:
        if name not in ("at_ns", "who", "came"):
            raise AttributeError(name)
        at, what = self._changes.columns()
        known = at <= self._changes.until
        self.at_ns, self.who = at[known], (what[known] >> 1).astype(np.int32)
        self.came = (what[known] & 1).astype(np.bool_)
        return getattr(self, name)
