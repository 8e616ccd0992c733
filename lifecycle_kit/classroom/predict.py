"""Predictions: said before a cell runs, held against what happened, counted at the end.

Its one rule: a prediction counts as it stood when the answer was first seen.

Predictions are kept in memory and, where `kept` can write, for the next kernel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from lifecycle_kit.classroom import kept

_FILE = "predictions"

Answer = str | int | float | bool | list["Answer"] | None
"""What can be predicted: plain data, so that it survives being saved."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Prediction:
    """One question, what was predicted and what came of it; shows itself as a sentence.

    Attributes:
        question: its name, the same in `predict` and `compare`.
        answer: what was predicted, or None if nothing was.
        sure: how sure, in percent, or None if that was not said.
        observed: what happened, or None as long as nobody looked.
        held: whether both agree, or None as long as one of them is missing.
    """

    question: str
    answer: Answer = None
    sure: int | None = None
    observed: Answer = None
    held: bool | None = None

    def __repr__(self) -> str:
        """Return the prediction in words."""
        if self.answer is None and self.observed is None:
            return "Nothing noted yet: put your answer in place of the dots, then run this cell."
        if self.answer is None:
            return f"Observed: {_words(self.observed)}. (No prediction was noted for this one.)"
        said = _words(self.answer) + ("" if self.sure is None else f", {self.sure} % sure")
        if self.observed is None:
            return f"Noted: {said}. Now run the next cell."
        verdict = "It held." if self.held else "It came out differently: worth a second look."
        return f"Predicted: {said}. Observed: {_words(self.observed)}. {verdict}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Calibration:
    """How the predictions so far have fared; shows itself as a few lines of text.

    Attributes:
        settled: the predictions that were both made and compared, in the order they were made.
    """

    settled: tuple[Prediction, ...]

    @property
    def held(self) -> int:
        """Return how many of them held."""
        return sum(bool(each.held) for each in self.settled)

    def __repr__(self) -> str:
        """Return the summary in words."""
        if not self.settled:
            return "No prediction has been compared yet."
        count = len(self.settled)
        lines = [f"{self.held} of {count} predictions held ({_percent(self.held, count)} %)."]
        rated = [each for each in self.settled if each.sure is not None]
        if rated:
            mean = round(sum(each.sure or 0 for each in rated) / len(rated))
            right = _percent(sum(bool(each.held) for each in rated), len(rated))
            lines.append(f"Where you said how sure you were: {mean} % sure, {right} % held.")
        missed = [each.question for each in self.settled if not each.held]
        if missed:
            lines.append("Worth a second look: " + ", ".join(missed) + ".")
        return "\n".join(lines)


_MEMORY: dict[str, Prediction] = {}


def predict(
    question: str,
    answer: object = ...,
    *,
    sure: int | None = None,
) -> Prediction:
    """Note a prediction and return it; once the outcome has been seen, the first one stays.

    Args:
        question: a short name, such as "zombie-sigkill"; `compare` uses the same.
        answer: text, a number, True or False, or a list of these (anything else is taken as the
            text it shows). As long as there are three dots in it, nothing is noted.
        sure: how sure you are, in percent, 0 to 100; left out if you would rather not say.

    Raises:
        ValueError: `sure` is outside 0 to 100.
    """
    if sure is not None and not 0 <= sure <= 100:
        raise ValueError(f"sure is {sure}; say it in percent, from 0 to 100")
    _recall()
    known = _MEMORY.get(question, Prediction(question=question))
    if _has_dots(answer) and known.answer is None:
        return Prediction(question=question)  # what was observed must not be told before the prediction
    if _has_dots(answer) or known.held is not None:
        return known
    return _remember(replace(known, answer=_plain(answer), sure=sure, observed=None))


def compare(question: str, observed: object, *, within: float = 0) -> Prediction:
    """Hold what happened against the prediction and return both.

    Args:
        question: the name given to `predict`.
        observed: what happened. Text is compared without regard to case and outer blanks.
        within: how far a predicted number may be off and still hold, in its own unit, from 0.
    """
    _recall()
    known = _MEMORY.get(question, Prediction(question=question))
    seen = _plain(observed)
    if known.answer is None:
        return _remember(replace(known, observed=seen))
    return _remember(replace(known, observed=seen, held=same(known.answer, seen, within=within)))


def calibration() -> Calibration:
    """Return how all predictions so far, of all lessons, have fared."""
    _recall()
    return Calibration(settled=tuple(each for each in _MEMORY.values() if each.held is not None))


def forget() -> None:
    """Forget every prediction, in memory and in the file."""
    _MEMORY.clear()
    kept.drop(_FILE)


def same(answer: object, observed: object, *, within: float = 0) -> bool:
    """Return whether an answer says what was observed.

    Text is compared without regard to case and outer blanks, numbers may be off by `within`, a
    list holds if each of its elements does, and a tuple is a list.
    """
    one, other = _plain(answer), _plain(observed)
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= within
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same(*pair, within=within) for pair in pairs)
    return one == other


def _has_dots(answer: object) -> bool:
    return answer is ... or (isinstance(answer, (list, tuple)) and any(map(_has_dots, answer)))


def _plain(answer: object) -> Answer:
    if isinstance(answer, (list, tuple)):
        return [_plain(each) for each in answer]
    if answer is None or isinstance(answer, (str, int, float)):
        return answer
    return str(answer)  # a state, a number of another library: what it says is what counts


def _words(answer: Answer) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list):
        return ", ".join(_words(each) for each in answer)
    return str(answer)


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole)


def _remember(prediction: Prediction) -> Prediction:
    _MEMORY[prediction.question] = prediction
    kept.save(_FILE, [asdict(each) for each in _MEMORY.values()])
    return prediction


def _recall() -> None:
    """Take in what other kernels, or an earlier one, have noted."""
    try:
        noted = [Prediction(**each) for each in kept.load(_FILE) or ()]
        _MEMORY.update({each.question: each for each in noted})
    except TypeError:  # a file that is not ours
        return
