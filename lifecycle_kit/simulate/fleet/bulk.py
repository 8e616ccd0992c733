"""Independent replications: fleets whose instances do nothing to each other, thousands of them with NumPy.

Lives are computed one after the other, each for all instances at once, so that what costs is how many lives an
instance has and not how many instances there are. The table of lives says all: the log that the other engines would
write can be made from it, and so can what policies are compared by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.fleet.bulk_after import Policy
from lifecycle_kit.simulate.fleet.bulk_course import Course, course_of
from lifecycle_kit.simulate.fleet.bulk_lives import NEVER, Integers, live
from lifecycle_kit.simulate.fleet.bulk_table import Replications
from lifecycle_kit.simulate.fleet.draws import Keys, address, drawn, exponentials_ns, keys_of
from lifecycle_kit.simulate.fleet.plain import plain_of
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.units import ns

__all__ = ["replicate"]

Column = npt.NDArray[Any]


def replicate(
    fleet: Fleet, until_s: float = 3600.0, *, runs: int = 1, seed: int = 0, name: str = "api"
) -> Replications:
    """Return the lives of all instances of a fleet, over and over, as `run_fleet` would have them.

    It does what can be written down in closed form: lives that are slow to start, then well, then end or hang;
    liveness and readiness probes; plain policies; stop plans of a signal and a kill. Routes, requests that are sent
    to the fleet and requests of people are left out.

    Args:
        fleet: of independent instances; its load is not looked at.
        until_s: end of the run, that instant included.
        runs: how often; run number k has the seed `seed + k`.
        seed: of the first run.
        name: of the fleet, for the addresses of its draws.

    Raises:
        ValueError: saying what in the fleet has no closed form.

    >>> from lifecycle_kit.restart import PlainPolicy
    >>> from lifecycle_kit.simulate import Script
    >>> from lifecycle_kit.instance import Unit
    >>> fleet = Fleet(unit=Unit(policy=PlainPolicy(when="always")), lives=[Script(run_s=5)], replicas=2)
    >>> table = replicate(fleet, until_s=20)
    >>> (table.born / 1e9).tolist(), table.restarts_of.tolist()
    ([0.0, 0.0, 6.0, 6.0, 13.0, 13.0], [2, 2])
    """
    courses, policy = _courses(fleet), fleet.unit.policy
    assert isinstance(policy, PlainPolicy)
    until = ns(until_s)
    luck = Luck(courses[0], runs, fleet.replicas, seed, name)
    rounds = list(_rounds(courses, Policy(policy), luck, runs * fleet.replicas, until))
    columns = [np.concatenate(column) for column in zip(*rounds, strict=True)]
    return Replications(
        *columns, replicas=fleet.replicas, runs=runs, until_ns=until, name=name, courses=courses,
        give_up_after=None if policy.when == "never" else policy.give_up_after,
    )  # fmt: skip


def _courses(fleet: Fleet) -> list[Course]:
    """Return the courses of a fleet's lives, one after the other; the last one repeats."""
    plain = plain_of(replace(fleet, load=None))
    if isinstance(plain, str):
        raise ValueError(f"these lives have no closed form: {plain}")
    rules, programs = plain.old.rules, plain.old.programs
    for odd, what in (
        (fleet.requests, "requests of people"),
        (plain.new is not None, "a rolling update"),
        (any(one is not programs[0] for one in programs), "lives that differ from replica to replica"),
    ):
        if odd:
            raise ValueError(f"these lives have no closed form: {what}")
    courses = [course_of(rules, program) for program in programs[0]]
    for course in courses:
        if isinstance(course, str):
            raise ValueError(f"these lives have no closed form: {course}")
    return [course for course in courses if isinstance(course, Course)]


def _rounds(courses: list[Course], policy: Policy, luck: Luck, count: int, until: int) -> Iterator[tuple[Column, ...]]:
    """Yield the columns of the first lives of all instances, of the second lives of those that have one, and so on."""
    who, life = np.arange(count, dtype=np.int64), 1
    born = failures = streak = np.zeros(count, np.int64)
    while len(who):
        course = courses[min(life, len(courses)) - 1]
        run, hang = luck.lengths(course, who, life)
        lived = live(course, born, run, hang, streak)
        after = policy.after(course, lived, born, failures, until, luck.jitter(who, life) if policy.draws else None)
        yield (
            who, np.full(len(who), life), born, lived.ready, lived.blocked, lived.drains, lived.ends, after.restarts,
            lived.how, after.what,
        )  # fmt: skip
        goes_on = np.flatnonzero(after.restarts <= until)
        who, born, failures = who[goes_on], after.restarts[goes_on], after.failures[goes_on]
        streak, life = lived.streak[goes_on], life + 1


class Luck:
    """The draws of all instances of all runs."""

    def __init__(self, course: Course, runs: int, replicas: int, seed: int, name: str) -> None:
        numbers = np.arange(replicas, dtype=np.int64)

        def keys(purpose: str) -> Keys:
            return np.concatenate([keys_of(address(seed + run, name, purpose), numbers) for run in range(runs)])

        self._wear = course.program.wear
        self._exit = keys("exit")
        if self._wear is not None:
            self._run, self._hang = keys("run"), keys("hang")

    def lengths(self, course: Course, who: Integers, life: int) -> tuple[Integers, Integers]:
        """Return the ages at which lives end by themselves and at which they hang."""
        program, count = course.program, np.full(1, life)
        run = np.full(len(who), NEVER if program.run is None else program.run)
        hang = np.full(len(who), NEVER if program.hang is None else program.hang)
        if self._wear is None:
            return run, hang
        mtbf_s, share = self._wear
        lasts = exponentials_ns(mtbf_s, drawn(self._run[who], count))
        hangs = drawn(self._hang[who], count) < share
        return np.where(hangs, NEVER, lasts), np.where(hangs, lasts, hang)

    def jitter(self, who: Integers, life: int) -> npt.NDArray[np.float64]:
        """Return the draws for the delays after these lives."""
        return drawn(self._exit[who], np.full(1, life))
