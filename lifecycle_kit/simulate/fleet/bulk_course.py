"""Lives whose course can be written down in closed form: a slow start, then all is well, then an end or a hang.

That is what most fleets are made of, and what lets a life be computed at its birth, for one instance or for
thousands at a time. A `Course` holds the numbers of it, nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle_kit.drain import StopPlan, Until
from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.fleet.plain import LIVENESS, READINESS, STARTUP, How, Program, Rules, how_of
from lifecycle_kit.simulate.fleet.quick_probes import Probe
from lifecycle_kit.units import span

__all__ = ["Course", "Pulse", "course_of"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A probe that fails up to some age of the life, and succeeds from then on until the process hangs.

    Attributes:
        period, delay, timeout, failures, carries: as of the probe.
        slow: the age up to which it fails.
        fails_in, passes_in: what one probe takes.
    """

    period: int
    delay: int
    timeout: int
    failures: int
    carries: bool
    slow: int
    fails_in: int
    passes_in: int

    @property
    def begins_like(self) -> tuple[int, int, int]:
        """What two probes have in common that pass first at the same tick."""
        return self.period, self.delay, self.slow


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a life comes to if nobody interferes.

    Attributes:
        program: what it was made from; that says how long it runs.
        liveness, readiness: its probes, None for one that is not made.
        ready_after: the age at which it is ready without a readiness probe; None: at once, or with that probe.
        leaves: from the signal of a stop plan to the end, `FOREVER_NS` if it does not listen.
        grace: from that signal to the kill, `FOREVER_NS` if none comes.
        leaves_how: how it ends then.
        plan: that stop plan.
        works: whether it is taken to work as soon as it is ready.
        ready_cause: what its first readiness is told with.
    """

    program: Program
    liveness: Pulse | None
    readiness: Pulse | None
    ready_after: int | None
    leaves: int
    grace: int
    leaves_how: How
    plan: StopPlan
    works: bool
    ready_cause: str


def course_of(rules: Rules, program: Program) -> Course | str:
    """Return the course of a program's lives, or in words why they have none."""
    unit, script = rules.unit, program.script
    by = unit.readiness.by
    plan = unit.probe_stops.get("liveness", unit.stop)
    for odd, what in (
        (not isinstance(unit.policy, PlainPolicy) or unit.policy.backoff.jitter == "decorrelated", "its policy"),
        (rules.probes[STARTUP] is not None, "a startup probe"),
        (rules.start_limit is not None or rules.run_limit is not None, "a limit on starting or running"),
        (program.says, "words of a process"),
        (script.fails_to_spawn, "failing spawns"),
        (by == "notice" or (by != "probe" and rules.probes[READINESS] is not None), "its way to be ready"),
        (not _term_then_kill(plan), "its stop plan"),
    ):
        if odd:
            return what
    liveness = _pulse(rules, program, LIVENESS)
    readiness = _pulse(rules, program, READINESS)
    if isinstance(liveness, str) or isinstance(readiness, str):
        return "health that comes and goes, or thresholds that count successes"
    signal = str(plan.phases[0].signal)
    obeys = script.on_term != "deaf" and signal not in script.ignores
    grace = plan.limit_ns(0, 0)
    return Course(
        program=program, liveness=liveness, readiness=readiness, ready_after=rules.ready_after,
        leaves=program.stop_takes if obeys else FOREVER_NS, grace=FOREVER_NS if grace is None else grace,
        leaves_how=how_of(signal if script.stop_exit is None else script.stop_exit), plan=plan,
        works=not unit.reports_work,
        ready_cause=_ready_cause(rules),
    )  # fmt: skip


def _ready_cause(rules: Rules) -> str:
    if rules.probes[READINESS] is not None:
        return "readiness probe passed"
    return "ready at spawn" if rules.ready_after is None else f"up for {span(rules.ready_after)}"


def _term_then_kill(plan: StopPlan) -> bool:
    signals = [phase.signal for phase in plan.phases]
    ends = all(phase.until is Until.EXIT for phase in plan.phases)
    return ends and len(signals) == 2 and signals[0] not in (None, "SIGKILL") and signals[1] == "SIGKILL"


def _pulse(rules: Rules, program: Program, place: int) -> Pulse | str | None:
    """Return a probe in closed form, None if it is not made, and a text if it has no such form."""
    probe, parts = rules.probes[place], program.parts[place]
    if probe is None:
        return None
    seen = [seen for _, seen, _ in parts]
    if not rules.even[place] or seen not in ([1], [0, 1]) or not _usual(probe):
        return "odd"
    return Pulse(
        period=probe.period, delay=probe.delay, timeout=probe.timeout, failures=probe.failures, carries=probe.carries,
        slow=parts[0][0] if len(parts) == 2 else 0, fails_in=parts[0][2], passes_in=parts[-1][2],
    )  # fmt: skip


def _usual(probe: Probe) -> bool:
    """Tell whether one success is enough, and the verdict begins and ends as in Kubernetes."""
    settings = probe.settings
    holds = settings.holds or probe.kind == "readiness"
    return probe.successes == 1 and holds and settings.initial == (probe.kind == "liveness")
