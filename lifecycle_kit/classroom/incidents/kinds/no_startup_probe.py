"""An API whose start has grown longer than its liveness probe is patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import END_COLUMNS, ended_by_liveness, rehearsed
from lifecycle_kit.classroom.incidents.lives import Life, next_birth_s
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["NO_STARTUP_PROBE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, requests a second, and times in seconds."""

    name: str
    count: int
    index: str
    began_s: int
    slow_s: int
    quick_s: int
    per_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    n = Drawn(
        name=dice.choice(API_NAMES), count=dice.randint(2, 5),
        index=dice.choice(("search index", "price list", "route graph", "model", "dictionary")),
        began_s=dice.randrange(60, 121, 10), slow_s=dice.randint(45, 75), quick_s=dice.randint(6, 12),
        per_s=dice.randrange(10, 41, 5),
    )  # fmt: skip
    data, name = _data(n), n.name
    lives = rehearsed(data, name, n.began_s + 400)
    # It is shown in the first life that follows a real wait, so that the next wait can be told.
    present = next(later for life, later in pairwise(lives) if later.born_s - (life.ended_s or 0) >= 30)
    shown_s = round(present.born_s + dice.uniform(5, 15), 1)
    return Draft(
        service=name,
        data=data,
        began_s=n.began_s,
        until_s=shown_s,
        end_s=shown_s + 500,
        settings=_settings(n),
        shows=dict.fromkeys(
            ("startupProbe.failureThreshold", "livenessProbe.failureThreshold", "livenessProbe.periodSeconds"),
            "patience",
        ),
        every_s=30,
        columns=END_COLUMNS,
        in_events=ended_by_liveness,
        log=lambda _result, lives: _log(n, lives),
        answer=lambda _result, lives: next_birth_s(lives, f"{name}-0", shown_s),
        within=3,
        measure=Measure(what="failed requests", on=name),
        measured={"start_s": n.slow_s},
        cured_below=0.2,  # nobody serves during one slow start
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    return {
        "fleets": {n.name: {
            "like": "kubernetes", "replicas": n.count,
            "options": {"livenessProbe.periodSeconds": 10, "readinessProbe.periodSeconds": 5},
            "lives": [{"answers_after": n.quick_s}, {"answers_after": n.slow_s}],
            "load": {"per_s": n.per_s, "takes": "100ms", "from": 20, "steady": True},
        }},
        "faults": [{"at": n.began_s, "on": n.name, "what": "crash"}],
    }  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def startup(value: int) -> knobs.Nested:
        options = {"startupProbe.failureThreshold": value, "startupProbe.periodSeconds": 10}
        return knobs.fleet(n.name, {"options": options if value else dict.fromkeys(options)})

    return [
        knobs.number("startupProbe.failureThreshold", 0, (0, 60), "failures, 10 s apart, a start may have; 0: none",
                     startup),
        knobs.option(n.name, "livenessProbe.failureThreshold", 3, 1, 5, "failures in a row until it is restarted"),
        knobs.option(n.name, "livenessProbe.periodSeconds", 10, 1, 10, "s from one probe to the next"),
        knobs.option(n.name, "terminationGracePeriodSeconds", 30, 1, 120, "s from the stop to SIGKILL"),
        knobs.longest_wait(n.name),
        knobs.replicas(n.name, n.count),
    ]  # fmt: skip


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    why = "says why they had to start, not why they cannot"
    made = [log_line(n.began_s, "power", "power: rack 3 was dark for a moment, is back", stray=why)]
    for life in lives:
        if life.instance != f"{n.name}-0" or life.born_s < n.began_s:
            continue
        for share in (25, 50):
            at_s = life.born_s + n.slow_s * share / 100
            if at_s < (life.ended_s or at_s + 1):
                left_s = n.slow_s * (100 - share) // 100
                text = f"{life.instance}: reading the {n.index}, {share} %, {left_s} s to go"
                made.append(log_line(at_s, n.name, text, proves="slow"))
        if life.ended_s is not None:
            made.append(log_line(life.ended_s, n.name, f"{life.instance}: SIGTERM while reading the {n.index}"))
    return made


NO_STARTUP_PROBE = Kind(cause="no-startup-probe", group="ends", scenario="missing-startup-probe", draft=draft)
