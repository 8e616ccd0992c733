"""Inputs for the drain exercise, each with the idea it puts to the test.

Rule: every state is one that a unit can reach, because the reference walks there from `serving`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.plain import each_left_out

Args = tuple[Any, ...]
Record = dict[str, Any]

_LIKELY: dict[str, dict[str, float]] = {
    "serving": {"work": 4, "finished": 2, "stop": 4, "tick": 1},
    "draining": {"work": 2, "finished": 4, "stop": 1, "tick": 2, "late tick": 2},
    "terminated": {"work": 2, "finished": 2, "stop": 1, "tick": 1},
}


def audit_cases(dice: Random) -> Iterator[Args]:
    """Yield units with a list of what arrived, which now and then holds a lost piece."""
    for state, _event in drain_cases(dice):
        known = [*state["in_flight"], *state["outcomes"]]
        arrived = [*known, *(f"lost-{n}" for n in range(dice.randrange(3)))]
        dice.shuffle(arrived)
        yield arrived, state


def drain_cases(dice: Random) -> Iterator[Args]:
    """Walk the reference through random stories; yield each state with the event that meets it."""
    while True:
        first = [f"early-{number}" for number in range(dice.randrange(5))]
        state = records.serving(*first, can_requeue=dice.random() < 0.6)
        at, after_the_end = 0.0, 0
        for number in itertools.count():
            at += dice.choice((0.0, 0.5, 1.0, 2.5, 7.0))
            event = _any_event(dice, state, at, f"job-{number}")
            yield state, event
            state = answers.drain_next(state, event)["state"]
            after_the_end += state["phase"] == "terminated"
            if after_the_end > 3:
                break


def _any_event(dice: Random, state: Record, at: float, new: str) -> Record:
    likely = _LIKELY[state["phase"]]
    match dice.choices(list(likely), list(likely.values()))[0]:
        case "work":
            return records.work(new, at=at)
        case "finished":
            known = [*state["in_flight"] * 3, *state["outcomes"], "nobody-knows"]
            return records.finished(dice.choice(known), at=at)
        case "stop":
            return records.stop(at=at, grace_s=dice.choice((0.5, 4.0, 10.0, 30.0)))
        case "late tick":
            return records.tick(at=max(at, state["deadline"]) + dice.choice((0.0, 0.0, 0.25)))
        case _:
            return records.tick(at=at)


def drain_idea(state: Record, event: Record) -> str:
    """Return what the unit has to get right about this event."""
    phase, kind, pieces = state["phase"], event["kind"], state["in_flight"]
    if kind == "work":
        return "serving-accepts" if phase == "serving" else "refuse-while-leaving"
    if phase == "terminated" or (kind == "finished" and event["work"] not in pieces):
        return "over-is-over"
    if phase == "serving":
        return _serving_idea(kind, pieces)
    if kind == "finished":
        return "end-clean-when-empty" if len(pieces) == 1 else "one-deadline"
    if kind == "stop":
        return "second-stop-skips-the-rest"
    late = event["at"] >= state["deadline"]
    return "requeue-or-cut" if late and not state["can_requeue"] else "kill-at-the-deadline"


def _serving_idea(kind: str, pieces: list[str]) -> str:
    if kind == "stop":
        return "deadline-from-the-first-stop" if pieces else "end-clean-when-empty"
    return "serving-accepts" if kind == "finished" else "kill-at-the-deadline"


def smaller_units(state: Record, event: Record) -> Iterator[Args]:
    """Yield the unit with one piece in flight, or one outcome, left out."""
    fewest = 1 if state["phase"] == "draining" else 0
    for pieces in each_left_out(state["in_flight"]):
        if len(pieces) >= fewest:
            yield {**state, "in_flight": pieces}, event
    for kept in each_left_out(list(state["outcomes"])):
        yield {**state, "outcomes": {work: state["outcomes"][work] for work in kept}}, event


def smaller_audits(arrived: list[str], state: Record) -> Iterator[Args]:
    """Yield the list with one arrived piece left out."""
    return ((fewer, state) for fewer in each_left_out(arrived))
