"""Steps to be put in order, by their letters: a Parsons problem that needs only a keyboard.

Its one rule: it says how far the order is right and why the next step cannot stand there, never which one can.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle_kit.classroom.done import Verdict

__all__ = ["in_order"]


def in_order(answer: object, right: str, why_not_yet: Mapping[str, str]) -> Verdict:
    """Return how far an order of steps is right, and what speaks against the step after that.

    Args:
        answer: the learner's letters, such as "bda" or "b, d, a"; three dots are none yet.
        right: the letters in their order; a letter that is only in `why_not_yet` is a step nobody should take.
        why_not_yet: for each letter, as a sentence, why it cannot stand where it is too early, or at all.

    Raises:
        ValueError: a letter of the right order has no sentence.

    >>> in_order("ba", "ab", {"a": "It opens the door.", "b": "The door is still shut.", "c": "Nobody does."})
    not yet: step 1 cannot be b. The door is still shut.
    """
    if missing := set(right) - set(why_not_yet):
        raise ValueError(f"no sentence says why {min(missing)!r} may be too early; give one for each letter")
    if answer is ...:
        return Verdict(done=False, words="not yet: put your letters in place of the dots, then run both cells again.")
    letters = [letter for letter in str(answer).casefold() if letter.isalnum()]
    good = 0
    while good < min(len(letters), len(right)) and letters[good] == right[good]:
        good += 1
    if good == len(right) == len(letters):
        return Verdict(done=True, words=f"done: {' '.join(right)}. You may move on.")
    place = f"right up to {right[good - 1]}, but step {good + 1}" if good else "step 1"
    if good == len(letters):
        words = f"right up to {right[good - 1]}. What is still missing?" if good else "name the steps by their letters."
    elif letters[good] not in why_not_yet:
        words = f"there is no step {letters[good]!r}; use {', '.join(why_not_yet)}."
    else:
        words = f"{place} cannot be {letters[good]}. {why_not_yet[letters[good]]}"
    return Verdict(done=False, words=f"not yet: {words}")
