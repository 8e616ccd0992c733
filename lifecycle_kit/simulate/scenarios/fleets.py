"""Fleets of a scenario: the tables `[fleets.NAME]` and all that stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.world import Fleet, Need
from lifecycle_kit.simulate.scenarios.programs import lives_of
from lifecycle_kit.simulate.scenarios.reading import (
    Reader,
    Table,
    choice,
    flag,
    listing,
    number,
    span,
    span_or_never,
    text,
    whole,
)  # fmt: skip
from lifecycle_kit.simulate.scenarios.units import Supervised, backoff_of, supervised
from lifecycle_kit.systems.deployment import RollingUpdate

__all__ = ["Built", "fleet_of", "load_of", "pair"]


@dataclass(frozen=True, slots=True)
class Built:
    """A fleet, and how its old and its new instances are described in a trace."""

    fleet: Fleet
    described: Mapping[str, Any]
    described_new: Mapping[str, Any]


MOST_REPLICAS = 10_000
MOST_REQUESTS = 5e6  # what a laptop does within a minute


def pair(first: Reader, second: Reader, example: str) -> Reader:
    """Return a reader of lists of pairs."""

    def reader(value: Any) -> tuple[tuple[Any, Any], ...]:
        rows = value if isinstance(value, list) else [value]
        if not all(isinstance(row, list) and len(row) == 2 for row in rows):
            raise ValueError(f"give a list of pairs, such as {example}")
        return tuple((first(a), second(b)) for a, b in rows)

    return reader


def fleet_of(table: Table, until_s: float) -> Built | None:
    """Return the fleet that a table `[fleets.NAME]` means; None if something is wrong with it."""
    before = len(table.book.problems)
    old = supervised(table)
    replicas = table.read("replicas", whole(1, MOST_REPLICAS), default=3)
    new = _new(table, old, until_s)
    values = {
        "replicas": replicas,
        "lives": lives_of(table, old.unit if old else None, until_s, replicas),
        "route_on": table.read("route_on", choice("process", "liveness", "readiness", "view"), default="readiness"),
        "spread_s": table.read("spread", span, default=0.0),
        "load": load_of(table, until_s),
        "update_at_s": table.read("update_at", span),
        "update": _update(table),
        "slots": table.read("slots", whole(1)),
        "needs": tuple(need for each in table.tables("needs") if (need := each.make(Need, _NEED)) is not None),
        "after": table.read("after", listing(text), default=()),
        "works_on": table.read("works_on", text),
        "memory_mb": table.read("memory_mb", whole(), default=0),
        "start_cpu_s": table.read("start_cpu", span, default=1.0),
        "start_log_lines": table.read("start_log_lines", whole(), default=20),
        **{name: value for name, value in new.items() if name.startswith("new_")},
    }
    table.close()
    if len(table.book.problems) > before or old is None:
        return None
    fleet = table.attempt(lambda: Fleet(unit=old.unit, **values))
    return None if fleet is None else Built(fleet, old.described, new.get("described", old.described))


def _new(table: Table, old: Supervised | None, until_s: float) -> dict[str, Any]:
    """Return the new version of a fleet; what its table leaves out stays as it was."""
    own = table.table("new")
    if own is None:
        return {}
    found = dict[str, Any]()
    unit = old
    if own.data.keys() & {"like", "options", "plain"}:
        unit = supervised(own, table)
        if unit is not None:
            found |= {"new_unit": unit.unit, "described": unit.described}
    own.asked |= {"like", "options", "plain"}
    if own.data.keys() & {"program", "lives"}:
        found["new_lives"] = lives_of(own, unit.unit if unit else None, until_s, 0)
    own.asked |= {"program", "lives"}
    own.close()
    return found


_NEED: Mapping[str, Reader] = {
    "on": text,
    "requests": choice("error", "wait", "none"),
    "readiness": flag,
    "liveness": flag,
    "loss": choice("stay", "block", "exit"),
    "connects": flag,
    "connects_at_s": span,
    "refused": choice("exit", "retry"),
    "exit_code": whole(),
    "retry_s": span,
    "credentials": flag,
}


_LOAD: Mapping[str, Reader] = {
    "per_s": number(0, above=True),
    "takes_s": span,
    "steady": flag,
    "from_s": span,
    "until_s": span_or_never,
    "timeout_s": span,
    "steps": pair(span, number(), '[["30s", 100], ["1min", 10]]'),
    "recorded": listing(span),
    "varies": flag,
    "retries": whole(),
}


def load_of(owner: Table, until_s: float) -> Load | None:
    """Return the load of a fleet or a queue, None without one."""
    table = owner.table("load")
    if table is None:
        return None
    more = dict[str, Backoff]()
    if (retry := table.table("retry")) is not None:
        more["retry"] = backoff_of(retry, Backoff(first_s=0.5))
        retry.close()
    load = table.make(Load, _LOAD, **more)
    if load is None:
        return None
    most = max([load.per_s, *(rate for _, rate in load.steps)]) * until_s
    if most > MOST_REQUESTS:
        table.wrong("", f"that may be {most:.2g} requests, at most {MOST_REQUESTS:.2g} are allowed")
    return load


def _percent(value: Any) -> int | str:
    if isinstance(value, str) and re.fullmatch(r"\d+%", value):
        return value
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError('give a whole number, or a per cent such as "25%"')
    return value


_UPDATE: Mapping[str, Reader] = {
    "maxSurge": _percent,
    "maxUnavailable": _percent,
    "minReadySeconds": number(),
    "progressDeadlineSeconds": number(),
    "strategy": choice("RollingUpdate", "Recreate"),
}


def _update(owner: Table) -> RollingUpdate:
    table = owner.table("update")
    if table is None:
        return RollingUpdate()
    known = {f.name for f in fields(RollingUpdate)}
    return table.make(RollingUpdate, {name: r for name, r in _UPDATE.items() if name in known}) or RollingUpdate()
