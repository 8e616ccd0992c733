"""An update of an API whose requests take longer than its grace period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import API_COLUMNS, cut_with
from lifecycle_kit.classroom.incidents.kinds.rolling import LOAD_FROM_S, rolling, update_settings
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["DRAIN_CUT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, and times in seconds."""

    name: str
    count: int
    grace_s: int
    work_s: int
    began_s: int
    size_mb: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    name, count = dice.choice(API_NAMES), dice.randint(4, 6)
    grace_s, ready_s, per_s = dice.randint(5, 9), dice.randint(13, 18), dice.randint(3, 6)
    work_s, began_s = dice.randint(18, 32), 10 * dice.randint(7, 9)
    n = Drawn(name=name, count=count, grace_s=grace_s, work_s=work_s, began_s=began_s, size_mb=dice.randint(11, 48))
    shown_s = began_s + 2 * ready_s + dice.randint(2, grace_s - 2)
    load = {"per_s": per_s, "takes": work_s, "timeout": 90, "steady": True}
    return Draft(
        service=name,
        data=rolling(
            name, count=count, ready_s=ready_s, at_s=began_s, load=load, new={"works_after": ready_s},
            options={"terminationGracePeriodSeconds": grace_s},
        ),
        began_s=began_s,
        until_s=shown_s,
        end_s=began_s + ready_s * (count + 1) + 60,
        settings=update_settings(name, count, timeout_s=90, grace_s=grace_s),
        shows={"terminationGracePeriodSeconds": "grace"},
        every_s=10,
        columns={**API_COLUMNS, "in flight": "in_flight", "cut": "cut", "restarts": "restarts"},
        in_metrics=lambda row: "cut" if row["cut"] else "",
        in_events=lambda event: "killed" if event.path[-1] == "terminated" else "",
        log=lambda result, lives: _log(n, result, lives),
        answer=lambda _result, lives: min(life.ended_s for life in lives if life.ended_s and life.ended_s > shown_s),
        within=0.5,
        measure=Measure(what="failed requests", on=name),
        measured={"work_s": work_s},
        values=asdict(n),
    )  # fmt: skip


def _log(n: Drawn, result: WorldResult, lives: Sequence[Life]) -> list[Line]:
    made = []
    for k in range(4):
        text = f"{n.name}-{k % n.count}: export of {n.size_mb} MB done, took {n.work_s} s"
        made.append(log_line(LOAD_FROM_S + n.work_s + 5 * k, n.name, text, proves="work"))
    for life in lives:
        if life.asked_s is not None:
            made.append(log_line(life.asked_s, n.name, f"{life.instance}: SIGTERM, taking no more work"))
        if life.by == "deadline" and life.ended_s is not None:
            count = cut_with(result, n.name, life)
            text = f"balancer: {life.instance} closed {count} connections before the answer"
            made.append(log_line(life.ended_s, n.name, text, proves="cut"))
    return made


DRAIN_CUT = Kind(cause="drain-cut", group="leaving", scenario="drain-cut", draft=draft)
