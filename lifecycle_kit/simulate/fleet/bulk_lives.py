"""One life of many instances at a time, in closed form.

Every function takes columns, one value for each instance, and returns columns. What never comes is at `NEVER`, which
lies behind every run. All ticks lie whole periods from 0, where every first life begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.bulk_course import Course, Pulse

__all__ = ["KILLED", "LEFT", "NEVER", "OWN", "Integers", "Lived", "live"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = 1 << 60  # so far that adding to it does not overflow
OWN, LEFT, KILLED = range(3)  # how a life ends: by itself, because it was asked to, by SIGKILL


class Lived(NamedTuple):
    """Lives; instants, `NEVER` for what does not happen.

    Attributes:
        ready, blocked, drains, ends: entering these states; `ready` includes `running`.
        how: `OWN`, `LEFT` or `KILLED`, int8.
        streak: failures of the liveness probe in a row, which the next life goes on counting.
    """

    ready: Integers
    blocked: Integers
    drains: Integers
    ends: Integers
    how: npt.NDArray[np.int8]
    streak: Integers


class Ticks(NamedTuple):
    """When a probe is made in a life.

    Attributes:
        first: the first of all.
        slow: how many fail at the beginning.
        good: the first that passes, if the process does not hang before.
        passes: whether one does pass.
    """

    first: Integers
    slow: Integers
    good: Integers
    passes: Flags


def _tick(at: Integers, period: int) -> Integers:
    """Return the first tick that is not before `at`."""
    ticks: Integers = -(-at // period) * period
    return ticks


def _ticks(pulse: Pulse, born: Integers, hung: Integers) -> Ticks:
    first = _tick(born + pulse.delay, pulse.period)
    edge = np.minimum(born + pulse.slow, hung)
    slow = np.maximum(-((first - edge) // pulse.period), 0)
    good = first + slow * pulse.period
    return Ticks(first, slow, good, good < hung)


def _found(pulse: Pulse, born: Integers, hung: Integers, streak: Integers | int) -> Integers:
    """Return when a hang is found that leaves `streak` failures behind it."""
    seen = _tick(np.maximum(hung, born + pulse.delay), pulse.period)
    found: Integers = seen + (pulse.failures - 1 - streak) * pulse.period + pulse.timeout
    return np.where(hung < NEVER, found, NEVER)


def live(course: Course, born: Integers, run: Integers, hang: Integers, streak: Integers) -> Lived:
    """Return what becomes of lives.

    Args:
        course: of all of them.
        born: when they begin.
        run: the ages at which they end by themselves, `NEVER` for one that does not.
        hang: the ages at which they hang, likewise.
        streak: failures of the liveness probe in a row that are carried over.
    """
    hung = np.minimum(born + hang, NEVER)
    own = np.where(run <= hang, np.minimum(born + run, NEVER), NEVER)
    ticks = {pulse.begins_like: _ticks(pulse, born, hung) for pulse in (course.liveness, course.readiness) if pulse}
    drains = np.full(len(born), NEVER)
    if course.liveness is not None:
        drains = _drains(course.liveness, ticks[course.liveness.begins_like], born, hung, streak)
    drains[drains >= own] = NEVER  # at equal times the exit comes first
    ends, how = _ends(course, own, drains, hung)
    ready, blocked = _ready(course, ticks, born, hung, own, drains)
    if course.liveness is not None:
        streak = _streak(course.liveness, ticks[course.liveness.begins_like], streak, ends, drains)
    return Lived(ready, blocked, drains, ends, how, streak)


def _drains(pulse: Pulse, ticks: Ticks, born: Integers, hung: Integers, streak: Integers) -> Integers:
    """Return when the liveness probe fails for good: in a slow start, or after a hang."""
    failed = streak + ticks.slow
    drains = _found(pulse, born, hung, np.where(ticks.passes, 0, failed))
    early = np.flatnonzero(failed >= pulse.failures)
    if len(early):
        left = pulse.failures - 1 - streak[early]
        drains[early] = ticks.first[early] + left * pulse.period + pulse.fails_in
    return drains


def _ends(course: Course, own: Integers, drains: Integers, hung: Integers) -> tuple[Integers, npt.NDArray[np.int8]]:
    """Return when lives end, and how: at equal times by what was planned first."""
    how = np.zeros(len(own), np.int8)
    stopped = np.flatnonzero(drains < NEVER)
    if not len(stopped):
        return own, how
    ends, since = own.copy(), drains[stopped]
    own_end, killed = own[stopped], np.minimum(since + course.grace, NEVER)
    left = np.where(since < hung[stopped], np.minimum(since + course.leaves, NEVER), NEVER)
    ends[stopped] = np.minimum(own_end, np.minimum(left, killed))
    how[stopped] = np.where(own_end <= np.minimum(left, killed), OWN, np.where(left <= killed, LEFT, KILLED))
    return ends, how


def _ready(
    course: Course, ticks: dict[tuple[int, int, int], Ticks], born: Integers, hung: Integers, own: Integers,
    drains: Integers,
) -> tuple[Integers, Integers]:  # fmt: skip
    """Return when lives become ready, and when they lose it again without being stopped."""
    pulse, never = course.readiness, np.full(len(born), NEVER)
    if pulse is None:
        if course.ready_after is None:
            return born, never  # before anything else
        ready = born + course.ready_after
        return np.where((ready < own) & (ready <= drains), ready, NEVER), never
    seen = ticks[pulse.begins_like]
    ready = seen.good + pulse.passes_in
    ready[~seen.passes | (ready >= np.minimum(own, drains))] = NEVER
    if course.liveness is not None and course.liveness == pulse:
        return ready, never  # the process is stopped at that very instant
    blocked = _found(pulse, born, hung, 0)
    blocked[(ready >= NEVER) | (blocked >= np.minimum(own, drains))] = NEVER
    return ready, blocked


def _streak(pulse: Pulse, ticks: Ticks, streak: Integers, ends: Integers, drains: Integers) -> Integers:
    """Return how many failures in a row the next life goes on from; after a stop by this probe there are none."""
    counted = np.zeros(len(ends), np.int64)
    if not pulse.carries:
        return counted
    # Only who ended before anything passed has failures left; a hang that nobody finds never ends.
    short = np.flatnonzero((ends < ticks.good + pulse.passes_in) & (drains >= NEVER))
    if len(short):
        made = (ends[short] - pulse.fails_in - ticks.first[short]) // pulse.period + 1
        failed = streak[short] + np.clip(made, 0, ticks.slow[short])
        counted[short] = np.where(failed < pulse.failures, failed, 0)
    return counted
