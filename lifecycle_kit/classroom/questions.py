"""The questions of the course and how an answer is judged; nothing here shows anything.

Rule: the texts are data, in `quiz.toml`; whatever displays a question - plain text, a widget - asks `judge`.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

__all__ = ["KINDS", "QUESTIONS", "BadAnswer", "Judgement", "Option", "Question", "judge", "letters_in"]

KINDS = ("single", "multiple", "order")


class BadAnswer(ValueError):
    """What was typed is no answer to this kind of question; the message says how to write one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: its text, what to say to whoever chooses it, and the belief behind it if it is not right."""

    text: str
    feedback: str
    right: bool = False
    misconception: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    Attributes:
        name: its id.
        kind: "single" (one letter), "multiple" (all that apply) or "order" (steps, first to last).
        lesson: number of the lesson that answers it, such as "03".
        text, why: the question, and what to say once it is answered.
        options: by letter, "a" first.
        solution: the letters of the right answer; sorted, unless their order is what is asked.
    """

    name: str
    kind: str
    lesson: str
    text: str
    why: str
    options: Mapping[str, Option]
    solution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What there is to say to an answer.

    Attributes:
        given: the answer's letters.
        right: whether it is the solution.
        says: sentences, each with the letter it is about, or with "" if it is about the whole.
        misconceptions: ids of the beliefs that the answer shows.
    """

    given: str
    right: bool
    says: tuple[tuple[str, str], ...]
    misconceptions: tuple[str, ...] = ()


def letters_in(question: Question, answer: object) -> str:
    """Return the letters of an answer as people type it: "b", "B)", "a, c", "d b f a" or ["a", "c"].

    Raises:
        BadAnswer: saying how this question is answered.
    """
    text = " ".join(map(str, answer)) if isinstance(answer, (list, tuple)) else str(answer)
    letters = "".join(re.findall(r"\w", text.casefold()))
    text = textwrap.shorten(text, 40, placeholder=" ...")
    known = "".join(question.options)
    if not letters or not set(letters) <= set(known):
        raise BadAnswer(f"{text!r} is no answer here; there are the letters {known[0]} to {known[-1]}")
    if question.kind == "single" and len(set(letters)) > 1:
        raise BadAnswer(f"{text!r} has {len(set(letters))} letters; this question has one right answer")
    if question.kind == "order":
        if len(set(letters)) < len(letters):
            raise BadAnswer(f"{text!r} has a step twice; write each letter once, first step first")
        return letters
    return "".join(sorted(set(letters)))


def judge(question: Question, letters: str) -> Judgement:
    """Return what there is to say to an answer, given as `letters_in` returns it.

    >>> judge(QUESTIONS["backoff-processes"], "a").misconceptions
    ('backoff-has-a-process',)
    """
    if letters == question.solution:
        right = tuple((letter, question.options[letter].feedback) for letter in letters)
        return Judgement(given=letters, right=True, says=right if question.kind != "order" else ())
    about = _misplaced(question, letters) if question.kind == "order" else _wrong(question, letters)
    says = [(letter, question.options[letter].feedback) for letter in about]
    missing = len(set(question.solution) - set(letters))
    if question.kind != "single" and not about:
        says.append(("", f"So far it is right, and {_are(missing)} missing."))
    beliefs = dict.fromkeys(question.options[letter].misconception for letter in about)
    return Judgement(given=letters, right=False, says=tuple(says), misconceptions=tuple(beliefs))


def _wrong(question: Question, letters: str) -> str:
    return "".join(letter for letter in letters if letter not in question.solution)


def _misplaced(question: Question, letters: str) -> str:
    """Return the first step that does not stand where it belongs, and any that does not belong at all."""
    belongs_nowhere = _wrong(question, letters)
    pairs = zip(letters, question.solution, strict=False)
    return belongs_nowhere or next((mine for mine, right in pairs if mine != right), "")


def _are(count: int) -> str:
    return "one is" if count == 1 else f"{count} are"


def _question(name: str, entry: dict[str, object]) -> Question:
    texts = {key: " ".join(str(entry[key]).split()) for key in ("kind", "lesson", "text", "why")}
    listed = entry["option"]
    assert isinstance(listed, list)
    options = {chr(ord("a") + n): Option(**option) for n, option in enumerate(listed)}
    right = "".join(letter for letter, option in options.items() if option.right)
    solution = str(entry.get("order", right))
    return Question(name=name, **texts, options=MappingProxyType(options), solution=solution)


_text = files("lifecycle_kit.classroom").joinpath("quiz.toml").read_text(encoding="utf-8")
QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {name: _question(name, entry) for name, entry in tomllib.loads(_text).items()}
)
