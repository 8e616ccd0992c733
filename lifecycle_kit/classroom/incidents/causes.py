"""The vocabulary of causes: an incident has one of these, and a diagnosis names one of these.

Rule: the sentences are data, in `causes.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from types import MappingProxyType

__all__ = ["CAUSES", "Cause", "causes", "nearest_cause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause: what it is, and what one would see if it were so, as the second half of a sentence."""

    what: str
    shows: str


_text = files("lifecycle_kit.classroom.incidents").joinpath("causes.toml").read_text(encoding="utf-8")
CAUSES: Mapping[str, Cause] = MappingProxyType(
    {name: Cause(what=entry["is"], shows=entry["shows"]) for name, entry in tomllib.loads(_text).items()}
)


def causes() -> None:
    """Print the causes there are to choose from, a line each."""
    width = max(map(len, CAUSES))
    lines = (f"{name:<{width}}  {cause.what}" for name, cause in CAUSES.items())
    print("\n".join(lines))  # noqa: T201 - speaks to the learner


def nearest_cause(word: str) -> str:
    """Return a hint for a word that is no cause.

    >>> nearest_cause("liveness_on_dependency")
    "did you mean 'liveness-on-dependency'?"
    """
    near = get_close_matches(word.replace("_", "-"), CAUSES, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else "causes() prints all there are"
