"""A diagnosis judged: its cause, its evidence, what it says will happen next.

Rule: pure judgements on plain data. A wrong answer is told what speaks against it, or where to look, never what the
right one is; no method of the learner's objects is called before their type is known to be plain. The fourth part of
a diagnosis, the change, is not judged but tried: see `changed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifecycle_kit.classroom.compare import show
from lifecycle_kit.classroom.incidents.causes import CAUSES, nearest_cause
from lifecycle_kit.classroom.incidents.values import Incident

__all__ = ["MOST_LINES", "PARTS", "Mark", "form_problem", "judge_cause", "judge_lines", "judge_next"]

PARTS = ("cause", "lines", "next", "change")
MOST_LINES = 8  # who names half of the evidence has not said what proves the cause


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Mark:
    """What is said to one part of a diagnosis; shows itself as a sentence.

    Attributes:
        part: one of `PARTS`.
        right: whether it gets its point.
        words: why, or where to look.
    """

    part: str
    right: bool
    words: str

    def __repr__(self) -> str:
        """Return the verdict and the words."""
        return f"{self.part:<7} {'done' if self.right else 'not yet'}: {self.words}"


def form_problem(answer: object) -> str | None:
    """Return why `answer` is no diagnosis at all, or None.

    >>> form_problem({"cause": "leak", "lines": [3], "change": {}})
    "a diagnosis has the keys 'cause', 'lines', 'next', 'change'; 'next' is missing"
    """
    keys = ", ".join(map(repr, PARTS))
    if type(answer) is not dict:
        return f"a diagnosis is a dict with the keys {keys}, not {show(answer)}"
    given = [key for key in answer if type(key) is str]
    if missing := [part for part in PARTS if part not in given]:
        return f"a diagnosis has the keys {keys}; {missing[0]!r} is missing"
    if odd := [key for key in answer if type(key) is not str or key not in PARTS]:
        return f"a diagnosis has the keys {keys}; {show(odd[0])} is none of them"
    return None


def judge_cause(answer: object, incident: Incident) -> Mark:
    """Return whether this is the cause, and what one would see if it were so."""
    if type(answer) is not str:
        return _mark("cause", f"{show(answer)} is no cause; give one of the words that causes() prints")
    if answer not in CAUSES:
        return _mark("cause", f"no cause is called {show(answer)}; {nearest_cause(answer)}")
    if answer == incident.kind:
        return Mark(part="cause", right=True, words=f"{answer}: {CAUSES[answer].what}.")
    return _mark("cause", f"if it were {answer}, {CAUSES[answer].shows}. Which lines show that here? Not all of it is.")


def judge_lines(answer: object, incident: Incident) -> Mark:
    """Return whether these lines prove the cause: every needed fact is shown, and hardly a line shows none.

    One line that shows nothing is forgiven where at least three others do.
    """
    if problem := _lines_problem(answer, incident):
        return _mark("lines", problem)
    chosen: list[int] = answer  # type: ignore[assignment]
    shown = {incident.lines[n - 1].proves for n in chosen} - {""}
    missing = [fact for fact in incident.facts if fact.needed and fact.name not in shown]
    strays = [n for n in chosen if not incident.lines[n - 1].proves]
    needed = sum(fact.needed for fact in incident.facts)
    words = [
        f"{needed - len(missing)} of {needed} facts are shown, by {len(chosen) - len(strays)} of {len(chosen)} lines."
    ]
    words += [f"Still missing: {fact.asks}" for fact in missing[:1]]
    words += [_why_stray(n, incident) for n in strays[:2]]
    forgiven = len(strays) <= 1 and len(chosen) >= 4
    return Mark(part="lines", right=not missing and (not strays or forgiven), words=" ".join(words))


def judge_next(answer: object, incident: Incident) -> Mark:
    """Return whether this is what happens next, as the simulation that goes on says."""
    question = incident.question
    if type(answer) not in (int, float):
        return _mark("next", f"{show(answer)} is no number; give one in {question.unit}: {question.text}")
    number: Any = answer
    if question.answer - question.within <= number <= question.answer + question.within:
        return Mark(part="next", right=True, words=f"{question.answer:g} {question.unit}, says the simulation.")
    allowed = f"within {question.within:g} {question.unit}"
    return _mark("next", f"{show(answer)} {question.unit} is not it ({allowed} would do). {question.look}")


def _lines_problem(answer: object, incident: Incident) -> str | None:
    if type(answer) is not list or not answer:
        return f"give a list of line numbers, such as [4, 17], not {show(answer)}"
    last = len(incident.lines)
    for n in answer:
        if type(n) is not int or not 1 <= n <= last:
            return f"there is no line {show(n)}; they are 1 to {last}"
    if len(set(answer)) < len(answer):
        return "a line stands twice in the list"
    if len(answer) > MOST_LINES:
        return f"{len(answer)} lines are too many: name at most {MOST_LINES}, those that prove it"
    return None


def _why_stray(n: int, incident: Incident) -> str:
    line = incident.lines[n - 1]
    why = line.stray or "would stand there with another cause, too"
    return f"Line {n} {why}."


def _mark(part: str, words: str) -> Mark:
    return Mark(part=part, right=False, words=words)
