"""The world of a scenario: its fleets and all that they share, and whether every name in it is somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.simulate.fleet.world import ACTIONS, Alarm, Dependency, Fault, Node, Queue, World
from lifecycle_kit.simulate.scenarios.fleets import Built, fleet_of, load_of, pair
from lifecycle_kit.simulate.scenarios.reading import Reader, Table, choice, nearest, number, span, text, whole

__all__ = ["Setting", "WORLD_KEYS", "setting_of"]

WORLD_KEYS = ("fleets", "dependencies", "queues", "nodes", "faults", "alarms")
"""The tables of a file that make up the world, and that a cure may change."""

METRICS = (
    "instances", "ready", "routed", "in_flight", "arrived", "served", "error", "refused", "cut", "timeout", "no_route",
    "failed", "failed_share", "sent", "restarts", "restarts_per_min", "start_cpu_s", "log_lines", "owners",
)  # fmt: skip
QUEUE_METRICS = ("backlog", "done", "dead_lettered", "done_twice")

_DEPENDENCY: Mapping[str, Reader] = {
    "outages": pair(span, span, '[["30s", "90s"]]'),
    "recovery_s": span,
    "connects_per_s": number(0, above=True),
    "falls_over_at": whole(1),
    "falls_for_s": span,
}
_QUEUE: Mapping[str, Reader] = {"poison_every": whole(1), "attempts": whole(1), "lease_s": span}
_NODE: Mapping[str, Reader] = {
    "name": text,
    "memory_mb": whole(1),
    "lost_at_s": span,
    "back_at_s": span,
    "notice_s": span,
}
_FAULT: Mapping[str, Reader] = {"at_s": span, "on": text, "what": choice(*ACTIONS), "for_s": span}
_ALARM: Mapping[str, Reader] = {
    "on": text,
    "metric": choice(*METRICS, *QUEUE_METRICS),
    "above": number(),
    "below": number(),
    "for_s": span,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A world, and how the instances of each fleet are described in the header of a trace: `(old, new)`."""

    world: World
    described: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]


def setting_of(table: Table, until_s: float) -> Setting | None:
    """Return the world that a file means; None if something is wrong with it."""
    before = len(table.book.problems)
    fleets = {name: fleet_of(each, until_s) for name, each in table.named("fleets").items()}
    if not fleets and len(table.book.problems) == before:
        table.wrong("", "there is no fleet; begin one with [fleets.NAME]")
    dependencies = {name: each.make(Dependency, _DEPENDENCY) for name, each in table.named("dependencies").items()}
    queues = {name: _queue(each, until_s) for name, each in table.named("queues").items()}
    nodes = [each.make(Node, _NODE) for each in table.tables("nodes")]
    faults = [each.make(Fault, _FAULT) for each in table.tables("faults")]
    alarms = [each.make(Alarm, _ALARM) for each in table.tables("alarms")]
    _Names(table).check()
    if len(table.book.problems) > before:
        return None
    made: dict[str, Built] = {name: built for name, built in fleets.items() if built is not None}
    world = table.attempt(
        lambda: World(
            fleets={name: built.fleet for name, built in made.items()},
            dependencies={name: each for name, each in dependencies.items() if each is not None},
            queues={name: each for name, each in queues.items() if each is not None},
            nodes=[each for each in nodes if each is not None],
            faults=[each for each in faults if each is not None],
            alarms=[each for each in alarms if each is not None],
        )
    )
    if world is None:
        return None
    return Setting(world, {name: (built.described, built.described_new) for name, built in made.items()})


def _queue(table: Table, until_s: float) -> Queue | None:
    if "load" not in table:
        table.wrong("", "load is missing: when jobs come, and how long one takes")
    load = load_of(table, until_s)
    table.asked.add("load")
    return None if load is None else table.make(Queue, _QUEUE, load=load)


class _Names:
    """Who is called what in a file, and who is meant by the names in it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.fleets, self.dependencies, self.queues = (
            set(_tables(table.data.get(key))) for key in ("fleets", "dependencies", "queues")
        )
        self.nodes = [str(row.get("name", "")) for row in _rows(table.data, "nodes")]
        self.instances = {
            f"{name}-{place}"
            for name, fleet in _tables(table.data.get("fleets")).items()
            if isinstance(fleet.get("replicas", 3), int)
            for place in range(min(fleet.get("replicas", 3), 10_000))
        }

    def check(self) -> None:
        """Note every name that is nobody's, or that is two things'."""
        self._unique()
        for name, fleet in _tables(self.table.data.get("fleets")).items():
            path = ("fleets", name)
            self._known((*path, "works_on"), [fleet.get("works_on")], self.queues, "queue")
            after = fleet.get("after", [])
            self._known((*path, "after"), after if isinstance(after, list) else [after], self.fleets - {name}, "fleet")
            for place, need in enumerate(_rows(fleet, "needs")):
                others = self.dependencies | self.fleets - {name}
                self._known((*path, "needs", place, "on"), [need.get("on")], others, "dependency")
        for place, fault in enumerate(_rows(self.table.data, "faults")):
            self._fault(("faults", place, "on"), fault)
        for place, alarm in enumerate(_rows(self.table.data, "alarms")):
            about_queue = alarm.get("metric") in QUEUE_METRICS
            owners, kind = (self.queues, "queue") if about_queue else (self.fleets, "fleet")
            self._known(("alarms", place, "on"), [alarm.get("on")], owners, kind)

    def _fault(self, path: tuple[str | int, ...], fault: Mapping[str, Any]) -> None:
        match fault.get("what"):
            case "outage":
                self._known(path, [fault.get("on")], self.dependencies, "dependency")
            case "lose":
                self._known(path, [fault.get("on")], set(self.nodes), "node")
            case "roll" | "update" | "rollout-restart":
                self._known(path, [fault.get("on")], self.fleets, "fleet")
            case _:
                self._known(path, [fault.get("on")], self.fleets | self.instances, "fleet or instance")

    def _known(self, path: tuple[str | int, ...], words: list[Any], known: set[str], kind: str) -> None:
        for word in words:
            if isinstance(word, str) and word not in known:
                self.table.book.wrong(path, f"no {kind} is called {word!r}; {nearest(word, known)}")

    def _unique(self) -> None:
        taken = dict[str, str]()
        for path, name in self._given():
            kind = str(path[0])
            if name in taken:
                why = f"two things are called {name!r}: names must differ, also across {taken[name]}"
                self.table.book.wrong(path, why)
            elif path[0] != "nodes" and not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z]+[a-z0-9]*)*", name):
                self.table.book.wrong(path, "a name has small letters, digits and hyphens, such as order-api")
            taken[name] = kind

    def _given(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for kind in ("fleets", "dependencies", "queues"):
            for name in _tables(self.table.data.get(kind)):
                yield (kind, name), name
        for place, name in enumerate(self.nodes):
            yield ("nodes", place, "name"), name


def _tables(data: Any) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in data.items() if isinstance(each, dict)} if isinstance(data, dict) else {}


def _rows(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    rows = data.get(key, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
