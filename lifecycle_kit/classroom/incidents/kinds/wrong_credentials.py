"""A worker whose credentials for the broker are wrong, under Kubernetes or systemd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import WORKER_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import queue_columns, waiting
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["WRONG_CREDENTIALS"]

NEW_PASSWORD = "rotated in spring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, jobs a second, and times in seconds."""

    name: str
    other: str
    broker: str
    count: int
    per_s: int
    pause_s: int
    kubernetes: bool
    code: int
    shown_s: int
    then_s: int

    @property
    def queue(self) -> str:
        """Return the name of the queue."""
        return f"{self.name}-jobs"

    @property
    def faster(self) -> str:
        """Return the name of the setting that says how soon it is restarted."""
        return "crashLoopBackOff.maxContainerRestartPeriod" if self.kubernetes else "RestartSec"


def draft(dice: Random) -> Draft:
    """Draw one."""
    name, other = dice.sample(WORKER_NAMES, 2)
    shown_s = dice.randrange(120, 241, 30) + 7
    n = Drawn(
        name=name, other=other, broker=dice.choice(("broker", "mq", "bus")), count=dice.randint(2, 5),
        per_s=dice.randint(2, 9), pause_s=dice.randint(5, 15), kubernetes=dice.random() < 0.5,
        code=dice.choice((1, 77)), shown_s=shown_s, then_s=shown_s + 60 * dice.randint(2, 5),
    )  # fmt: skip
    return Draft(
        service=name,
        needs=[n.broker, n.queue],
        data=_data(n),
        began_s=0,
        until_s=shown_s,
        end_s=n.then_s + 120,
        settings=_settings(n),
        shows={"credentials": "old"},
        every_s=30,
        columns=queue_columns(n.queue),
        in_metrics=lambda row: "waits" if row["waiting"] and not row["done"] else "",
        in_events=lambda event: "ends" if f"exit {n.code}" in event.causes else "",
        log=lambda _result, lives: _log(n, lives),
        answer=lambda result, _lives: waiting(result, n.queue, n.then_s),
        within=round(n.per_s * n.then_s * 0.05),
        measure=Measure(what="backlog at the end", on=n.queue),
        values={**asdict(n), "faster": n.faster},
    )


def _data(n: Drawn) -> dict[str, Any]:
    options: dict[str, Any] = {"Restart": "always", "RestartSec": n.pause_s, "StartLimitIntervalSec": 0}
    need = {"on": n.broker, "connects": True, "connects_at": "1s", "refused": "exit", "exit_code": n.code,
            "credentials": False}  # fmt: skip
    return {
        "fleets": {n.name: {
            "like": "kubernetes" if n.kubernetes else "systemd", "replicas": n.count,
            "works_on": n.queue,
            "options": {"readinessProbe.periodSeconds": 2} if n.kubernetes else options,
            "program": {"works_after": "2s"}, "needs": [need],
        }},
        "dependencies": {n.broker: {}},
        "queues": {n.queue: {"load": {"per_s": n.per_s, "takes": "200ms", "steady": True}}},
    }  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def need(**changes: Any) -> knobs.Nested:
        return knobs.fleet(n.name, {"needs": {0: changes}})

    made = [
        knobs.choice("credentials", ("from last year", NEW_PASSWORD), f"the password for {n.broker}",
                     lambda v: need(credentials=v == NEW_PASSWORD)),
        knobs.replicas(n.name, n.count),
    ]  # fmt: skip
    if not n.kubernetes:
        return [*made, knobs.option(n.name, "RestartSec", n.pause_s, 1, 300, "s between two lives")]
    refused = knobs.choice(f"if {n.broker} refuses", ("exit", "retry"), "what it does", lambda v: need(refused=v))
    return [*made, knobs.longest_wait(n.name), refused]


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    made = []
    seen = [life for life in lives if life.instance == f"{n.name}-0" and life.born_s < n.shown_s]
    for life in dict.fromkeys([*seen[:2], *seen[-3:]]):
        made.append(log_line(life.born_s + 0.2, n.name, f"{life.instance}: configuration loaded, asking {n.broker}"))
        text = f"{life.instance}: {n.broker} says 401: unknown user or password"
        made.append(log_line(life.born_s + 1, n.name, text, proves="refused"))
    for k, at_s in enumerate(range(20, n.shown_s, 60)):
        text = f"{n.broker}: {6 + k} connections from {n.other}, well"
        made.append(log_line(at_s, n.broker, text, proves="broker-up"))
    return made


WRONG_CREDENTIALS = Kind(cause="wrong-credentials", group="sharing", scenario="wrong-credentials", draft=draft)
