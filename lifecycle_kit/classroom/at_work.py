"""The learner's own function inside the simulator: asked politely, and answered in a sentence if it fails.

Rule: a function that is wrong or unfinished never ends in a traceback; it ends in the words of a check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lifecycle_kit.classroom.compare import difference
from lifecycle_kit.classroom.points import NotYet, called, name_of
from lifecycle_kit.classroom.tasks import task_called
from lifecycle_kit.simulate.story import Number, table

__all__ = ["Rows", "ask", "refuse_form", "show_rows"]

Rows = dict[str, dict[str, Number]]


def ask(function: Callable[..., Any], args: Sequence[Any], task: str) -> Any:
    """Return what the learner's function answers; hand in copies of what it must not change.

    Raises:
        NotYet: if it raises, or answers nothing; the text says which check to run.
    """
    got, problem = called(function, args)
    if problem is None and got is None:
        problem = "it returned None"
    if problem:
        name = name_of(function, otherwise=task_called(task).answer.__name__)
        raise NotYet(f'not yet: {name} cannot work here: {problem}. First see what check("{task}", {name}) says.')
    return got


def refuse_form(answer: Any, right: Any, task: str) -> NotYet:
    """Return the error for an answer that has another form than `right`, a right one."""
    problem = difference(answer, right) or "the answer has another form than expected"
    return NotYet(f'not yet: {problem}. First see what check("{task}", {task_called(task).answer.__name__}) says.')


def show_rows(make_rows: Callable[[], Rows]) -> None:
    """Print the table that `make_rows` returns, or why there is none yet."""
    try:
        text = "\n".join(table(make_rows()))
    except NotYet as problem:
        text = str(problem)
    print(text)  # noqa: T201 - speaks to the learner
