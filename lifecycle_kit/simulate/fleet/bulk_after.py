"""What a plain policy makes of many ends at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lifecycle_kit.exits import Cause
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.fleet.bulk_course import Course
from lifecycle_kit.simulate.fleet.bulk_lives import NEVER, OWN, Integers, Lived
from lifecycle_kit.units import ns

__all__ = ["DONE", "GAVE_UP", "GOES_ON", "RESTARTS", "After", "Policy"]

GOES_ON, RESTARTS, DONE, GAVE_UP = range(4)  # after the last instant that was looked at, or after the end

Small = npt.NDArray[np.int8]


class After(NamedTuple):
    """What follows lives.

    Attributes:
        what: `GOES_ON`, `RESTARTS`, `DONE` or `GAVE_UP`.
        restarts: when the next life begins, `NEVER` if none does.
        failures: in a row, as the policy counts them.
    """

    what: Small
    restarts: Integers
    failures: Integers


class Policy:
    """A plain policy for many instances."""

    def __init__(self, policy: PlainPolicy) -> None:
        self._policy = policy
        self._forget = NEVER if policy.forget_after_s is None else ns(policy.forget_after_s)
        self._low, self._wide = np.zeros(1, np.int64), np.zeros(1, np.int64)

    @property
    def draws(self) -> bool:
        """Whether chance decides about its delays."""
        return self._policy.backoff.jitter != "none"

    def after(
        self, course: Course, lived: Lived, born: Integers, failures: Integers, until: int,
        u: npt.NDArray[np.float64] | None,
    ) -> After:  # fmt: skip
        """Return what follows lives up to `until`; `u` are the draws for jitter."""
        policy, ended = self._policy, lived.ends <= until
        clean = np.array([course.program.own.code == 0, course.leaves_how.code == 0, False])[lived.how]
        done = clean & (policy.when != "always")
        if course.program.own.cause is Cause.REQUEST:
            done |= lived.how == OWN
        counts = np.where(lived.ends - born >= self._forget, 1, failures + 1)
        gives_up = np.full(len(born), policy.when == "never") & ~done
        if policy.give_up_after is not None:
            gives_up |= ~done & (counts > policy.give_up_after)
        again = ended & ~done & ~gives_up
        what = np.where(again, RESTARTS, np.where(ended, np.where(done, DONE, GAVE_UP), GOES_ON)).astype(np.int8)
        restarts = np.where(again, lived.ends + self._delay(np.where(again, counts, 0), u), NEVER)
        return After(what, restarts, counts)

    def _delay(self, counts: Integers, u: npt.NDArray[np.float64] | None) -> Integers:
        most = int(counts.max(initial=0))
        if most >= len(self._low):
            bounds = [self._policy.backoff.bounds_ns(nth) for nth in range(1, most + 1)]
            self._low = np.array([0, *(low for low, _ in bounds)], np.int64)
            self._wide = np.array([0, *(high - low for low, high in bounds)], np.int64)
        if u is None:
            return self._low[counts]
        return self._low[counts] + (u * self._wide[counts]).astype(np.int64)
