"""The table of lives that independent replications come to, and what can be read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.bulk_after import DONE, GAVE_UP, RESTARTS
from lifecycle_kit.simulate.fleet.bulk_course import Course
from lifecycle_kit.simulate.fleet.bulk_lives import Integers
from lifecycle_kit.simulate.fleet.bulk_log import log_of
from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.states import State

__all__ = ["Replications"]

Small = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Replications:
    """Lives in columns, in order of their number within an instance; instants in nanoseconds.

    What never happens, or happens after the end of the run, lies behind `until_ns`.

    Attributes:
        who: the instance: its run times `replicas`, and its number.
        life: number of the life, from 1.
        born, ready, blocked, drains, ends: when the life entered these states; `ready` stands for `running` too.
        restarts: when the next life begins.
        how: how it ended: 0 by itself, 1 by the signal of a stop plan, 2 by SIGKILL.
        what: what followed: 0 it goes on, 1 a restart, 2 nothing, because it was done, 3 the policy gave up.
        replicas, runs: how many instances a run has, and how many runs there were.
        until_ns: end of each run.
        name: of the fleet.
        courses: what the lives were made from, one after the other.
        give_up_after: of the policy, None if it gives up for another reason.
    """

    who: Integers
    life: Integers
    born: Integers
    ready: Integers
    blocked: Integers
    drains: Integers
    ends: Integers
    restarts: Integers
    how: Small
    what: Small
    replicas: int = field(kw_only=True)
    runs: int = field(kw_only=True)
    until_ns: int = field(kw_only=True)
    name: str = field(kw_only=True)
    courses: Sequence[Course] = field(kw_only=True, repr=False)
    give_up_after: int | None = field(kw_only=True)

    def __len__(self) -> int:
        return len(self.who)

    @property
    def instances(self) -> int:
        """How many instances there are in all runs."""
        return self.replicas * self.runs

    @property
    def restarts_of(self) -> Integers:
        """How often each instance was restarted."""
        return np.bincount(self.who[self.life > 1], minlength=self.instances)

    @property
    def gave_up_ns(self) -> Integers:
        """When each instance was given up, -1 if it was not."""
        found = np.full(self.instances, -1, np.int64)
        given_up = self.what == GAVE_UP
        found[self.who[given_up]] = self.ends[given_up]
        return found

    def time_in(self) -> Mapping[State, Integers]:
        """Return how long each instance stood in each state, nanoseconds; `running` includes `ready`.

        Every instance is in exactly one state, so these add up to the length of the run.
        """
        until = self.until_ns
        ends = np.minimum(self.ends, until)
        drains = np.minimum(self.drains, ends)
        blocked = np.minimum(self.blocked, drains)
        ready = np.minimum(self.ready, blocked)
        over = np.minimum(self.restarts, until) - ends
        return {
            State.STARTING: self._sum(ready - self.born),
            State.RUNNING: self._sum(blocked - ready),
            State.BLOCKED: self._sum(drains - blocked),
            State.DRAINING: self._sum(ends - drains),
            State.BACKOFF: self._sum(np.where(self.what == RESTARTS, over, 0)),
            State.TERMINATED: self._sum(np.where(self.what == DONE, over, 0)),
            State.FAILED: self._sum(np.where(self.what == GAVE_UP, over, 0)),
        }

    def _sum(self, spans: Integers) -> Integers:
        # Sums below 2**53 are exact in floats: a hundred days in nanoseconds.
        return np.bincount(self.who, weights=spans, minlength=self.instances).astype(np.int64)

    @property
    def ready_share(self) -> npt.NDArray[np.float64]:
        """Which share of the run each instance was ready or running."""
        share: npt.NDArray[np.float64] = self.time_in()[State.RUNNING] / self.until_ns
        return share

    def log(self, run: int = 0) -> Log:
        """Return the log of one run, as `run_fleet` with its seed gives it."""
        if not 0 <= run < self.runs:
            raise ValueError(f"there is no run {run}; there are 0 to {self.runs - 1}")
        return log_of(self, run)
