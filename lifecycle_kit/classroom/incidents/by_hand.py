"""Incidents that are worked out by hand: shown, judged at once and in the grading, with clues and a post-mortem.

Rule: a learner's name alone says which incidents are theirs; a verdict says what speaks against an answer, and only the
post-mortem says what is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from lifecycle_kit.classroom.answers_incident import change_for
from lifecycle_kit.classroom.compare import show
from lifecycle_kit.classroom.incidents.causes import CAUSES
from lifecycle_kit.classroom.incidents.changed import judge_change, tried
from lifecycle_kit.classroom.incidents.diagnosis import JUDGES, judge
from lifecycle_kit.classroom.incidents.evidence import incident_text
from lifecycle_kit.classroom.incidents.judge import form_problem
from lifecycle_kit.classroom.incidents.make import my_incidents
from lifecycle_kit.classroom.incidents.symptoms import knobs_of, measured_of, symptoms_of
from lifecycle_kit.classroom.incidents.values import Incident, Record
from lifecycle_kit.classroom.points import called, name_of, refused

__all__ = [
    "check_incident", "clue", "expect_part", "model_diagnosis", "post_mortem", "show_incident", "titles", "try_change",
]  # fmt: skip

Function = Callable[..., Any]

_FIRST_CLUE = "Read the events backwards. Who or what ended the last life of {service}, if anybody did?"
_CLUES = {
    "probe": "A probe ended lives. What does it ask, how patient is it, and could the process have passed it?",
    "kernel": "The kernel ended lives. What grew until it did?",
    "deadline": "Lives ended at a deadline. What was still to be done, and how long does that take?",
    "itself": "Lives ended by themselves. What were their last words, and what do these lives have in common?",
    "request": "Whoever ended had been asked to. So follow the requests: who got them, and how did they fail?",
    "nobody": "Nobody ended. So follow the work: who gets it, who holds it, who should?",
}
_clues_given: Counter[tuple[str, int]] = Counter()


def titles(name: object) -> None:
    """Print the titles of the three incidents that belong to a name."""
    found = _incidents(name)
    lines = [found] if isinstance(found, str) else [f"{n}. {one.title}" for n, one in enumerate(found, 1)]
    _say("\n".join(lines))


def show_incident(name: object, nth: int) -> None:
    """Print what is seen of an incident.

    Args:
        name: the learner's name or student id.
        nth: which of the three, from 1.
    """
    found = _incident(name, nth)
    _say(found if isinstance(found, str) else incident_text(found))


def try_change(name: object, nth: int, change: object) -> None:
    """Print what a change does to an incident."""
    found = _incident(name, nth)
    _say(found if isinstance(found, str) else judge_change(change, found).words)


def check_incident(name: object, nth: int, diagnosis: Function) -> None:
    """Print what is right about a diagnosis, and what speaks against the rest.

    Args:
        name: the learner's name or student id.
        nth: which of the three, from 1.
        diagnosis: the learner's function itself, not called.
    """
    answer, problem = _answer(name, nth, diagnosis)
    if problem is not None:
        _say(f"not yet: {problem}")
        return
    found = my_incidents(str(name))[nth - 1]
    marks = judge(answer, found)
    done = all(mark.right for mark in marks)
    first = "done: you may move on." if done else f'not yet. Stuck? clue("{name}", {nth})'
    _say("\n".join([first, *map(repr, marks)]))


def expect_part(name: Function, nth: int, diagnosis: Function, part: str, *, idea: str) -> None:
    """Do nothing if one part of a diagnosis is right.

    Args:
        name: the learner's function that returns their name.
        nth: which of the three, from 1.
        diagnosis: the learner's function that returns the diagnosis.
        part: "cause", "lines", "next" or "change".
        idea: key in `IDEAS`: what to look at again.

    Raises:
        NotYet: with what speaks against the answer.
    """
    said, problem = called(name, [])
    if problem is None:
        answer, problem = _answer(said, nth, diagnosis)
        if problem is None:
            mark = JUDGES[part](answer[part], my_incidents(said)[nth - 1])
            problem = None if mark.right else mark.words
    if problem is not None:
        raise refused(diagnosis, [], problem, idea=idea)


def clue(name: object, nth: int) -> None:
    """Print the next clue for an incident: a question, where to look, and what the proof has to show."""
    found = _incident(name, nth)
    if isinstance(found, str):
        _say(found)
        return
    asks = [fact.asks for fact in found.facts if fact.needed]
    clues = [_FIRST_CLUE.format(service=found.service), _CLUES[symptoms_of(found)["ended_by"]],
             *(f"Find this: {one}" for one in asks), found.question.look]  # fmt: skip
    key = (found.kind, found.seed)
    step = min(_clues_given[key], len(clues) - 1)
    _clues_given[key] += 1
    _say(f"clue {step + 1} of {len(clues)}: {clues[step]}")


def model_diagnosis(incident: Incident) -> Record:
    """Return a right diagnosis: the first line for each needed fact, and the reference's change."""
    needed = [fact.name for fact in incident.facts if fact.needed]
    numbers = {line.proves: n for n, line in reversed(list(enumerate(incident.lines, 1)))}
    return {
        "cause": incident.kind,
        "lines": sorted(numbers[name] for name in needed),
        "next": incident.question.answer,
        "change": change_for(incident.kind, knobs_of(incident), measured_of(incident)),
    }


def post_mortem(name: str) -> None:
    """Print what the three incidents of a name were, for whoever grades, and for everybody after that."""
    made = []
    for n, one in enumerate(my_incidents(name), 1):
        right = model_diagnosis(one)
        made += [f"{n}. {one.title}", f"   cause   {one.kind}: {CAUSES[one.kind].what}"]
        made += [f"   lines   {number}: {one.lines[number - 1].text.strip()}" for number in right["lines"]]
        made += [f"   next    {one.question.text} {one.question.answer:g} {one.question.unit}"]
        made += [f"   change  {right['change']}: {tried(one, right['change'])}"]
    _say("\n".join(made))


def _incidents(name: object) -> list[Incident] | str:
    try:
        return my_incidents(name)  # type: ignore[arg-type]
    except ValueError as error:
        return f"{error}: see the cell my_name"


def _incident(name: object, nth: object) -> Incident | str:
    found = _incidents(name)
    if isinstance(found, str):
        return found
    if type(nth) is not int or not 1 <= nth <= len(found):
        return f"there is no incident {show(nth)}; there are 1 to {len(found)}"
    return found[nth - 1]


def _answer(name: object, nth: int, diagnosis: Function) -> tuple[Record, str | None]:
    """Return the diagnosis, or why there is none."""
    found = _incident(name, nth)
    if isinstance(found, str):
        return {}, found
    answer, problem = called(diagnosis, [])
    if problem is None and answer is None:
        problem = f"{name_of(diagnosis)}() returns None: write the diagnosis behind `return`"
    problem = problem or form_problem(answer)
    return answer if problem is None else {}, problem


def _say(text: str) -> None:
    print(text)  # noqa: T201 - speaks to the learner
