"""Units of a scenario: supervised like a real system, or by a plain policy for lessons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.backoff import JITTERS, Backoff
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.instance import Readiness, Unit
from lifecycle_kit.probes import KINDS, ProbeSettings
from lifecycle_kit.restart import WHEN, PlainPolicy
from lifecycle_kit.simulate.scenarios.reading import (
    BadScenario,
    Book,
    Table,
    choice,
    nearest,
    number,
    span,
    span_or_never,
    text,
    whole,
)  # fmt: skip
from lifecycle_kit.systems import SYSTEMS, OptionError
from lifecycle_kit.systems.options import read

__all__ = ["Supervised", "backoff_of", "plain_unit", "supervised"]


@dataclass(frozen=True, slots=True)
class Supervised:
    """A unit, and the words that describe it in the header of a trace, so that it can be replayed."""

    unit: Unit
    described: Mapping[str, Any]


def supervised(table: Table, otherwise: Table | None = None) -> Supervised | None:
    """Return the unit that `like` and `options`, or `plain`, of a table mean; None if something is wrong with them.

    Args:
        table: of a fleet, or of its new version.
        otherwise: the table of the fleet, if this one is of its new version, which may leave out what stays.
    """
    before = len(table.book.problems)
    if "plain" in table:
        unit, described = _plain(table), {"plain": table.data["plain"]}
    else:
        unit, described = _like(table, otherwise or table)
    if unit is None or len(table.book.problems) > before:
        return None
    return Supervised(unit, described)


def _like(table: Table, otherwise: Table) -> tuple[Unit | None, dict[str, Any]]:
    source = table if "like" in table else otherwise
    table.asked |= {"like", "plain"}
    name = source.read("like", _system)
    if "like" not in source:
        table.wrong("", 'say whose rules: like = "kubernetes" (or give a table `plain`)')
    given = _flat({**_options(otherwise), **_options(table)})
    if name is None:
        return None, {}
    room = SYSTEMS[name]
    for option, value in given.items():
        try:
            read(name, room.options, {option: value})
        except OptionError as error:
            where = table if _stands_in(option, table) else otherwise
            where.book.wrong((*where.path, "options", *option.split(".")), str(error))
            return None, {}
    unit = table.attempt(lambda: room.unit(given))
    return unit, {"like": name, "options": given}


def _options(table: Table) -> dict[str, Any]:
    found = table.table("options")
    return dict(found.data) if found else {}


def _stands_in(option: str, table: Table) -> bool:
    return option in _flat(_options(table))


def _flat(options: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return options by their whole names: `livenessProbe.periodSeconds = 5` is a table in a table to TOML."""
    found = dict[str, Any]()
    for name, value in options.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


def _system(value: Any) -> str:
    name = text(value)
    if name not in SYSTEMS:
        raise ValueError(f"no system is called so; {nearest(name, SYSTEMS)}")
    return name


# --- plain units


def plain_unit(data: Mapping[str, Any]) -> Unit:
    """Return the unit that a table `plain` means.

    Raises:
        BadScenario: naming the key.

    >>> plain_unit({"when": "always", "first": "2s", "jitter": "full"}).policy.backoff.jitter
    'full'
    """
    book = Book("plain", {})
    unit = _plain(Table(book, (), {"plain": dict(data)}))
    if unit is None or book.problems:
        raise BadScenario(problems=book.problems)
    return unit


def _plain(table: Table) -> Unit | None:
    table.asked |= {"like", "options"}
    plain = table.table("plain")
    if plain is None:
        return None
    for key in ("like", "options"):
        if key in table:
            table.wrong(key, "a fleet has `like` with `options`, or `plain`, not both")
    policy = {
        "when": plain.read("when", choice(*WHEN), default="always"),
        "give_up_after": plain.read("give_up_after", whole(1)),
        "forget_after_s": plain.read("forget_after", span_or_never, default=60.0),
    }
    backoff = backoff_of(plain, Backoff(first_s=1, factor=2, cap_s=60))
    probes = {kind: probe for kind in KINDS if (probe := _probe(plain, kind)) is not None}
    by = plain.read("ready", choice("spawn", "seconds", "notice", "probe"), default="probe")
    after = plain.read("ready_after", span, default=0.0)
    grace = plain.read("grace", span, default=10.0)
    alert = plain.read("alert_after", whole(1), default=3)
    steady = plain.read("steady", span, default=600.0)
    plain.close()
    return plain.attempt(
        lambda: Unit(
            policy=PlainPolicy(backoff=backoff, **policy),
            readiness=Readiness(by=by, after_s=after),
            probes=probes,
            stop=term_then_kill(grace),
            alert_after=alert,
            steady_s=steady,
        )
    )


def backoff_of(table: Table, usual: Backoff) -> Backoff:
    """Return the curve of delays that first, factor, step, cap and jitter of a table mean."""
    step = table.read("step", span, default=usual.step_s)
    values = {
        "first_s": table.read("first", span, default=usual.first_s),
        "factor": table.read("factor", number(1), default=1.0 if step else usual.factor),
        "step_s": step,
        "cap_s": table.read("cap", span, default=usual.cap_s),
        "jitter": table.read("jitter", choice(*JITTERS), default=usual.jitter),
    }
    return table.attempt(lambda: Backoff(**values)) or usual


_PROBE = {
    "initial_delay": ("initial_delay_s", span),
    "period": ("period_s", span),
    "timeout": ("timeout_s", span),
    "successes": ("success_threshold", whole(1)),
    "failures": ("failure_threshold", whole(1)),
}


def _probe(plain: Table, kind: str) -> ProbeSettings | None:
    table = plain.table(kind)
    if table is None:
        return None
    values = {field: table.read(key, reader) for key, (field, reader) in _PROBE.items() if key in table}
    table.asked |= set(_PROBE)
    table.close()
    given = {field: value for field, value in values.items() if value is not None}
    return table.attempt(lambda: ProbeSettings(kind=kind, **given))
