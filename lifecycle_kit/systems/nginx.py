"""nginx: a master and workers that can be told to finish, or to stop.

Rule: `nginx -s quit` (SIGQUIT) closes the listener and lets requests in flight finish, for worker_shutdown_timeout at
most; `nginx -s stop`, SIGTERM and SIGINT cut them. A reload is a quit for the old workers while new ones serve. A
worker that dies is replaced at once, without the requests it had.

Source: nginx src/os/unix/ngx_process_cycle.c (`ngx_master_process_cycle`, `ngx_worker_process_cycle`), ngx_core_module
docs (worker_shutdown_timeout), docs/control.html; recordings of 1.26.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System

__all__ = ["FAST", "MASTER_EXIT", "SYSTEM", "meaning", "stop_plan", "time"]

MASTER_EXIT = 0
FAST = frozenset({"SIGTERM", "SIGINT"})  # to a worker: stop without finishing
# What reaches the master, and what it then does with its workers.
_MEANING = {
    "nginx-quit": "quit",
    "SIGQUIT": "quit",
    "nginx-stop": "stop",
    "SIGTERM": "stop",
    "SIGINT": "stop",
    "nginx-reload": "reload",
    "SIGHUP": "reload",
}
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def time(value: Any) -> float:
    """Read a time as nginx does: "2s", "1m 30s", "500ms"; a bare number is seconds. Returns seconds.

    >>> time("1m 30s"), time(2)
    (90.0, 2.0)
    """
    text = str(value).strip()
    if not re.fullmatch(r"\d+(\.\d+)?|(\d+(ms|s|m|h|d|w)\s*)+", text):
        raise ValueError("give a time such as 10s, 1m 30s or 500ms; a bare number is seconds")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|)", text)
    return sum(float(amount) * _UNITS[unit or "s"] for amount, unit in parts)


OPTIONS = (
    Option("worker_shutdown_timeout", None, time, "longest that a worker may take to quit; none: no limit"),
)  # fmt: skip


def meaning(word: str) -> str:
    """Return what a command or a signal to the master means to the workers: "quit", "stop" or "reload".

    Raises:
        ValueError: if it is none of those that end workers.
    """
    try:
        return _MEANING[word]
    except KeyError:
        raise ValueError(f"nginx makes no stop of {word!r}; known are {', '.join(_MEANING)}") from None


def stop_plan(word: str, shutdown_s: float | None) -> StopPlan:
    """Return how a worker goes; `word` as `meaning` returns it, `shutdown_s` worker_shutdown_timeout in seconds."""
    if word == "stop":
        return StopPlan(phases=(Phase(name="stop", signal="SIGTERM"),))
    ask = Phase(name="quit", signal="SIGQUIT", limit_s=shutdown_s)
    close = Phase(name="close connections", signal="SIGKILL")  # it does so itself; to a request that is the same
    return StopPlan(phases=(ask,) if shutdown_s is None else (ask, close))


def build(values: Mapping[str, Any]) -> Unit:
    """Return one worker as the master looks after it."""
    return Unit(
        policy=PlainPolicy(when="always", backoff=Backoff(first_s=0)),
        readiness=Readiness(by="spawn"),
        stop=stop_plan("quit", values["worker_shutdown_timeout"]),
    )


SYSTEM = System(
    name="nginx",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "not spawned",
        State.STARTING: "worker process",
        State.READY: "worker process",
        State.RUNNING: "worker process",
        State.BLOCKED: "worker process",
        State.DRAINING: "worker process is shutting down",
        State.TERMINATED: "exited",
        State.FAILED: "exited",
        State.BACKOFF: "exited",
    },
    loses="The master knows running and leaving workers only; nothing says whether a worker can do its work.",
    source="nginx src/os/unix/ngx_process_cycle.c; docs/control.html; docs of ngx_core_module",
)
