"""What is supervised, how, and how it stands: frozen values that `machine.step` takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lifecycle_kit.drain import StopPlan, term_then_kill
from lifecycle_kit.exits import Exit
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.restart import Decision, Memory, PlainPolicy, Refuse, RestartPolicy
from lifecycle_kit.states import State
from lifecycle_kit.units import ns

__all__ = ["Instance", "Life", "Readiness", "Unit", "create"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """When a unit counts as ready: at spawn, after some seconds, by its own notice, or by probe.

    Attributes:
        by: "spawn", "seconds", "notice" or "probe" (by probe without a probe: at spawn).
        after_s: seconds it must have been up, for "seconds".
    """

    by: str = "spawn"
    after_s: float = 0.0

    def __post_init__(self) -> None:
        if self.by not in ("spawn", "seconds", "notice", "probe"):
            raise ValueError(f"readiness by {self.by!r} is not known; use spawn, seconds, notice or probe")
        ns(self.after_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How something is supervised; the same value serves real and simulated runs.

    Attributes:
        policy: what follows an exit.
        readiness: when it counts as ready.
        probes: settings by kind ("startup", "readiness", "liveness").
        stop: how it is stopped.
        early_stop: how it is stopped before it has been ready; None: as later.
        probe_stops: stop plans for kills by a probe, by kind, where they differ.
        after_end: what follows the end of the process before the policy is asked (a finish script, a kill of what
            remains of its group), given how it ended and the purpose of its stop, None without one; None: nothing.
        watchdog_s: once ready it must say "alive" this often, seconds; None: it need not.
        watchdog_stop: how it is stopped if it does not.
        start_limit_s: longest time in `starting`, seconds; None: no limit.
        run_limit_s: longest life once ready, seconds; None: no limit.
        reports_work: whether it says when it works and idles; otherwise it is taken to work once ready.
        alert_after: failures in a row that raise a crash-loop alert.
        steady_s: a life of this many seconds starts that count anew.
    """

    policy: RestartPolicy = field(default_factory=PlainPolicy)
    readiness: Readiness = field(default_factory=Readiness)
    probes: Mapping[str, ProbeSettings] = field(default_factory=lambda: MappingProxyType({}))
    stop: StopPlan = field(default_factory=lambda: term_then_kill(10))
    early_stop: StopPlan | None = None
    probe_stops: Mapping[str, StopPlan] = field(default_factory=lambda: MappingProxyType({}))
    after_end: Callable[[Exit, str | None], StopPlan | None] | None = None
    watchdog_s: float | None = None
    watchdog_stop: StopPlan | None = None
    start_limit_s: float | None = None
    run_limit_s: float | None = None
    reports_work: bool = False
    alert_after: int = 3
    steady_s: float = 600.0

    def __post_init__(self) -> None:
        for kind, settings in self.probes.items():
            if kind != settings.kind:
                raise ValueError(f"the probe under {kind!r} is a {settings.kind} probe: use the same word for both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Facts about the present life; gone with it.

    Attributes:
        spawned_ns, ready_ns: instants, None if not (yet).
        started: no startup probe, or it has passed.
        ready: it may be given work, as far as its own readiness goes.
        blocked_on: what it waits for, None if nothing.
        busy: it has work.
        purpose: why it is draining: "stop", "restart", "probe", "watchdog", "timeout" or "self".
        phase, stop_ns: part of the stop plan, and when the stop began.
        plan: the stop plan in force.
        late: a part of it took longer than allowed.
        hook_code: what the first hook that failed returned, else 0; None if none has run.
        end, end_u: how the process ended, and the draw that came with that, while something follows its end.
        remains: other processes of its group outlived it.
    """

    spawned_ns: int | None = None
    ready_ns: int | None = None
    started: bool = False
    ready: bool = False
    blocked_on: str | None = None
    busy: bool = False
    purpose: str | None = None
    phase: int = 0
    stop_ns: int = 0
    plan: StopPlan | None = None
    late: bool = False
    hook_code: int | None = None
    end: Exit | None = None
    end_u: float = 0.0
    remains: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of a unit: a state, the facts of its life, and what its policy remembers."""

    unit: Unit
    state: State = State.CREATED
    number: int = 0  # of the present life; 0 before the first
    life: Life = field(default_factory=Life)
    memory: Memory = field(default_factory=Memory)
    serial: int = 0  # timers set so far
    timers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    due: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # when those timers fire
    failures: int = 0  # in a row, for the alert
    spawn_ns: int | None = None
    spawns_at_once: int = 0
    last: Exit | None = None  # how the last life ended
    answer: Decision | Refuse | None = None  # what the policy last said to an end or a start that it did not allow


def create(unit: Unit) -> Instance:
    """Return an instance of `unit` that has not been started."""
    return Instance(unit=unit)
