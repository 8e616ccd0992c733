"""A singleton that is replaced before it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import Draft, Event, Kind, log_line
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["TWO_OWNERS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, and times in seconds."""

    name: str
    unit: str
    began_s: int
    ready_s: int
    home_s: int
    node: int
    shown_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    began_s, ready_s = dice.randrange(60, 121, 10), dice.randint(4, 9)
    n = Drawn(
        name=dice.choice(("scheduler", "invoicer", "ticker", "closer", "biller")),
        unit=dice.choice(("invoice", "reminder", "order")), began_s=began_s, ready_s=ready_s,
        home_s=dice.randint(18, 34), node=dice.randint(2, 8), shown_s=began_s + ready_s + dice.randint(4, 9),
    )  # fmt: skip
    return Draft(
        service=n.name,
        data=_data(n),
        began_s=began_s,
        until_s=n.shown_s,
        end_s=began_s + ready_s + n.home_s + 120,
        settings=_settings(n),
        shows={"update strategy": "rule", "surge": "rule"},
        every_s=10,
        columns={"processes": "instances", "ready": "ready", "restarts": "restarts"},
        in_metrics=lambda row: "owners" if row["processes"] > 1 else "",
        in_events=lambda event: _event(event, n.name),
        log=lambda _result, _lives: _log(n),
        answer=lambda _result, lives: _end_s(lives, f"{n.name}-0"),
        within=1.5,
        measure=Measure(what="seconds with two owners", on=n.name),
        cured_below=0.0,
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    return {"fleets": {n.name: {
        "like": "kubernetes", "replicas": 1, "update_at": n.began_s, "update": {"maxSurge": 1, "maxUnavailable": 0},
        "options": {"terminationGracePeriodSeconds": 60, "readinessProbe.periodSeconds": 1},
        "program": {"works_after": n.ready_s, "stop_takes": n.home_s},
    }}}  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def strategy(value: str) -> knobs.Nested:
        numbers = {"maxSurge": None, "maxUnavailable": None} if value == "Recreate" else {}
        return knobs.fleet(n.name, {"update": {"strategy": value, **numbers}})

    def surge(value: str) -> knobs.Nested:
        more = value.startswith("one more")
        return knobs.fleet(n.name, {"update": {"maxSurge": int(more), "maxUnavailable": int(not more)}})

    return [
        knobs.choice("update strategy", ("RollingUpdate", "Recreate"), "Recreate: the new one after the old one",
                     strategy),
        knobs.choice("surge", ("one more for a while", "one fewer for a while"), "what a RollingUpdate may do", surge),
        knobs.option(n.name, "terminationGracePeriodSeconds", 60, 60, 300, "s from the stop to SIGKILL"),
        knobs.update(n.name, "minReadySeconds", 0, 0, 60, "s that a new one must have been ready to count"),
        knobs.option(n.name, "readinessProbe.periodSeconds", 1, 1, 30, "s from one probe to the next"),
    ]  # fmt: skip


def _event(event: Event, name: str) -> str:
    if event.who[0].startswith(f"{name}-new") and "ready" in event.path:
        return "new"
    return "still" if event.path[-1] == "draining" else ""


def _end_s(lives: Sequence[Life], instance: str) -> float:
    return next(life.ended_s for life in lives if life.instance == instance and life.ended_s is not None)


def _log(n: Drawn) -> list[Line]:
    old, new, asked_s = f"{n.name}-0", f"{n.name}-new-0", n.began_s + n.ready_s
    made = [log_line(t, n.name, f"{old}: {n.unit} {1000 + t} sent") for t in range(20, n.began_s, 17)]
    made.append(log_line(n.began_s + 1, f"node-{n.node}", f"node-{n.node}: pulled the image of {n.name}"))
    text = f"{old}: SIGTERM, bringing the batch home, {n.home_s} s of it left"
    made.append(log_line(asked_s, n.name, text, proves="still"))
    for t in range(asked_s + 2, n.shown_s + 1, 2):
        made.append(log_line(t, n.name, f"{old}: {n.unit} {1000 + t} sent", proves="twice"))
        made.append(log_line(t + 0.4, n.name, f"{new}: {n.unit} {1000 + t} sent", proves="twice"))
    return made


TWO_OWNERS = Kind(cause="two-owners", group="sharing", scenario="two-owners", draft=draft)
