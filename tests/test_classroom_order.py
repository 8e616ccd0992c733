"""Steps to be put in order, and what is said to an order that is wrong."""

from __future__ import annotations

import pytest

from lifecycle_kit.classroom.order import in_order

WHY = {
    "a": "The route is still open.",
    "b": "It is still at work.",
    "c": "Nothing has been asked of it yet.",
    "x": "That would end it at once.",
}


def said(answer: object) -> str:
    return in_order(answer, "cab", WHY).words


def test_the_right_order_is_done_however_it_is_written() -> None:
    assert all(in_order(answer, "cab", WHY).done for answer in ("cab", "C A B", "c, a, b", ["c", "a", "b"]))


def test_the_first_step_out_of_place_is_named_with_what_speaks_against_it() -> None:
    assert said("bca") == "not yet: step 1 cannot be b. It is still at work."
    assert said("cba") == "not yet: right up to c, but step 2 cannot be b. It is still at work."


def test_a_step_that_nobody_should_take_is_never_right() -> None:
    assert said("cabx") == "not yet: right up to b, but step 4 cannot be x. That would end it at once."


def test_an_order_that_stops_early_is_told_that_something_is_missing() -> None:
    assert said("") == "not yet: name the steps by their letters."
    assert said("ca") == "not yet: right up to a. What is still missing?"


def test_a_letter_that_does_not_exist_is_answered_with_those_that_do() -> None:
    assert said("cq") == "not yet: there is no step 'q'; use a, b, c, x."


def test_dots_are_no_answer_yet() -> None:
    assert not in_order(..., "cab", WHY).done
    assert "in place of the dots" in said(...)


def test_every_step_of_the_right_order_needs_its_sentence() -> None:
    with pytest.raises(ValueError, match="'z'"):
        in_order("z", "z", WHY)
