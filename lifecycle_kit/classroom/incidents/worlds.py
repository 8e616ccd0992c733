"""Worlds of incidents: a scenario's plain data, changed by paths, and run.

Rule: a change is a change of the data and nothing else, so that what was changed can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lifecycle_kit.simulate import run_world
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.fleet.world import World
from lifecycle_kit.simulate.scenarios.changes import nested
from lifecycle_kit.simulate.scenarios.reading import Book, Table
from lifecycle_kit.simulate.scenarios.worlds import setting_of

__all__ = ["Data", "merged", "run", "world_of"]

Data = Mapping[str, Any]


def merged(data: Data, change: Data) -> dict[str, Any]:
    """Return `data` with `change` laid over it, table by table; a value of None takes a key away.

    A change of a list of tables is a table of changes, by place.

    >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "c": 3}})
    {'a': {'c': 3}}
    >>> merged({"needs": [{"on": "db"}]}, {"needs": {0: {"on": "cache"}}})
    {'needs': [{'on': 'cache'}]}
    """
    made = deepcopy(dict(data))
    for key, value in change.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(made.get(key), list):
            made[key] = [merged(row, value.get(place, {})) for place, row in enumerate(made[key])]
        elif isinstance(value, Mapping):
            made[key] = merged(made.get(key, {}), value)
        else:
            made[key] = deepcopy(value)
    return made


def run(data: Data, until_s: float, seed: int) -> WorldResult:
    """Return what comes of a world described as in a scenario file."""
    return run_world(world_of(data, until_s), until_s, seed=seed)


def world_of(data: Data, until_s: float) -> World:
    """Return the world described as in a scenario file.

    Raises:
        ValueError: with all that is wrong with the data.
    """
    book = Book("incident", {})
    setting = setting_of(Table(book, (), nested(dict(data))), until_s)
    if setting is None or book.problems:
        raise ValueError("\n".join(map(str, book.problems)))
    return setting.world
