"""systemd: a table says what is restarted, a start limit says how often.

Rule: `Restart=` is looked up by the result of the end; the next start follows after `RestartSec` (growing with
`RestartSteps`); every start, by hand too, counts against StartLimitBurst in a fixed window, and the start that exceeds
it is refused: the unit is `failed` and stays so.

Source: systemd.service(5), systemd.unit(5); src/core/service.c (`service_shall_restart`, `service_restart_usec_next`),
src/basic/ratelimit.c, src/shared/exit-status.c, read at 261~devel; recordings of systemd 257.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart, StartLimit
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import (
    Option,
    OptionError,
    System,
    choice,
    count,
    exits,
    signal_name,
    switch,
    timespan,
)
from lifecycle_kit.units import ns

__all__ = ["RESTART_TABLE", "SYSTEM", "SystemdPolicy"]

_RESTARTS = ("no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog")
_NONE: frozenset[int | str] = frozenset()

OPTIONS = (
    Option(
        "Type",
        "simple",
        choice("simple", "exec", "notify", "oneshot"),
        "when a start counts as done",
    ),
    Option("Restart", "no", choice(*_RESTARTS), "which ends are followed by a restart"),
    Option("RestartSec", 0.1, timespan, "pause before a restart"),
    Option("RestartSteps", 0, count(), "steps in which the pause grows to RestartMaxDelaySec"),
    Option("RestartMaxDelaySec", math.inf, timespan, "longest pause"),
    Option(
        "StartLimitIntervalSec",
        10.0,
        timespan,
        "length of the window of the start limit; 0 switches it off",
    ),
    Option("StartLimitBurst", 5, count(), "starts allowed in the window"),
    Option("SuccessExitStatus", _NONE, exits, "further exits that count as clean"),
    Option("RestartPreventExitStatus", _NONE, exits, "exits that are never followed by a restart"),
    Option("RestartForceExitStatus", _NONE, exits, "exits that always are"),
    Option("TimeoutStartSec", None, timespan, "longest start (90 s; none for a oneshot)"),
    Option("TimeoutStopSec", 90.0, timespan, "from the stop signal to SIGKILL"),
    Option("RuntimeMaxSec", math.inf, timespan, "longest run"),
    Option("KillSignal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("SendSIGKILL", True, switch, "whether a stop may end in SIGKILL"),
)

# systemd.service(5), table "Exit causes and the effect of the Restart= settings".
RESTART_TABLE: Mapping[str, frozenset[str]] = {
    "no": frozenset(),
    "always": frozenset({"success", "exit-code", "signal", "timeout", "watchdog", "oom-kill", "protocol"}),
    "on-success": frozenset({"success"}),
    "on-failure": frozenset({"exit-code", "signal", "timeout", "watchdog", "oom-kill", "protocol"}),
    "on-abnormal": frozenset({"signal", "timeout", "watchdog", "oom-kill", "protocol"}),
    "on-abort": frozenset({"signal"}),
    "on-watchdog": frozenset({"watchdog"}),
}
CLEAN_SIGNALS = frozenset({"SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdPolicy:
    """What systemd does after an end; attributes are its options in snake case (times in seconds)."""

    type: str = "simple"
    restart: str = "no"
    restart_sec: float = 0.1
    restart_steps: int = 0
    restart_max_delay_sec: float = math.inf
    limit: StartLimit = field(default_factory=StartLimit)
    success: frozenset[int | str] = _NONE
    prevent: frozenset[int | str] = _NONE
    force: frozenset[int | str] = _NONE

    def result(self, exit: Exit) -> str:
        """Return what systemd calls `Result=` of this end.

        >>> SystemdPolicy().result(Exit(signal="SIGTERM")), SystemdPolicy().result(Exit(code=1))
        ('success', 'exit-code')
        """
        by_cause = {
            Cause.TIMEOUT: "timeout",
            Cause.WATCHDOG: "watchdog",
            Cause.PROBE: "watchdog",
            Cause.MEMORY: "oom-kill",
        }
        if exit.cause in by_cause:
            return by_cause[exit.cause]
        if exit.cause is Cause.REQUEST and exit.forced:
            return "timeout"
        if exit.signal is not None:
            clean = exit.signal in self.success or (exit.signal in CLEAN_SIGNALS and self.type != "oneshot")
            return "success" if clean else "signal"
        if exit.code == 0 and self.type == "notify" and exit.ready_ns is None and exit.cause is not Cause.REQUEST:
            return "protocol"
        return "success" if exit.code == 0 or exit.code in self.success else "exit-code"

    def shall_restart(self, exit: Exit) -> bool:
        """Tell whether this end is followed by a restart: prevent, then force, then the table."""
        result, how = self.result(exit), exit.code if exit.signal is None else exit.signal
        if exit.cause is Cause.REQUEST or how in self.prevent:
            return False
        if result == "success" and self.type == "oneshot":
            return False
        return how in self.force or result in RESTART_TABLE[self.restart]

    def delay_s(self, nth: int) -> float:
        """Return the pause before the `nth` restart in a row, seconds; it never shrinks again by itself.

        >>> steps = SystemdPolicy(restart_sec=1, restart_steps=5, restart_max_delay_sec=32)
        >>> [steps.delay_s(n) for n in (1, 2, 3, 6, 10_000)]
        [1, 2.0, 4.0, 32, 32]
        """
        low, high, steps = self.restart_sec, self.restart_max_delay_sec, self.restart_steps
        if nth <= 1 or not steps or not low or math.isinf(high) or low >= high:
            return low
        if nth > steps:
            return high
        return float(low * (high / low) ** ((nth - 1) / steps))

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Count the start against the limit; one by hand also takes the pauses back to the first."""
        memory, allowed = self.limit.count(memory, at)
        if not allowed:
            return memory, Refuse("start-limit-hit")
        return (replace(memory, failures=0) if manual else memory), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: no success, however long, takes the pauses back."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Restart by the table after the next pause, or leave the unit inactive or failed."""
        result = self.result(exit)
        if not self.shall_restart(exit):
            return memory, Done() if result == "success" else GiveUp(result)
        nth = memory.failures + 1
        return replace(memory, failures=nth), Restart(ns(self.delay_s(nth)), clean=result == "success")

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """`systemctl reset-failed` clears the start limit and the pauses."""
        return Memory() if request == "reset" else memory


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a `[Service]` section."""
    kind, restart = values["Type"], values["Restart"]
    if kind == "oneshot" and restart in ("always", "on-success"):
        raise OptionError(f"systemd Restart={restart}: not allowed with Type=oneshot; use no or on-failure")
    policy = SystemdPolicy(
        type=kind,
        restart=restart,
        restart_sec=values["RestartSec"],
        restart_steps=values["RestartSteps"],
        restart_max_delay_sec=values["RestartMaxDelaySec"],
        limit=StartLimit(burst=values["StartLimitBurst"], interval_s=values["StartLimitIntervalSec"]),
        success=values["SuccessExitStatus"],
        prevent=values["RestartPreventExitStatus"],
        force=values["RestartForceExitStatus"],
    )
    by = "notice" if kind in ("notify", "oneshot") else "spawn"  # a oneshot is done when it ends: never ready
    start_s = values["TimeoutStartSec"]
    if start_s is None:
        start_s = math.inf if kind == "oneshot" else 90.0
    return Unit(
        policy=policy,
        readiness=Readiness(by=by),
        stop=stop_plan(values["KillSignal"], values["TimeoutStopSec"], values["SendSIGKILL"]),
        start_limit_s=_finite(start_s),
        run_limit_s=_finite(values["RuntimeMaxSec"]),
    )


def stop_plan(signal: str, timeout_s: float, kills: bool) -> StopPlan:
    """Return stop-sigterm and stop-sigkill, each with its own TimeoutStopSec; without SIGKILL only the first."""
    phases = [Phase(name="stop-sigterm", signal=signal, limit_s=_finite(timeout_s))]
    if kills:
        phases.append(Phase(name="stop-sigkill", signal="SIGKILL", limit_s=_finite(timeout_s)))
    return StopPlan(phases=tuple(phases))


def _finite(value_s: float) -> float | None:
    # A timeout of 0 means none as well: systemd.service(5), TimeoutStopSec=.
    return None if math.isinf(value_s) or value_s == 0 else value_s


SYSTEM = System(
    name="systemd",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "inactive (dead)",
        State.STARTING: "activating (start)",
        State.READY: "active (running)",
        State.RUNNING: "active (running)",
        State.BLOCKED: "active (running)",
        State.DRAINING: "deactivating (stop-sigterm)",
        State.TERMINATED: "inactive (dead)",
        State.FAILED: "failed (failed)",
        State.BACKOFF: "activating (auto-restart)",
    },
    loses="active (running) covers ready, running and blocked; only a watchdog would notice the last.",
    source="systemd.service(5), systemd.unit(5), src/core/service.c and src/basic/ratelimit.c of 261~devel",
)
