"""Incidents from seeds: the same seed gives the same incident on every machine, another one another.

Rule: a learner's incidents follow from the name alone, so that they can be graded from the notebook alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from random import Random
from types import MappingProxyType

from lifecycle_kit.classroom.incidents.draft import API_NAMES, WORKER_NAMES, Draft
from lifecycle_kit.classroom.incidents.evidence import lines_of
from lifecycle_kit.classroom.incidents.kinds import KINDS
from lifecycle_kit.classroom.incidents.lives import Life, lives_of
from lifecycle_kit.classroom.incidents.noise import noise
from lifecycle_kit.classroom.incidents.values import Incident, Question
from lifecycle_kit.classroom.incidents.words import Words, words_of
from lifecycle_kit.classroom.incidents.worlds import run
from lifecycle_kit.simulate.fleet.result import WorldResult

__all__ = ["GROUPS", "KINDS", "Made", "incident", "made", "my_incidents", "seed_of"]

GROUPS = ("ends", "leaving", "sharing")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """An incident with what it was made from.

    Attributes:
        incident: as learners meet it.
        draft: what was drawn.
        words: what is said about it.
        result: of its run, to the end.
        lives: of its service, to the end.
    """

    incident: Incident
    draft: Draft
    words: Words
    result: WorldResult
    lives: Sequence[Life]


def incident(kind: str | None = None, seed: int = 0) -> Incident:
    """Return the incident of a seed.

    Args:
        kind: its cause; None: chosen by the seed.
        seed: chooses names, numbers and times.

    Raises:
        ValueError: if there is no such kind, naming those there are.
    """
    if kind is None:
        kind = Random(f"kind/{seed}").choice(sorted(KINDS))
    if kind not in KINDS:
        raise ValueError(f"there are no incidents of the kind {kind!r}; choose one of {', '.join(KINDS)}")
    return made(kind, seed).incident


def my_incidents(name: str) -> list[Incident]:
    """Return the three incidents that belong to a name or a student id: one of each group.

    Capitals and blanks make no difference.

    Raises:
        ValueError: if there is nothing in the name.
    """
    return [made(kind, seed).incident for kind, seed in _addresses(name)]


def seed_of(name: str) -> int:
    """Return the number that stands for a name.

    >>> seed_of("Grace Hopper") == seed_of(" grace hopper ") != seed_of("grace.hopper")
    True
    """
    if type(name) is not str or not name.strip():
        raise ValueError("give your name or student id as a text that is not empty")
    plain = " ".join(name.casefold().split())
    return int.from_bytes(blake2b(plain.encode(), digest_size=4).digest(), "big")


def _addresses(name: str) -> list[tuple[str, int]]:
    seed = seed_of(name)
    dice = Random(f"mine/{seed}")
    kinds = (sorted(kind.cause for kind in KINDS.values() if kind.group == group) for group in GROUPS)
    return [(dice.choice(among), seed) for among in kinds if among]


@lru_cache(maxsize=256)
def made(kind: str, seed: int) -> Made:
    """Return an incident with what it was made from; the same again for the same arguments."""
    draft = KINDS[kind].draft(Random(f"{kind}/{seed}"))
    words = words_of(kind, draft.values)
    result = run(draft.data, draft.end_s, seed)
    lives = lives_of(result, draft.service)
    around = noise(draft, Random(f"noise/{kind}/{seed}"), (*API_NAMES, *WORKER_NAMES))
    answer = round(draft.answer(result, lives), 3)
    found = Incident(
        kind=kind,
        seed=seed,
        title=words.title,
        story=words.story,
        service=draft.service,
        needs=tuple(draft.needs),
        began_s=draft.began_s,
        until_s=draft.until_s,
        lines=tuple(lines_of(draft, result, lives, around)),
        facts=words.facts,
        settings=MappingProxyType({setting.name: setting for setting in draft.settings}),
        question=Question(text=words.question, unit=words.unit, answer=answer, within=draft.within, look=words.look),
    )
    return Made(incident=found, draft=draft, words=words, result=result, lives=lives)
