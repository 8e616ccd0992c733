"""A crowd of workers that comes back in step after an outage, and brings the broker down again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import WORKER_NAMES, Draft, Event, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import queue_columns, rehearsed
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.scenarios.measures import Measure
from lifecycle_kit.units import seconds

__all__ = ["HERD"]

MANY = 12  # starts at one instant that are a herd


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, and times in seconds."""

    name: str
    broker: str
    count: int
    first_s: int
    cap_s: int
    began_s: int
    falls_s: int

    @property
    def queue(self) -> str:
        """Return the name of the queue."""
        return f"{self.name}-jobs"

    @property
    def stands(self) -> int:
        """Return how many connections within a second bring the broker down."""
        return self.count // 2


def draft(dice: Random) -> Draft:
    """Draw one."""
    n = Drawn(
        name=dice.choice(WORKER_NAMES), broker=dice.choice(("broker", "mq", "bus")), count=dice.randrange(24, 41, 4),
        first_s=dice.choice((2, 3)), cap_s=dice.randrange(24, 37, 3), began_s=dice.randrange(60, 91, 5),
        falls_s=dice.randint(4, 6),
    )  # fmt: skip
    data = _data(n)
    lives = rehearsed(data, n.name, n.began_s + 4 * n.cap_s)
    ends = [life.ended_s for life in lives if life.ended_s is not None and life.ended_s > n.began_s]
    shown_s = round(ends[1] + dice.uniform(2, 8), 1)  # the broker has fallen over twice by then
    return Draft(
        service=n.name,
        needs=[n.broker, n.queue],
        data=data,
        began_s=n.began_s,
        until_s=shown_s,
        end_s=shown_s + 8 * n.cap_s,
        settings=_settings(n),
        shows={"jitter": "same-delay"},
        every_s=15,
        columns=queue_columns(n.queue),
        in_metrics=lambda row: "nobody" if row["at"] > n.began_s and not row["done"] else "",
        in_events=lambda event: _in_step(event, n.began_s),
        log=lambda result, lives: _log(n, result, lives),
        answer=lambda _result, lives: _births_after(lives, f"{n.name}-0", shown_s)[1],
        within=1.5,
        measure=Measure(what="backlog at the end", on=n.queue),
        cured_below=0.3,  # what waited during the maintenance has to be done first
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    plain = {"when": "always", "first": n.first_s, "factor": 2, "cap": n.cap_s, "jitter": "none",
             "readiness": {"period": "1s"}}  # fmt: skip
    need = {"on": n.broker, "loss": "exit", "connects": True, "connects_at": "500ms", "refused": "exit",
            "exit_code": 69}  # fmt: skip
    outside = {"outages": [[0, n.began_s]], "falls_over_at": n.stands, "falls_for": n.falls_s}
    return {
        "fleets": {n.name: {
            "replicas": n.count, "works_on": n.queue, "program": {"works_after": "1s"}, "plain": plain, "needs": [need],
        }},
        "dependencies": {n.broker: outside},
        "queues": {n.queue: {"load": {"per_s": n.count // 2, "takes": "1s", "steady": True}}},
    }  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def plain(key: str) -> Any:
        return lambda value: knobs.fleet(n.name, {"plain": {key: value}})

    return [
        knobs.choice("jitter", ("none", "equal", "full"), "how much of a delay is drawn by lot", plain("jitter")),
        knobs.number("first delay", n.first_s, (1, n.cap_s), "s, the first; each further one is twice as long",
                     plain("first")),
        knobs.number("longest delay", n.cap_s, (n.cap_s // 2, 4 * n.cap_s), "s", plain("cap")),
        knobs.choice("restarts after", ("always", "on-failure"), "which ends", plain("when")),
    ]  # fmt: skip


def _in_step(event: Event, after_s: float) -> str:
    return "in-step" if event.at_s > after_s and event.path[-1] == "starting" and len(event.who) >= MANY else ""


def _births_after(lives: Sequence[Life], instance: str, at_s: float) -> list[float]:
    return [life.born_s for life in lives if life.instance == instance and life.born_s > at_s]


def _log(n: Drawn, result: WorldResult, lives: Sequence[Life]) -> list[Line]:
    made = [
        log_line(2.0, n.broker, f"{n.broker}: maintenance, back at second {n.began_s}"),
        log_line(n.began_s, n.broker, f"{n.broker}: maintenance is over, all well"),
    ]
    for from_ns, _until_ns in result.downs[n.broker][1:]:
        text = f"{n.broker}: {n.count} connections within a second, I can stand {n.stands}: falling over"
        made.append(log_line(seconds(from_ns), n.broker, text, proves="too-many"))
    for life in lives:
        if life.instance == f"{n.name}-7" and life.ended_s is not None:
            made.append(log_line(life.ended_s, n.name, f"{life.instance}: {n.broker}: no connection, giving up"))
    return made


HERD = Kind(cause="herd", group="sharing", scenario="herd", draft=draft)
