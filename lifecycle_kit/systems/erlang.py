"""Erlang/OTP: supervisors of processes, which have no pause and no memory but a restart intensity.

Rule: a child is restarted at once by its type - permanent always, transient unless its reason is normal, shutdown or
{shutdown, _}, temporary never. One restart more than `intensity` within `period` whole seconds, and the supervisor ends
all its children and itself, which counts as one end for the supervisor above it. A start that fails counts as well and
is tried again at once. Children stop one at a time in reverse start order, each within its own `shutdown` time.

Source: Erlang/OTP lib/stdlib/src/supervisor.erl at 002130b6 (`do_restart`, `restart`, `terminate_children`,
`do_auto_shutdown`), supervisor_SUITE.erl; recordings of OTP 27.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.group import AUTO_SHUTDOWNS, STRATEGIES, Group, Member, Rules, form
from lifecycle_kit.machine import Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, OptionError, System, choice, count
from lifecycle_kit.units import NS_PER_S

__all__ = ["SYSTEM", "ErlangPolicy", "Intensity", "reason_as_exit", "supervisor"]

SIMPLE = "simple_one_for_one"
WORKER_SHUTDOWN_MS = 5000
REACHED = "reached_max_restart_intensity"


def shutdown(value: Any) -> int | None:
    """Read a shutdown time: milliseconds, "brutal_kill" (0 here) or "infinity" (None here)."""
    text = str(value).strip()
    if text == "infinity":
        return None
    if text == "brutal_kill":
        return 0
    if not text.isdigit():
        raise ValueError("give milliseconds, brutal_kill or infinity")
    return int(text)


OPTIONS = (
    Option("restart", "permanent", choice("permanent", "transient", "temporary"), "type of the child"),
    Option("shutdown", WORKER_SHUTDOWN_MS, shutdown, "ms from exit(Pid, shutdown) to exit(Pid, kill)"),
    Option("intensity", 1, count(), "restarts that the supervisor allows itself in one period"),
    Option("period", 5, count(1), "whole seconds in which restarts are counted"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """At most `intensity` restarts within `period` seconds, both ends included.

    The clock counts whole seconds: two restarts 5.3 s apart may be 5 s apart to it, or 6.
    Source: supervisor.erl, `add_restart` and `in_period`.

    >>> limit = Intensity(intensity=1, period=5)
    >>> [limit.count((0,), at * NS_PER_S)[1] for at in (4, 5, 6)]
    [False, False, True]
    """

    intensity: int = 1
    period: int = 5

    def count(self, times: tuple[int, ...], at: int) -> tuple[tuple[int, ...], bool]:
        """Return the restarts of the last period, this one among them, and whether they are not too many."""
        now = at // NS_PER_S
        recent = (*(time for time in times if now - time // NS_PER_S <= self.period), at)
        return recent, len(recent) <= self.intensity


@dataclass(frozen=True, slots=True, kw_only=True)
class ErlangPolicy:
    """What a supervisor does after a child has ended.

    Attributes:
        restart: type of the child.
        limit: intensity of a supervisor with this one child; None: the group counts the restarts of all.
    """

    restart: str = "permanent"
    limit: Intensity | None = field(default_factory=Intensity)

    def restarts(self, exit: Exit) -> bool:
        """Tell whether a child of this type is restarted after this end, or after a start that failed."""
        if exit.cause is Cause.SPAWN:
            return self.restart != "temporary"
        return self.restart == "permanent" or (self.restart == "transient" and not is_normal(exit))

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start."""
        return memory, Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: no success takes a restart back."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Restart at once by type, unless that makes too many."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if not self.restarts(exit):
            return memory, Done() if is_normal(exit) else GiveUp(f"{self.restart} child")
        if self.limit is not None:
            times, within = self.limit.count(memory.times, at)
            memory = replace(memory, times=times)
            if not within:
                return memory, GiveUp(REACHED)
        return memory, Restart(0, clean=is_normal(exit))

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """A supervisor that has itself been restarted remembers nothing."""
        return Memory() if request == "supervisor-restarted" else memory


