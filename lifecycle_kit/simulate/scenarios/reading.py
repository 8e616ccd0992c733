"""Reading tables of a scenario file: each value by its reader, and everything that is wrong with its line and key."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from lifecycle_kit.simulate.scenarios.lines import Path, line_of
from lifecycle_kit.systems.options import timespan

__all__ = [
    "BadScenario", "Book", "Problem", "Reader", "Table", "choice", "flag", "listing", "nearest", "number", "span",
    "text", "whole",
]  # fmt: skip

T = TypeVar("T")
Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong: `file`, `line` (from 1; 0: the whole file), `key` ("" if none) and `why`."""

    file: str
    line: int
    key: str
    why: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.why}" if self.key else f"{where}: {self.why}"


class BadScenario(ValueError):
    """A scenario cannot be used; `problems` has one entry for each thing that is wrong with its file."""

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message or "\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Book:
    """One file: where its keys stand, and what is wrong with it so far.

    Attributes:
        file: its name, as it was given.
        lines: from `lines_of`.
        problems: found so far.
        about: what is being read besides the file itself, such as "with cures.jitter".
    """

    file: str
    lines: Mapping[Path, int]
    problems: list[Problem] = field(default_factory=list)
    about: str = ""

    def wrong(self, path: Path, why: str) -> None:
        """Note a problem with what stands at `path`."""
        key = ".".join(str(part) for part in path)
        why = f"{why} ({self.about})" if self.about else why
        self.problems.append(Problem(file=self.file, line=line_of(self.lines, path), key=key, why=why))


class Table:
    """A table being read: it remembers which keys were asked for, so that the others can be told as unknown."""

    def __init__(self, book: Book, path: Path, data: Mapping[str, Any]) -> None:
        self.book, self.path, self.data = book, path, data
        self.asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def wrong(self, key: str, why: str) -> None:
        """Note a problem with a key of this table, or with the table itself ("")."""
        self.book.wrong((*self.path, key) if key else self.path, why)

    def read(self, key: str, reader: Reader, default: Any = None, *, required: bool = False) -> Any:
        """Return the value of a key, `default` if it is missing or wrong."""
        self.asked.add(key)
        if key not in self.data:
            if required:
                self.wrong("", f"{key} is missing")
            return default
        try:
            return reader(self.data[key])
        except ValueError as error:
            self.wrong(key, f"{shown(self.data[key])}: {error}")
            return default

    def table(self, key: str) -> Table | None:
        """Return the table under a key, None if there is none."""
        data = self.read(key, _table)
        return None if data is None else Table(self.book, (*self.path, key), data)

    def tables(self, key: str) -> list[Table]:
        """Return the tables of an array, `[[key]]`."""
        rows = self.read(key, listing(_table), default=[])
        return [Table(self.book, (*self.path, key, number), row) for number, row in enumerate(rows)]

    def named(self, key: str) -> dict[str, Table]:
        """Return the tables under a key by their names, `[key.NAME]`."""
        outer = self.table(key)
        if outer is None:
            return {}
        found = {name: outer.table(name) for name in outer.data}
        return {name: table for name, table in found.items() if table is not None}

    def make(self, kind: Callable[..., T], readers: Mapping[str, Reader], **more: Any) -> T | None:
        """Return the dataclass `kind` with the values of this table; None if something is wrong with them.

        Args:
            kind: a dataclass; what it has no default for is required.
            readers: by field; a span of time is called in the file without the "_s" of its field.
            more: further fields, already read.
        """
        before = len(self.book.problems)
        needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}  # type: ignore[arg-type]
        values = dict(more)
        for name, reader in readers.items():
            key = name.removesuffix("_s") if reader in (span, span_or_never) else name
            value = self.read(key, reader, required=name in needed)
            if key in self.data:
                values[name] = value
        self.close()
        if len(self.book.problems) > before:
            return None
        return self.attempt(lambda: kind(**values))

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what `make` makes; a ValueError becomes a problem of this table."""
        try:
            return make()
        except ValueError as error:
            self.wrong("", str(error))
            return None

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                self.wrong(key, f"is not known here; {nearest(key, self.asked)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint: the known word that is most like this one, or all there are.

    >>> nearest("replica", ["replicas", "like"])
    "did you mean 'replicas'?"
    """
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(words)}" if words else "there is nothing to choose from"


def shown(value: Any) -> str:
    """Return a value as it may stand in a TOML file, cut if it is long."""
    words = {True: "true", False: "false"}.get(value, repr(value)) if isinstance(value, bool) else repr(value)
    return words if len(words) <= 40 else f"{words[:37]}..."


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("give a table")
    return value


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError('give a text in quotes, such as "api"')
    return value.strip()


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("give true or false")
    return value


def number(least: float = 0.0, most: float = math.inf, *, above: bool = False) -> Reader:
    """Return a reader of numbers from `least` (or above it) to `most`."""
    bound = f"greater than {least:g}" if above else f"at least {least:g}"
    bounds = bound if math.isinf(most) else f"{bound} and at most {most:g}"

    def reader(value: Any) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or not least <= value <= most or (above and value == least):
            raise ValueError(f"give a number, {bounds}")
        return float(value)

    return reader


def whole(least: int = 0, most: int | None = None) -> Reader:
    """Return a reader of whole numbers from `least` to `most`."""
    bounds = f"at least {least}" if most is None else f"from {least} to {most}"

    def reader(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least or (most and value > most):
            raise ValueError(f"give a whole number, {bounds}")
        return value

    return reader


def choice(*words: str) -> Reader:
    """Return a reader of one of `words`."""

    def reader(value: Any) -> str:
        if value not in words:
            near = difflib.get_close_matches(str(value), words, n=1, cutoff=0.6)
            raise ValueError(f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(words)}")
        return str(value)

    return reader


def span(value: Any) -> float:
    """Read a span of time such as "90s", "1min 30s" or 90; a bare number is seconds.

    >>> span("1min 30s"), span(2)
    (90.0, 2.0)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError('give a time such as "30s" or "1min 30s"; a bare number is seconds')
    read = timespan(value)
    if math.isinf(read):
        raise ValueError('give a time that ends, such as "10min"')
    return read


def span_or_never(value: Any) -> float | None:
    """Read a span of time, or "never"."""
    return None if value == "never" else span(value)


def listing(reader: Reader, *, least: int = 0) -> Reader:
    """Return a reader of lists; one value alone is a list of one."""

    def read(value: Any) -> tuple[Any, ...]:
        values = value if isinstance(value, list) else [value]
        if len(values) < least:
            raise ValueError(f"give at least {least}")
        return tuple(reader(each) for each in values)

    return read
