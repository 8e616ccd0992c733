"""s6: s6-supervise pauses after every end, unless the service had said that it was ready.

Rule: after every end `./finish` runs, for at most timeout-finish; if it exits 125 that is a permanent failure and the
service stays down. Otherwise the next start follows 1 s later; for a service that had notified readiness, 1 s after
that notice and so usually at once. A stop sends down-signal, and SIGKILL only if timeout-kill is set.

Source: skarnet/s6 src/supervision/s6-supervise.c (`trystart`, `uplastup_z`, `up_d`, `finish_z`, `set_down_and_ready`),
s6-permafailon.c, doc/servicedir.html, doc/s6-svc.html; recordings of 2.13.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.exits import Cause, Exit, signal_number
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems.options import Option, System, choice, count, exits, number, signal_name
from lifecycle_kit.units import ns

__all__ = ["PERMANENT_FAILURE", "SYSTEM", "Permafailon", "S6Policy", "finish_args", "state_of", "wait_returns"]

PAUSE_S = 1.0
SPAWN_RETRY_S = 60.0  # s6-supervise.c: "unable to spawn ./run (waiting 60 seconds)"
PERMANENT_FAILURE = "permanent failure, ./finish exited 125"
PERMANENT_CODE = 125
LATE_CODE = 99  # s6-svwait, s6-svc -w: timed out


@dataclass(frozen=True, slots=True, kw_only=True)
class Permafailon:
    """`s6-permafailon` in ./finish: exits 125 after so many deaths of a kind in so short a time.

    Attributes:
        seconds: how far back it looks.
        deaths: how many it takes, the present one included.
        match: exit codes and signal names that count.
    """

    seconds: float
    deaths: int
    match: frozenset[int | str]

    def counts(self, exit: Exit) -> bool:
        """Tell whether this death is one of the kind."""
        return (exit.code if exit.signal is None else exit.signal) in self.match


def permafailon(value: Any) -> Permafailon:
    """Read the arguments of s6-permafailon: "SECONDS DEATHS EVENTS", such as "2 3 1,SIGSEGV"."""
    if isinstance(value, Permafailon):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s+(\d+)\s+(\S+)\s*", str(value))
    if match is None or int(match[2]) < 1:
        raise ValueError("give seconds, deaths and what counts, such as '60 5 1,SIGSEGV'")
    return Permafailon(seconds=float(match[1]), deaths=int(match[2]), match=exits(match[3]))


OPTIONS = (
    Option("notification-fd", None, count(), "descriptor on which it says that it is ready; none: it never is"),
    Option("finish", None, number(), "seconds that ./finish takes after each end of ./run; none: there is none"),
    Option("timeout-finish", 5000, count(), "milliseconds that ./finish may take; 0: no limit"),
    Option("s6-permafailon", None, permafailon, "SECONDS DEATHS EVENTS: ./finish exits 125 after so many of them"),
    Option("max-death-tally", 100, count(), "deaths remembered"),
    Option("down-signal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("timeout-kill", 0, count(), "milliseconds from the down-signal to SIGKILL; 0: never"),
    Option("s6-svc", "-d", choice("-d", "-o"), "the command that a stop means: down, or once"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S6Policy:
    """What s6-supervise does after an end.

    Attributes:
        notifies: whether there is a notification-fd; without it no run counts as ready, however long it was.
        permafailon: what makes ./finish report a permanent failure by itself.
        tally: deaths remembered.
    """

    notifies: bool = False
    permafailon: Permafailon | None = None
    tally: int = 100

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start, and remember when it was."""
        return replace(memory, started_ns=at, ready_ns=None), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Remember when it said so: the pause is counted from there."""
        return replace(memory, ready_ns=at)

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Pause and start again, or stay down if ./finish says so; `at` is after ./finish."""
        memory = self._remember(memory, exit)
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if exit.cause is Cause.SPAWN:
            return memory, Restart(ns(SPAWN_RETRY_S))
        if exit.hook_code == PERMANENT_CODE or self._fails_for_good(memory, at):
            return memory, GiveUp(PERMANENT_FAILURE)
        pause_from = memory.ready_ns if self.notifies and memory.ready_ns is not None else at
        return memory, Restart(max(0, pause_from + ns(PAUSE_S) - at), clean=exit.code == 0)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Only a new s6-supervise forgets the deaths."""
        return Memory() if request == "supervisor-restarted" else memory

    def _remember(self, memory: Memory, exit: Exit) -> Memory:
        if self.permafailon is None or not self.permafailon.counts(exit) or not self.tally:
            return memory
        death = (memory.started_ns or 0) + exit.uptime_ns
        return replace(memory, times=(*memory.times, death)[-self.tally :])

    def _fails_for_good(self, memory: Memory, at: int) -> bool:
        if self.permafailon is None:
            return False
        since = at - ns(self.permafailon.seconds)
        return sum(death > since for death in memory.times) >= self.permafailon.deaths


def finish_args(exit: Exit) -> tuple[int, int]:
    """Return the first two arguments of ./finish: exit code (256 after a signal) and signal number (0 otherwise).

    >>> finish_args(Exit(code=3)), finish_args(Exit(signal="SIGKILL"))
    ((3, 0), (256, 9))
    """
    if exit.signal is not None:
        return 256, signal_number(exit.signal)
    return exit.code or 0, 0


def wait_returns(done_s: float | None, wait_s: float | None) -> tuple[float, int] | None:
    """Return after how many seconds a waiting s6-svc or s6-svwait returns, and its exit code; None: it never does.

    Args:
        done_s: when what it waits for has come about, None if never.
        wait_s: its time limit, seconds; None: it waits for ever.

    >>> wait_returns(None, 3.0), wait_returns(2.0, None)
    ((3.0, 99), (2.0, 0))
    """
    if done_s is not None and (wait_s is None or done_s <= wait_s):
        return done_s, 0
    return None if wait_s is None else (wait_s, LATE_CODE)


def state_of(instance: Instance) -> str:
    """Return what s6-svstat says, with dashes: up or down, wanted up or down, ready or not."""
    up = instance.state in HAS_PROCESS and instance.life.end is None
    stopped = instance.state in (State.CREATED, State.TERMINATED, State.FAILED)
    down_wanted = stopped or (instance.state is State.DRAINING and instance.life.purpose == "stop")
    policy = instance.unit.policy
    ready = up and isinstance(policy, S6Policy) and policy.notifies and instance.life.ready
    return "-".join(("up" if up else "down", "wantdown" if down_wanted else "wantup", "ready" if ready else "notready"))


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a service directory."""
    notifies = values["notification-fd"] is not None

    def follows(_end: Exit, _purpose: str | None) -> StopPlan:
        limit_s = min(values["finish"], values["timeout-finish"] / 1000 or math.inf)
        return StopPlan(phases=(Phase(name="finish", until=Until.HOOK, limit_s=limit_s),))

    return Unit(
        policy=S6Policy(notifies=notifies, permafailon=values["s6-permafailon"], tally=values["max-death-tally"]),
        readiness=Readiness(by="notice" if notifies else "spawn"),
        stop=_stop_plan(values),
        after_end=None if values["finish"] is None else follows,
    )


def _stop_plan(values: Mapping[str, Any]) -> StopPlan:
    if values["s6-svc"] == "-o":
        return StopPlan(phases=(Phase(name="once"),))
    kill_s = values["timeout-kill"] / 1000
    ask = Phase(name="down", signal=values["down-signal"], limit_s=kill_s or None)
    return StopPlan(phases=(ask, Phase(name="kill", signal="SIGKILL")) if kill_s else (ask,))


SYSTEM = System(
    name="s6",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "down",
        State.STARTING: "up, not ready",
        State.READY: "up, ready",
        State.RUNNING: "up, ready",
        State.BLOCKED: "up, not ready",
        State.DRAINING: "up, want down",
        State.TERMINATED: "down",
        State.FAILED: "down, want down",
        State.BACKOFF: "down, want up",
    },
    loses="s6 takes back no readiness: once ready, a life is ready to its end. Without a notification-fd it is never"
    " called ready at all. Stopped, ended once and failed for good all look the same: down, want down.",
    source="skarnet/s6 src/supervision/s6-supervise.c, doc/servicedir.html, doc/s6-svc.html",
)
