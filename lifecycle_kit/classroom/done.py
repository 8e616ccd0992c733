"""Small exercises inside the lessons: done, or not yet and where to look.

Its one rule: a wrong answer is told where to look, never what the right one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifecycle_kit.classroom.predict import same

__all__ = ["Verdict", "done_if", "pick"]

_DOTS = "not yet: put your answer in place of the dots, then run the cell again."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict:
    """What a small exercise says to an answer; shows itself as a sentence.

    Attributes:
        done: whether you may move on.
        words: the sentence.
    """

    done: bool
    words: str

    def __repr__(self) -> str:
        """Return the sentence."""
        return self.words


def done_if(answer: object, right: object, *, look: str, within: float = 0) -> Verdict:
    """Return whether an answer is right, and where to look if it is not.

    Args:
        answer: the learner's; three dots are none yet.
        right: what it should be: text, a number, or a list of these.
        look: a question or a place that helps, as a sentence; it must not give the answer away.
        within: how far a number may be off, in its own unit, from 0.

    >>> done_if(7, 9, look="How long is the CPU idle?")
    not yet: 7 is not it. How long is the CPU idle?
    >>> done_if(9, 9, look="How long is the CPU idle?")
    done: 9. You may move on.
    """
    if answer is ...:
        return Verdict(done=False, words=_DOTS)
    if same(answer, right, within=within):
        return Verdict(done=True, words=f"done: {answer}. You may move on.")
    return Verdict(done=False, words=f"not yet: {answer} is not it. {look}")


def pick(answer: object, right: str, feedback: Mapping[str, str]) -> Verdict:
    """Return what there is to say to the option that was picked.

    Args:
        answer: the learner's, such as "b"; three dots are none yet.
        right: the right option.
        feedback: for each option, why it is right or what speaks against it.

    Raises:
        ValueError: there is no feedback for the right option.

    >>> pick("A", "b", {"a": "It is alive.", "b": "It has ended."})
    not yet: It is alive.
    """
    if right not in feedback:
        raise ValueError(f"the right option {right!r} has no feedback; there is {list(feedback)}")
    if answer is ...:
        return Verdict(done=False, words=_DOTS)
    option = str(answer).strip().casefold()
    if option not in feedback:
        return Verdict(done=False, words=f"not yet: pick one of {', '.join(feedback)}.")
    done = option == right
    return Verdict(done=done, words=f"{'done' if done else 'not yet'}: {feedback[option]}")
