"""An update of an API that leaves sooner than the balancer hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import API_COLUMNS
from lifecycle_kit.classroom.incidents.kinds.rolling import rolling, update_settings
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line
from lifecycle_kit.simulate.scenarios.measures import Measure
from lifecycle_kit.units import ns, seconds

__all__ = ["SLOW_ROUTE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, and times in seconds."""

    name: str
    router: str
    count: int
    spread_s: int
    began_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    name, count, router = dice.choice(API_NAMES), dice.randint(3, 5), dice.choice(("edge", "gateway", "ingress"))
    spread_s, ready_s = dice.randint(3, 8), dice.randint(12, 18)
    began_s, per_s = 10 * dice.randint(5, 8), dice.randrange(30, 81, 10)
    n = Drawn(name=name, router=router, count=count, spread_s=spread_s, began_s=began_s)
    shown_s = began_s + 2 * ready_s + dice.randint(1, spread_s - 1)
    load = {"per_s": per_s, "takes": "200ms", "steady": True}
    probe = knobs.option(name, "readinessProbe.periodSeconds", 1, 1, 60, "s from one probe to the next")
    return Draft(
        service=name,
        data=rolling(
            name, count=count, ready_s=ready_s, at_s=began_s, load=load, new={"works_after": ready_s}, spread=spread_s
        ),
        began_s=began_s,
        until_s=shown_s,
        end_s=began_s + ready_s * (count + 1) + 60,
        settings=[*update_settings(name, count), probe],
        also=[_router_line(n)],
        every_s=10,
        columns={**API_COLUMNS, "refused": "refused", "cut": "cut", "restarts": "restarts"},
        in_metrics=lambda row: "refused" if row["refused"] else "",
        in_events=lambda event: "left" if event.path[-1] == "terminated" else "",
        log=lambda _result, lives: _log(n, lives),
        answer=lambda result, _lives: next(
            seconds(at) for at, _names in result.fleets[name].routes if at > ns(shown_s)
        ),
        within=1.0,
        measure=Measure(what="failed requests", on=name),
        measured={"spread_s": spread_s},
        values=asdict(n),
    )  # fmt: skip


def _router_line(n: Drawn) -> Line:
    text = f"{n.router}: looks up who there is every {n.spread_s} s".ljust(46) + "  (not yours to change)"
    return Line(section="settings", who=n.router, text=text, proves="spread")


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    made = []
    for life in lives:
        if life.ended_s is None or life.asked_s is None:
            continue
        made.append(log_line(life.asked_s, n.name, f"{life.instance}: SIGTERM, finishing what is in flight"))
        made.append(log_line(life.ended_s, n.name, f"{life.instance}: nothing in flight, bye", proves="left"))
        for late in (0.4, 0.6 * n.spread_s):
            text = f"{n.router}: connection refused by {life.instance}, {late:.1f} s after it left"
            made.append(log_line(life.ended_s + late, n.name, text, proves="refused"))
    return made


SLOW_ROUTE = Kind(cause="slow-route", group="leaving", scenario="route-slower-than-exit", draft=draft)
