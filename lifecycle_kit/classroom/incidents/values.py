"""What an incident consists of: numbered lines, what they prove, settings that may be changed, a question.

Rule: what a learner is shown and what only the judge knows are told apart here, and `Incident.evidence` gives out
the first alone, as plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["SECTIONS", "Fact", "Incident", "Line", "Question", "Record", "Setting", "Value"]

SECTIONS = ("settings", "metrics", "events", "log")

Record = dict[str, Any]
Value = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of what an operator sees.

    Attributes:
        section: one of `SECTIONS`.
        at_s: when, seconds; None for a setting, which always holds.
        who: the service, instance, dependency, queue or node it is about.
        text: what it says.
        what: what it says without its numbers, so that two lines can be told to say the same.
        proves: name of the `Fact` that it shows, "" if it shows none.
        stray: why it is no evidence, as the end of the sentence "line 7 ..."; "" if there is nothing special about it.
    """

    section: str
    who: str
    text: str
    at_s: float | None = None
    what: str = ""
    proves: str = ""
    stray: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that must be shown to prove a cause.

    Attributes:
        name: its own within an incident.
        asks: the question that leads to it; it must not give the line away.
        needed: whether the proof is incomplete without it; what is not needed may still be named.
    """

    name: str
    asks: str
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Something an operator may change.

    Attributes:
        name: as the evidence calls it.
        value: what it is now.
        allowed: the values to choose from, or the least and the greatest number.
        means: what it does, in a few words.
        sets: what a value means for the world: paths in its scenario, and values there.
    """

    name: str
    value: Value
    allowed: tuple[Value, ...] | tuple[float, float]
    means: str
    sets: Callable[[Any], Mapping[str, Any]]

    @property
    def is_number(self) -> bool:
        """Whether `allowed` is a range."""
        return type(self.value) in (int, float)

    def problem(self, value: object) -> str | None:
        """Return why `value` cannot be set, or None."""
        if self.is_number:
            least, most = self.allowed
            fits = type(value) in (int, float) and least <= value <= most  # type: ignore[operator]
            whole = type(self.value) is float or type(value) is int
            kind = "number" if type(self.value) is float else "whole number"
            return None if fits and whole else f"{self.name} takes a {kind} from {least:g} to {most:g}"
        known = any(type(value) is type(one) and value == one for one in self.allowed)
        return None if known else f"{self.name} takes one of {', '.join(map(repr, self.allowed))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What happens next, as a number that can be checked.

    Attributes:
        text: the question.
        unit: of the answer.
        answer: what the simulation says that goes on.
        within: how far an answer may be off, in its own unit.
        look: where to look if an answer is wrong, as a sentence; it must not give the answer away.
    """

    text: str
    unit: str
    answer: float
    within: float
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident: what is seen of it, and what only the judge knows.

    Attributes:
        kind: its cause, a name in `CAUSES`.
        seed: chooses everything else.
        title: a few words.
        story: how it comes to the operator, in some sentences.
        service: what it is about.
        needs: what the service depends on.
        began_s: when the trouble began, as the story says.
        until_s: up to when things are shown.
        lines: the evidence, in its order; line 1 is the first.
        facts: what a proof has to show.
        settings: what may be changed, by name.
        question: what happens next.
    """

    kind: str
    seed: int
    title: str
    story: str
    service: str
    needs: Sequence[str] = ()
    began_s: float = 0.0
    until_s: float
    lines: Sequence[Line]
    facts: Sequence[Fact]
    settings: Mapping[str, Setting]
    question: Question

    def evidence(self) -> Record:
        """Return all that a learner is shown, as plain data of their own."""
        return {
            "title": self.title,
            "story": self.story,
            "service": self.service,
            "needs": list(self.needs),
            "began_s": self.began_s,
            "until_s": self.until_s,
            "lines": [
                {"n": n, "section": line.section, "at": line.at_s, "who": line.who, "what": line.what,
                 "text": line.text}
                for n, line in enumerate(self.lines, 1)
            ],
            "settings": {name: setting.value for name, setting in self.settings.items()},
            "allowed": {name: list(setting.allowed) for name, setting in self.settings.items()},
            "question": self.question.text,
        }  # fmt: skip
