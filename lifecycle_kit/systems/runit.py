"""runit: runsv restarts for ever, and holds back only what did not last a second.

Rule: after every end `./finish` runs, without any limit; then the next start follows at once, or after 1 s if start and
now are less than 1 s apart. `sv` passes on signals and waits; only its force commands ever kill.

Source: void-linux/runit src/runsv.c (the main loop; `startservice`, `stopservice`, `update_status`), src/sv.c (`check`,
`control`, `main`), runsv(8), sv(8); recordings of 2.2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.exits import Cause, Exit, signal_number
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, Go, Memory, Refuse, Restart
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems.options import Option, System, choice, count, number
from lifecycle_kit.units import ns

__all__ = ["PAUSE_S", "SYSTEM", "RunitPolicy", "finish_args", "state_of", "sv_returns", "sv_sends_term"]

PAUSE_S = 1.0  # runsv.c: sleep(1) after an end that comes within 1 s of the start
WAIT_S = 7.0  # sv(8): -w, SVWAIT

OPTIONS = (
    Option("finish", None, number(), "seconds that ./finish takes after each end of ./run; none: there is none"),
    Option("control/t", None, count(), "exit code of an executable ./control/t; 0 replaces SIGTERM"),
    Option("sv", "stop", choice("stop", "force-stop", "once"), "the sv command that a stop means"),
    Option("SVWAIT", WAIT_S, number(), "seconds that sv waits; force-stop kills then"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunitPolicy:
    """What runsv does after an end; there is nothing to set and nothing to give up."""

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start, and remember when it was."""
        return replace(memory, started_ns=at), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: runsv knows of no readiness."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Start again at once, or after a pause if less than 1 s has passed since the start; `at` is after ./finish."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        lasted = at - (memory.started_ns or 0)
        return memory, Restart(ns(PAUSE_S) if lasted < ns(PAUSE_S) else 0, clean=exit.code == 0)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """No request changes the pause."""
        return memory


def finish_args(exit: Exit) -> tuple[int, int]:
    """Return the two arguments of ./finish: exit code (-1 after a signal) and signal number (0 after an exit code).

    >>> finish_args(Exit(code=3)), finish_args(Exit(signal="SIGKILL"))
    ((3, 0), (-1, 9))
    """
    if exit.signal is not None:
        return -1, signal_number(exit.signal)
    return exit.code or 0, 0


def sv_sends_term(control_t: int | None) -> bool:
    """Tell whether `sv term` and `sv down` send SIGTERM, given what ./control/t returned (None: there is none)."""
    return control_t != 0


def sv_returns(done_s: float | None, wait_s: float = WAIT_S) -> tuple[float, int]:
    """Return after how many seconds an `sv` command that waits returns, and its exit code.

    Args:
        done_s: when what it waits for has come about (down and finished; up and ./check passed), None if never.
        wait_s: -w, seconds. The force commands kill then, look no more and return 1 all the same.

    >>> sv_returns(2.0), sv_returns(None)
    ((2.0, 0), (7.0, 1))
    """
    return (done_s, 0) if done_s is not None and done_s <= wait_s else (wait_s, 1)


def state_of(instance: Instance, paused: bool = False) -> str:
    """Return what supervise/stat says, with dashes: run, finish or down; paused; want-down while it is not down yet.

    Args:
        instance: how it stands.
        paused: sent `sv pause` and no `sv cont` since; a process that dies meanwhile leaves the mark.
    """
    word = "down"
    if instance.state in HAS_PROCESS:
        word = "run" if instance.life.end is None else "finish"
    words = [word, "paused"] if paused else [word]
    if word != "down" and instance.life.purpose == "stop":
        words.append("want-down")
    return "-".join(words)


def _stop_plan(values: Mapping[str, Any]) -> StopPlan:
    if values["sv"] == "once":
        return StopPlan(phases=(Phase(name="once"),))
    signal = "SIGTERM" if sv_sends_term(values["control/t"]) else None
    if values["sv"] == "stop":
        return StopPlan(phases=(Phase(name="down", signal=signal),))
    ask = Phase(name="down", signal=signal, limit_s=values["SVWAIT"])
    return StopPlan(phases=(ask, Phase(name="kill", signal="SIGKILL")))


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a service directory."""
    finish = StopPlan(phases=(Phase(name="finish", until=Until.HOOK, limit_s=values["finish"]),))

    def follows(_end: Exit, _purpose: str | None) -> StopPlan:
        return finish

    return Unit(
        policy=RunitPolicy(),
        readiness=Readiness(by="spawn"),
        stop=_stop_plan(values),
        after_end=None if values["finish"] is None else follows,
    )


SYSTEM = System(
    name="runit",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "down",
        State.STARTING: "run",
        State.READY: "run",
        State.RUNNING: "run",
        State.BLOCKED: "run",
        State.DRAINING: "run, want down",
        State.TERMINATED: "down",
        State.FAILED: "down",
        State.BACKOFF: "down",
    },
    loses="runsv says nothing of readiness, and down covers stopped, ended once and waiting for the pause to end;"
    " finish, a state of its own there, is the last part of draining here.",
    source="void-linux/runit src/runsv.c and src/sv.c; runsv(8), sv(8)",
)
