"""What the quick engines need to know of a fleet, in plain numbers; or in words why they cannot run it.

A `Plain` holds what is the same in all lives: the rules of a unit and the programs of its processes, with every
second turned into whole nanoseconds once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lifecycle_kit.drain import StopPlan, Until
from lifecycle_kit.exits import Cause, parse_exit
from lifecycle_kit.health import Segment
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.fleet.balancer import RULES
from lifecycle_kit.simulate.fleet.quick_probes import Part, Probe, parts_of
from lifecycle_kit.simulate.fleet.world import Fleet, Wear
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import HEALTHY, NEVER_ANSWERS, Script
from lifecycle_kit.units import ns

__all__ = ["LIVENESS", "LEFT", "READINESS", "STARTUP", "How", "Plain", "Program", "Rules", "Version", "plain_of"]

STARTUP, LIVENESS, READINESS = range(3)
KINDS = ("startup", "liveness", "readiness")
# A process says these by itself, and `step` does more about them than change a fact.
ODD_WORDS = frozenset({"stopping", "extend"})


class Odd(Exception):
    """The quick engines do not do this; the text says what."""


@dataclass(frozen=True, slots=True, eq=False)
class How:
    """How a process ends: with a code or by a signal; `text` is what causes of moves say about it."""

    code: int | None
    signal: str | None
    cause: Cause | None
    core: bool
    text: str


LEFT = How(None, None, None, False, "did not end and is left to itself")
"""What a stop plan comes to that has run out."""


def how_of(how: int | str, cause: Cause | None = None, core: bool = False) -> How:
    """Return the end that a script writes as a code or a signal."""
    code, signal = parse_exit(how)
    return How(code, signal, cause, core, f"exit {code}" if signal is None else f"signal {signal}")


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """A unit in numbers.

    Attributes:
        unit: what it was made from.
        probes: startup, liveness and readiness, None for one that is not made.
        even: for each of them, whether its ticks are evenly spaced in every life.
        ready_after, start_limit, run_limit, steady: nanoseconds, None if there is no such thing.
    """

    unit: Unit
    probes: tuple[Probe | None, ...]
    even: tuple[bool, ...]
    ready_after: int | None
    start_limit: int | None
    run_limit: int | None
    steady: int


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A script in numbers, nanoseconds of age.

    Attributes:
        script: what it was made from.
        run: when it ends by itself, None if it does not.
        own: how it ends then.
        hang: when it hangs, None if it does not.
        parts: what each probe sees.
        stop_takes: from the signal to the end.
        serves: from which age on it can work, None for never.
        says: `(age, word)`.
        wear: mean length of a life in seconds and share that hangs, if chance ends it.
    """

    script: Script
    run: int | None
    own: How
    hang: int | None
    parts: tuple[tuple[Part, ...], ...]
    stop_takes: int
    serves: int | None
    says: tuple[tuple[int, str], ...]
    wear: tuple[float, float] | None = None

    def segments(self, place: int, born: int, hang: int | None) -> list[Segment]:
        """Return what a probe sees at absolute instants, for `health`; it hangs at the age `hang`."""
        health = self.script.health.get(KINDS[place], HEALTHY)
        made = [Segment(born + p.from_ns, p.outcome, p.latency_ns) for p in health if hang is None or p.from_ns < hang]
        if hang is not None:
            made.append(replace(NEVER_ANSWERS, from_ns=born + hang))
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version of a fleet: its rules, and for each replica the programs of its lives, the last of which repeats."""

    rules: Rules
    programs: Sequence[Sequence[Program]]


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A fleet in numbers; `new` is what a rolling update brings, None without one."""

    fleet: Fleet
    old: Version
    new: Version | None = None


def plain_of(fleet: Fleet) -> Plain | str:
    """Return the fleet in numbers, or in words what the quick engines do not do.

    >>> from lifecycle_kit import like
    >>> plain_of(Fleet(unit=like("systemd", WatchdogSec=5)))
    'a watchdog'
    """
    try:
        return _plain(fleet)
    except Odd as odd:
        return str(odd)


