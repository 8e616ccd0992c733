"""Hints in five steps: a question, the concept, the place, nearly the code, the solution.

Rule: each call shows one step more, is counted, and never refuses; trying first is advised, not
required. The texts are data, in `hints.toml`; the solution is the reference's own source.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections import Counter
from importlib.resources import files

from lifecycle_kit.classroom.tasks import Task, task_called

__all__ = ["STEPS", "hint", "note_attempt"]

STEPS = ("question", "concept", "location", "near-code", "solution")

_text = files("lifecycle_kit.classroom").joinpath("hints.toml").read_text(encoding="utf-8")
_LADDERS: dict[str, dict[str, str]] = tomllib.loads(_text)
_TRY_FIRST = (
    'You have not run check("{name}", {function}) yet. A first try, even a wrong one, makes\n'
    "a hint worth more: you will know which question you have. Here it is all the same.\n"
)
_attempts: Counter[str] = Counter()
_shown: Counter[str] = Counter()


def hint(name: str) -> None:
    """Print the next hint for the exercise called `name`, such as "drain"."""
    try:
        text = next_hint(task_called(name))
    except ValueError as unknown:
        text = str(unknown)
    print(text)  # noqa: T201 - speaks to the learner


def note_attempt(name: str) -> None:
    """Remember that the learner has tried the exercise called `name`."""
    _attempts[name] += 1


def next_hint(task: Task) -> str:
    """Return the next step of the task's ladder, and count it; after the last, the last again."""
    step = min(_shown[task.name], len(STEPS) - 1)
    lines = [f"hint {step + 1} of {len(STEPS)} for {task.name} ({STEPS[step]})"]
    if step == 0 and not _attempts[task.name]:
        lines.insert(0, _TRY_FIRST.format(name=task.name, function=task.answer.__name__))
    if _shown[task.name] >= len(STEPS):
        lines[0] += ": this was the last one, here it is again"
    _shown[task.name] += 1
    lines.append(hint_text(task, STEPS[step]))
    return "\n".join(lines)


def hint_text(task: Task, step: str) -> str:
    """Return what the hint called `step` says."""
    return _solution(task) if step == "solution" else _LADDERS[task.name][step]


def _solution(task: Task) -> str:
    """Return the reference's source without its docstring; the notebook already has one."""
    source = inspect.getsource(task.answer)
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    text = function.body[0]
    lines = source.splitlines()
    del lines[text.lineno - 1 : text.end_lineno]
    return "\n".join(lines)
