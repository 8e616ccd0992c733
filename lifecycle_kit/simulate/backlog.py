"""A queue in front of workers: how its backlog grows while they crash, wait or restart.

Jobs are treated as a steady flow, which is what a backlog of hundreds looks like from a distance.
"""

from __future__ import annotations

from collections.abc import Sequence

from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import seconds

__all__ = ["backlog"]


def backlog(trace: Trace, *, arrive_per_s: float, done_per_s: float) -> list[tuple[float, float]]:
    """Return the backlog as corner points `(at_s, jobs)` of a line that starts at `(0, 0)`.

    Args:
        trace: of all workers; one that is `running` works.
        arrive_per_s: jobs that come in a second.
        done_per_s: jobs that one working worker does a second.

    Raises:
        ValueError: if a rate is negative.
    """
    if min(arrive_per_s, done_per_s) < 0:
        raise ValueError(f"rates must not be negative, got {arrive_per_s} and {done_per_s} jobs a second")
    points, jobs, last = [(0.0, 0.0)], 0.0, 0.0
    for at, working in _changes(trace.transitions, trace.until_ns):
        rate = arrive_per_s - working * done_per_s
        if rate < 0 < jobs and jobs + rate * (at - last) < 0:  # emptied on the way
            points.append((last + jobs / -rate, 0.0))
        jobs = max(0.0, jobs + rate * (at - last))
        if at > last:
            points.append((at, jobs))
        last = at
    return points


def _changes(transitions: Sequence[Transition], until_ns: int) -> list[tuple[float, int]]:
    """Return `(at_s, how many were working up to then)` for every change, and for the end."""
    made, working = [], 0
    for t in transitions:
        step = (t.target is State.RUNNING) - (t.source is State.RUNNING)
        if step:
            made.append((t.at, working))
            working += step
    return [*made, (seconds(until_ns), working)]
