"""circus: an arbiter that looks every check_delay seconds, and repairs what it then finds.

Rule: an end is noticed at the next look after it, and the process is started again at that look; with respawn=False
the watcher is stopped instead. A command that cannot be started is tried max_retry times in a row. A stop sends
stop_signal, and SIGKILL after graceful_timeout.

Source: circus arbiter.py (`start_watcher`, `manage_watchers`), watcher.py (`manage_processes`, `spawn_process`,
`kill_process`), docs/configuration (check_delay, respawn, max_retry, graceful_timeout); recordings of 0.19.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Instance, Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems.options import Option, OptionError, System, number, signal_name, switch
from lifecycle_kit.units import ns

__all__ = ["GIVES_UP", "SYSTEM", "CircusPolicy", "state_of"]

GIVES_UP = "max_retry"
FOR_EVER = -1


def retries(value: Any) -> int:
    """Read max_retry: a whole number of tries, or -1 for no limit."""
    text = str(value).strip()
    if not text.lstrip("-").isdigit() or int(text) < FOR_EVER or int(text) == 0:
        raise ValueError("give a whole number of tries, at least 1, or -1 for no limit")
    return int(text)


OPTIONS = (
    Option("check_delay", 5.0, number(), "from one look of the arbiter to the next"),
    Option(
        "first_look",
        None,
        number(),
        "its first look, seconds after the start: no setting, but its phase [check_delay]",
    ),
    Option("respawn", True, switch, "whether a process that has ended is started again"),
    Option("max_retry", 5, retries, "tries to start a command; -1: no limit"),
    Option("stop_signal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("graceful_timeout", 10.0, number(), "seconds from the stop signal to SIGKILL"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircusPolicy:
    """What the arbiter does after an end; times are seconds, and looks are counted from instant 0.

    Attributes:
        check_delay_s: from one look to the next.
        first_look_s: the first look.
        respawn: whether it starts again what has ended.
        max_retry: tries to start a command, -1 for no limit.
    """

    check_delay_s: float = 5.0
    first_look_s: float = 5.0
    respawn: bool = True
    max_retry: int = 5

    def next_look_ns(self, at: int) -> int:
        """Return the first look at `at` or later, both nanoseconds.

        >>> CircusPolicy(first_look_s=4).next_look_ns(5 * 10**9) // 10**9
        9
        """
        first, delay = ns(self.first_look_s), ns(self.check_delay_s)
        return first + max(0, -((first - at) // delay)) * delay

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; one by hand begins the tries anew."""
        return (replace(memory, failures=0) if manual else memory), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """It came into being: the tries begin anew."""
        return replace(memory, failures=0)

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Start again at the next look, or give the watcher up."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if exit.cause is Cause.SPAWN:
            tried = memory.failures + 1
            if self.max_retry != FOR_EVER and tried >= self.max_retry:
                return replace(memory, failures=0), GiveUp(f"could not be started, {GIVES_UP} reached")
            return replace(memory, failures=tried), Restart(0)
        clean = exit.code == 0
        if not self.respawn:
            return memory, Done() if clean else GiveUp("respawn=False")
        return memory, Restart(self.next_look_ns(at) - at, clean=clean)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Nothing is remembered."""
        return memory


def state_of(instance: Instance) -> str:
    """Return what circusctl status says: active while the watcher runs, whatever its process does, else stopped."""
    return "active" if instance.state in HAS_PROCESS | {State.BACKOFF} else "stopped"


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a watcher with one process."""
    if values["check_delay"] == 0:
        raise OptionError("circus check_delay=0: the arbiter would look without a pause; give seconds above 0")
    first_s = values["check_delay"] if values["first_look"] is None else values["first_look"]
    ask = Phase(name="stopping", signal=values["stop_signal"], limit_s=values["graceful_timeout"])
    return Unit(
        policy=CircusPolicy(
            check_delay_s=values["check_delay"],
            first_look_s=first_s,
            respawn=values["respawn"],
            max_retry=values["max_retry"],
        ),
        readiness=Readiness(by="spawn"),
        stop=StopPlan(phases=(ask, Phase(name="kill", signal="SIGKILL"))),
    )


SYSTEM = System(
    name="circus",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "stopped",
        State.STARTING: "active",
        State.READY: "active",
        State.RUNNING: "active",
        State.BLOCKED: "active",
        State.DRAINING: "stopping",
        State.TERMINATED: "stopped",
        State.FAILED: "stopped",
        State.BACKOFF: "active",
    },
    loses="The status is that of the watcher: it is active even while its process has ended and the next look is to"
    " come. The flapping plugin, which stops a watcher that restarts too often, is a program of its own and not here.",
    source="circus arbiter.py, watcher.py; docs/configuration",
)
