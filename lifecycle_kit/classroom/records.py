"""The plain data the exercises work on, made by short calls instead of long dict displays.

Rule: every function here returns a new plain dict and nothing else; print one to see all there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "draining",
    "failure",
    "finished",
    "instance",
    "policy",
    "serving",
    "stop",
    "terminated",
    "tick",
    "work",
]

Record = dict[str, Any]


def instance(
    name: str,
    *,
    process_alive: bool = True,
    ready: bool = False,
    draining: bool = False,
    dependency_blocked: bool = False,
) -> Record:
    """Return one instance of a service with its four signals.

    >>> instance("api-1", ready=True)["ready"]
    True
    """
    return {
        "name": name,
        "process_alive": process_alive,
        "ready": ready,
        "draining": draining,
        "dependency_blocked": dependency_blocked,
    }


def failure(
    last_log: str = "",
    *,
    exit_code: int | None = None,
    signal: str | None = None,
    same_in_a_row: int = 1,
    uptime_s: float = 0.0,
) -> Record:
    """Return the evidence one failed life leaves; with neither code nor signal given, exit code 1.

    >>> failure("queue: connection timed out")["exit_code"]
    1
    """
    return {
        "exit_code": 1 if exit_code is None and signal is None else exit_code,
        "signal": signal,
        "last_log": last_log,
        "same_in_a_row": same_in_a_row,
        "uptime_s": uptime_s,
    }


def policy(**changes: float) -> Record:
    """Return the exercise's restart policy with some values changed; `_s` means seconds.

    >>> policy(cap_s=60.0)["cap_s"]
    60.0
    """
    usual: Record = {
        "first_s": 1.0,
        "factor": 2.0,
        "cap_s": 30.0,
        "healthy_after_s": 10.0,
        "loop_after": 3,
        "alert_after": 5,
        "max_restarts": 7,
    }
    if unknown := changes.keys() - usual.keys():
        raise ValueError(f"no policy value is called {sorted(unknown)}; there are {', '.join(usual)}")
    return usual | changes


def serving(*in_flight: str, outcomes: Mapping[str, str] | None = None, can_requeue: bool = True) -> Record:
    """Return a unit that takes work, with these pieces in flight."""
    return _unit("serving", in_flight, None, outcomes, None, can_requeue)


def draining(
    *in_flight: str,
    deadline: float,
    outcomes: Mapping[str, str] | None = None,
    can_requeue: bool = True,
) -> Record:
    """Return a unit that was asked to stop and has until second `deadline` to finish its pieces."""
    return _unit("draining", in_flight, deadline, outcomes, None, can_requeue)


def terminated(
    ended: str,
    *,
    deadline: float,
    outcomes: Mapping[str, str] | None = None,
    can_requeue: bool = True,
) -> Record:
    """Return a unit that has ended, "clean" or "killed"."""
    return _unit("terminated", (), deadline, outcomes, ended, can_requeue)


def work(name: str, *, at: float) -> Record:
    """Return the event that a piece of work arrives at second `at`."""
    return {"kind": "work", "at": at, "work": name}


def finished(name: str, *, at: float) -> Record:
    """Return the event that a piece of work is finished at second `at`."""
    return {"kind": "finished", "at": at, "work": name}


def stop(*, at: float, grace_s: float) -> Record:
    """Return the event that the unit is asked to stop at second `at`, within `grace_s` seconds."""
    return {"kind": "stop", "at": at, "grace_s": grace_s}


def tick(*, at: float) -> Record:
    """Return the event that the clock shows second `at`."""
    return {"kind": "tick", "at": at}


def _unit(
    phase: str,
    in_flight: tuple[str, ...],
    deadline: float | None,
    outcomes: Mapping[str, str] | None,
    ended: str | None,
    can_requeue: bool,
) -> Record:
    return {
        "phase": phase,
        "in_flight": list(in_flight),
        "deadline": deadline,
        "outcomes": dict(outcomes or {}),
        "ended": ended,
        "can_requeue": can_requeue,
    }
