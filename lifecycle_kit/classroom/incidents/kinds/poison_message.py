"""Workers that all die of the same job, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import WORKER_NAMES, Draft, Kind, Row, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import queue_columns, waiting
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["POISON_MESSAGE"]

TAKES_S = 0.15
MOST_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, jobs a second, and times in seconds."""

    name: str
    count: int
    per_s: int
    began_s: int
    shown_s: int
    then_s: int

    @property
    def queue(self) -> str:
        """Return the name of the queue."""
        return f"{self.name}-jobs"

    @property
    def poison(self) -> int:
        """Return the number of the job that kills."""
        return self.per_s * self.began_s


def draft(dice: Random) -> Draft:
    """Draw one."""
    began_s = dice.randrange(480, 601, 10)  # late, so that the next such job comes after the end of the run
    shown_s = began_s + dice.randrange(120, 181, 10)
    n = Drawn(
        name=dice.choice(WORKER_NAMES), count=dice.randint(2, 5), per_s=dice.randint(2, 6), began_s=began_s,
        shown_s=shown_s, then_s=shown_s + dice.randrange(120, 241, 60),
    )  # fmt: skip

    def in_metrics(row: Row) -> str:
        return "waits" if row["at"] > began_s and row["waiting"] > n.per_s else ""

    return Draft(
        service=n.name,
        needs=[n.queue],
        data=_data(n),
        began_s=began_s,
        until_s=shown_s,
        end_s=n.then_s + 60,
        settings=_settings(n),
        shows={"deliveries of a job": "for-ever"},
        every_s=60,
        columns=queue_columns(n.queue),
        in_metrics=in_metrics,
        in_events=lambda event: "ends" if "exit 1" in event.causes else "",
        log=lambda _result, lives: _log(n, lives),
        answer=lambda result, _lives: waiting(result, n.queue, n.then_s),
        within=round(n.per_s * (n.then_s - began_s) * 0.1),
        measure=Measure(what="backlog at the end", on=n.queue),
        cured_below=0.05,
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    load = {"per_s": n.per_s, "takes": TAKES_S, "steady": True}
    return {
        "fleets": {n.name: {
            "like": "kubernetes", "replicas": n.count, "works_on": n.queue, "program": {"works_after": "2s"},
            "options": {"readinessProbe.periodSeconds": 2},
        }},
        "queues": {n.queue: {"poison_every": n.poison, "load": load}},
    }  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    return [
        knobs.number("deliveries of a job", 0, (0, 100), "until it is put aside for a person; 0: no limit",
                     lambda v: {"queues": {n.queue: {"attempts": v or None}}}),
        knobs.longest_wait(n.name),
        knobs.option(n.name, "terminationGracePeriodSeconds", 30, 1, 120, "s from the stop to SIGKILL"),
        knobs.replicas(n.name, n.count),
    ]  # fmt: skip


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    name = n.name
    made = [
        log_line(at, name, f"{name}-{at % n.count}: job {n.per_s * at - 1} done") for at in range(15, n.began_s, 90)
    ]
    for life in lives:
        if life.by == "itself" and life.ended_s is not None:
            took = f"{life.instance}: takes job {n.poison}"
            made.append(log_line(round(life.ended_s - TAKES_S, 3), name, took, proves="same"))
            made.append(log_line(life.ended_s, name, f"{life.instance}: stack overflow in parse_address"))
    return made[:MOST_LINES]


POISON_MESSAGE = Kind(cause="poison-message", group="sharing", scenario="poison-message", draft=draft)
