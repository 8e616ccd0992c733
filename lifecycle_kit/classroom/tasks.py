"""The functions learners write: for each its reference, its seeded inputs, what an input is about.

Rule: the same seed gives the same inputs on every machine; grading uses seeds that stand only in
the hidden tests, the instant check uses another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from lifecycle_kit.classroom import (
    answers,
    answers_incident,
    problems_backoff,
    problems_drain,
    problems_incident,
    problems_view,
)  # fmt: skip
from lifecycle_kit.classroom.points import trial

__all__ = ["TASKS", "Task", "task_called"]

Args = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One function a learner writes.

    Attributes:
        name: what `check` and `hint` call it.
        answer: the reference, whose name is the function's name.
        cases: endless or finite argument tuples, drawn with the given dice.
        idea: the key in `IDEAS` that a case is about.
        smaller: argument tuples a little simpler than the given one.
        trial: what is wrong with a function on some arguments, given the reference's answer; None if nothing is.
    """

    name: str
    answer: Callable[..., Any]
    cases: Callable[[Random], Iterator[Args]]
    idea: Callable[..., str]
    smaller: Callable[..., Iterator[Args]] = lambda *_args: iter(())
    trial: Callable[[Callable[..., Any], Args, Any], str | None] = trial


def task_called(name: str) -> Task:
    """Return the task called `name`; underscores and the function's own name are fine too.

    Raises:
        ValueError: naming the tasks there are.

    >>> task_called("drain_next").name
    'drain'
    """
    wanted = str(name).replace("_", "-")
    for task in TASKS.values():
        if wanted in (task.name, task.answer.__name__.replace("_", "-")):
            return task
    raise ValueError(f"there is no exercise {name!r}; choose one of {', '.join(map(repr, TASKS))}")


_ALL = (
    Task(
        name="lifecycle-view",
        answer=answers.lifecycle_view,
        cases=problems_view.view_cases,
        idea=problems_view.view_idea,
    ),
    Task(
        name="route-to",
        answer=answers.route_to,
        cases=problems_view.fleet_cases,
        idea=problems_view.fleet_idea,
        smaller=problems_view.smaller_fleets,
    ),
    Task(
        name="operator-action",
        answer=answers.operator_action,
        cases=problems_view.word_cases,
        idea=problems_view.word_idea,
    ),
    Task(
        name="classify",
        answer=answers.classify,
        cases=problems_backoff.failure_cases,
        idea=problems_backoff.failure_idea,
    ),
    Task(
        name="next-delay",
        answer=answers.next_delay,
        cases=problems_backoff.delay_cases,
        idea=problems_backoff.delay_idea,
        smaller=problems_backoff.smaller_delays,
    ),
    Task(
        name="decide",
        answer=answers.decide,
        cases=problems_backoff.history_cases,
        idea=problems_backoff.history_idea,
        smaller=problems_backoff.smaller_histories,
    ),
    Task(
        name="lost-work",
        answer=answers.lost_work,
        cases=problems_drain.audit_cases,
        idea=lambda *_: "every-piece-is-accounted-for",
        smaller=problems_drain.smaller_audits,
    ),
    Task(
        name="drain",
        answer=answers.drain_next,
        cases=problems_drain.drain_cases,
        idea=problems_drain.drain_idea,
        smaller=problems_drain.smaller_units,
    ),
    Task(
        name="cause-of",
        answer=answers_incident.cause_of,
        cases=problems_incident.symptom_cases,
        idea=problems_incident.symptom_idea,
    ),
    Task(
        name="telling-lines",
        answer=answers_incident.telling_lines,
        cases=problems_incident.line_cases,
        idea=lambda *_: "evidence-tells-causes-apart",
        smaller=problems_incident.smaller_evidence,
    ),
    Task(
        name="next-start",
        answer=answers_incident.next_start,
        cases=problems_incident.start_cases,
        idea=lambda *_: "the-next-life-follows-the-waits",
        smaller=problems_incident.smaller_lives,
    ),
    Task(
        name="change-for",
        answer=answers_incident.change_for,
        cases=problems_incident.change_cases,
        idea=lambda *_: "change-what-causes-it",
        trial=problems_incident.change_trial,
    ),
)
TASKS: Mapping[str, Task] = MappingProxyType({task.name: task for task in _ALL})
