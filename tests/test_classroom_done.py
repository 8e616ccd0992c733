"""Small exercises say done, or not yet and where to look."""

from __future__ import annotations

import pytest

from lifecycle_kit.classroom.done import done_if, pick

FEEDBACK = {"a": "It is alive.", "b": "It has ended."}


@pytest.mark.parametrize(
    ("answer", "right", "within", "done"),
    [
        (9, 9, 0, True),
        (9, 8, 0, False),
        (9, 8, 1, True),
        (" z ", "Z", 0, True),
        (("Z", "gone"), ["Z", "gone"], 0, True),
        (None, 9, 0, False),
        (..., 9, 0, False),
    ],
)
def test_an_answer_is_done_if_it_says_the_same(answer: object, right: object, within: float, done: bool) -> None:
    assert done_if(answer, right, look="Look there.", within=within).done is done


def test_a_wrong_answer_is_told_where_to_look_and_not_what_is_right() -> None:
    assert repr(done_if(7, 9, look="Look there.")) == "not yet: 7 is not it. Look there."


def test_three_dots_are_no_answer_yet() -> None:
    assert "in place of the dots" in repr(done_if(..., 9, look="Look there."))
    assert "in place of the dots" in repr(pick(..., "b", FEEDBACK))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("b", "done: It has ended."),
        (" B", "done: It has ended."),
        ("a", "not yet: It is alive."),
        ("c", "not yet: pick one of a, b."),
        (2, "not yet: pick one of a, b."),
    ],
)
def test_every_option_has_its_own_feedback(answer: object, words: str) -> None:
    assert repr(pick(answer, "b", FEEDBACK)) == words


def test_a_question_without_feedback_for_its_right_option_is_refused() -> None:
    with pytest.raises(ValueError, match="the right option 'c' has no feedback"):
        pick("a", "c", FEEDBACK)
