"""A change tried: the same time again, with the same luck, and the harm counted with and without it.

Rule: a change is judged by its effect alone. One that looks right and does not cure is called by the belief behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lifecycle_kit.classroom.compare import show
from lifecycle_kit.classroom.incidents.judge import Mark
from lifecycle_kit.classroom.incidents.make import Made, made
from lifecycle_kit.classroom.incidents.values import Incident, Value
from lifecycle_kit.classroom.incidents.words import BELIEFS
from lifecycle_kit.classroom.incidents.worlds import merged, run
from lifecycle_kit.simulate.fleet.result import WorldResult

__all__ = ["MOST_SETTINGS", "Effect", "change_problem", "changed_data", "judge_change", "tried"]

MOST_SETTINGS = 2  # who turns every knob has not said which one it was
PARTLY_BELOW, WORSE_ABOVE = 0.7, 1.1

Change = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change does.

    Attributes:
        before, after: the harm without and with it.
        what: the harm, in words.
        verdict: "cured", "partly", "no cure" or "worse".
    """

    before: float
    after: float
    what: str
    verdict: str

    @property
    def cured(self) -> bool:
        """Whether it is the right change."""
        return self.verdict == "cured"

    def __str__(self) -> str:
        """Return the numbers and the verdict."""
        return f"{self.what}: {self.before:g} as it was, {self.after:g} with the change: {self.verdict}"


def change_problem(answer: object, incident: Incident) -> str | None:
    """Return why `answer` is no change at all, or None."""
    if type(answer) is not dict or not answer:
        return f"a change is a dict such as {{'replicas': 5}}, not {show(answer)}"
    for name, value in answer.items():
        if type(name) is not str or name not in incident.settings:
            return f"no setting here is called {show(name)}; there are {', '.join(incident.settings)}"
        if problem := incident.settings[name].problem(value):
            return f"{show(value)} cannot be set: {problem}"
    if len(answer) > MOST_SETTINGS:
        return f"{len(answer)} settings at once show nothing: change at most {MOST_SETTINGS}"
    if all(incident.settings[name].value == value for name, value in answer.items()):
        return "that is how it is already: nothing would change"
    return None


def judge_change(answer: object, incident: Incident) -> Mark:
    """Return whether a change cures, after having tried it."""
    if problem := change_problem(answer, incident):
        return Mark(part="change", right=False, words=problem)
    change: dict[str, Value] = answer  # type: ignore[assignment]
    effect = tried(incident, change)
    words = f"{effect}." if effect.cured else f"{effect}. {_why_not(made(incident.kind, incident.seed), change)}"
    return Mark(part="change", right=effect.cured, words=words)


def tried(incident: Incident, change: Change) -> Effect:
    """Return what a change does to the harm; it must be one that can be made."""
    whole = made(incident.kind, incident.seed)
    measure = whole.draft.measure
    before = measure.of(whole.result)
    after = measure.of(changed_result(incident.kind, incident.seed, tuple(sorted(change.items()))))
    share = after / max(before, 1.0)
    verdict = "cured" if share <= whole.draft.cured_below else "partly" if share <= PARTLY_BELOW else "no cure"
    return Effect(before=before, after=after, what=measure.what, verdict="worse" if share > WORSE_ABOVE else verdict)


@lru_cache(maxsize=512)
def changed_result(kind: str, seed: int, change: tuple[tuple[str, Value], ...]) -> WorldResult:
    """Return the run of an incident's world with a change, from its beginning to its end."""
    whole = made(kind, seed)
    return run(changed_data(whole, dict(change)), whole.draft.end_s, seed)


def changed_data(whole: Made, change: Change) -> dict[str, object]:
    """Return the world of an incident with a change, as plain data."""
    data = dict(whole.draft.data)
    for name, value in change.items():
        data = merged(data, whole.incident.settings[name].sets(value))
    return data


def _why_not(whole: Made, change: Change) -> str:
    """Return what speaks against the settings that were changed: the belief by its name, and why not here."""
    for name in change:
        if name in whole.words.traps:
            belief, why = whole.words.traps[name]
            return f"{why} [{belief}: {BELIEFS[belief]}]"
    return "The right setting, perhaps; is it enough? Compare the value with the times in the evidence."
