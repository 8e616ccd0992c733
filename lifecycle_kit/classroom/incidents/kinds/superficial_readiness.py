"""An update to a version that answers its readiness probe and cannot work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Event, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import API_COLUMNS, arrived, failed
from lifecycle_kit.classroom.incidents.kinds.rolling import rolling, update_settings
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["SUPERFICIAL_READINESS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, and times in seconds."""

    name: str
    count: int
    broken: str
    began_s: int
    window_s: int
    then_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    name, count = dice.choice(API_NAMES), dice.randint(4, 6)
    ready_s, began_s, per_s = dice.randint(11, 17), 10 * dice.randint(5, 8), dice.randrange(20, 61, 10)
    replaced = dice.randint(3, count)  # of the old ones, when the question asks
    shown_s, then_s = began_s + 2 * ready_s + dice.randint(3, 6), began_s + (replaced + 1) * ready_s - 1
    broken = dice.choice(("no routing table", "schema is older than this version", "feature store not configured"))
    n = Drawn(name=name, count=count, broken=broken, began_s=began_s, window_s=ready_s - 4, then_s=then_s)
    new = {"answers_after": ready_s, "works_after": "never", "readiness": "superficial"}
    load = {"per_s": per_s, "takes": "100ms"}
    return Draft(
        service=name,
        data=rolling(name, count=count, ready_s=ready_s, at_s=began_s, load=load, new=new),
        began_s=began_s,
        until_s=shown_s,
        end_s=began_s + ready_s * (count + 2) + 40,
        settings=[_asks(name), *update_settings(name, count)],
        shows={"readinessProbe asks": "asks"},
        every_s=10,
        columns={**API_COLUMNS, "error": "error", "restarts": "restarts"},
        in_metrics=lambda row: "grows" if row["error"] else "",
        in_events=_new_is_ready,
        log=lambda _result, lives: _log(n, lives),
        answer=lambda result, _lives: _per_cent(n, result),
        within=9,
        measure=Measure(what="failed requests", on=name),
        values=asdict(n),
    )


def _asks(name: str) -> Setting:
    def sets(value: str) -> knobs.Nested:
        readiness = "superficial" if value == "port" else "honest"
        return knobs.fleet(name, {"new": {"program": {"readiness": readiness}}})

    return knobs.choice("readinessProbe asks", ("port", "work"), "what a passed readiness probe means", sets)


def _new_is_ready(event: Event) -> str:
    return "believed" if "-new-" in event.who[0] and "ready" in event.path else ""


def _per_cent(n: Drawn, result: WorldResult) -> float:
    from_s = n.then_s - n.window_s
    return round(100 * failed(result, n.name, from_s, n.then_s) / arrived(result, n.name, from_s, n.then_s), 1)


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    made = []
    for life in lives:
        if life.ready_s is not None and "-new-" in life.instance:
            probe = f"{life.instance}: GET /readyz 200 port is open"
            made.append(log_line(life.ready_s, n.name, probe, proves="believed"))
            for late in (0.3, 7.7):
                text = f"{life.instance}: GET /item 500 {n.broken}"
                made.append(log_line(life.ready_s + late, n.name, text, proves="fails"))
        if life.asked_s is not None:
            made.append(log_line(life.asked_s, n.name, f"{life.instance}: SIGTERM, finishing what is in flight"))
    return made


SUPERFICIAL_READINESS = Kind(
    cause="superficial-readiness", group="leaving", scenario="superficial-readiness", draft=draft
)
