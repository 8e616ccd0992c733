"""Which points every known solution gets: right ones all, the untouched release none, wrong ones exactly theirs.

The cells run in this process, in order and without a kernel; `test_exercises_nbgrader.py` runs them in nbgrader.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.wrong_solutions import backoff, drain, incident, lifecycle_view
from tests.wrong_solutions.bank import ASSIGNMENTS, Solution, Wrong, graded, release, solved, submission

BANKS: dict[str, Any] = {
    "lifecycle-view": lifecycle_view,
    "backoff": backoff,
    "drain": drain,
    "incident": incident,
}
WRONG = [pytest.param(a, w, id=f"{a}: {w.name}") for a in ASSIGNMENTS for w in BANKS[a].WRONG]
RIGHT = [pytest.param(a, s, id=f"{a}: {s.name}") for a in ASSIGNMENTS for s in BANKS[a].RIGHT]

every_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)


def failing(results: dict[str, str | None]) -> set[str]:
    return {cell for cell, message in results.items() if message}


@every_assignment
def test_the_solutions_score_full_marks(assignment: str) -> None:
    assert graded(solved(assignment), hidden=True)
    assert not failing(graded(solved(assignment), hidden=True))


@every_assignment
@pytest.mark.parametrize("hidden", [False, True], ids=["visible tests", "all tests"])
def test_the_release_scores_nothing(assignment: str, hidden: bool) -> None:
    results = graded(release(assignment), hidden=hidden)
    assert failing(results) == results.keys()


@every_assignment
def test_what_is_not_written_yet_meets_a_message_and_no_traceback(assignment: str) -> None:
    for message in graded(release(assignment), hidden=False).values():
        assert message is not None
        assert message.startswith("NotYet: not yet: ")
        assert all(word in message for word in ("call ", "problem ", "look again "))


@pytest.mark.parametrize(("assignment", "solution"), RIGHT)
def test_another_right_solution_scores_full_marks(assignment: str, solution: Solution) -> None:
    assert not failing(graded(submission(assignment, solution), hidden=True))


@pytest.mark.parametrize(("assignment", "wrong"), WRONG)
def test_a_wrong_solution_loses_exactly_its_points(assignment: str, wrong: Wrong) -> None:
    results = graded(submission(assignment, wrong), hidden=True)
    assert failing(results) == wrong.fails
    first = next(message for message in results.values() if message)
    assert wrong.says in first


@every_assignment
def test_the_bank_is_large_and_no_two_wrong_solutions_are_the_same(assignment: str) -> None:
    wrong, right = BANKS[assignment].WRONG, BANKS[assignment].RIGHT
    assert len(wrong) >= 8
    assert len(right) >= 2
    assert len({one.name for one in (*wrong, *right)}) == len(wrong) + len(right)
    assert len({(one.fails, one.says) for one in wrong}) == len(wrong)


@every_assignment
def test_every_hidden_test_alone_catches_a_solution_that_passes_all_visible_ones(assignment: str) -> None:
    caught_alone = set()
    for wrong in BANKS[assignment].WRONG:
        hand_in = submission(assignment, wrong)
        if len(wrong.fails) == 1 and not failing(graded(hand_in, hidden=False)):
            caught_alone |= wrong.fails
    with_hidden_tests = {cell.id for cell in solved(assignment).cells if "BEGIN HIDDEN TESTS" in cell.source}
    assert with_hidden_tests
    assert caught_alone == with_hidden_tests
