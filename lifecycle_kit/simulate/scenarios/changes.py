"""Cures, and what only looks like one: each is a change of the file, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.simulate.scenarios.lines import Path, line_of
from lifecycle_kit.simulate.scenarios.reading import Book, Table, nearest, text
from lifecycle_kit.simulate.scenarios.worlds import WORLD_KEYS, Setting, setting_of

__all__ = ["Changed", "change_of", "nested"]

ARRAYS = ("needs", "faults", "alarms", "nodes", "lives")
NAMED = {"fleets": "fleet", "dependencies": "dependency", "queues": "queue"}


@dataclass(frozen=True, slots=True)
class Changed:
    """What a table `[cures.NAME]` means."""

    title: str
    why: str
    sets: Mapping[str, Any]
    setting: Setting


def nested(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a file with its options nested: `"livenessProbe.periodSeconds"` is a path like any other."""
    data = deepcopy(data)
    for fleet in _tables(data.get("fleets")):
        for owner in [fleet, *_tables({"new": fleet.get("new")})]:
            if isinstance(owner.get("options"), dict):
                options = owner["options"]
                owner["options"] = {}
                for name, value in options.items():
                    _put(owner["options"], tuple(name.split(".")), value)
    return data


def _tables(data: Any) -> list[dict[str, Any]]:
    return [each for each in data.values() if isinstance(each, dict)] if isinstance(data, dict) else []


def change_of(table: Table, data: dict[str, Any], until_s: float) -> Changed | None:
    """Return the change that a table `[cures.NAME]` makes of the file's data; None if something is wrong with it."""
    book = table.book
    before = len(book.problems)
    title, why = table.read("title", text, required=True), table.read("why", text, default="")
    sets = _sets(table)
    table.close()
    changed, lines = deepcopy(data), dict(book.lines)
    for key, value in sets.items():
        where = (*table.path, "set", *([key] if key in table.data["set"] else key.split(".")))
        path = _path(key)
        _apply(changed, path, value, Table(book, where, {}))
        lines[path] = line_of(book.lines, where)
    if len(book.problems) > before:
        return None
    inner = Book(book.file, lines, book.problems, about=".".join(str(part) for part in table.path))
    setting = setting_of(Table(inner, (), nested(changed)), until_s)
    return None if setting is None else Changed(title, why, sets, setting)


def _path(key: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def _sets(table: Table) -> dict[str, Any]:
    """Return what is set by whole paths, also where the file has them as tables in tables."""
    given = table.table("set")
    if given is None or not given.data:
        if "set" not in table or given is not None:
            table.wrong("", 'set is missing: what it changes, such as set = {"fleets.api.route_on" = "readiness"}')
        return {}
    found = dict[str, Any]()
    for key, value in given.data.items():
        found |= {key: value} if "." in key or not isinstance(value, dict) else _leaves(value, key)
    return found


def _leaves(data: Mapping[str, Any], before: str) -> dict[str, Any]:
    found = dict[str, Any]()
    for key, value in data.items():
        name = f"{before}.{key}"
        found |= _leaves(value, name) if isinstance(value, dict) else {name: value}
    return found


def _apply(data: dict[str, Any], path: Path, value: Any, where: Table) -> None:
    if path[0] not in WORLD_KEYS:
        where.wrong("", f"a change sets something of the world; {nearest(str(path[0]), WORLD_KEYS)}")
        return
    if len(path) > 2 and path[0] in NAMED and path[1] not in data.get(str(path[0]), {}):
        names = data.get(str(path[0]), {})
        where.wrong("", f"no {NAMED[str(path[0])]} is called {str(path[1])!r}; {nearest(str(path[1]), names)}")
        return
    try:
        _put(data, path, value)
    except (LookupError, TypeError) as error:
        where.wrong("", f"leads nowhere: {error}")


def _put(data: Any, path: Path, value: Any) -> None:
    """Put a value at its place; a number one past the end of a list appends."""
    key, rest = path[0], path[1:]
    if isinstance(data, list):
        if not isinstance(key, int) or key > len(data):
            raise LookupError(f"there is no entry {key}; they are counted from 0, and there are {len(data)}")
        if key == len(data):
            data.append({})
    else:
        key = str(key)
        if rest and not isinstance(data.get(key), dict | list):
            data[key] = [] if isinstance(rest[0], int) and key in ARRAYS else {}
    if rest:
        _put(data[key], rest, value)
    else:
        data[key] = deepcopy(value)
