"""The instant check: the learner's function against the reference, on seeded inputs.

Rule: the verdict says done or not yet and why, with the smallest failing call found, its seed and
how to replay it; the same search, on other seeds, serves the hidden tests.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from lifecycle_kit.classroom.compare import difference, show
from lifecycle_kit.classroom.hints import note_attempt
from lifecycle_kit.classroom.ideas import IDEAS
from lifecycle_kit.classroom.points import call_text, called, name_of, refused
from lifecycle_kit.classroom.tasks import Args, Task, task_called

__all__ = ["CHECK_SEED", "Failing", "check", "expect_on_cases", "smallest_failing", "verdict"]

CHECK_SEED = 7
_CASES = 400
_SHRINKS = 300

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A call whose answer is not the reference's: its arguments, what was wanted, what is wrong."""

    args: Args
    want: Any
    problem: str
    idea: str


def check(name: str, function: Function, *, seed: int = CHECK_SEED) -> None:
    """Print whether `function` does what the exercise called `name` asks for, and if not, why.

    Args:
        name: the exercise, such as "drain".
        function: the learner's function itself, not called.
        seed: chooses the inputs; another seed gives others.
    """
    try:
        task = task_called(name)
    except ValueError as unknown:
        text = str(unknown)
    else:
        note_attempt(task.name)
        text = verdict(task, function, seed)
    print(text)  # noqa: T201 - speaks to the learner


def verdict(task: Task, function: object, seed: int) -> str:
    """Return what `check` prints: "done" or "not yet", the reason, and how to go on."""
    name = name_of(function, otherwise=task.answer.__name__)
    if not callable(function):
        return f'not yet: {show(function)} is not a function: write check("{task.name}", {name})'
    failing = smallest_failing(task, function, seed) or _changed_argument(task, function, seed)
    again = f'check("{task.name}", {name}'
    if failing is None:
        return (
            f"done: {name} agrees with the reference on every input of seed {seed}.\n"
            f"You may move on; for other inputs, {again}, seed={seed + 1})"
        )
    return (
        f"not yet: {name} on the smallest failing input found (seed {seed})\n"
        f"  call       {call_text(name, failing.args)}\n"
        f"  expected   {failing.want!r}\n"
        f"  problem    {failing.problem}\n"
        f"  look again {IDEAS[failing.idea]} [{failing.idea}]\n"
        f"  replay     paste the call into a cell, or {again}, seed={seed})\n"
        f'  stuck?     hint("{task.name}")'
    )


def expect_on_cases(name: str, function: Function, *, idea: str, seed: int) -> None:
    """Do nothing if `function` is right on all inputs of `seed` that are about `idea`.

    Raises:
        NotYet: with the smallest failing input found.
        ValueError: if no input of this seed is about `idea`: a test of nothing.
    """
    failing = smallest_failing(task_called(name), function, seed, idea)
    if failing:
        raise refused(function, failing.args, failing.problem, idea=failing.idea)


def smallest_failing(task: Task, function: Function, seed: int, idea: str | None = None) -> Failing | None:
    """Return the simplest input on which `function` and the reference differ, or None.

    Args:
        task: what is being asked for.
        function: the learner's function.
        seed: chooses the inputs.
        idea: look only at inputs about this idea.
    """
    cases = itertools.islice(task.cases(Random(seed)), _CASES)
    chosen = [args for args in cases if idea in (None, task.idea(*args))]
    if not chosen:
        raise ValueError(f"none of the {task.name!r} inputs of seed {seed} is about {idea!r}")
    failing = [found for args in chosen if (found := _failing(task, function, args))]
    if not failing:
        return None
    smallest = min(failing, key=lambda found: len(repr(found.args)))
    return _shrunk(task, function, smallest)


def _failing(task: Task, function: Function, args: Args) -> Failing | None:
    want = task.answer(*args)
    problem = task.trial(function, args, want)
    idea = task.idea(*args)
    return Failing(args=args, want=want, problem=problem, idea=idea) if problem else None


def _shrunk(task: Task, function: Function, failing: Failing) -> Failing:
    for _ in range(_SHRINKS):
        simpler = (_failing(task, function, args) for args in task.smaller(*failing.args))
        found = next((one for one in simpler if one and one.idea == failing.idea), None)
        if found is None:
            break
        failing = found
    return failing


def _changed_argument(task: Task, function: Function, seed: int) -> Failing | None:
    """Find a call that changes what it was given; asked only once every answer is right."""
    for args in itertools.islice(task.cases(Random(seed)), _CASES):
        given = copy.deepcopy(args)
        called(function, given)
        changed = difference(list(given), list(args), "the list of arguments")
        if changed:
            return Failing(
                args=args,
                want=task.answer(*args),
                problem=f"right answer, but the function changed what it was given: {changed}",
                idea="leave-the-argument-alone",
            )
    return None
