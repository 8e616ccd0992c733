"""Scenario files: found by name or by path, read whole, with everything that is wrong with them told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lifecycle_kit.simulate.scenarios.changes import Changed, change_of, nested
from lifecycle_kit.simulate.scenarios.lines import lines_of
from lifecycle_kit.simulate.scenarios.measures import MEASURES, QUEUE_MEASURES, Measure
from lifecycle_kit.simulate.scenarios.reading import (
    BadScenario,
    Book,
    Problem,
    Reader,
    Table,
    choice,
    listing,
    nearest,
    number,
    span,
    text,
    whole,
)  # fmt: skip
from lifecycle_kit.simulate.scenarios.scenario import Change, Scenario
from lifecycle_kit.simulate.scenarios.worlds import WORLD_KEYS, setting_of

__all__ = ["load_scenario", "read_scenario", "scenario_names"]

DATA = Path(__file__).parent / "data"
MOST_S = 7 * 86_400.0


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the package, in order of the alphabet."""
    return sorted(path.stem for path in DATA.glob("*.toml"))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return a scenario by its name, or from a file of one's own.

    Args:
        name_or_path: such as "half-started", or "./mine.toml".

    Raises:
        BadScenario: naming the file, the line, the key, what is wrong and what is allowed, for all that is wrong.

    >>> load_scenario("half-started").measure.what
    'failed requests'
    """
    word = str(name_or_path)
    if word in scenario_names():
        path, shown = DATA / f"{word}.toml", f"{word}.toml"
    elif word.endswith(".toml") or "/" in word or isinstance(name_or_path, Path):
        path, shown = Path(name_or_path), word
    else:
        hint = nearest(word, scenario_names())
        raise BadScenario(f"no scenario is called {word!r}; {hint}. A file of your own ends in .toml")
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadScenario(f"cannot read {shown}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadScenario(f"cannot read {shown}: it is not UTF-8 text") from None
    return read_scenario(content, shown, name=path.stem)


def read_scenario(content: str, file: str = "scenario.toml", *, name: str = "scenario") -> Scenario:
    """Return the scenario that the text of a file means; raises BadScenario.

    Args:
        content: TOML.
        file: its name, for errors.
        name: of the scenario.
    """
    try:
        data = tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadScenario(problems=[_syntax(error, file, content)]) from None
    book = Book(file, lines_of(content))
    made = _scenario(Table(book, (), nested(data)), name)
    if book.problems or made is None:
        raise BadScenario(problems=sorted(book.problems, key=lambda problem: problem.line))
    return made


def _syntax(error: Exception, file: str, content: str) -> Problem:
    found = re.fullmatch(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
    why, line = (found[1], found[2]) if found else (str(error), None)
    number_ = int(line) if line else content.count("\n") + 1
    return Problem(file=file, line=number_, key="", why=f"this is no TOML: {why[:1].lower()}{why[1:]}")


def _until(value: Any) -> float:
    read = span(value)
    if not 0 < read <= MOST_S:
        raise ValueError("give a time above 0, at most 7 days")
    return read


_TOP: dict[str, tuple[Reader, Any]] = {
    "title": (text, ""),
    "story": (text, ""),
    "notice": (listing(text), ()),
    "until": (_until, 1.0),
    "seed": (whole(), 0),
}


def _scenario(table: Table, name: str) -> Scenario | None:
    required = ("title", "until")
    top = {key: table.read(key, reader, default, required=key in required) for key, (reader, default) in _TOP.items()}
    until_s = top.pop("until")
    setting = setting_of(table, until_s)
    measure = _measure(table)
    kinds = {kind: table.named(kind) for kind in ("cures", "wrong_cures")}
    table.close()
    for twice in kinds["cures"].keys() & kinds["wrong_cures"].keys():
        kinds["wrong_cures"][twice].wrong("", "a cure has this name as well: names must differ")
    if table.book.problems or setting is None:
        return None  # each change would only repeat what is wrong
    changes = {kind: _changes(tables, table.data, until_s) for kind, tables in kinds.items()}
    return Scenario(
        name=name,
        until_s=until_s,
        world=setting.world,
        described=setting.described,
        measure=measure,
        cures=changes["cures"],
        wrong_cures=changes["wrong_cures"],
        **top,
    )


def _changes(tables: dict[str, Table], data: Mapping[str, Any], until_s: float) -> dict[str, Change]:
    inner = {key: value for key, value in data.items() if key in WORLD_KEYS}
    made = {name: change_of(table, inner, until_s) for name, table in tables.items()}
    return {name: _change(changed) for name, changed in made.items() if changed is not None}


def _change(changed: Changed) -> Change:
    setting = changed.setting
    return Change(
        title=changed.title, why=changed.why, sets=changed.sets, world=setting.world, described=setting.described
    )


def _measure(table: Table) -> Measure | None:
    inner = table.table("measure")
    if inner is None:
        return None
    readers: dict[str, Reader] = {
        "what": choice(*MEASURES, *QUEUE_MEASURES),
        "on": text,
        "factor": number(1),
        "gone": number(),
    }
    measure = inner.make(Measure, readers)
    if measure is not None:
        kind = "queues" if measure.what in QUEUE_MEASURES else "fleets"
        names = table.data.get(kind, {})
        if measure.on not in names:
            inner.wrong("on", f"none of the {kind} is called {measure.on!r}; {nearest(measure.on, names)}")
    return measure
