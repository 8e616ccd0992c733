"""uvicorn: one server process that drains itself, or a parent with several of them.

Rule: SIGTERM and SIGINT close the listener at once; what is in flight may finish, for as long as it likes or up to
timeout_graceful_shutdown, and is answered with a 500 then. A second SIGINT skips the rest, the shutdown hook too. In
the end the process dies of the signal that it got last. With several workers the parent keeps the socket and exits 0.

Source: uvicorn server.py (`handle_exit`, `shutdown`, `capture_signals`), supervisors/multiprocess.py, docs/settings;
recordings of 0.54.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, count, number

__all__ = ["PARENT_LOOKS_S", "SYSTEM", "TICK_S", "exit_of", "forces"]

TICK_S = 0.1  # server.py: the loop looks at should_exit and force_exit every 0.1 s
PARENT_LOOKS_S = 0.5  # multiprocess.py: should_exit.wait(0.5)

OPTIONS = (
    Option("workers", 1, count(1), "server processes; more than one get a parent"),
    Option("timeout_graceful_shutdown", None, number(), "seconds that requests in flight may take; none: no limit"),
)


def forces(signals: Sequence[str], workers: int) -> bool:
    """Tell whether the last of these signals skips the rest of the drain: a SIGINT after another signal.

    A parent of several workers does not listen any more once it is leaving.

    >>> forces(["SIGTERM", "SIGTERM"], 1), forces(["SIGTERM", "SIGINT"], 1)
    (False, True)
    """
    return workers == 1 and len(signals) > 1 and signals[-1] == "SIGINT"


def exit_of(signals: Sequence[str], workers: int) -> int | str:
    """Return how it ends after these signals: by the last one, where Python makes 0 of a SIGINT; a parent exits 0."""
    return 0 if workers > 1 or signals[-1] == "SIGINT" else signals[-1]


def build(values: Mapping[str, Any]) -> Unit:
    """Return one server process."""
    limit_s = values["timeout_graceful_shutdown"]
    drain = Phase(name="drain", signal="SIGTERM", limit_s=limit_s)
    cancel = Phase(name="cancel", signal="SIGKILL")  # it cancels its own tasks; to a request that is the same
    return Unit(
        policy=PlainPolicy(when="never"),
        readiness=Readiness(by="spawn"),
        stop=StopPlan(phases=(drain,) if limit_s is None else (drain, cancel)),
    )


SYSTEM = System(
    name="uvicorn",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "not started",
        State.STARTING: "waiting for application startup",
        State.READY: "running",
        State.RUNNING: "running",
        State.BLOCKED: "running",
        State.DRAINING: "waiting for connections to close",
        State.TERMINATED: "finished server process",
        State.FAILED: "finished server process",
        State.BACKOFF: "finished server process",
    },
    loses="uvicorn restarts nothing by itself; how it ended is not in its states but in its exit.",
    source="uvicorn server.py, supervisors/multiprocess.py; docs/settings",
)
