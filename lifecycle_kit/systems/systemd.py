"""systemd: a table says what is restarted, a start limit says how often.

Rule: `Restart=` is looked up by the result of the end; the next start follows after `RestartSec` (growing with
`RestartSteps`); every start, by hand too, counts against StartLimitBurst in a fixed window, and the start that exceeds
it is refused: the unit is `failed` and stays so. How it is stopped stands in `systemd_stop`.

Source: systemd.service(5), systemd.unit(5); src/core/service.c (`service_shall_restart`, `service_restart_usec_next`,
`service_enter_running`), src/basic/ratelimit.c, src/shared/exit-status.c, read at 261~devel; recordings of systemd 257.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lifecycle_kit.drain import StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart, StartLimit
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, OptionError, System, choice, count, exits, switch, timespan
from lifecycle_kit.systems.systemd_stop import STOP_OPTIONS, Stopping, finite
from lifecycle_kit.units import ns

__all__ = ["ACTIVE_STATE", "PASSED", "RESTART_TABLE", "SUBSTATES", "SYSTEM", "SystemdPolicy", "result_of", "substate"]

_RESTARTS = ("no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog")
_NONE: frozenset[int | str] = frozenset()

OPTIONS = (
    Option("Type", "simple", choice("simple", "exec", "notify", "oneshot"), "when a start counts as done"),
    Option("Restart", "no", choice(*_RESTARTS), "which ends are followed by a restart"),
    Option("RestartMode", "normal", choice("normal", "direct"), "whether others see the end before a restart"),
    Option("RestartSec", 0.1, timespan, "pause before a restart"),
    Option("RestartSteps", 0, count(), "steps in which the pause grows to RestartMaxDelaySec"),
    Option("RestartMaxDelaySec", math.inf, timespan, "longest pause"),
    Option("StartLimitIntervalSec", 10.0, timespan, "length of the window of the start limit; 0 switches it off"),
    Option("StartLimitBurst", 5, count(), "starts allowed in the window"),
    Option("SuccessExitStatus", _NONE, exits, "further exits that count as clean"),
    Option("RestartPreventExitStatus", _NONE, exits, "exits that are never followed by a restart"),
    Option("RestartForceExitStatus", _NONE, exits, "exits that always are"),
    Option("RemainAfterExit", False, switch, "whether it counts as active after a clean end"),
    Option("TimeoutStartSec", None, timespan, "longest start (90 s; none for a oneshot)"),
    Option("RuntimeMaxSec", math.inf, timespan, "longest run"),
    Option("WatchdogSec", 0.0, timespan, "how often it must say that it is alive; 0 switches it off"),
    *STOP_OPTIONS,
)

# systemd.service(5), table "Exit causes and the effect of the Restart= settings".
_ABNORMAL = frozenset({"signal", "core-dump", "timeout", "watchdog", "oom-kill", "protocol"})
RESTART_TABLE: Mapping[str, frozenset[str]] = {
    "no": frozenset(),
    "always": _ABNORMAL | {"success", "exit-code"},
    "on-success": frozenset({"success"}),
    "on-failure": _ABNORMAL | {"exit-code"},
    "on-abnormal": _ABNORMAL,
    "on-abort": frozenset({"signal", "core-dump"}),
    "on-watchdog": frozenset({"watchdog"}),
}
CLEAN_SIGNALS = frozenset({"SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"})
_BY_CAUSE = {
    Cause.TIMEOUT: "timeout", Cause.WATCHDOG: "watchdog", Cause.PROBE: "watchdog", Cause.MEMORY: "oom-kill",
    Cause.SKIPPED: "exec-condition",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdPolicy:
    """What systemd does after an end; attributes are its options in snake case (times in seconds).

    In the memory `failures` is NRestarts=, and `ready_ns` is set while a unit is active without a process.
    """

    type: str = "simple"
    restart: str = "no"
    restart_sec: float = 0.1
    restart_steps: int = 0
    restart_max_delay_sec: float = math.inf
    limit: StartLimit = field(default_factory=StartLimit)
    success: frozenset[int | str] = _NONE
    prevent: frozenset[int | str] = _NONE
    force: frozenset[int | str] = _NONE
    remain_after_exit: bool = False
    restart_mode: str = "normal"

    def result(self, exit: Exit) -> str:
        """Return what systemd calls `Result=` of this end; what went wrong first counts.

        >>> SystemdPolicy().result(Exit(signal="SIGTERM")), SystemdPolicy().result(Exit(code=1))
        ('success', 'exit-code')
        """
        if exit.cause in _BY_CAUSE:
            return _BY_CAUSE[exit.cause]
        if exit.late or exit.abandoned:
            return "timeout"
        result = self._by_exit(exit)
        asked = exit.cause is Cause.REQUEST
        if result == "success" and self.type == "notify" and exit.ready_ns is None and not asked:
            return "protocol"  # however clean it ended: it never said that it was ready
        if result == "success" and exit.lingered:
            return "timeout"
        return "exit-code" if result == "success" and exit.hook_code else result

    def _by_exit(self, exit: Exit) -> str:
        if exit.signal is not None:
            if exit.core:
                return "core-dump"
            clean = exit.signal in self.success or (exit.signal in CLEAN_SIGNALS and self.type != "oneshot")
            return "success" if clean else "signal"
        return "success" if exit.code == 0 or exit.code in self.success else "exit-code"

    def shall_restart(self, exit: Exit) -> bool:
        """Tell whether this end is followed by a restart: prevent, then force, then the table."""
        result, how = self.result(exit), exit.code if exit.signal is None else exit.signal
        if exit.cause in (Cause.REQUEST, Cause.SKIPPED) or how in self.prevent:
            return False
        if result == "success" and (self.type == "oneshot" or self.remain_after_exit):
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
        memory, allowed = self.limit.count(replace(memory, ready_ns=None), at)
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
            if result == "success" and self.remain_after_exit and exit.cause is not Cause.REQUEST:
                memory = replace(memory, ready_ns=at)
            return memory, Done() if result in ("success", "exec-condition") else GiveUp(result)
        nth = memory.failures + 1
        return replace(memory, failures=nth), Restart(ns(self.delay_s(nth)), clean=result == "success")

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """`systemctl reset-failed` clears the start limit and the pauses; a stop ends what merely remained active."""
        return Memory() if request == "reset" else replace(memory, ready_ns=None)


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a `[Service]` section."""
    kind, restart = values["Type"], values["Restart"]
    if kind == "oneshot" and restart in ("always", "on-success"):
        raise OptionError(f"systemd Restart={restart}: not allowed with Type=oneshot; use no or on-failure")
    policy = SystemdPolicy(
        type=kind, restart=restart, restart_sec=values["RestartSec"], restart_steps=values["RestartSteps"],
        restart_max_delay_sec=values["RestartMaxDelaySec"],
        limit=StartLimit(burst=values["StartLimitBurst"], interval_s=values["StartLimitIntervalSec"]),
        success=values["SuccessExitStatus"], prevent=values["RestartPreventExitStatus"],
        force=values["RestartForceExitStatus"], remain_after_exit=values["RemainAfterExit"],
        restart_mode=values["RestartMode"],
    )  # fmt: skip
    by = "notice" if kind in ("notify", "oneshot") else "spawn"  # a oneshot is done when it ends: never ready
    start_s = values["TimeoutStartSec"]
    if start_s is None:
        start_s = math.inf if kind == "oneshot" else 90.0
    stopping = Stopping.of(values)
    return Unit(
        policy=policy, readiness=Readiness(by=by), stop=stopping.plan(), early_stop=stopping.early(),
        watchdog_stop=stopping.abort(),
        after_end=AfterEnd(policy=policy, stopping=stopping), watchdog_s=finite(values["WatchdogSec"]),
        start_limit_s=finite(start_s), run_limit_s=finite(values["RuntimeMaxSec"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterEnd:
    """What follows an end: called with how it ended and the purpose of its stop."""

    policy: SystemdPolicy
    stopping: Stopping

    def __call__(self, end: Exit, purpose: str | None) -> StopPlan | None:
        """Return the plan, None if nothing follows."""
        clean = self.policy.result(end) == "success"
        if clean and purpose is None and self.policy.remain_after_exit:
            return None
        # A oneshot is "up" for the moment in which it has ended well; anything else must have been ready.
        up = end.ready_ns is not None or self.policy.type == "oneshot"
        return self.stopping.after_end(stopped=purpose is not None, orderly=clean and up)


def substate(instance: Instance) -> str:
    """Return `SubState=`, what `systemctl status` shows in brackets."""
    policy, life = instance.unit.policy, instance.life
    assert isinstance(policy, SystemdPolicy)
    match instance.state:
        case State.STARTING:
            return "running" if policy.type == "simple" else "start"
        case State.BLOCKED if life.blocked_on == "reload":
            return "reload"
        case State.DRAINING if life.plan is not None:
            return life.plan.phases[life.phase].name
        case State.TERMINATED if instance.memory.ready_ns is not None:
            return "exited"
    return SUBSTATES[instance.state]


SUBSTATES = {
    State.CREATED: "dead", State.READY: "running", State.RUNNING: "running", State.BLOCKED: "running",
    State.DRAINING: "stop-sigterm", State.TERMINATED: "dead", State.FAILED: "failed", State.BACKOFF: "auto-restart",
}  # fmt: skip

# What a unit passes through in an instant; with RestartMode=direct the first two are left out.
PASSED = {
    (State.FAILED, State.BACKOFF): "failed-before-auto-restart",
    (State.TERMINATED, State.BACKOFF): "dead-before-auto-restart",
    (State.BACKOFF, State.STARTING): "auto-restart-queued",
}

# src/core/service.c, `state_translation_table`.
ACTIVE_STATE = {
    "dead": "inactive", "dead-before-auto-restart": "inactive", "failed": "failed",
    "failed-before-auto-restart": "failed", "start-pre": "activating", "start": "activating",
    "start-post": "activating", "auto-restart": "activating", "auto-restart-queued": "activating",
    "running": "active", "exited": "active", "reload": "reloading", "stop": "deactivating",
    "stop-watchdog": "deactivating", "stop-sigterm": "deactivating", "stop-sigkill": "deactivating",
    "stop-post": "deactivating", "final-sigterm": "deactivating", "final-sigkill": "deactivating",
}  # fmt: skip


def result_of(instance: Instance) -> str:
    """Return `Result=`: of the last end, or success while nothing has gone wrong since the last start."""
    policy, last = instance.unit.policy, instance.last
    assert isinstance(policy, SystemdPolicy)
    over = instance.state in (State.TERMINATED, State.FAILED, State.BACKOFF)
    result = policy.result(last) if over and last is not None else "success"
    # A refused start becomes the result only where nothing had gone wrong before.
    return instance.answer.reason if isinstance(instance.answer, Refuse) and result == "success" else result


SYSTEM = System(
    name="systemd",
    options=OPTIONS,
    restarting={"Restart": "always"},
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
