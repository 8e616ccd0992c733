"""Predictors: what a room of `systems/` says about a situation of the atlas, in the atlas' own words.

A module `fidelity/predict/<system>.py` (a dash in the name is an underscore there) holds one table,
`FAMILIES: dict[tuple[str, str], Predictor]`, keyed by (kind, family). A predictor takes `given`, a plain mapping, and
returns the `observed` that it expects, or raises `NotModelled` with a reason that a reader accepts.

Rule: a predictor translates keys and reads traces, no more. Values and rules live in `systems/`; wherever time or
states are involved it drives the shared `step` in virtual time (`fidelity.driving`), so that a broken `step` breaks
predictions. Nothing here knows a case by its name, and keys that `given` lacks have the system's own defaults.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Given", "NotModelled", "Observed", "Predictor", "families", "predictor"]

Given = Mapping[str, Any]
Observed = dict[str, Any]
Predictor = Callable[[Given], Observed]


class NotModelled(Exception):
    """The kit makes no prediction here; the message says why."""


def families(system: str) -> Mapping[tuple[str, str], Predictor]:
    """Return the predictors of a system by (kind, family); none if nothing is written about it."""
    name = f"{__name__}.{system.replace('-', '_')}"
    if not system.replace("-", "_").isidentifier() or system.startswith("_"):
        return {}
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
    table: Mapping[tuple[str, str], Predictor] = module.FAMILIES
    return table


def predictor(system: str, kind: str, family: str) -> Predictor:
    """Return the predictor for one family.

    Raises:
        NotModelled: if there is none.
    """
    table = families(system)
    if not table:
        raise NotModelled(f"nothing is predicted for {system} yet")
    if (kind, family) not in table:
        raise NotModelled(f"{system} has no rule for {kind}/{family} here")
    return table[kind, family]
