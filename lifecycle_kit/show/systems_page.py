"""The pages about the systems, in Markdown: each system's rules, options and sources in one file, read from its room.

Rule: nothing on a page is written twice; what a room says of itself in its docstrings is what the page says.
"""

from __future__ import annotations

import inspect
import math
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from lifecycle_kit import systems
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import System

__all__ = ["system_page", "system_pages"]

# A Deployment is part of Kubernetes under its own name; every other page of a room begins with the room's name.
PART_OF = {"deployment": "kubernetes"}
NO_ROOM = frozenset({"options"})


def rooms() -> dict[str, list[ModuleType]]:
    """Return the modules of each room, its main page first, by the room's name."""
    found: dict[str, list[ModuleType]] = {}
    for info in sorted(pkgutil.iter_modules(systems.__path__), key=lambda info: (info.name in PART_OF, info.name)):
        if info.name not in NO_ROOM:
            room = PART_OF.get(info.name, info.name.partition("_")[0])
            found.setdefault(room, []).append(import_module(f"{systems.__name__}.{info.name}"))
    return found


def system_pages() -> dict[str, str]:
    """Return the page of every room by its name."""
    return {name: system_page(name, modules) for name, modules in rooms().items()}


def system_page(name: str, modules: list[ModuleType]) -> str:
    """Return the page of one room as Markdown."""
    lines = [
        f"# {name}",
        "",
        "Generated from `lifecycle_kit/systems/` by `tools/make_docs.py`; change the room, not the page.",
    ]
    for module in modules:
        file = module.__name__.rpartition(".")[2]
        lines += ["", f"## `{file}.py`", "", _quoted(module), "", *_rules(module)]
    room = getattr(modules[0], "SYSTEM", None)
    if isinstance(room, System):
        lines += ["", *_options(room), "", *_states(room)]
    return "\n".join(lines).rstrip() + "\n"


def _quoted(module: ModuleType) -> str:
    return inspect.cleandoc(module.__doc__ or "")


def _rules(module: ModuleType) -> Iterator[str]:
    """Yield one line for each public rule of a module: its name, and its result in a sentence."""
    for name in sorted(getattr(module, "__all__", ())):
        thing = getattr(module, name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            first = inspect.cleandoc(thing.__doc__ or "").partition("\n")[0]
            yield f"- `{name}`: {first}"
            yield from _methods(thing)


def _methods(thing: Any) -> Iterator[str]:
    for name, method in vars(thing).items() if inspect.isclass(thing) else ():
        if name.startswith("on_") and inspect.isfunction(method):
            yield f"  - `{name}`: {inspect.cleandoc(method.__doc__ or '').partition(chr(10))[0]}"


def _options(room: System) -> Iterator[str]:
    yield from ("## Options", "", "| option | default | what it does |", "| --- | --- | --- |")
    for option in room.options:
        yield f"| `{option.name}` | {_shown(option.default)} | {option.help} |"


def _shown(value: Any) -> str:
    if value is None or value == frozenset():
        return ""
    if isinstance(value, frozenset):
        return " ".join(str(part) for part in sorted(value, key=str))
    if isinstance(value, float):
        return "infinity" if math.isinf(value) else f"{value:g}"
    return str(value)


def _states(room: System) -> Iterator[str]:
    yield from ("## What it calls the nine states", "", "| here | there |", "| --- | --- |")
    for state in State:
        yield f"| `{state.value}` | {room.native[state]} |"
    yield from ("", f"What that loses: {room.loses}", "", f"Source: {room.source}")
