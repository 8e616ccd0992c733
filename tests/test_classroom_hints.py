"""Hints: five steps, counted, never refused, and the last one is a solution that works."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lifecycle_kit.classroom import hints
from lifecycle_kit.classroom.checks import CHECK_SEED, verdict
from lifecycle_kit.classroom.hints import STEPS, hint, hint_text, note_attempt
from lifecycle_kit.classroom.tasks import TASKS, Task
from tests.wrong_solutions.bank import ASSIGNMENTS, solved

every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test as a new session does: nothing tried, nothing shown."""
    monkeypatch.setattr(hints, "_attempts", Counter[str]())
    monkeypatch.setattr(hints, "_shown", Counter[str]())


@every_task
def test_each_exercise_has_five_different_hints(task: Task) -> None:
    assert len({hint_text(task, step).strip() for step in STEPS} - {""}) == 5


@every_task
def test_the_first_hint_is_a_question_and_no_early_hint_holds_the_solution(task: Task) -> None:
    assert "?" in hint_text(task, "question") or hint_text(task, "question").startswith("Name ")
    for step in STEPS[:3]:
        assert "\n    return" not in hint_text(task, step)


@every_task
def test_the_last_hint_is_a_solution_that_is_done(task: Task) -> None:
    names: dict[str, Any] = {"Record": dict, "Sequence": list}
    for assignment in ASSIGNMENTS:  # what the notebook has defined before: constants, earlier functions
        for cell in solved(assignment).cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                exec(cell.source, names)
    exec(hint_text(task, "solution"), names)
    assert verdict(task, names[task.answer.__name__], CHECK_SEED).startswith("done: ")


def test_each_call_shows_one_step_more_and_the_last_one_stays(capsys: pytest.CaptureFixture[str]) -> None:
    note_attempt("drain")
    headings = []
    for _ in range(7):
        hint("drain")
        headings.append(capsys.readouterr().out.splitlines()[0])
    assert headings[:5] == [f"hint {n} of 5 for drain ({step})" for n, step in enumerate(STEPS, 1)]
    assert headings[5:] == ["hint 5 of 5 for drain (solution): this was the last one, here it is again"] * 2


def test_asking_before_trying_is_answered_kindly_and_with_the_hint(capsys: pytest.CaptureFixture[str]) -> None:
    hint("drain")
    said = capsys.readouterr().out
    assert said.startswith('You have not run check("drain", drain_next) yet.')
    assert "hint 1 of 5 for drain (question)" in said
    hint("drain")
    assert capsys.readouterr().out.startswith("hint 2 of 5")


def test_a_mistyped_exercise_is_answered_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    hint("dran")
    assert capsys.readouterr().out.startswith("there is no exercise 'dran'; choose one of ")


def test_no_hint_is_written_for_a_function_nobody_asks_for() -> None:
    assert hints._LADDERS.keys() == TASKS.keys()
    assert all(tuple(steps) == STEPS[:4] for steps in hints._LADDERS.values())
