"""The quiz says something to every answer, counts the tries, and never ends in an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.classroom import quiz
from lifecycle_kit.classroom.kept import FOLDER_VARIABLE
from lifecycle_kit.classroom.misconceptions import MISCONCEPTIONS
from lifecycle_kit.classroom.questions import KINDS, QUESTIONS, BadAnswer, Question, judge, letters_in
from lifecycle_kit.classroom.quiz import ask, forget, score

LESSONS = {f"{number:02}" for number in range(8)}
every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the answers of each test to itself."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    forget()
    yield tmp_path
    forget()


def new_kernel() -> None:
    """Lose everything that was only in memory."""
    quiz._given.clear()


def longest(question: Question) -> str:
    """Return the letter of the option with the longest text: what a guesser takes."""
    return max(question.options, key=lambda letter: len(question.options[letter].text))


# --- the data


@every_question
def test_a_question_is_complete(question: Question) -> None:
    assert question.kind in KINDS
    assert question.lesson in LESSONS
    assert question.text
    assert question.why
    assert len(question.options) >= 3
    assert all(option.text and option.feedback for option in question.options.values())
    assert len({option.text for option in question.options.values()}) == len(question.options)
    assert len({option.feedback for option in question.options.values()}) == len(question.options)


@every_question
def test_every_distractor_names_a_belief_and_no_right_option_does(question: Question) -> None:
    for option in question.options.values():
        if option.right:
            assert not option.misconception
        else:
            assert option.misconception in MISCONCEPTIONS, option.text


@every_question
def test_the_solution_fits_the_kind(question: Question) -> None:
    right = [letter for letter, option in question.options.items() if option.right]
    if question.kind == "order":
        assert not right
        assert len(question.solution) == len(set(question.solution)) < len(question.options)
        assert set(question.solution) < set(question.options)
        assert question.solution != "".join(sorted(question.solution)), "the steps stand in their order already"
    else:
        assert list(question.solution) == right
        assert 1 <= len(right) < len(question.options)
        assert len(right) == 1 or question.kind == "multiple"


def test_every_belief_is_met_in_some_question() -> None:
    met = {option.misconception for question in QUESTIONS.values() for option in question.options.values()}
    assert met - {""} == set(MISCONCEPTIONS)


def test_a_belief_says_what_holds_instead_and_where_it_is_shown() -> None:
    for found in MISCONCEPTIONS.values():
        assert found.belief
        assert found.instead
        assert found.lesson in LESSONS


def test_neither_the_letter_nor_the_length_gives_the_answer_away() -> None:
    single = [question for question in QUESTIONS.values() if question.kind == "single"]
    letters = Counter(question.solution for question in single)
    assert max(letters.values()) < len(single) / 2
    assert sum(longest(question) == question.solution for question in single) < len(single) / 2


# --- judging


@every_question
def test_the_solution_is_right_and_shows_no_belief(question: Question) -> None:
    judgement = judge(question, question.solution)
    assert judgement.right
    assert not judgement.misconceptions


@every_question
def test_each_wrong_option_gets_its_own_feedback_and_belief(question: Question) -> None:
    for letter, option in question.options.items():
        if letter not in question.solution:
            judgement = judge(question, letter)
            assert not judgement.right
            assert judgement.says == ((letter, option.feedback),)
            assert judgement.misconceptions == (option.misconception,)


def test_what_is_right_and_incomplete_is_told_how_much_is_missing() -> None:
    assert judge(QUESTIONS["restart-harm"], "a").says == (("", "So far it is right, and 2 are missing."),)
    assert judge(QUESTIONS["restart-harm"], "ad").says == (("", "So far it is right, and one is missing."),)
    assert judge(QUESTIONS["leave-in-order"], "dbf").says == (("", "So far it is right, and one is missing."),)


def test_of_a_wrong_order_the_first_step_out_of_place_is_looked_at() -> None:
    judgement = judge(QUESTIONS["leave-in-order"], "dfba")
    assert [letter for letter, _ in judgement.says] == ["f"]


def test_steps_that_belong_nowhere_are_named_before_the_order_is_looked_at() -> None:
    judgement = judge(QUESTIONS["leave-in-order"], "cdea")
    assert [letter for letter, _ in judgement.says] == ["c", "e"]


@pytest.mark.parametrize("typed", ["a d e", "ade", "E, D, A", "a) d) e)", ["a", "d", "e"], ("e", "a", "d"), "aade"])
def test_letters_may_be_typed_in_many_ways(typed: object) -> None:
    assert letters_in(QUESTIONS["restart-harm"], typed) == "ade"


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("liveness-readiness", "f", "there are the letters a to d"),
        ("liveness-readiness", "", "there are the letters a to d"),
        ("liveness-readiness", 2, "there are the letters a to d"),
        ("liveness-readiness", "a b", "has 2 letters; this question has one right answer"),
        ("leave-in-order", "d b d", "has a step twice"),
    ],
)
def test_what_cannot_be_read_is_told_how_to_answer(name: str, typed: object, message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        letters_in(QUESTIONS[name], typed)


# --- asking


def test_three_dots_show_the_question_and_how_to_answer() -> None:
    shown = repr(ask("liveness-readiness"))
    assert shown.startswith("An API instance answers /ping.")
    assert shown.endswith('Put one letter in place of the dots, such as "a", and run the cell again.')
    assert repr(score()) == "No question has been answered yet."


def test_a_wrong_answer_gets_the_feedback_of_its_option_and_the_lesson_but_not_the_solution() -> None:
    shown = repr(ask("liveness-readiness", "b"))
    assert "not yet, try 1: b" in shown
    assert "The restart throws away the loading" in shown
    assert "look again: lesson 03 [liveness-for-usefulness]" in shown
    assert QUESTIONS["liveness-readiness"].options["a"].feedback not in shown
    assert "Why:" not in shown


def test_a_right_answer_gets_the_why_and_what_speaks_against_the_others() -> None:
    ask("liveness-readiness", "b")
    shown = repr(ask("liveness-readiness", "a"))
    assert "done, at try 2: a" in shown
    assert "Why: Liveness asks" in shown
    assert all(f"not {letter}: " in shown for letter in "bcd")


def test_the_chosen_options_are_marked() -> None:
    marked = [line[2] for line in repr(ask("restart-harm", "a b")).splitlines() if line.startswith("> ")]
    assert marked == ["a", "b"]


def test_a_mistype_is_told_and_not_counted() -> None:
    shown = ask("liveness-readiness", "f")
    assert "not counted as a try" in repr(shown)
    assert ask("liveness-readiness", "a").tries == 1


def test_a_question_that_does_not_exist_is_told_which_is_near() -> None:
    assert repr(ask("livenes-readiness", "a")) == (
        "No question is called 'livenes-readiness'. Did you mean 'liveness-readiness'?"
    )
    assert "There are why-analogy" in repr(ask("xyz"))


@given(
    name=st.one_of(st.sampled_from(list(QUESTIONS)), st.text()),
    answer=st.one_of(st.text(), st.text("abcdef "), st.lists(st.text("abcdef")), st.integers(), st.none(), st.floats()),
)
def test_nothing_that_can_be_typed_ends_in_an_error(name: str, answer: object) -> None:
    assert repr(ask(name, answer))


def test_running_a_cell_again_is_not_another_try() -> None:
    ask("liveness-readiness", "b")
    assert ask("liveness-readiness", "b").tries == 1
    ask("liveness-readiness", "a")
    assert ask("liveness-readiness", "c").tries == 2, "looking at the others afterwards is free"


# --- keeping and counting


def test_answers_outlive_the_kernel() -> None:
    ask("liveness-readiness", "b")
    new_kernel()
    assert ask("liveness-readiness", "a").tries == 2
    new_kernel()
    assert score().given == {"liveness-readiness": ("b", "a")}


def test_forget_empties_memory_and_file(folder: Path) -> None:
    ask("liveness-readiness", "b")
    forget()
    assert score().given == {}
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    ["[]", "7", '{"liveness-readiness": 3}', '{"liveness-readiness": []}', '{"gone": ["a"]}',
     '{"liveness-readiness": ["z"]}', '{"liveness-readiness": [[1]]}'],
)  # fmt: skip
def test_a_broken_file_is_as_good_as_none(folder: Path, content: str) -> None:
    (folder / "answers.json").write_text(content)
    assert score().given == {}
    assert ask("liveness-readiness", "a").tries == 1


def test_the_score_counts_first_tries_and_names_each_belief_once() -> None:
    ask("backoff-processes", "c")
    ask("liveness-readiness", "d")
    ask("liveness-readiness", "a")
    ask("which-view", "d")
    ask("green-board", "a")
    lines = repr(score()).splitlines()
    assert lines[0] == f"4 of {len(QUESTIONS)} questions answered, 1 right at the first try, 2 by now."
    assert [line for line in lines if line.startswith("worth")] == [
        "worth a second look: lesson 03 [unready-is-restarted]",
        "worth a second look: lesson 03 [running-is-health]",
    ]
    assert "  one may think  Running means that it works." in lines
