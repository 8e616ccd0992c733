"""The quiz on a page: the same questions, judged and kept as the plain-text form does, with controls to choose by.

Rule: nothing is judged here. `quiz.ask` says what there is to say to an answer and counts the tries; so an answer given
on the page is known to the text form, and both survive a new kernel.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle_kit.classroom.questions import Judgement, Question
from lifecycle_kit.classroom.quiz import Asked, ask, score
from lifecycle_kit.show.interactive.form import Button, Control, Form, Group, Value, View
from lifecycle_kit.show.interactive.panel import Panel

__all__ = ["QuizModel", "quiz"]

CONTROLS = {"single": "radio", "multiple": "checks", "order": "order"}
HOW = {
    "single": "Choose one answer, then check it.",
    "multiple": "Choose all that apply, then check them.",
    "order": "Put the steps that are needed in their order, then check it. Some may not be needed at all.",
}


class QuizModel:
    """One question being answered; it begins where it was left.

    Attributes:
        question: the question.
        chosen: places of the options chosen, from 0; for steps, in their order.
        asked: what there is to say to them; None while they have not been checked.
    """

    def __init__(self, name: str) -> None:
        shown = ask(name)
        if shown.question is None:
            raise ValueError(shown.problem)
        self.question: Question = shown.question
        self._letters = list(self.question.options)
        self.chosen: list[int] = []
        self.asked: Asked | None = None
        self._problem = ""
        if before := score().given.get(name):
            self.chosen = [self._letters.index(letter) for letter in before[-1]]
            self.asked = ask(name, before[-1])

    @property
    def form(self) -> Form:
        """The part of the page that stays: the question is the heading of its options."""
        words = tuple(f"{letter}) {option.text}" for letter, option in self.question.options.items())
        answer = Control(name="answer", kind=CONTROLS[self.question.kind], label="Answer", words=words)
        check = Button(name="check", label="Check")
        return Form(
            title=f"Question, lesson {self.question.lesson}", question="", layout="plain", reset="",
            groups=(Group(legend=self.question.text, controls=(answer,), buttons=(check,)),),
        )  # fmt: skip

    @property
    def values(self) -> dict[str, Value]:
        """What is chosen."""
        return {"answer": list(self.chosen)}

    def view(self) -> View:
        """Return what there is to say now, to the whole answer and to each option."""
        if self.asked is None or self.asked.judgement is None:
            return View(says=HOW[self.question.kind], words=repr(ask(self.question.name)), problem=self._problem)
        judgement = self.asked.judgement
        notes = {self._letters.index(letter): text for letter, text in self._feedback(judgement).items()}
        return View(says=self._said(judgement), words=repr(self.asked), notes={"answer": notes})

    def take(self, values: Mapping[str, Value]) -> None:
        """Choose; what was said to another choice is taken away."""
        chosen = values.get("answer")
        if not isinstance(chosen, list) or not all(place in range(len(self._letters)) for place in chosen):
            return
        chosen = list(dict.fromkeys(chosen))
        if chosen != self.chosen:
            self.chosen, self.asked, self._problem = chosen, None, ""

    def press(self, button: str) -> None:
        """Check what is chosen."""
        if button != "check":
            return
        letters = "".join(self._letters[place] for place in self.chosen)
        if not letters:
            self._problem = "Nothing is chosen yet."
            return
        self.asked, self._problem = ask(self.question.name, letters), ""

    def _said(self, judgement: Judgement) -> str:
        tries = self.asked.tries if self.asked else 0
        if judgement.right:
            return f"Done, at try {tries}. {self.question.why}"
        whole = " ".join(text for letter, text in judgement.says if not letter)
        return " ".join(
            filter(None, [f"Not yet, try {tries}.", whole, f"Look again at lesson {self.question.lesson}."])
        )

    def _feedback(self, judgement: Judgement) -> dict[str, str]:
        """Return what to say to options: to those that are wrong, and once it is done to all; not to steps in place."""
        if not judgement.right:
            return {letter: text for letter, text in judgement.says if letter}
        in_place = judgement.given if self.question.kind == "order" else ""
        return {letter: each.feedback for letter, each in self.question.options.items() if letter not in in_place}


def quiz(name: str) -> Panel:
    """Return the question called `name` on a page; `ask` is the same as text.

    Args:
        name: such as "liveness-readiness"; `questions.QUESTIONS` has them all.

    Raises:
        ValueError: if no question has this name.
        NoWidgets: if the packages for widgets are missing.
    """
    return Panel(QuizModel(name))
