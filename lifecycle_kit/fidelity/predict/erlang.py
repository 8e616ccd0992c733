"""What an Erlang/OTP supervisor would do: restarts by type and intensity, groups, shutdowns and escalation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from lifecycle_kit.fidelity.driving import lead
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.fidelity.predict.erlang_tree import Tree, crash_again_and_again, plant
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.erlang import SIMPLE, reason_as_exit
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

CLOCK_S = 100.0  # the tree has been up so long at the first event; whole seconds, as the intensity counts them
LOOKS_ON_S = 3600.0
MOST = 1000


def _decision(given: Given) -> Observed:
    # The cause says what sort of reason it is, the exit how it was written down.
    life = Script(run_s=1.0, exit=reason_as_exit(given.get("cause") or given["exit"]))
    run = lead(like("erlang", restart=given["policy"]["restart"]), {}, scripts=[life])
    return {"restarted": run.beyond, "final": "supervisor-alive"}


# --- one child, again and again


def _intensity(given: Given) -> Observed:
    ids = [f"child {number}" for number in range(1, given.get("children_count", 1) + 1)]
    restart = given["policy"].get("restart", "permanent")
    children = [{"id": name, "restart": restart} for name in ids]
    first = ids[0]
    tree = plant(children, given["policy"], lives={first: _lives(given)})
    gave_up: list[float] = []
    tree.watchers.append(lambda: gave_up.append(tree.now_s) if tree.group.over else None)
    tree.start()
    until_ns = ns(given["until_s"] if given.get("repeat_last") and given.get("until_s") else LOOKS_ON_S * 24)
    while len(tree.notes.born) < MOST and tree.agenda.one(until_ns):
        pass
    births = [t for t, name in tree.notes.born if name == first]
    ends = [t for t, name, _ in tree.notes.exits if name == first]
    return {
        "starts_s": births,
        "delays_s": [birth - end for birth, end in zip(births[1:], ends, strict=False)],
        "gave_up": bool(gave_up),
        "final": "supervisor-exits" if gave_up else "supervisor-alive",
        "restarts_count": len(births) - 1,
    } | ({"gave_up_s": gave_up[0]} if gave_up else {})


def _lives(given: Given) -> list[Script]:
    """Return the lives; where the crashes were measured, a life lasts from one to the next, for there is no wait."""
    crashes = given.get("crash_times_s")
    told = [*given["lives"]]
    if given.get("repeat_last"):
        told += told[-1:] * (len(crashes or ()) - len(told))
    runs = [life["run_s"] for life in told]
    if crashes:
        measured = [later - earlier for earlier, later in pairwise([0.0, *crashes])]
        runs = [*measured, *runs[len(measured) :]][: len(told)]
    exits = [1 if life.get("exit") is None else reason_as_exit(str(life["exit"])) for life in told]
    lives = [Script(run_s=run_s, exit=how) for run_s, how in zip(runs, exits, strict=True)]
    return lives if given.get("repeat_last") else [*lives, Script()]


# --- groups


def _group(given: Given) -> Observed:
    tree = plant(given["children"], given["policy"])
    tree.agenda.run(ns(CLOCK_S))
    if given["events"][0]["do"] != "start-supervisor":
        tree.start()
        tree.agenda.run(ns(CLOCK_S))
    times = [CLOCK_S + event["t"] for event in given["events"]]
    ends = [*times[1:], times[-1] + LOOKS_ON_S]
    steps, observed = [], Observed()
    for event, at_s, end_s in zip(given["events"], times, ends, strict=True):
        tree.agenda.run(ns(at_s))
        step = Step(tree)
        crashes = _do(tree, event)
        tree.agenda.run(ns(end_s))
        steps.append(step.observed(given["policy"].get("strategy") == SIMPLE))
        if event["do"] == "crash-loop":
            starts = [name for _, name in tree.notes.born if name == event["child"]]
            observed |= {"leaf_crashes": len(crashes), "leaf_starts": len(starts)}
    begins = any(event["do"] == "start-supervisor" for event in given["events"])
    if begins and tree.group.ended and tree.notes.failed:
        observed["start_error"] = {"reason": "failed_to_start_child", "child": tree.notes.failed[0]}
    return observed | _summary(tree) | {"steps": steps, "terminated_in_order": _in_order(steps, "terminated_in_order")}


def _do(tree: Tree, event: Mapping[str, Any]) -> list[float]:
    """Have happen what an event says; return the crashes of a loop, a list that grows with time."""
    if "child" in event and tree.find(event["child"]) is None:
        raise NotModelled(f"no child is called {event['child']!r}")
    match event["do"]:
        case "start-supervisor":
            tree.start()
        case "stop-supervisor":
            tree.stop()
        case "child-exits":
            tree.crash(event["child"], reason_as_exit(event["exit"]))
        case "crash-loop":
            return crash_again_and_again(tree, event["child"], event.get("every_s", 0.0), MOST)
        case other:
            raise ValueError(f"{other!r} is nothing that happens to a supervisor")
    return []


class Step:
    """What one event brings about, from here on."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.lives = {name: tree.group.instances[name].number for name in tree.alive()}
        self.before = {name: len(getattr(tree.notes, name)) for name in ("born", "failed", "told_to_stop")}

    def observed(self, simple: bool) -> Observed:
        """Return who was stopped and started meanwhile, and who is there now; `simple` children have no order."""
        tree, group = self.tree, self.tree.group
        told = tree.notes.told_to_stop[self.before["told_to_stop"] :]
        if simple:
            told = sorted(told, key=lambda entry: (entry[0], list(tree.members).index(entry[1])))
        alive, numbers = tree.alive(), {name: instance.number for name, instance in group.instances.items()}
        gone = [name for name in group.members if name not in alive and numbers[name]]
        return {
            "terminated_in_order": [name for _, name in told if tree.tells_its_end(name)],
            "started_in_order": [name for _, name in tree.notes.born[self.before["born"] :]],
            "failed_start_tries": len(tree.notes.failed) - self.before["failed"],
            "supervisor_exits": group.ended,
            "alive_after": alive,
            "kept_not_running": [name for name in gone if group.members[name].rejoins and not group.ended],
            "restarted": [name for name in alive if numbers[name] > self.lives.get(name, 0)],
            "untouched": [name for name in alive if numbers[name] == self.lives.get(name)],
        }


def _summary(tree: Tree) -> Observed:
    """Return what is observed of the whole run; times count from the first event."""
    told = {name for _, name in tree.notes.told_to_stop if tree.tells_its_end(name)}
    return {
        "supervisor_exits": tree.group.ended,
        "exit_times_s": {name: t - CLOCK_S for t, name, killed in tree.notes.exits if name in told and not killed},
        "total_s": max([t for t, *_ in tree.notes.exits], default=CLOCK_S) - CLOCK_S,
    }


def _in_order(steps: Sequence[Observed], key: str) -> list[str]:
    return [name for step in steps for name in step[key]]


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("decision", "restart-type"): _decision,
    ("restart", "intensity"): _intensity,
    **{
        ("group", family): _group
        for family in ("strategy", "strategy-mixed", "shutdown", "start-failure", "auto-shutdown", "escalation")
    },
}
