"""The compact model: five answers to "what should be done with this instance?".

`lifecycle_view` needs four booleans, so it fits a dashboard. What five answers cannot say - whether a dead
instance will come back, and when - is what the nine states are for.
"""

from __future__ import annotations

from lifecycle_kit.states import HAS_PROCESS, State

__all__ = ["VIEWS", "lifecycle_view", "view_of"]

VIEWS = ("terminated", "draining", "alive_but_blocked", "ready", "starting")


def lifecycle_view(process_alive: bool, ready: bool, draining: bool, dependency_blocked: bool) -> str:
    """Return the first of five answers that applies, asked in the order that matters for action.

    Args:
        process_alive: is there a process at all?
        ready: can it safely take useful work right now?
        draining: is it leaving on purpose?
        dependency_blocked: is it waiting for something else?

    >>> lifecycle_view(process_alive=True, ready=True, draining=True, dependency_blocked=False)
    'draining'
    """
    if not process_alive:
        return "terminated"
    if draining:
        return "draining"
    if dependency_blocked:
        return "alive_but_blocked"
    if ready:
        return "ready"
    return "starting"


def view_of(state: State) -> str:
    """Return the view of one of the nine states; four of them share the answer "terminated".

    >>> view_of(State.BACKOFF), view_of(State.RUNNING)
    ('terminated', 'ready')
    """
    return lifecycle_view(
        process_alive=state in HAS_PROCESS,
        ready=state in (State.READY, State.RUNNING),
        draining=state is State.DRAINING,
        dependency_blocked=state is State.BLOCKED,
    )