def _plain(fleet: Fleet) -> Plain:
    rule = fleet.route_on
    for given, what in (
        (isinstance(rule, str) and rule not in RULES, f"routes by {rule!r}"),
        (fleet.slots is not None, "slots"),
        (fleet.needs, "dependencies"),
        (fleet.after, "a start order"),
        (fleet.works_on is not None, "jobs from a queue"),
        (fleet.load is not None and fleet.load.retries, "retries"),
    ):
        if given:
            raise Odd(what)
    lives = [fleet.lives(number) if callable(fleet.lives) else fleet.lives for number in range(fleet.replicas)]
    serves = fleet.load is not None
    old = _version(fleet.unit, lives, serves)
    if fleet.update_at_s is None:
        return Plain(fleet, old)
    new_lives = lives if fleet.new_lives is None else [fleet.new_lives] * fleet.replicas
    return Plain(fleet, old, _version(fleet.new_unit or fleet.unit, new_lives, serves))


def _version(unit: Unit, lives: Sequence[Lives | Wear], serves: bool) -> Version:
    plans = (unit.stop, unit.early_stop or unit.stop, *unit.probe_stops.values())
    for given, what in (
        (unit.watchdog_s is not None, "a watchdog"),
        (unit.after_end is not None, "work after the end of a process"),
        (serves and not all(map(_kills, plans)), "requests to a process that a stop plan may leave to itself"),
    ):
        if given:
            raise Odd(what)
    probes = tuple(Probe(unit.probes[kind]) if kind in unit.probes else None for kind in KINDS)
    made: dict[int, Sequence[Program]] = {}
    for one in lives:
        if id(one) not in made:  # replicas may share the very same lives
            made[id(one)] = _programs(one, probes)
    all_programs = [program for programs in made.values() for program in programs]
    even = tuple(
        probe is None or all(probe.even(program.parts[place]) for program in all_programs)
        for place, probe in enumerate(probes)
    )
    rules = Rules(
        unit=unit, probes=probes, even=even, steady=ns(unit.steady_s),
        ready_after=ns(unit.readiness.after_s) if unit.readiness.by == "seconds" else None,
        start_limit=None if unit.start_limit_s is None else ns(unit.start_limit_s),
        run_limit=None if unit.run_limit_s is None else ns(unit.run_limit_s),
    )  # fmt: skip
    return Version(rules, [made[id(one)] for one in lives])


def _kills(plan: StopPlan) -> bool:
    """Tell whether a stop plan ends every process."""
    return any(phase.signal == "SIGKILL" and phase.until is not Until.EMPTY for phase in plan.phases)


def _programs(lives: Lives | Wear, probes: tuple[Probe | None, ...]) -> tuple[Program, ...]:
    if callable(lives):
        raise Odd("lives that depend on the instant of their birth")
    if isinstance(lives, Wear):
        return (_program(lives.script, probes, (lives.mtbf_s, lives.hangs)),)
    if not lives:
        raise ValueError("every replica needs at least one life; the last one given repeats")
    return tuple(_program(script, probes) for script in lives)


def _program(script: Script, probes: tuple[Probe | None, ...], wear: tuple[float, float] | None = None) -> Program:
    if script.leaves_child:
        raise Odd("children that outlive a process")
    for _, word in script.says:
        if word.partition(":")[0] in ODD_WORDS:
            raise Odd(f"a process that says {word!r}")
    return Program(
        script=script,
        run=None if script.run_s is None else ns(script.run_s),
        own=how_of(script.exit, script.cause, script.dumps_core),
        hang=None if script.hangs_after_s is None else ns(script.hangs_after_s),
        parts=tuple(
            () if probe is None else parts_of(probe, script.health.get(kind, HEALTHY))
            for kind, probe in zip(KINDS, probes, strict=True)
        ),
        stop_takes=ns(script.stop_takes_s),
        serves=None if script.serves_from_s is None else ns(script.serves_from_s),
        says=tuple((ns(at_s), word) for at_s, word in script.says),
        wear=wear,
    )
