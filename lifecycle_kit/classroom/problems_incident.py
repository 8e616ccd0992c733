"""Inputs for the incident exercise: symptoms, evidence, lives and settings, of incidents and made up.

Rule: every question of the triage is met with every answer, also where several of them could be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from lifecycle_kit.classroom.incidents.changed import judge_change
from lifecycle_kit.classroom.incidents.kinds import KINDS
from lifecycle_kit.classroom.incidents.lives import ENDED_BY
from lifecycle_kit.classroom.incidents.make import incident
from lifecycle_kit.classroom.incidents.symptoms import knobs_of, measured_of, symptoms_of
from lifecycle_kit.classroom.incidents.values import Incident
from lifecycle_kit.classroom.plain import each_left_out
from lifecycle_kit.classroom.points import called

__all__ = [
    "change_cases", "change_trial", "line_cases", "smaller_evidence", "smaller_lives", "start_cases", "symptom_cases",
    "symptom_idea", "unseen",
]  # fmt: skip

Args = tuple[Any, ...]
Record = dict[str, Any]

_LAST_WORDS = ("", "queue: connection refused", "401: unknown user or password", "wrong password", "stack overflow")
_WHO = ("orders", "orders-db", "maps", "node-3")
_SAID = ("connection refused", "GC pause # ms", "retrying in # s", "out of file handles", "slow query, # s", "started")


def unseen(dice: Random) -> list[Incident]:
    """Return one incident of each kind."""
    return [incident(kind, dice.randrange(10**6)) for kind in KINDS]


def symptom_cases(dice: Random) -> Iterator[Args]:
    """Yield the symptoms of one incident of each kind, and then made-up ones without end."""
    for kind in KINDS:
        yield (symptoms_of(incident(kind, dice.randrange(3))),)  # few seeds: each is run once, then remembered
    while True:
        yield (
            {
                "ended_by": dice.choice(ENDED_BY),
                "ever_ready": dice.random() < 0.5,
                "needs_down": dice.random() < 0.5,
                "same_job": dice.random() < 0.4,
                "last_words": dice.choice(_LAST_WORDS),
                "in_step": dice.random() < 0.5,
                "wanted": dice.choice((1, 1, 2, 5)),
                "owners": dice.choice((0, 1, 2, 3, 6)),
                "unready_routed": dice.random() < 0.4,
                "failed_as": dice.choice(("nothing", "refused", "error", "cut", "no-route")),
            },
        )


def symptom_idea(symptoms: Record) -> str:
    """Return which question of the triage decides."""
    match symptoms["ended_by"]:
        case "probe" | "kernel" | "deadline":
            return "ask-who-ended-it"
        case "itself":
            return "own-ends-leave-words"
        case _:
            return "nobody-ended-follow-the-work"


def line_cases(dice: Random) -> Iterator[Args]:
    """Yield evidence: some lines of the calm, some of the trouble, settings, and lines about others."""
    while True:
        began = float(dice.randrange(50, 200, 10))
        count = dice.randint(1, 9)
        # Some of them come at the very instant at which the trouble begins.
        times = sorted(dice.choice((dice.uniform(0, began), began, dice.uniform(began, 300))) for _ in range(count))
        timed: list[float | None] = [round(at, 1) for at in times]
        at_all = [*([None] * dice.randint(0, 2)), *timed]
        lines = [
            {"n": n, "at": at, "who": dice.choice(_WHO[: dice.choice((2, 2, 4))]), "what": dice.choice(_SAID)}
            for n, at in enumerate(at_all, dice.randint(1, 9))
        ]  # fmt: skip
        yield lines, dice.choice((["orders"], ["orders", "orders-db"])), began


def smaller_evidence(lines: list[Record], units: list[str], began: float) -> Iterator[Args]:
    """Yield the evidence with one line left out."""
    return ((fewer, units, began) for fewer in each_left_out(lines))


def start_cases(dice: Random) -> Iterator[Args]:
    """Yield lives with the waits between them, some at the cap, and the last one still going on."""
    while True:
        first = dice.choice((1.0, 5.0, 10.0))
        ladder = {
            "first_s": first,
            "factor": dice.choice((1.0, 2.0, 3.0)),
            "cap_s": first * dice.choice((1.0, 6.0, 30.0)),
        }
        born, wait = float(dice.randrange(0, 50)), dice.choice((0.0, first))
        lives: list[Record] = []
        for _ in range(dice.randint(1, 5)):
            ended = born + dice.choice((0.5, 20.0, 90.0))
            lives.append({"born": born, "ended": ended})
            born = ended + wait
            wait = min(ladder["cap_s"], wait * ladder["factor"]) if wait else first
        yield [*lives, {"born": born, "ended": None}], ladder


def smaller_lives(lives: list[Record], ladder: Record) -> Iterator[Args]:
    """Yield the lives without the earliest, as long as two are left."""
    if len(lives) > 2:
        yield lives[1:], ladder


# --- the change: judged by what it does to the incident that the arguments belong to

_OF: dict[str, Incident] = {}
_WITH_A_NUMBER = ("no-startup-probe", "drain-cut", "slow-route")


def change_cases(dice: Random) -> Iterator[Args]:
    """Yield cause, settings and measured numbers of one incident of each kind, and of some more with a number."""
    more = [incident(kind, dice.randrange(10**6)) for kind in _WITH_A_NUMBER * 2]
    for one in [*unseen(dice), *more]:
        args = (one.kind, knobs_of(one), measured_of(one))
        _OF[repr(args)] = one
        yield args


def change_trial(function: Callable[..., Any], args: Args, want: Any) -> str | None:
    """Return what is wrong with the change that `function` proposes, in words, or None if it cures."""
    one = _OF[repr(tuple(args))]
    got, problem = called(function, [args[0], knobs_of(one), measured_of(one)])
    if problem:
        return problem
    if got is None:
        return f"the answer is None, expected a change such as {want}: is it written, and does every path `return`?"
    mark = judge_change(got, one)
    return None if mark.right else mark.words
