"""What people believe that is not so: wrong options name a misconception, so that answers can be counted by it.

Rule: the sentences are data, in `misconceptions.toml`; a belief has one id, used wherever it is met.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

__all__ = ["MISCONCEPTIONS", "Misconception"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconception:
    """A belief, what holds instead, and the number of the lesson that shows it."""

    belief: str
    instead: str
    lesson: str


_text = files("lifecycle_kit.classroom").joinpath("misconceptions.toml").read_text(encoding="utf-8")
MISCONCEPTIONS: Mapping[str, Misconception] = MappingProxyType(
    {name: Misconception(**entry) for name, entry in tomllib.loads(_text).items()}
)
