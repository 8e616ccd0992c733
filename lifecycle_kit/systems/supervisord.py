"""supervisord: retries only for starts that fail, and nothing at all against a slow crash loop.

Rule: a process that ends within `startsecs` is a start failure, whatever its exit code and whatever `autorestart`
says: it is tried again after 1, 2, 3, ... seconds until `startretries` are used up, then FATAL. One that lived
longer is judged by `autorestart`, restarted at once and without limit.

Source: Supervisor supervisor/process.py (`finish`, `transition`, `give_up`), supervisor/options.py (defaults), read at
commit abc60468; recordings of 4.3.0. Its main loop looks once a second, so real waits are up to 1 s longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, choice, count, exits, number, signal_name
from lifecycle_kit.units import ns

__all__ = [
    "NO_FILE", "STARTABLE", "STOPPABLE", "SYSTEM", "SupervisordPolicy", "exit_status", "given_up_by_stop_all",
    "state_of",
]  # fmt: skip

OPTIONS = (
    Option(
        "autorestart",
        "unexpected",
        choice("true", "false", "unexpected"),
        "restart a process that had been RUNNING",
    ),
    Option("exitcodes", frozenset({0}), exits, "exit codes that are expected; a signal never is"),
    Option("startsecs", 1.0, number(), "seconds it must stay up to count as RUNNING"),
    Option("startretries", 3, count(), "start failures in a row before FATAL"),
    Option("stopsignal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("stopwaitsecs", 10.0, number(), "seconds from the stop signal to SIGKILL"),
)


FATAL = "FATAL, startretries used up"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisordPolicy:
    """What supervisord does after an end; attributes are its own options (times in seconds)."""

    autorestart: str = "unexpected"
    exitcodes: frozenset[int | str] = frozenset({0})
    startsecs: float = 1.0
    startretries: int = 3

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; a stop during BACKOFF and a new start continue the count."""
        return memory, Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """STARTING -> RUNNING clears the count."""
        return replace(memory, failures=0)

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """STARTING -> BACKOFF or FATAL; RUNNING -> EXITED and perhaps STARTING again."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if exit.uptime_ns < ns(self.startsecs) or exit.cause is Cause.SPAWN:
            failures = memory.failures + 1
            if failures > self.startretries:
                return replace(memory, failures=0), GiveUp(FATAL)
            return replace(memory, failures=failures), Restart(ns(failures))
        expected = exit.code in self.exitcodes
        memory = replace(memory, failures=0)
        if self.autorestart == "true" or (self.autorestart == "unexpected" and not expected):
            return memory, Restart(0, clean=expected)
        return memory, Done() if expected else GiveUp("EXITED, autorestart=false")

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Only a new supervisord forgets the count."""
        return Memory() if request == "supervisor-restarted" else memory


def state_of(instance: Instance) -> str:
    """Return the state in supervisord's own words.

    One that ended by itself after it was RUNNING is EXITED, also in the instant before it is started again; one that
    was stopped, or whose next try was called off, is STOPPED.
    """
    answer, stopped = instance.answer, instance.last is None or instance.last.cause is Cause.REQUEST
    match instance.state:
        case State.TERMINATED if isinstance(answer, Done) and not stopped:
            return "EXITED"
        case State.FAILED if answer != GiveUp(FATAL):
            return "EXITED"
        case State.BACKOFF if isinstance(answer, Restart) and not answer.after_ns:
            return "EXITED"
    return SYSTEM.native[instance.state]


def exit_status(exit: Exit) -> int:
    """Return what supervisord calls the exit status: the exit code, -1 for any signal."""
    return -1 if exit.code is None else exit.code


def given_up_by_stop_all(instance: Instance) -> bool:
    """Return whether stopping the whole group gives a program up (FATAL): one that waits for its next try."""
    return state_of(instance) == "BACKOFF"


# The states from which a program is started, or stopped, on request; from others the answer is a fault and nothing
# changes (supervisor/rpcinterface.py, `startProcess`, `stopProcess`).
STARTABLE = frozenset({"STOPPED", "EXITED", "FATAL", "BACKOFF"})
STOPPABLE = frozenset({"STARTING", "RUNNING", "BACKOFF"})

# What a request to start a program is answered with if its command does not exist; nothing is spawned then.
NO_FILE = "NO_FILE"


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a `[program:x]` section."""
    policy = SupervisordPolicy(
        **{name: values[name] for name in ("autorestart", "exitcodes", "startsecs", "startretries")}
    )
    stop = StopPlan(
        phases=(
            Phase(name="STOPPING", signal=values["stopsignal"], limit_s=values["stopwaitsecs"]),
            Phase(name="kill", signal="SIGKILL"),
        )
    )
    return Unit(policy=policy, readiness=Readiness(by="seconds", after_s=values["startsecs"]), stop=stop)


SYSTEM = System(
    name="supervisord",
    options=OPTIONS,
    restarting={"autorestart": "true"},
    build=build,
    native={
        State.CREATED: "STOPPED",
        State.STARTING: "STARTING",
        State.READY: "RUNNING",
        State.RUNNING: "RUNNING",
        State.BLOCKED: "RUNNING",
        State.DRAINING: "STOPPING",
        State.TERMINATED: "STOPPED",
        State.FAILED: "FATAL",
        State.BACKOFF: "BACKOFF",
    },
    loses="RUNNING only means that it outlived startsecs: ready, running and blocked look the same. A clean end by"
    " itself and one judged by autorestart=false are both called EXITED.",
    source="Supervisor supervisor/process.py and options.py at abc60468; docs/subprocess.rst",
)
