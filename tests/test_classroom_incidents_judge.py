"""Judging a diagnosis, on a small incident made by hand: what is right, what speaks against the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lifecycle_kit.classroom.incidents.causes import CAUSES, causes, nearest_cause
from lifecycle_kit.classroom.incidents.judge import form_problem, judge_cause, judge_lines, judge_next
from lifecycle_kit.classroom.incidents.values import Fact, Incident, Line, Question, Setting

LINES = (
    Line(section="settings", who="api", text="grace = 5", proves="grace"),
    Line(section="metrics", at_s=10, who="api", text="cut 3", proves="cut"),
    Line(section="events", at_s=11, who="api", text="api-0: SIGKILL", proves="killed"),
    Line(section="events", at_s=16, who="api", text="api-1: SIGKILL", proves="killed"),
    Line(section="log", at_s=2, who="api", text="GC pause", stray="is harmless"),
    Line(section="log", at_s=3, who="maps", text="out of memory", stray="is about maps"),
    Line(section="log", at_s=4, who="api", text="started"),
)
INCIDENT = Incident(
    kind="drain-cut",
    seed=1,
    title="api: broken downloads",
    story="Downloads break off.",
    service="api",
    until_s=20,
    lines=LINES,
    facts=(
        Fact(name="grace", asks="how long may a stop take?"),
        Fact(name="killed", asks="how did it end?"),
        Fact(name="cut", asks="what became of the work?", needed=False),
    ),
    settings={
        "grace": Setting(name="grace", value=5, allowed=(1, 60), means="s", sets=lambda _: {}),
        "jitter": Setting(name="jitter", value="none", allowed=("none", "full"), means="", sets=lambda _: {}),
    },
    question=Question(text="When?", unit="s", answer=21.0, within=0.5, look="Who is leaving?"),
)


class Liar:
    """Equals everything, and is no plain value."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "a diagnosis is a dict"),
        ([1], "a diagnosis is a dict"),
        ({"cause": "leak"}, "'lines' is missing"),
        ({"cause": 1, "lines": 1, "next": 1, "change": 1, "more": 1}, "'more' is none of them"),
        ({"cause": 1, "lines": 1, "next": 1, "change": 1, 5: 1}, "5 is none of them"),
    ],
)
def test_what_is_no_diagnosis_is_told_why(answer: object, says: str) -> None:
    problem = form_problem(answer)
    assert problem is not None
    assert says in problem


def test_a_diagnosis_has_four_keys_whatever_their_values() -> None:
    assert form_problem({"cause": None, "lines": None, "next": None, "change": None}) is None


def test_the_right_cause_is_done() -> None:
    assert judge_cause("drain-cut", INCIDENT).right


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause != "drain-cut"])
def test_a_wrong_cause_is_told_what_would_be_seen_and_not_the_right_one(cause: str) -> None:
    mark = judge_cause(cause, INCIDENT)
    assert not mark.right
    assert CAUSES[cause].shows in mark.words
    assert "drain-cut" not in mark.words


@pytest.mark.parametrize("answer", [Liar(), None, 7, "drain_cut", "", ["drain-cut"]])
def test_what_is_no_cause_is_never_right(answer: object) -> None:
    assert not judge_cause(answer, INCIDENT).right


def test_a_cause_that_is_nearly_a_word_gets_a_hint() -> None:
    assert nearest_cause("fire") == "causes() prints all there are"
    assert nearest_cause("drain_cut") == "did you mean 'drain-cut'?"


def test_causes_prints_one_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    causes()
    assert len(capsys.readouterr().out.splitlines()) == len(CAUSES)


@pytest.mark.parametrize("lines", [[1, 3], [4, 1], [1, 2, 3, 4], [1, 3, 4, 5]])
def test_lines_that_show_every_needed_fact_are_done(lines: list[int]) -> None:
    assert judge_lines(lines, INCIDENT).right


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([1], "1 of 2 facts are shown, by 1 of 1 lines. Still missing: how did it end?"),
        ([3, 2], "Still missing: how long may a stop take?"),
        ([1, 3, 5], "Line 5 is harmless."),
        ([1, 3, 4, 5, 6], "Line 6 is about maps."),
        ([1, 3, 7], "Line 7 would stand there with another cause, too."),
        ([], "give a list of line numbers"),
        ((1, 3), "give a list of line numbers"),
        ([0, 1], "there is no line 0; they are 1 to 7"),
        ([1, 8], "there is no line 8"),
        ([1, True], "there is no line True"),
        ([1, 3, 3], "a line stands twice"),
        ([1, 2, 3, 4, 5, 6, 7, 1], "a line stands twice"),
    ],
)
def test_lines_that_do_not_prove_it_are_told_what_is_missing_or_astray(lines: Any, says: str) -> None:
    mark = judge_lines(lines, INCIDENT)
    assert not mark.right
    assert says in mark.words


def test_more_lines_than_a_proof_needs_are_refused() -> None:
    many = replace(INCIDENT, lines=LINES * 2)
    assert "9 lines are too many" in judge_lines(list(range(1, 10)), many).words


@pytest.mark.parametrize("number", [20.5, 21, 21.4, 21.5])
def test_a_prediction_may_be_off_as_far_as_the_question_says(number: float) -> None:
    assert judge_next(number, INCIDENT).right


@pytest.mark.parametrize("number", [20.4, 21.6, float("nan"), float("inf"), 10**400, "21", True, None, Liar()])
def test_a_prediction_that_does_not_come_true_is_told_where_to_look(number: object) -> None:
    mark = judge_next(number, INCIDENT)
    assert not mark.right
    assert "21 s" not in mark.words


def test_a_mark_shows_itself_as_a_sentence() -> None:
    assert repr(judge_next(21, INCIDENT)) == "next    done: 21 s, says the simulation."


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("grace", 60, True),
        ("grace", 61, False),
        ("grace", 5.5, False),
        ("grace", True, False),
        ("grace", float("nan"), False),
        ("jitter", "full", True),
        ("jitter", "half", False),
        ("jitter", Liar(), False),
    ],
)
def test_a_setting_takes_what_is_allowed(name: str, value: object, fits: bool) -> None:
    assert (INCIDENT.settings[name].problem(value) is None) is fits


def test_the_evidence_is_plain_data_and_holds_nothing_that_only_the_judge_knows() -> None:
    evidence = INCIDENT.evidence()
    assert evidence["lines"][2] == {
        "n": 3, "section": "events", "at": 11, "who": "api", "what": "", "text": "api-0: SIGKILL",
    }  # fmt: skip
    text = repr(evidence)
    assert "killed" not in text
    assert "drain-cut" not in text
    assert evidence["allowed"] == {"grace": [1, 60], "jitter": ["none", "full"]}
