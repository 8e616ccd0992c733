"""honcho: the processes of a Procfile live and leave together.

Rule: nothing is ever restarted. The first process to end, with whatever exit, has all others sent SIGTERM, and SIGKILL
after 5 s; honcho then exits as that first process did.

Source: honcho manager.py (`Manager.loop`, `terminate`, `kill`; KILL_WAIT); recordings of 2.0.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.exits import Exit, signal_number
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import System

__all__ = ["KILL_WAIT_S", "SYSTEM", "exit_code", "takes_along"]

KILL_WAIT_S = 5.0  # manager.py: KILL_WAIT


def exit_code(exit: Exit) -> int:
    """Return an end as Python's subprocess does: an exit code, or the signal's number with a minus.

    >>> exit_code(Exit(code=3)), exit_code(Exit(signal="SIGTERM"))
    (3, -15)
    """
    return -signal_number(exit.signal) if exit.signal is not None else exit.code or 0


def takes_along(ended: str, members: Mapping[str, bool]) -> list[str]:
    """Return whom the end of one process stops, in the order of the Procfile.

    Args:
        ended: its name.
        members: all names in order, with whether each still has a process.
    """
    return [name for name, alive in members.items() if alive and name != ended]


def build(_values: Mapping[str, Any]) -> Unit:
    """Return the unit of one line of a Procfile; there is nothing to set."""
    return Unit(policy=PlainPolicy(when="never"), readiness=Readiness(by="spawn"), stop=term_then_kill(KILL_WAIT_S))


SYSTEM = System(
    name="honcho",
    options=(),
    build=build,
    native={
        State.CREATED: "not started",
        State.STARTING: "started",
        State.READY: "started",
        State.RUNNING: "started",
        State.BLOCKED: "started",
        State.DRAINING: "sending SIGTERM",
        State.TERMINATED: "stopped",
        State.FAILED: "stopped",
        State.BACKOFF: "stopped",
    },
    loses="honcho only says started and stopped, with a return code.",
    source="honcho manager.py, process.py",
)
