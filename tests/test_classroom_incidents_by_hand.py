"""Incidents worked out by hand: shown, checked at once, graded from the notebook alone, with clues at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lifecycle_kit.classroom.answers_incident import cause_of, change_for
from lifecycle_kit.classroom.at_work_incident import on_call
from lifecycle_kit.classroom.incidents.by_hand import (
    check_incident,
    clue,
    expect_part,
    model_diagnosis,
    post_mortem,
    show_incident,
    titles,
    try_change,
)  # fmt: skip
from lifecycle_kit.classroom.incidents.judge import PARTS
from lifecycle_kit.classroom.incidents.kinds import KINDS
from lifecycle_kit.classroom.incidents.make import my_incidents
from lifecycle_kit.classroom.points import NotYet
from tests.wrong_solutions import incident as bank
from tests.wrong_solutions.bank import Wrong, solved, submission

Output = pytest.CaptureFixture[str]

NAME = "s133"
IDEA = "one-cause-explains-all"
FUNCTIONS = {"in-first": "incident_1", "in-second": "incident_2", "in-third": "incident_3"}
BY_HAND = [pytest.param(wrong, id=wrong.name) for wrong in bank.WRONG if wrong.cell in FUNCTIONS]


def diagnosis(nth: int, name: str = NAME, **changes: Any) -> Callable[[], dict[str, Any]]:
    """Return a function that returns a right diagnosis with some parts changed."""
    answer = {**model_diagnosis(my_incidents(name)[nth - 1]), **changes}
    return lambda: answer


def my_name() -> str:
    return NAME


@pytest.mark.parametrize("name", ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_right_diagnosis_gets_all_four_points_for_every_name(name: str, nth: int) -> None:
    for part in PARTS:
        expect_part(lambda: name, nth, diagnosis(nth, name), part, idea=IDEA)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_judged_for_itself(part: str) -> None:
    wrong: dict[str, Any] = {"cause": "overload", "lines": [1], "next": -5, "change": {"replicas": 19}}
    answer = diagnosis(1, **{part: wrong[part]})
    with pytest.raises(NotYet, match="look again"):
        expect_part(my_name, 1, answer, part, idea=IDEA)
    for other in PARTS:
        if other != part:
            expect_part(my_name, 1, answer, other, idea=IDEA)


def test_a_function_that_raises_or_returns_nothing_is_told_so() -> None:
    def broken() -> Any:
        raise KeyError("cause")

    with pytest.raises(NotYet, match="it raised KeyError"):
        expect_part(my_name, 1, broken, "cause", idea=IDEA)
    with pytest.raises(NotYet, match="returns None: write the diagnosis"):
        expect_part(my_name, 1, lambda: None, "cause", idea=IDEA)


@pytest.mark.parametrize("name", [None, "", 7])
def test_without_a_name_nothing_is_graded(name: object) -> None:
    with pytest.raises(NotYet, match="see the cell my_name"):
        expect_part(lambda: name, 1, diagnosis(1), "cause", idea=IDEA)


def test_the_check_says_done_when_all_four_are_right(capsys: Output) -> None:
    check_incident(NAME, 2, diagnosis(2))
    first, *marks = capsys.readouterr().out.splitlines()
    assert first == "done: you may move on."
    assert [mark.split()[:2] for mark in marks] == [[part, "done:"] for part in PARTS]


@pytest.mark.parametrize("wrong", BY_HAND)
def test_the_instant_check_sees_every_wrong_diagnosis_of_the_bank(wrong: Wrong, capsys: Output) -> None:
    names: dict[str, Any] = {}
    cells = [cell for cell in submission("incident", wrong).cells if cell.id == wrong.cell]
    exec(cells[0].source, names)
    nth = [*FUNCTIONS].index(wrong.cell) + 1
    check_incident(NAME, nth, names[FUNCTIONS[wrong.cell]])
    text = capsys.readouterr().out
    assert text.startswith("not yet")
    assert wrong.says in text


def test_a_verdict_never_tells_what_is_right(capsys: Output) -> None:
    right = model_diagnosis(my_incidents(NAME)[0])
    check_incident(NAME, 1, lambda: {"cause": "overload", "lines": [41], "next": 1, "change": {"replicas": 19}})
    text = capsys.readouterr().out
    assert right["cause"] not in text
    assert str(right["next"]) not in text


def test_an_incident_is_shown_with_its_story_its_lines_its_settings_and_its_question(capsys: Output) -> None:
    show_incident(NAME, 3)
    text = capsys.readouterr().out
    one = my_incidents(NAME)[2]
    assert text.startswith(one.title.upper())
    assert all(word in text for word in ("SETTINGS", "METRICS", "EVENTS", "LOG", "YOU MAY SET", "WHAT HAPPENS NEXT?"))
    assert f"{len(one.lines):>3}  " in text


@pytest.mark.parametrize("show", [show_incident, clue])
@pytest.mark.parametrize(("name", "nth", "says"), [("", 1, "see the cell my_name"), (NAME, 4, "there are 1 to 3")])
def test_a_wrong_name_or_number_is_told_so(
    show: Callable[..., None], name: str, nth: int, says: str, capsys: Output
) -> None:
    show(name, nth)
    assert says in capsys.readouterr().out


def test_titles_are_those_of_the_three_incidents(capsys: Output) -> None:
    titles(NAME)
    assert capsys.readouterr().out.splitlines() == [f"{n}. {one.title}" for n, one in enumerate(my_incidents(NAME), 1)]
    titles(None)
    assert "see the cell my_name" in capsys.readouterr().out


def test_a_change_can_be_tried_before_it_is_handed_in(capsys: Output) -> None:
    try_change(NAME, 1, {"version": "2.6"})
    assert capsys.readouterr().out == "restarts: 20 as it was, 0 with the change: cured.\n"


def test_clues_go_from_a_question_to_the_facts_and_never_name_cause_or_lines(capsys: Output) -> None:
    for name in ("s21", "s22", "s23"):
        for nth in (1, 2, 3):
            one = my_incidents(name)[nth - 1]
            for _ in range(9):
                clue(name, nth)
            given = capsys.readouterr().out
            assert given.splitlines()[0].startswith("clue 1 of ")
            assert given.splitlines()[-1] == given.splitlines()[-2]
            assert one.kind not in given
            assert str(one.question.answer) not in given


def test_the_post_mortem_tells_it_all(capsys: Output) -> None:
    post_mortem(NAME)
    text = capsys.readouterr().out
    assert all(one.kind in text for one in my_incidents(NAME))
    assert text.count(": cured") == 3


def test_on_call_cures_one_incident_of_each_kind(capsys: Output) -> None:
    on_call(cause_of, change_for)
    _, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == len(KINDS)
    assert all(row.endswith(" cured") for row in rows)


def test_on_call_says_when_nothing_can_be_done_with_an_answer(capsys: Output) -> None:
    on_call(cause_of, lambda *_: {"reboot": True})
    assert capsys.readouterr().out.count("nothing done") == len(KINDS)
    on_call(lambda _: None, change_for)
    assert "First see what check" in capsys.readouterr().out


def test_the_solution_was_worked_out_for_the_name_in_its_notebook() -> None:
    (cell,) = (cell for cell in solved("incident").cells if cell.id == "in-name")
    assert f'return "{NAME}"' in cell.source
