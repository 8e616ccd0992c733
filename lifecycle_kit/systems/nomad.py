"""Nomad: so many attempts in a fixed window, and then a choice between giving up and waiting for the next window.

Rule: every end counts; within `attempts` it is restarted after `delay` plus up to a quarter of it. The window opens
with the first start and anew with the first end after `interval`. Beyond the attempts `mode` decides: "fail" gives the
task up (the scheduler may then place it elsewhere), "delay" waits for the end of the window. Success is not restarted
in batch jobs and in hooks that are no sidecars.

Source: Nomad client/allocrunner/taskrunner/restarts/restarts.go (`GetState`), nomad/structs/structs.go (defaults), read
at aa026cc99c; docs, job specification, `restart` and `task`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Instance, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, OptionError, System, choice, count, duration, signal_name, switch
from lifecycle_kit.units import ns

__all__ = ["DEFAULTS", "SYSTEM", "NomadPolicy", "policy", "restarts_on_success", "state_of"]

JITTER = 0.25
LEAST_INTERVAL_S = 5.0
NOT_RESTARTING = "not-restarting"
_LONG = {"attempts": 2, "interval": 1800.0, "delay": 15.0, "mode": "fail"}
_SHORT = {"attempts": 3, "interval": 86_400.0, "delay": 15.0, "mode": "fail"}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {"service": _LONG, "system": _LONG, "batch": _SHORT, "sysbatch": _SHORT}

OPTIONS = (
    Option("type", "service", choice(*DEFAULTS), "type of the job"),
    Option("attempts", None, count(), "restarts in one interval [2; batch 3]"),
    Option("interval", None, duration, "length of the window, at least 5s [30m; batch 24h]"),
    Option("delay", None, duration, "pause before a restart, plus up to a quarter of it [15s]"),
    Option("mode", None, choice("fail", "delay"), "what follows the last attempt [fail]"),
    Option("lifecycle.hook", None, choice("prestart", "poststart", "poststop"), "when the task runs; none: main task"),
    Option("lifecycle.sidecar", False, switch, "the hook's task runs as long as the main task"),
    Option("kill_signal", "SIGINT", signal_name, "signal that asks it to stop"),
    Option("kill_timeout", 5.0, duration, "from that signal to SIGKILL"),
)


def restarts_on_success(job: str, hook: str | None = None, sidecar: bool = False) -> bool:
    """Tell whether exit 0 is followed by a restart.

    Source: restarts.go, `NewRestartTracker`.

    >>> restarts_on_success("service"), restarts_on_success("batch"), restarts_on_success("batch", "prestart", True)
    (True, False, True)
    """
    if hook is None:
        return job in ("service", "system")
    return sidecar and hook != "poststop"


@dataclass(frozen=True, slots=True, kw_only=True)
class NomadPolicy:
    """What the task runner does after an end (times in seconds).

    In the memory `window_ns` is the start of the window and `starts` the ends counted in it.
    """

    attempts: int = 2
    interval_s: float = 1800.0
    delay_s: float = 15.0
    mode: str = "fail"
    on_success: bool = True
    jitter: float = JITTER

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; the first one opens the window."""
        return (replace(memory, window_ns=at) if memory.window_ns is None else memory), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: no success takes an attempt back."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Count the end; restart within the attempts, else by mode."""
        finished = exit.code == 0 and not self.on_success
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if not self.attempts:
            return memory, Done() if finished else GiveUp(f"{NOT_RESTARTING}: no attempts allowed")
        opened = at if memory.window_ns is None else memory.window_ns
        closes = opened + ns(self.interval_s)
        if at > closes:
            memory, closes = replace(memory, window_ns=at, starts=0), at + ns(self.interval_s)
        memory = replace(memory, starts=memory.starts + 1)
        if finished:
            return memory, Done()
        if memory.starts <= self.attempts:
            delay = ns(self.delay_s)
            return memory, Restart(delay + int(u * self.jitter * delay), clean=exit.code == 0)
        if self.mode == "delay":
            # One nanosecond into the next window: a program that ends at once would be counted in this one again.
            return memory, Restart(closes - at + 1, clean=exit.code == 0)
        return memory, GiveUp(f"{NOT_RESTARTING}: {self.attempts} attempts used up")

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Requests change nothing: a restart by hand is not counted."""
        return memory


def state_of(instance: Instance) -> str:
    """Return the last task event in Nomad's own words."""
    words = {State.BACKOFF: "restarting", State.FAILED: NOT_RESTARTING, State.TERMINATED: "terminated"}
    if instance.state is State.TERMINATED and instance.last is not None and instance.last.cause is Cause.REQUEST:
        return "killed"
    return words.get(instance.state, SYSTEM.native[instance.state])


def policy(values: Mapping[str, Any]) -> NomadPolicy:
    """Return the policy of a `restart` block; what is None or missing has the default of the job's type."""
    job = values.get("type", "service")
    given = {name: value for name, value in values.items() if value is not None}
    own: dict[str, Any] = {name: given.get(name, default) for name, default in DEFAULTS[job].items()}
    return NomadPolicy(
        attempts=own["attempts"],
        interval_s=own["interval"],
        delay_s=own["delay"],
        mode=own["mode"],
        on_success=restarts_on_success(job, values.get("lifecycle.hook"), bool(values.get("lifecycle.sidecar"))),
    )


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a task; raises OptionError for a `restart` block that Nomad refuses."""
    own = policy(values)
    if not own.attempts and own.mode == "delay":
        raise OptionError("nomad mode=delay: ambiguous with attempts=0; allow attempts, or give mode=fail")
    if own.interval_s < LEAST_INTERVAL_S:
        raise OptionError(f"nomad interval={own.interval_s:g}s: give at least {LEAST_INTERVAL_S:g}s")
    if own.attempts * own.delay_s > own.interval_s:
        raise OptionError(
            f"nomad attempts={own.attempts}: so many with a delay of {own.delay_s:g}s do not fit into an interval of"
            f" {own.interval_s:g}s; give fewer, or a longer interval"
        )
    stop = StopPlan(
        phases=(
            Phase(name="kill_signal", signal=values["kill_signal"], limit_s=values["kill_timeout"]),
            Phase(name="kill", signal="SIGKILL"),
        )
    )
    return Unit(policy=own, stop=stop)


SYSTEM = System(
    name="nomad",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "pending",
        State.STARTING: "pending",
        State.READY: "running",
        State.RUNNING: "running",
        State.BLOCKED: "running",
        State.DRAINING: "running",
        State.TERMINATED: "dead",
        State.FAILED: "dead (failed)",
        State.BACKOFF: "pending",
    },
    loses="pending is a task before its first start and one that waits for a restart: only its last event, Restarting,"
    " tells them apart. Whether running is useful is left to the health checks of its service.",
    source="Nomad restarts.go at aa026cc99c, structs.go (DefaultServiceJobRestartPolicy); job specification",
)
