"""An API of which one instance is alive and never ready, behind a balancer that asks only for life."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import API_COLUMNS, failed
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["HALF_STARTED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, requests a second, and times in seconds."""

    name: str
    count: int
    sick: int
    per_s: int
    began_s: int
    shown_s: int
    then_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    name, count = dice.choice(API_NAMES), dice.randint(3, 6)
    sick, per_s, began_s = dice.randrange(count), dice.randrange(20, 61, 4), dice.randrange(15, 31, 5)
    shown_s = began_s + 10 * dice.randint(13, 17)
    n = Drawn(
        name=name, count=count, sick=sick, per_s=per_s, began_s=began_s, shown_s=shown_s, then_s=shown_s + 60
    )  # fmt: skip
    return Draft(
        service=name,
        data=_data(n),
        began_s=began_s,
        until_s=shown_s,
        end_s=shown_s + 120,
        settings=_settings(n),
        shows={"balancer asks": "rule"},
        every_s=30,
        columns={**API_COLUMNS, "error": "error", "restarts": "restarts"},
        in_metrics=lambda row: "share" if row["routed"] > row["ready"] and row["error"] else "",
        in_events=lambda event: "others" if event.path[-1] == "running" and len(event.who) < count else "",
        log=lambda _result, _lives: _log(n),
        answer=lambda result, _lives: failed(result, name, shown_s, n.then_s),
        within=round(per_s * 60 / count * 0.2),
        measure=Measure(what="failed requests", on=name),
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    return {"fleets": {n.name: {
        "like": "kubernetes", "replicas": n.count, "route_on": "liveness",
        "options": {"livenessProbe.periodSeconds": 10, "readinessProbe.periodSeconds": 5},
        "program": {"works_after": "4s"}, "replica": {str(n.sick): {"works_after": "never"}},
        "load": {"per_s": n.per_s, "takes": "80ms", "from": n.began_s},
    }}}  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def asks_for_work(value: str) -> knobs.Nested:
        health = {"liveness": "1:fail"} if value == "work" else None
        return knobs.fleet(n.name, {"replica": {str(n.sick): {"health": health}}})

    return [
        knobs.choice("balancer asks", ("liveness", "process", "readiness"),
                     "what an instance must pass to get requests", lambda v: knobs.fleet(n.name, {"route_on": v})),
        knobs.choice("livenessProbe asks", ("process", "work"), "what a passed liveness probe means", asks_for_work),
        knobs.option(n.name, "livenessProbe.failureThreshold", 3, 1, 30, "failures in a row until it is restarted"),
        knobs.option(n.name, "readinessProbe.periodSeconds", 5, 1, 60, "s from one probe to the next"),
        knobs.replicas(n.name, n.count),
        knobs.patience(n.name, 5),
    ]  # fmt: skip


def _log(n: Drawn) -> list[Line]:
    name, sick = n.name, f"{n.name}-{n.sick}"
    made = [log_line(1.0 + 0.1 * k, name, f"{name}-{k}: listening on :8080") for k in range(n.count)]
    made += [log_line(4.0 + 0.1 * k, name, f"{name}-{k}: routing table loaded") for k in range(n.count) if k != n.sick]
    text = f"{sick}: routing table: download reset by peer, going on without it"
    made.append(log_line(4.3, name, text, proves="unready"))
    for at_s in range(n.began_s + 7, n.shown_s, 41):
        made.append(log_line(at_s, name, f"{sick}: GET /readyz 503 no routing table", proves="unready"))
        made.append(log_line(at_s + 3, name, f"{sick}: GET /livez 200"))
    return made


HALF_STARTED = Kind(cause="half-started", group="leaving", scenario="half-started", draft=draft)
