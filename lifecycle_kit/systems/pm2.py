"""pm2: restarts without a limit, save for unstable runs soon after the app was created.

Rule: an end is restarted after `restart_delay`, or after `exp_backoff_restart_delay` growing by half to 15 s. A run
shorter than `min_uptime` is unstable, but only counts while the app is younger than min_uptime x max_restarts;
max_restarts of them make it errored. A worker that looks every 30 s sets the exponential delay back when the last start
is more than 30 s ago, so a long run alone does not.

Source: pm2 7.0.4 lib/God.js (`handleExit`), lib/Worker.js, lib/God/Methods.js (`resetState`, `processIsDead`),
constants.js, lib/API/schema.json; recordings of the same version. Not modelled: when the worker's ticks fall (here at
whole multiples of 30 s), and the 0.2 to 1 s that node takes to start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, count, exits, switch
from lifecycle_kit.units import ns

__all__ = ["ERRORED", "SYSTEM", "Pm2Policy", "next_delay_ms", "state_of"]

LONGEST_MS = 15_000
TICK_S = STEADY_S = 30.0
ERRORED = "errored"


def milliseconds(value: Any) -> int:
    """Read a time as pm2's configuration does: a number of milliseconds, or "10s", "5m", "1h"."""
    found = re.fullmatch(r"(\d+)(h|m|s)?", str(value).strip())
    if not found:
        raise ValueError("give whole milliseconds, or a time such as 10s, 5m or 1h")
    return int(found[1]) * {None: 1, "s": 1000, "m": 60_000, "h": 3_600_000}[found[2]]


OPTIONS = (
    Option("autorestart", True, switch, "restart at all"),
    Option("stop_exit_codes", frozenset(), exits, "exit codes that are not followed by a restart"),
    Option("restart_delay", 0, milliseconds, "ms before a restart"),
    Option("exp_backoff_restart_delay", 0, milliseconds, "ms before the first restart, then half as much again [off]"),
    Option("max_restarts", 16, count(), "unstable runs that make it errored"),
    Option("min_uptime", 1000, milliseconds, "ms; a shorter run is unstable"),
    Option("wait_ready", False, switch, "online when the program says that it is ready"),
    Option("kill_timeout", 1600, milliseconds, "ms from SIGINT to SIGKILL"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pm2Policy:
    """What pm2's daemon does after an end; times in milliseconds, as in its configuration.

    In the memory `window_ns` is when the app was created, `starts` counts unstable runs, `started_ns` is the last
    start, `delay_ns` the exponential delay given last, and `times` up to when the worker's ticks have been looked at.
    """

    autorestart: bool = True
    stop_exit_codes: frozenset[int | str] = frozenset()
    restart_delay: int = 0
    exp_backoff_restart_delay: int = 0
    max_restarts: int = 16
    min_uptime: int = 1000

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; one by hand counts as the creation."""
        if manual or memory.window_ns is None:
            return Memory(window_ns=at, started_ns=at, times=(at,)), Go()
        return replace(looked_at(memory, at), started_ns=at), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: being online takes nothing back."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Count an unstable run; errored, stopped, or restarted after the delay."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        memory = self._counted(looked_at(memory, at), exit, at)
        if memory.starts >= self.max_restarts:
            return Memory(), GiveUp(f"{ERRORED}: {memory.starts} unstable runs")
        code = exit.code or 0  # pm2 takes an end by a signal for exit code 0
        if not self.autorestart or code in self.stop_exit_codes:
            return memory, Done() if exit.code == 0 or code in self.stop_exit_codes else GiveUp("autorestart=false")
        if not self.exp_backoff_restart_delay:
            return memory, Restart(self.restart_delay * 1_000_000, clean=exit.code == 0)
        delay = next_delay_ms(memory.delay_ns // 1_000_000, self.exp_backoff_restart_delay) * 1_000_000
        return replace(memory, delay_ns=delay), Restart(delay, clean=exit.code == 0)

    def _counted(self, memory: Memory, exit: Exit, at: int) -> Memory:
        young = at - (memory.window_ns or 0) < self.min_uptime * self.max_restarts * 1_000_000
        unstable = exit.uptime_ns < self.min_uptime * 1_000_000
        return replace(memory, starts=memory.starts + 1) if young and unstable else memory

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """`pm2 reset` and a new daemon begin to count anew; a stop keeps the count until the next start."""
        return Memory() if request in ("reset", "supervisor-restarted") else memory


def looked_at(memory: Memory, at: int) -> Memory:
    """Return the memory after the worker's ticks up to `at`; it looks at the last start, not whether it still runs."""
    if memory.started_ns is None or not memory.times:
        return memory
    tick = ns(TICK_S)
    first = (max(memory.started_ns + ns(STEADY_S), memory.times[-1]) // tick + 1) * tick
    return replace(memory, delay_ns=0 if first <= at else memory.delay_ns, times=(at,))


def next_delay_ms(previous: int, first: int) -> int:
    """Return the exponential delay, whole milliseconds; `previous` is 0 for the first one.

    >>> next_delay_ms(0, 100), next_delay_ms(150, 100), next_delay_ms(225, 100), next_delay_ms(12_921, 100)
    (100, 225, 337, 15000)
    """
    return first if not previous else min(LONGEST_MS, previous * 3 // 2)


def state_of(instance: Instance) -> str:
    """Return the status in pm2's own words: only a limit makes it errored, all else that ended is stopped."""
    errored = isinstance(instance.answer, GiveUp) and instance.answer.reason.startswith(ERRORED)
    if instance.state is State.FAILED and not errored:
        return "stopped"
    return SYSTEM.native[instance.state]


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of an app."""
    own = {name: values[name] for name in Pm2Policy.__dataclass_fields__}
    stop = StopPlan(
        phases=(
            # 0 is no value to pm2: it falls back to its default.
            Phase(name="stopping", signal="SIGINT", limit_s=(values["kill_timeout"] or 1600) / 1000),
            Phase(name="kill", signal="SIGKILL"),
        )
    )
    return Unit(
        policy=Pm2Policy(**own), readiness=Readiness(by="notice" if values["wait_ready"] else "spawn"), stop=stop
    )


SYSTEM = System(
    name="pm2",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "stopped",
        State.STARTING: "launching",
        State.READY: "online",
        State.RUNNING: "online",
        State.BLOCKED: "online",
        State.DRAINING: "stopping",
        State.TERMINATED: "stopped",
        State.FAILED: ERRORED,
        State.BACKOFF: "waiting restart",
    },
    loses="online is every process that exists: ready, running and blocked look the same. stopped is a clean end, a"
    " stop by hand and a failure that autorestart=false leaves alone.",
    source="pm2 7.0.4 lib/God.js, lib/Worker.js, lib/God/Methods.js, constants.js",
)
