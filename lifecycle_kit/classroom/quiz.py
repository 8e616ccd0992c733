"""The quiz as plain text: `ask` shows a question, says something to each answer, and counts the tries.

Its one rule: nothing that can be typed ends in an error. Answers are kept as predictions are, so they
survive a new kernel; once a question is done, further answers are not counted.
"""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import dataclass
from types import EllipsisType

from lifecycle_kit.classroom import kept
from lifecycle_kit.classroom.misconceptions import MISCONCEPTIONS
from lifecycle_kit.classroom.questions import QUESTIONS, BadAnswer, Judgement, Question, judge, letters_in

__all__ = ["Asked", "Score", "ask", "forget", "score"]

WIDTH = 88
_FILE = "answers"
_HOW = {
    "single": 'Put one letter in place of the dots, such as "a", and run the cell again.',
    "multiple": 'Put all letters that apply in place of the dots, such as "a d", and run the cell again.',
    "order": "Put the letters in their order in place of the dots, and run the cell again.",
}
_given: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asked:
    """A question and what there is to say to the last answer; shows itself as text.

    Attributes:
        question: None if there is none of this name.
        judgement: None if there is no answer, or none that can be read.
        problem: what to do about an answer, or a name, that cannot be read.
        tries: how many different answers were given up to the right one.
    """

    question: Question | None
    judgement: Judgement | None = None
    problem: str = ""
    tries: int = 0

    def __repr__(self) -> str:
        """Return the question, then the answer's feedback."""
        if self.question is None:
            return self.problem
        blocks = [_shown(self.question, self.judgement.given if self.judgement else "")]
        if self.judgement is None:
            blocks.append(self.problem or _HOW[self.question.kind])
        else:
            blocks.append(_feedback(self.question, self.judgement, self.tries))
        return "\n\n".join(blocks)


def ask(name: str, answer: object = ...) -> Asked:
    """Return the question called `name`, with what there is to say to `answer`.

    Args:
        name: such as "liveness-readiness"; `QUESTIONS` has them all.
        answer: letters as people type them: "b", "a, d", "d b a". Three dots only show the question.
    """
    question = QUESTIONS.get(str(name))
    if question is None:
        near = difflib.get_close_matches(str(name), QUESTIONS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(QUESTIONS)}."
        return Asked(question=None, problem=_wrapped("", f"No question is called {str(name)!r}. {hint}"))
    if isinstance(answer, EllipsisType):
        return Asked(question=question)
    try:
        letters = letters_in(question, answer)
    except BadAnswer as bad:
        return Asked(question=question, problem=f"{bad}. (This was not counted as a try.)")
    return Asked(question=question, judgement=judge(question, letters), tries=_count(question, letters))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Score:
    """How the questions have fared so far; shows itself as a few lines.

    Attributes:
        given: for each question that was answered, its different answers in order.
    """

    given: dict[str, tuple[str, ...]]

    @property
    def done(self) -> list[str]:
        """The questions that have been answered right by now."""
        return [name for name, given in self.given.items() if given[-1] == QUESTIONS[name].solution]

    @property
    def at_first_try(self) -> list[str]:
        """Those among them whose first answer was right."""
        return [name for name, given in self.given.items() if given[0] == QUESTIONS[name].solution]

    @property
    def misconceptions(self) -> list[str]:
        """The beliefs that the answers have shown, each once."""
        shown = (judge(QUESTIONS[name], letters) for name, given in self.given.items() for letters in given)
        return list(dict.fromkeys(belief for judgement in shown for belief in judgement.misconceptions))

    def __repr__(self) -> str:
        """Return the summary in words."""
        if not self.given:
            return "No question has been answered yet."
        count = f"{len(self.given)} of {len(QUESTIONS)} questions answered"
        lines = [f"{count}, {len(self.at_first_try)} right at the first try, {len(self.done)} by now."]
        for name in sorted(self.misconceptions, key=lambda name: MISCONCEPTIONS[name].lesson):
            found = MISCONCEPTIONS[name]
            lines += ["", f"worth a second look: lesson {found.lesson} [{name}]"]
            lines += [_wrapped("  one may think  ", found.belief), _wrapped("  but            ", found.instead)]
        return "\n".join(lines)


def score() -> Score:
    """Return how all questions of all lessons have fared so far."""
    _recall()
    return Score(given={name: tuple(letters) for name, letters in _given.items()})


def forget() -> None:
    """Forget every answer, in memory and in the file."""
    _given.clear()
    kept.drop(_FILE)


def _count(question: Question, letters: str) -> int:
    """Note an answer unless it was given before or the question is done; return the tries."""
    _recall()
    given = _given.setdefault(question.name, [])
    if letters not in given and question.solution not in given:
        given.append(letters)
        kept.save(_FILE, _given)
    return len(given)


def _recall() -> None:
    """Take in what other kernels, or an earlier one, have noted."""
    noted = kept.load(_FILE)
    if isinstance(noted, dict):
        _given.update({name: given for name, given in noted.items() if _is_ours(name, given)})


def _is_ours(name: str, given: object) -> bool:
    options = QUESTIONS[name].options if name in QUESTIONS else {}
    listed = given if isinstance(given, list) else []
    return bool(listed) and all(isinstance(each, str) and set(each) <= set(options) for each in listed)


def _shown(question: Question, given: str) -> str:
    lines = [textwrap.fill(question.text, WIDTH), ""]
    for letter, option in question.options.items():
        mark = ">" if letter in given else " "
        lines.append(_wrapped(f"{mark} {letter}  ", option.text))
    return "\n".join(lines)


def _feedback(question: Question, judgement: Judgement, tries: int) -> str:
    shown = " ".join(judgement.given)
    if judgement.right:
        lines = [f"done, at try {tries}: {shown}"]
        lines += [_wrapped(f"  {letter}: ", text) for letter, text in judgement.says]
        lines.append(_wrapped("  Why: ", question.why))
        others = [letter for letter in question.options if letter not in judgement.given]
        return "\n".join(lines + [_wrapped(f"  not {each}: ", question.options[each].feedback) for each in others])
    lines = [f"not yet, try {tries}: {shown}"]
    lines += [_wrapped(f"  {letter}: " if letter else "  ", text) for letter, text in judgement.says]
    beliefs = ", ".join(judgement.misconceptions)
    return "\n".join([*lines, f"  look again: lesson {question.lesson}" + (f" [{beliefs}]" if beliefs else "")])


def _wrapped(start: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