def reason_as_exit(reason: str) -> int | str:
    """Return the exit of a process that stands for an Erlang exit reason; `exit(Pid, shutdown)` is the SIGTERM of OTP.

    >>> [reason_as_exit(word) for word in ("normal", "shutdown", "{shutdown,x}", "{kill}", "crash")]
    [0, 'SIGTERM', 'SIGTERM', 'SIGKILL', 1]
    """
    word = reason.strip("{}").split(",")[0].strip()
    if word in ("normal", "normal_return"):
        return 0
    return {"shutdown": "SIGTERM", "kill": "SIGKILL", "killed": "SIGKILL"}.get(word, 1)


def is_normal(exit: Exit) -> bool:
    """Tell whether a process ended as with reason normal, shutdown or {shutdown, _}."""
    return exit.code == 0 or exit.signal == "SIGTERM"


def child(
    restart: str = "permanent", shutdown_ms: int | None = WORKER_SHUTDOWN_MS, significant: bool = False
) -> Member:
    """Return a child of a supervisor.

    Args:
        restart: "permanent", "transient" or "temporary".
        shutdown_ms: milliseconds it is given to stop; None: any time, as for a supervisor; 0: none (brutal_kill).
        significant: its end may end the supervisor, see auto_shutdown.

    Raises:
        OptionError: if a permanent child is to be significant: it never ends for good.
    """
    if significant and restart == "permanent":
        raise OptionError("erlang significant=true: a permanent child is always restarted; use transient or temporary")
    unit = Unit(policy=ErlangPolicy(restart=restart, limit=None), stop=stop_plan(shutdown_ms))
    return Member(unit=unit, rejoins=restart != "temporary", significant=significant)


def supervisor(
    children: Mapping[str, Member], *, strategy: str = "one_for_one", intensity: int = 1, period: int = 5,
    auto_shutdown: str = "never",
) -> Group:  # fmt: skip
    """Return a supervisor that has not been started: `init/1` with these flags and children.

    Args:
        children: by id, in start order; made by `child`.
        strategy: one of the group's strategies, or simple_one_for_one, whose children are all stopped at once.
        intensity: restarts allowed in one period.
        period: whole seconds.
        auto_shutdown: "never", "any_significant" or "all_significant".

    Raises:
        OptionError: naming the flag, its value and what is allowed.
    """
    if strategy not in (*STRATEGIES, SIMPLE):
        raise OptionError(f"erlang strategy={strategy}: allowed are {', '.join((*STRATEGIES, SIMPLE))}")
    if auto_shutdown not in AUTO_SHUTDOWNS:
        raise OptionError(f"erlang auto_shutdown={auto_shutdown}: allowed are {', '.join(AUTO_SHUTDOWNS)}")
    rules = Rules(
        strategy="one_for_one" if strategy == SIMPLE else strategy,
        one_by_one=strategy != SIMPLE,
        limit=Intensity(intensity=intensity, period=period),
        auto_shutdown=auto_shutdown,
    )
    return form(children, rules=rules)


def stop_plan(shutdown_ms: int | None) -> StopPlan:
    """Return exit(Pid, shutdown) and, after the shutdown time, exit(Pid, kill); the latter at once for brutal_kill."""
    kill = Phase(name="exit(Pid, kill)", signal="SIGKILL")
    if shutdown_ms == 0:
        return StopPlan(phases=(kill,))
    limit = None if shutdown_ms is None else shutdown_ms / 1000
    return StopPlan(phases=(Phase(name="exit(Pid, shutdown)", signal="SIGTERM", limit_s=limit), kill))


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of the only child of a supervisor."""
    limit = Intensity(intensity=values["intensity"], period=values["period"])
    return Unit(policy=ErlangPolicy(restart=values["restart"], limit=limit), stop=stop_plan(values["shutdown"]))


SYSTEM = System(
    name="erlang",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "undefined",
        State.STARTING: "pid (in start_link)",
        State.READY: "pid",
        State.RUNNING: "pid",
        State.BLOCKED: "pid",
        State.DRAINING: "pid (shutdown sent)",
        State.TERMINATED: "undefined",
        State.FAILED: "undefined",
        State.BACKOFF: "restarting",
    },
    loses="which_children knows a pid, restarting or undefined: a child that never ran, one that ended well and one"
    " that was given up look the same, and a temporary child is forgotten altogether.",
    source="Erlang/OTP lib/stdlib/src/supervisor.erl at 002130b6; recordings of OTP 27",
)
