"""The nine states of a unit of execution and the one table that holds every move between them.

A move made anywhere else would be invisible: diagrams, the table in the documentation and the property
tests are generated from `TRANSITIONS`. Guards are triggers with a name of their own ("exit-clean" and
"exit-failed" rather than an `if` on the exit code), so that the picture shows them.
"""

# Theory of operation
#
# A unit is always in exactly one state. Five states have a process behind them (`HAS_PROCESS`), four have
# none. Within a life, the four working states answer two questions: has it ever been ready, and is anything
# in its way? `starting` has not been ready yet; `ready` may be given work; `running` does work; `blocked` is
# alive and waits. `draining` is the way out on purpose, and remembers the purpose: a stop ends in `terminated`,
# a restart (a liveness kill, a rolling restart) in `failed -> backoff`.
#
# A life ends in `terminated` (clean, or as asked) or in `failed`. Both are left in the same instant when the
# restart policy wants another life; a restart after 0 s still passes through `backoff`, so that every
# restart is seen. What stays in `failed` has been given up.
#
# RULE 1. News is never refused: an exit or a verdict that no longer fits is old news and is dropped.
# RULE 2. Requests may be refused, with an error that names the state, the request and what is allowed.

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "HAS_PROCESS",
    "REQUESTS",
    "TRANSITIONS",
    "RequestRefused",
    "State",
    "Trigger",
    "allowed",
    "move",
]


class State(enum.Enum):
    """Where a unit of execution stands; it is always in exactly one of these."""

    CREATED = "created"  # known, not started: perhaps not admitted or placed yet
    STARTING = "starting"  # a process exists; it has not been ready in this life
    READY = "ready"  # may be given work, and has none
    RUNNING = "running"  # is doing work
    BLOCKED = "blocked"  # alive, waiting for something outside or inside
    DRAINING = "draining"  # takes no more work; finishing, then leaving
    TERMINATED = "terminated"  # no process; it ended clean, or as asked
    FAILED = "failed"  # no process; it ended badly, and is given up unless a restart follows
    BACKOFF = "backoff"  # no process; a restart timer runs


