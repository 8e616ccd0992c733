"""What honcho would do with the processes of a Procfile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle_kit.fidelity.driving import Watched, reaction
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems.honcho import SYSTEM, exit_code, takes_along
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

LOOKS_ON_S = 3600.0


def _script(child: Mapping[str, Any]) -> Script:
    ends = child.get("exits")
    life = {} if ends is None else {"run_s": ends["after_start_s"], "exit": ends["code"]}
    return Script(**reaction(child), **life)


def _one_exits(given: Given) -> Observed:
    agenda, order = Agenda(), list[str]()
    children = {
        child["id"]: Watched(SYSTEM.unit({}), [_script(child)], agenda=agenda, name=child["id"])
        for child in given["children"]
    }

    def ended(name: str) -> None:
        order.append(name)
        if len(order) == 1:
            for other in takes_along(name, {each: child.alive for each, child in children.items()}):
                children[other].ask("stop")

    for name, child in children.items():
        child.on_end.append(lambda _number, name=name: ended(name))  # type: ignore[misc]
        child.ask("start")
    agenda.run(ns(LOOKS_ON_S))
    if not order:
        raise NotModelled("no process says when it ends by itself, and with which code")
    return _seen(children, order)


def _seen(children: Mapping[str, Watched], order: list[str]) -> Observed:
    """Return what was observed; times count from the first end."""
    first_s = children[order[0]].ends[0]
    returned = {name: exit_code(end) for name, child in children.items() if (end := child.instance.last) is not None}
    sent = [(t, signal, name) for name, child in children.items() for t, signal, *_ in child.signals]
    return {
        "signals": [[t - first_s, signal, name] for t, signal, name in sorted(sent, key=lambda each: each[0])],
        "child_exits": {name: {"t": children[name].ends[0] - first_s, "rc": rc} for name, rc in returned.items()},
        "exit": returned.get(order[0]),
        "exit_s": max(child.ends[0] for child in children.values() if child.ends) - first_s,
        "restarted": any(len(child.births) > 1 for child in children.values()),
    }


FAMILIES: dict[tuple[str, str], Predictor] = {("group", "one-exits-all-stop"): _one_exits}
