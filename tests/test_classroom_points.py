"""Test cells: one point, one sentence, a message instead of a traceback, and nothing on stderr."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from lifecycle_kit.classroom.ideas import IDEAS
from lifecycle_kit.classroom.points import NotYet, expect, name_of, one_point, trial

IDEA = "gone-first"


def message_of(function: Callable[..., Any], args: list[Any], want: Any) -> str:
    with pytest.raises(NotYet) as caught:
        expect(function, args, want, idea=IDEA)
    return str(caught.value)


def test_a_right_answer_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    expect(len, ["four"], 4, idea=IDEA)
    assert capsys.readouterr() == ("", "")


def test_a_wrong_answer_says_the_call_the_problem_and_the_idea() -> None:
    assert message_of(len, ["four"], 5).splitlines() == [
        "  call       len('four')",
        "  problem    the answer is 4, expected 5",
        f"  look again {IDEAS[IDEA]} [{IDEA}]",
    ]


def test_a_long_call_has_a_line_for_each_argument() -> None:
    lines = message_of(max, [list(range(20)), list(range(30))], None).splitlines()
    assert [line.strip()[:12] for line in lines[:4]] == ["call       m", "[0, 1, 2, 3,", "[0, 1, 2, 3,", ")"]


def test_a_point_says_in_one_sentence_what_passes(capsys: pytest.CaptureFixture[str]) -> None:
    with one_point("Four has four letters."):
        expect(len, ["four"], 4, idea=IDEA)
    assert capsys.readouterr() == ("the visible checks pass: Four has four letters.\n", "")


def test_a_lost_point_begins_with_its_sentence_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(NotYet, match=r"^not yet: Four has five letters\.\n  call "),
        one_point("Four has five letters."),
    ):
        expect(len, ["four"], 5, idea=IDEA)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_shows_the_message_in_place_of_a_traceback() -> None:
    assert NotYet("one\ntwo")._render_traceback_() == ["one", "two"]


def test_an_error_in_the_function_is_named_with_its_line() -> None:
    cell = "def broken(number):\n    half = number / 2\n    return haf\n"
    names: dict[str, Any] = {}
    exec(compile(cell, "<cell>", "exec"), names)
    found = trial(names["broken"], [1], 2)
    assert found is not None
    assert found.startswith("it raised NameError: name 'haf' is not defined")
    assert found.endswith("(line 3 of its cell)")


def test_what_is_not_written_yet_is_called_so() -> None:
    def unwritten() -> None:
        raise NotImplementedError

    assert trial(unwritten, [], 1) == "it raised NotImplementedError: this function is not written yet"
    assert trial(lambda: None, [], 1) == "the answer is None, expected 1: is it written, and does every path `return`?"


def test_the_wrong_number_of_parameters_is_named() -> None:
    assert "takes 0 positional arguments but 1 was given" in str(trial(lambda: 1, [1], 1))


def test_a_result_handed_over_in_place_of_the_function_is_named() -> None:
    not_a_function: Any = "ready"
    assert trial(not_a_function, [1], 1) == "'ready' is not a function: hand over its name, without calling it"


def test_leaving_the_interpreter_is_only_a_wrong_answer() -> None:
    assert trial(sys.exit, [3], 1) == "it raised SystemExit: 3"


def test_an_error_without_a_text_is_still_only_an_error() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    def fails() -> None:
        raise Mute

    assert "it raised Mute: (its text cannot be shown)" in str(trial(fails, [], 1))


def test_what_the_function_prints_or_warns_stays_out_of_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty() -> int:
        sys.stdout.write("out")
        sys.stderr.write("err")
        warnings.warn("careful", stacklevel=2)
        return 1

    assert trial(chatty, [], 1) is None
    assert capsys.readouterr() == ("", "")


def test_a_function_that_changes_its_argument_changes_a_copy() -> None:
    given = ["b", "a"]
    expect(list.sort, [given], None, idea=IDEA)
    assert given == ["b", "a"]


def test_an_unknown_idea_is_an_error_of_the_test_not_of_the_learner() -> None:
    with pytest.raises(KeyError):
        expect(len, ["four"], 5, idea="no such idea")


def test_a_function_without_a_name_is_called_what_it_should_be_called() -> None:
    assert name_of(lambda: 1, otherwise="drain_next") == "drain_next"
    assert name_of(len) == "len"
