"""Inputs for the lifecycle-view exercise, each with the idea it puts to the test.

Rule: the four signals are drawn independently, so flags contradict the view as often as they fit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.plain import each_left_out
from lifecycle_kit.view import VIEWS

Args = tuple[Any, ...]
Record = dict[str, Any]


def view_cases(_dice: Random) -> Iterator[Args]:
    """Yield all sixteen combinations of the four signals."""
    return itertools.product((True, False), repeat=4)


def view_idea(process_alive: bool, ready: bool, draining: bool, dependency_blocked: bool) -> str:
    """Return which question decides about these signals."""
    if not process_alive:
        return "gone-first"
    if draining:
        return "draining-is-on-purpose"
    if dependency_blocked:
        return "blocked-is-not-ready" if ready else "blocked-is-not-starting"
    return "ready-means-may-get-work"


def fleet_cases(dice: Random) -> Iterator[Args]:
    """Yield fleets of up to five instances, from mostly healthy to mostly not."""
    while True:
        likely = dice.choice((0.05, 0.2, 0.5))
        names = dice.sample(range(1, 100), dice.randrange(6))
        yield ([_any_instance(dice, f"api-{n}", likely) for n in names],)


def _any_instance(dice: Random, name: str, likely: float) -> Record:
    flags = {flag: dice.random() < likely for flag in ("draining", "dependency_blocked")}
    return records.instance(name, process_alive=dice.random() < 0.85, ready=dice.random() < 0.75, **flags)


def fleet_idea(instances: list[Record]) -> str:
    """Return what makes this fleet hard to route to."""
    chosen = answers.route_to(instances)
    if not chosen:
        return "nobody-is-an-answer"
    old_flags = any(one["ready"] and one["name"] not in chosen for one in instances)
    return "flags-are-not-views" if old_flags else "route-on-usefulness"


def word_cases(_dice: Random) -> Iterator[Args]:
    """Yield the five views and seven vague words."""
    vague = ("running", "up", "down", "healthy", "crashed", "ok", "")
    return ((word,) for word in (*VIEWS, *vague))


def word_idea(view: str) -> str:
    """Return whether this is a view or a vague word."""
    return "each-view-its-own-action" if view in VIEWS else "vague-words-hide-states"


def smaller_fleets(instances: list[Record]) -> Iterator[Args]:
    """Yield the fleet with one instance left out."""
    return ((fewer,) for fewer in each_left_out(instances))
