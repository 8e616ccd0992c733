"""An API that leaks memory, is killed by the kernel, and is restarted before anybody looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.draft import API_NAMES, Draft, Kind, log_line
from lifecycle_kit.classroom.incidents.kinds.rehearsal import END_COLUMNS, rehearsed
from lifecycle_kit.classroom.incidents.lives import Life, next_birth_s
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["LEAK"]

SHOWN_LIFE = 3  # the fourth: then the waits have grown twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn: names, counts, megabytes, requests a second, and times in seconds."""

    name: str
    count: int
    limit: int
    begins: int
    life_s: int
    start_s: int
    version: str
    before: str
    per_s: int


def draft(dice: Random) -> Draft:
    """Draw one."""
    major, minor = dice.randint(2, 5), dice.randint(3, 9)
    n = Drawn(
        name=dice.choice(API_NAMES), count=dice.randint(3, 5), limit=dice.choice((256, 384, 512)),
        begins=dice.randrange(60, 121, 10), life_s=dice.randint(70, 120), start_s=dice.randint(4, 9),
        version=f"{major}.{minor}", before=f"{major}.{minor - 1}", per_s=dice.randrange(10, 41, 5),
    )  # fmt: skip
    data, name = _data(n), n.name
    present = rehearsed(data, name, 6 * n.life_s)[SHOWN_LIFE]
    shown_s = round(present.born_s + dice.uniform(0.4, 0.8) * n.life_s, 1)
    return Draft(
        service=name,
        data=data,
        began_s=0,
        until_s=shown_s,
        end_s=shown_s + 4 * n.life_s,
        settings=_settings(n),
        shows={"version": "since"},
        every_s=30,
        columns=END_COLUMNS,
        in_metrics=lambda row: "hidden" if row["restarts"] and row["served"] else "",
        in_events=lambda event: "kernel" if "signal SIGKILL" in event.causes else "",
        log=lambda _result, lives: _log(n, lives),
        answer=lambda _result, lives: next_birth_s(lives, f"{name}-0", shown_s),
        within=4,
        measure=Measure(what="restarts", on=name),
        values=asdict(n),
    )


def _data(n: Drawn) -> dict[str, Any]:
    leaks = {"starts_with_mb": n.begins, "memory_limit_mb": n.limit, "leaks_mb_per_s": (n.limit - n.begins) / n.life_s}
    others = {str(k): {"starts_with_mb": n.begins + 12 * k} for k in range(1, n.count)}  # they die one after the other
    return {"fleets": {n.name: {
        "like": "kubernetes", "replicas": n.count, "options": {"readinessProbe.periodSeconds": 2},
        "program": {"works_after": n.start_s, **leaks}, "replica": others,
        "load": {"per_s": n.per_s, "takes": "100ms", "from": 20, "steady": True},
    }}}  # fmt: skip


def _settings(n: Drawn) -> list[Setting]:
    def version(value: str) -> knobs.Nested:
        return knobs.fleet(n.name, {"program": {"leaks_mb_per_s": None}} if value == n.before else {})

    return [
        knobs.choice("version", (n.version, n.before), "of the program that runs", version),
        knobs.number("memory limit", n.limit, (n.limit, 2 * n.limit), "MB, above which the kernel ends the process",
                     lambda v: knobs.fleet(n.name, {"program": {"memory_limit_mb": v}})),
        knobs.longest_wait(n.name),
        knobs.option(n.name, "readinessProbe.periodSeconds", 2, 1, 60, "s from one probe to the next"),
        knobs.replicas(n.name, n.count),
    ]  # fmt: skip


def _log(n: Drawn, lives: Sequence[Life]) -> list[Line]:
    made = []
    for life in lives:
        if life.instance != f"{n.name}-0":
            continue
        for share in (0.3, 0.6, 0.9):
            used = round(n.begins + share * (n.limit - n.begins))
            text = f"{life.instance}: {used} of {n.limit} MB in use"
            made.append(log_line(life.born_s + share * n.life_s, n.name, text, proves="grows"))
        if life.ended_s is not None:
            text = f"kernel: out of memory: killed {life.instance} ({n.limit} MB)"
            made.append(log_line(life.ended_s, n.name, text, proves="kernel"))
    return made


LEAK = Kind(cause="leak", group="ends", scenario="leak", draft=draft)
