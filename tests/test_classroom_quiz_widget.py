"""The quiz on a page: what is chosen is judged, counted and kept exactly as in the plain-text form."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle_kit.classroom import quiz as text_form
from lifecycle_kit.classroom.kept import FOLDER_VARIABLE
from lifecycle_kit.classroom.questions import QUESTIONS, Question
from lifecycle_kit.classroom.quiz_widget import CONTROLS, QuizModel
from lifecycle_kit.classroom.quiz_widget import quiz as quiz_panel
from lifecycle_kit.show.interactive.panel import still

SINGLE, MULTIPLE, ORDER = "liveness-readiness", "restart-harm", "leave-in-order"


@pytest.fixture(autouse=True)
def _nothing_answered_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    text_form.forget()


def places(question: Question, letters: str) -> list[int]:
    return [list(question.options).index(letter) for letter in letters]


def answer(model: QuizModel, letters: str) -> None:
    model.take({"answer": places(model.question, letters)})
    model.press("check")


def notes(model: QuizModel) -> dict[str, str]:
    letters = list(model.question.options)
    return {letters[place]: text for place, text in model.view().notes.get("answer", {}).items()}


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_every_question_can_be_answered_right(name: str) -> None:
    model = QuizModel(name)
    answer(model, model.question.solution)
    assert model.view().says.startswith("Done, at try 1. ")
    assert model.question.why in model.view().says
    assert name in text_form.score().at_first_try


@pytest.mark.parametrize("name", [SINGLE, MULTIPLE, ORDER])
def test_its_control_fits_the_kind_of_the_question(name: str) -> None:
    (group,) = QuizModel(name).form.groups
    assert group.legend == QUESTIONS[name].text
    assert [control.kind for control in group.controls] == [CONTROLS[QUESTIONS[name].kind]]
    assert group.controls[0].words[0].startswith("a) ")


def test_a_wrong_choice_is_answered_beside_its_option() -> None:
    model = QuizModel(SINGLE)
    answer(model, "b")
    assert model.view().says == "Not yet, try 1. Look again at lesson 03."
    assert notes(model) == {"b": model.question.options["b"].feedback}


def test_once_it_is_done_every_option_has_its_why() -> None:
    model = QuizModel(SINGLE)
    answer(model, "a")
    assert notes(model) == {letter: option.feedback for letter, option in model.question.options.items()}


def test_what_is_missing_is_said_to_the_whole() -> None:
    model = QuizModel(MULTIPLE)
    answer(model, model.question.solution[:1])
    assert "So far it is right, and" in model.view().says
    assert notes(model) == {}


def test_the_first_step_out_of_place_is_named_and_steps_in_place_stay_quiet() -> None:
    model = QuizModel(ORDER)
    answer(model, "abfd")
    assert list(notes(model)) == ["a"]
    answer(model, model.question.solution)
    assert set(notes(model)) == set(model.question.options) - set(model.question.solution)


def test_choosing_anew_takes_the_old_feedback_away() -> None:
    model = QuizModel(SINGLE)
    answer(model, "b")
    model.take({"answer": places(model.question, "c")})
    assert (notes(model), model.view().says) == ({}, "Choose one answer, then check it.")


def test_checking_nothing_is_not_counted() -> None:
    model = QuizModel(SINGLE)
    model.press("check")
    assert model.view().problem == "Nothing is chosen yet."
    assert text_form.score().given == {}


def test_an_answer_survives_a_reload_and_is_known_to_the_text_form() -> None:
    answer(QuizModel(SINGLE), "b")
    again = QuizModel(SINGLE)
    assert again.values == {"answer": places(again.question, "b")}
    assert again.view().says.startswith("Not yet, try 1.")
    assert repr(text_form.ask(SINGLE, "a")).count("done, at try 2") == 1


def test_an_answer_given_as_text_is_shown_on_the_page() -> None:
    text_form.ask(ORDER, QUESTIONS[ORDER].solution)
    assert QuizModel(ORDER).view().says.startswith("Done, at try 1.")


def test_what_a_page_may_not_send_changes_nothing() -> None:
    model = QuizModel(SINGLE)
    for nonsense in (99, "b", True, [99], [-1]):
        model.take({"answer": nonsense})
    model.take({})
    model.press("launch")
    assert (model.values, model.asked) == ({"answer": []}, None)


def test_an_unknown_question_is_refused_with_a_near_one() -> None:
    with pytest.raises(ValueError, match="Did you mean 'liveness-readiness'"):
        QuizModel("liveness-readyness")


def test_a_saved_notebook_keeps_the_question_as_text() -> None:
    kept = still(QuizModel(SINGLE))
    assert set(kept) == {"text/plain"}
    assert QUESTIONS[SINGLE].text.split(".")[0] in kept["text/plain"]


def test_on_a_page_a_checked_answer_arrives_with_its_feedback() -> None:
    pytest.importorskip("anywidget")
    panel = quiz_panel(SINGLE)
    panel._told(None, {"turn": {"answer": [0]}}, [])
    panel._told(None, {"press": "check"}, [])
    assert panel.widget.view["says"].startswith("Done, at try 1.")
    assert panel.widget.view["notes"]["answer"]["0"] == QUESTIONS[SINGLE].options["a"].feedback
