"""The instant check: done, or not yet and why, with a small failing call that can be replayed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from random import Random
from typing import Any

import pytest

from lifecycle_kit.classroom import answers, hints
from lifecycle_kit.classroom.checks import CHECK_SEED, check, expect_on_cases, smallest_failing, verdict
from lifecycle_kit.classroom.ideas import IDEAS
from lifecycle_kit.classroom.points import NotYet
from lifecycle_kit.classroom.tasks import TASKS, Task, task_called
from tests.wrong_solutions import backoff, drain, incident, lifecycle_view
from tests.wrong_solutions.bank import Wrong, solved, submission

SEEDS = (CHECK_SEED, 8, 4_101)
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
BANKS: dict[str, Any] = {"lifecycle-view": lifecycle_view, "backoff": backoff, "drain": drain, "incident": incident}
BY_HAND = {"in-name", "in-first", "in-second", "in-third"}  # see test_classroom_incidents_by_hand
WRONG = [
    pytest.param(a, wrong, id=f"{a}: {wrong.name}")
    for a, bank in BANKS.items()
    for wrong in bank.WRONG
    if wrong.cell not in BY_HAND
]


@every_task
def test_the_reference_is_done_on_every_seed(task: Task) -> None:
    for seed in SEEDS:
        assert verdict(task, task.answer, seed).startswith(f"done: {task.answer.__name__} ")


@every_task
def test_the_same_seed_gives_the_same_inputs(task: Task) -> None:
    once, again = (list(itertools.islice(task.cases(Random(3)), 50)) for _ in range(2))
    assert once == again


@every_task
def test_every_idea_of_a_task_is_met_at_least_once_on_every_seed(task: Task) -> None:
    met = [Counter(task.idea(*args) for args in itertools.islice(task.cases(Random(s)), 400)) for s in SEEDS]
    assert {frozenset(ideas) for ideas in met} == {frozenset(met[0])}
    assert met[0].keys() <= IDEAS.keys()


def functions_of(assignment: str, wrong: Wrong) -> dict[str, Any]:
    """Return what the learner who hands this in has defined."""
    names: dict[str, Any] = {}
    for cell in submission(assignment, wrong).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, names)
    return names


@pytest.mark.parametrize(("assignment", "wrong"), WRONG)
def test_the_instant_check_sees_every_wrong_solution_of_the_bank(assignment: str, wrong: Wrong) -> None:
    names = functions_of(assignment, wrong)
    tasks = [task for task in TASKS.values() if task.answer.__name__ in names]
    verdicts = [verdict(task, names[task.answer.__name__], CHECK_SEED) for task in tasks]
    assert any(text.startswith("not yet: ") for text in verdicts)


def test_a_failing_call_can_be_pasted_and_fails_again() -> None:
    def next_delay(nth: int, first_s: float, _factor: float, cap_s: float) -> float:
        return min(cap_s, first_s * 2.0 ** min(nth - 1, 60))

    text = verdict(task_called("next-delay"), next_delay, CHECK_SEED)
    call = re.findall(r"call +(next_delay\(.*\))", text)[0]
    expected = re.findall(r"expected +(.*)", text)[0]
    assert eval(call, {"next_delay": next_delay}) != eval(expected) == eval(call, {"next_delay": answers.next_delay})
    assert 'check("next-delay", next_delay, seed=7)' in text
    assert 'hint("next-delay")' in text


def test_a_failing_case_is_made_as_small_as_it_goes() -> None:
    forgets_alert: Any = lambda failures, policy: {**answers.decide(failures, policy), "alert": False}  # noqa: E731
    found = smallest_failing(task_called("decide"), forgets_alert, CHECK_SEED)
    assert found is not None
    failures, policy = found.args
    assert len(failures) in (1, policy["alert_after"])

    two_pieces = lambda state, event: (  # noqa: E731
        {"state": state, "actions": []} if len(state["in_flight"]) > 1 else answers.drain_next(state, event)
    )
    found = smallest_failing(task_called("drain"), two_pieces, CHECK_SEED)
    assert found is not None
    assert len(found.args[0]["in_flight"]) == 2
    assert not found.args[0]["outcomes"]


def test_a_function_that_changes_what_it_was_given_is_not_done() -> None:
    def drain_next(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        after = answers.drain_next(state, event)
        state.update(after["state"])
        return after

    text = verdict(task_called("drain"), drain_next, CHECK_SEED)
    assert "right answer, but the function changed what it was given" in text
    assert "[leave-the-argument-alone]" in text


def test_a_mistyped_exercise_is_answered_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    check("drian", answers.drain_next)
    said = capsys.readouterr().out
    assert said.startswith("there is no exercise 'drian'; choose one of 'lifecycle-view', ")


def test_a_result_in_place_of_a_function_is_answered_with_the_right_call(capsys: pytest.CaptureFixture[str]) -> None:
    result: Any = answers.operator_action("ready")
    check("operator-action", result)
    said = capsys.readouterr().out
    assert said == ("not yet: 'send-work' is not a function: write check(\"operator-action\", operator_action)\n")


def test_underscores_and_function_names_are_fine_too() -> None:
    assert task_called("drain_next") is task_called("drain") is TASKS["drain"]
    assert task_called("route_to") is TASKS["route-to"]


def test_a_check_counts_as_an_attempt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "_attempts", Counter[str]())
    monkeypatch.setattr(hints, "_shown", Counter[str]())
    check("drain", answers.drain_next)
    hints.hint("drain")
    assert "You have not run" not in capsys.readouterr().out


def test_a_hidden_test_on_cases_fails_with_the_smallest_one() -> None:
    expect_on_cases("classify", answers.classify, idea="exit-code-is-evidence", seed=1)
    with pytest.raises(NotYet, match=r"\[exit-code-is-evidence\]$"):
        expect_on_cases("classify", lambda _failure: "transient", idea="exit-code-is-evidence", seed=1)


def test_a_hidden_test_that_tests_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the 'classify' inputs of seed 1 is about 'gone-first'"):
        expect_on_cases("classify", answers.classify, idea="gone-first", seed=1)


def test_the_assignments_ask_for_the_functions_that_can_be_checked() -> None:
    asked = [
        name
        for assignment in BANKS
        for cell in solved(assignment).cells
        for name in re.findall(r'^check\("([\w-]+)"', cell.source, re.MULTILINE)
    ]
    assert asked == list(TASKS)
