"""The words of the kinds of incidents: title, story, what a proof must show, the question, what does not cure.

Rule: the sentences are data, in `kinds/words.toml`, with the drawn names and numbers to be filled in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from lifecycle_kit.classroom.incidents.values import Fact

__all__ = ["BELIEFS", "Words", "words_of"]

_folder = files("lifecycle_kit.classroom.incidents")
_WORDS: Mapping[str, Any] = tomllib.loads(_folder.joinpath("kinds", "words.toml").read_text(encoding="utf-8"))
BELIEFS: Mapping[str, str] = MappingProxyType(
    tomllib.loads(_folder.joinpath("beliefs.toml").read_text(encoding="utf-8"))
)
"""The beliefs behind changes that look right and do not cure, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said about one incident.

    Attributes:
        title, story: of the incident.
        facts: what a proof must show, and what it may.
        question, unit, look: what happens next, and where to look.
        traps: by setting, the belief behind a change of it (a key in `BELIEFS`) and why it does not help here.
    """

    title: str
    story: str
    facts: tuple[Fact, ...]
    question: str
    unit: str
    look: str
    traps: Mapping[str, tuple[str, str]]


def words_of(cause: str, values: Mapping[str, Any]) -> Words:
    """Return the words of a kind of incident with the drawn values filled in."""
    raw = _WORDS[cause]
    facts = [Fact(name=name, asks=asks.format(**values)) for name, asks in raw["facts"].items()]
    facts += [Fact(name=name, asks=asks.format(**values), needed=False) for name, asks in raw.get("more", {}).items()]
    traps = {
        setting.format(**values): (belief, why.format(**values)) for setting, (belief, why) in raw["traps"].items()
    }
    plain = {key: raw[key].format(**values) for key in ("title", "story", "question", "unit", "look")}
    return Words(facts=tuple(facts), traps=MappingProxyType(traps), **plain)