class Trigger(enum.Enum):
    """What can move a unit: requests by people, and news about its process."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    START_REFUSED = "start-refused"  # the restart policy does not allow (another) start
    READY = "ready"
    WORK_TAKEN = "work-taken"
    IDLE = "idle"
    READINESS_LOST = "readiness-lost"
    DEPENDENCY_LOST = "dependency-lost"
    UNBLOCKED = "unblocked"
    RESUMED = "resumed"  # unblocked, with work in hand
    LIVENESS_FAILED = "liveness-failed"  # a liveness or startup probe, or a watchdog
    TIMED_OUT = "timed-out"  # a limit on starting or running was reached
    STOPPING = "stopping"  # the process says that it is leaving by itself
    DEADLINE = "deadline"  # a part of the stop plan is used up: the next one begins
    EXIT_STOPPED = "exit-stopped"  # it ended after a stop request: never a failure
    EXIT_CLEAN = "exit-clean"
    EXIT_FAILED = "exit-failed"
    RESTART_PLANNED = "restart-planned"
    RESTART_DUE = "restart-due"


REQUESTS = frozenset({Trigger.START, Trigger.STOP, Trigger.RESTART})
HAS_PROCESS = frozenset({State.STARTING, State.READY, State.RUNNING, State.BLOCKED, State.DRAINING})

S, T = State, Trigger  # for the table only

TRANSITIONS: Mapping[tuple[State, Trigger], State] = MappingProxyType(
    {
        (S.CREATED, T.START): S.STARTING,
        (S.CREATED, T.STOP): S.TERMINATED,
        (S.CREATED, T.START_REFUSED): S.FAILED,
        (S.STARTING, T.READY): S.READY,
        (S.STARTING, T.DEPENDENCY_LOST): S.BLOCKED,
        (S.READY, T.WORK_TAKEN): S.RUNNING,
        (S.READY, T.READINESS_LOST): S.BLOCKED,
        (S.READY, T.DEPENDENCY_LOST): S.BLOCKED,
        (S.RUNNING, T.IDLE): S.READY,
        (S.RUNNING, T.READINESS_LOST): S.BLOCKED,
        (S.RUNNING, T.DEPENDENCY_LOST): S.BLOCKED,
        (S.BLOCKED, T.UNBLOCKED): S.READY,
        (S.BLOCKED, T.RESUMED): S.RUNNING,
        # Nothing accepted yet while starting: its drain is only the wait for the exit.
        (S.STARTING, T.STOP): S.DRAINING,
        (S.READY, T.STOP): S.DRAINING,
        (S.RUNNING, T.STOP): S.DRAINING,
        (S.BLOCKED, T.STOP): S.DRAINING,
        (S.STARTING, T.RESTART): S.DRAINING,
        (S.READY, T.RESTART): S.DRAINING,
        (S.RUNNING, T.RESTART): S.DRAINING,
        (S.BLOCKED, T.RESTART): S.DRAINING,
        (S.STARTING, T.LIVENESS_FAILED): S.DRAINING,
        (S.READY, T.LIVENESS_FAILED): S.DRAINING,
        (S.RUNNING, T.LIVENESS_FAILED): S.DRAINING,
        (S.BLOCKED, T.LIVENESS_FAILED): S.DRAINING,
        (S.STARTING, T.TIMED_OUT): S.DRAINING,
        (S.READY, T.TIMED_OUT): S.DRAINING,
        (S.RUNNING, T.TIMED_OUT): S.DRAINING,
        (S.BLOCKED, T.TIMED_OUT): S.DRAINING,
        (S.STARTING, T.STOPPING): S.DRAINING,
        (S.READY, T.STOPPING): S.DRAINING,
        (S.RUNNING, T.STOPPING): S.DRAINING,
        (S.BLOCKED, T.STOPPING): S.DRAINING,
        (S.DRAINING, T.STOP): S.DRAINING,  # asked twice: skip the rest of the drain
        (S.DRAINING, T.DEADLINE): S.DRAINING,  # next part of the stop plan, KILL at the end
        (S.DRAINING, T.EXIT_STOPPED): S.TERMINATED,
        # A process may end at any moment, whatever we had planned for it.
        (S.STARTING, T.EXIT_CLEAN): S.TERMINATED,
        (S.READY, T.EXIT_CLEAN): S.TERMINATED,
        (S.RUNNING, T.EXIT_CLEAN): S.TERMINATED,
        (S.BLOCKED, T.EXIT_CLEAN): S.TERMINATED,
        (S.DRAINING, T.EXIT_CLEAN): S.TERMINATED,
        (S.STARTING, T.EXIT_FAILED): S.FAILED,
        (S.READY, T.EXIT_FAILED): S.FAILED,
        (S.RUNNING, T.EXIT_FAILED): S.FAILED,
        (S.BLOCKED, T.EXIT_FAILED): S.FAILED,
        (S.DRAINING, T.EXIT_FAILED): S.FAILED,
        (S.FAILED, T.RESTART_PLANNED): S.BACKOFF,
        (S.TERMINATED, T.RESTART_PLANNED): S.BACKOFF,
        (S.BACKOFF, T.RESTART_DUE): S.STARTING,
        (S.BACKOFF, T.START_REFUSED): S.FAILED,
        (S.BACKOFF, T.STOP): S.TERMINATED,
        # A person may start again what waits, ended or was given up.
        (S.BACKOFF, T.START): S.STARTING,
        (S.TERMINATED, T.START): S.STARTING,
        (S.TERMINATED, T.START_REFUSED): S.FAILED,
        (S.FAILED, T.START): S.STARTING,
    }
)


class RequestRefused(ValueError):
    """A person asked for something that the unit's state does not allow; nothing has changed.

    Attributes:
        state: the state the unit was in, and still is.
        request: what was asked for.
    """

    def __init__(self, state: State, request: str, why: str = "") -> None:
        self.state, self.request = state, request
        asked = sorted(t.value for s, t in TRANSITIONS if s is state and t in REQUESTS)
        reason = why or f"allowed here: {', '.join(asked) or 'nothing'}"
        super().__init__(f"{request!r} is refused while {state.value!r}; {reason}")


def allowed(state: State) -> tuple[Trigger, ...]:
    """Return the triggers that have an arrow out of `state`, in the table's order.

    >>> [trigger.value for trigger in allowed(State.FAILED)]
    ['restart-planned', 'start']
    """
    return tuple(trigger for here, trigger in TRANSITIONS if here is state)


def move(state: State, trigger: Trigger) -> State:
    """Return the state that `trigger` leads to from `state`.

    Raises:
        RequestRefused: if the table has no such arrow.

    >>> move(State.RUNNING, Trigger.STOP)
    <State.DRAINING: 'draining'>
    """
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise RequestRefused(state, trigger.value) from None
