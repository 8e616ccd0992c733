"""An API whose liveness probe asks the database, and an outage of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import END_COLUMNS, ended_by_liveness, rehearsed
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["LIVENESS_ON_DEPENDENCY"]

FOR_EVER_S = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, requests a second, and times in seconds."""

    name: str
    base: str
    count: int
    began_s: int
    start_s: int
    per_s: int
    shown_s: float = 0.0
    back_s: int = FOR_EVER_S


def draft(dice: Random) -> Draft:
    """Draw one."""
    name = dice.choice(API_NAMES)
    first = Drawn(
        name=name, base=f"{name}-db", count=dice.randint(3, 6), began_s=dice.randrange(80, 141, 10),
        start_s=dice.randint(12, 25), per_s=dice.randrange(10, 41, 5),
    )  # fmt: skip
    lives = rehearsed(_data(first), name, first.began_s + 600)
    gaps = [(life.ended_s or 0.0, later.born_s) for life, later in pairwise(lives)]
    # It is shown in the first long wait, and the database comes back in the same one.
    ended_s, born_s = next((end, born) for end, born in gaps if born - end >= 70)
    shown_s = round(ended_s + dice.uniform(3, 12), 1)
    n = replace(first, shown_s=shown_s, back_s=round(shown_s + dice.uniform(5, 25)))
    return Draft(
        service=name,
        needs=[n.base],
        data=_data(n),
        began_s=n.began_s,
        until_s=shown_s,
        end_s=born_s + 200,
        settings=_settings(n),
        shows={"livenessProbe asks": "asks"},
        every_s=30,
        columns=END_COLUMNS,
        in_metrics=lambda row: "restarts" if row["restarts"] else "",
        in_events=ended_by_liveness,
        log=lambda _result, lives: _log(n, lives),
        answer=lambda _result, lives: _ready_again_s(n, lives),
        within=8,
        measure=Measure(what="restarts", on=name),
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    options = {"livenessProbe.periodSeconds": 10, "readinessProbe.periodSeconds": 5,
               "readinessProbe.failureThreshold": 1}  # fmt: skip
    return {
        "fleets": {n.name: {
            "like": "kubernetes", "replicas": n.count, "options": options, "program": {"works_after": n.start_s},
            "needs": [{"on": n.base, "requests": "error", "readiness": True, "liveness": True}],
            "load": {"per_s": n.per_s, "takes": "100ms", "from": 40, "steady": True},
        }},
        "dependencies": {n.base: {"outages": [[n.began_s, n.back_s]]}},
    }  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    both, alone = f"process and {n.base}", "process"

    def asks(probe: str) -> Setting:
        return knobs.choice(
            f"{probe}Probe asks", (both, alone), f"what must be well for a passed {probe} probe",
            lambda v: knobs.fleet(n.name, {"needs": {0: {probe: v == both}}}),
        )  # fmt: skip

    return [
        asks("liveness"),
        asks("readiness"),
        knobs.option(n.name, "livenessProbe.failureThreshold", 3, 1, 8, "failures in a row until it is restarted"),
        knobs.longest_wait(n.name),
        knobs.replicas(n.name, n.count),
        knobs.patience(n.name, 5),
    ]


def _ready_again_s(n: Drawn, lives: Sequence[Life]) -> float:
    found = [life.ready_s for life in lives if life.instance == f"{n.name}-0" and life.ready_s is not None]
    return min(at_s for at_s in found if at_s > n.shown_s)


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    back = f"{n.base}: new primary takes connections from second {n.back_s} on"
    made = [
        log_line(n.began_s, n.base, f"{n.base}: primary is gone, failing over", proves="down"),
        log_line(round(n.shown_s - 1, 1), n.base, back, proves="down"),
    ]
    for life in lives:
        if life.instance != f"{n.name}-0":
            continue
        made.append(log_line(life.born_s, n.name, f"{life.instance}: starting, listening on :8080"))
        if life.by == "probe" and life.asked_s is not None:
            text = f"{life.instance}: GET /healthz 500 {n.base}: connection refused"
            made.append(log_line(life.asked_s - 0.5, n.name, text, proves="down"))
    return made


LIVENESS_ON_DEPENDENCY = Kind(cause="liveness-on-dependency", group="ends", scenario="restart-storm", draft=draft)
