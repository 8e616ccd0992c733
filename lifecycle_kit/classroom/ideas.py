"""The ideas behind the exercises: a failing check names the one to look at again.

Rule: the sentences are data, in `ideas.toml`; an idea has one id, used wherever it is mentioned.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

__all__ = ["IDEAS"]

_text = files("lifecycle_kit.classroom").joinpath("ideas.toml").read_text(encoding="utf-8")
IDEAS: Mapping[str, str] = MappingProxyType(tomllib.loads(_text))
