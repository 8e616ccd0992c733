"""The learner's triage on call: one night's incidents, named and changed by their functions, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from lifecycle_kit.classroom.at_work import ask, show_rows
from lifecycle_kit.classroom.incidents.changed import change_problem, tried
from lifecycle_kit.classroom.incidents.symptoms import knobs_of, measured_of, symptoms_of
from lifecycle_kit.classroom.incidents.values import Incident
from lifecycle_kit.classroom.problems_incident import unseen

__all__ = ["on_call"]

Function = Callable[..., Any]

NIGHT = 2026


def on_call(cause_of: Function, change_for: Function, *, seed: int = NIGHT) -> None:
    """Print what becomes of one night's incidents, one of each kind.

    Args:
        cause_of: the learner's triage.
        change_for: the learner's changes.
        seed: another night.
    """
    show_rows(lambda: {one.title: _row(one, cause_of, change_for) for one in unseen(Random(seed))})


def _row(one: Incident, cause_of: Function, change_for: Function) -> dict[str, int | float | str]:
    cause = ask(cause_of, [symptoms_of(one)], "cause-of")
    change = ask(change_for, [cause, knobs_of(one), measured_of(one)], "change-for")
    if change_problem(change, one):
        return {"said": str(cause), "harm": "-", "with the change": "-", "verdict": "nothing done"}
    effect = tried(one, change)
    return {
        "said": str(cause),
        "harm": f"{effect.before:g} {effect.what}",
        "with the change": f"{effect.after:g}",
        "verdict": effect.verdict,
    }
