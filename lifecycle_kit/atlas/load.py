"""Reading the atlas: files or folders of JSON Lines become cases, and lines that are wrong become problems."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lifecycle_kit.atlas.case import BadKey, Case

__all__ = ["BadAtlas", "Problem", "comparisons", "load", "read", "shipped"]

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line that cannot be used: `file`, `line` (from 1; 0: the whole file), `key` ("" if none) and `why`."""

    file: str
    line: int
    key: str
    why: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.why}" if self.key else f"{where}: {self.why}"


class BadAtlas(ValueError):
    """Some lines could not be read.

    Attributes:
        problems: one for each such line.
        cases: all the others.
    """

    def __init__(self, problems: tuple[Problem, ...], cases: tuple[Case, ...]) -> None:
        self.problems, self.cases = problems, cases
        super().__init__("\n".join(str(problem) for problem in problems))


def shipped() -> Path:
    """Return the folder of the atlas that comes with the package."""
    return DATA


@cache
def comparisons() -> dict[str, dict[str, str]]:
    """Return how each key of `observed` is compared, by "kind/system/family"; the words are those of the README."""
    table: dict[str, dict[str, str]] = json.loads((DATA / "compare.json").read_text(encoding="utf-8"))
    return table


def read(*places: str | Path) -> tuple[tuple[Case, ...], tuple[Problem, ...]]:
    """Return all cases of some files or folders, in order, and what could not be read.

    Args:
        places: files, or folders of which every `*.jsonl` is read; none: the shipped atlas.
    """
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in _files(places or (DATA,)):
        for found in _read_file(path):
            (cases if isinstance(found, Case) else problems).append(found)  # type: ignore[arg-type]
    return tuple(cases), tuple(problems)


def load(*places: str | Path, **wanted: str | Iterable[str]) -> tuple[Case, ...]:
    """Return the cases of the shipped atlas, or of other files or folders, that fit.

    Args:
        places: files or folders; none: the shipped atlas.
        wanted: `system`, `kind`, `evidence`, `family`, `level` or `id`, each a word or several words.

    Raises:
        BadAtlas: if a line cannot be read; its `cases` hold the others.
        ValueError: if it is asked for by something else than these six.

    >>> {case.family for case in load(system="s6", kind="decision")}
    {'permanent-failure'}
    """
    if unknown := set(wanted) - {"system", "kind", "evidence", "family", "level", "id"}:
        raise ValueError(
            f"cases have no {min(unknown)!r} to choose by; use system, kind, evidence, family, level or id"
        )
    cases, problems = read(*places)
    sets = {key: {word} if isinstance(word, str) else set(word) for key, word in wanted.items()}
    chosen = tuple(case for case in cases if all(getattr(case, key) in words for key, words in sets.items()))
    if problems:
        raise BadAtlas(problems, chosen)
    return chosen


def _files(places: Iterable[str | Path]) -> Iterator[Path]:
    for place in map(Path, places):
        yield from sorted(place.glob("*.jsonl")) if place.is_dir() else [place]


def _read_file(path: Path) -> Iterator[Case | Problem]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        yield Problem(file=str(path), line=0, key="", why=f"cannot be read: {error.strerror}")
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(line, (str(path), number))


def _read_line(line: bytes, place: tuple[str, int]) -> Case | Problem:
    try:
        data: Any = json.loads(line.decode("utf-8"))
        if not isinstance(data, dict):
            raise ValueError("a line holds one object, {...}")
        return Case.of(data, place)
    except BadKey as error:
        return Problem(file=place[0], line=place[1], key=error.key, why=str(error))
    except (ValueError, RecursionError) as error:
        return Problem(file=place[0], line=place[1], key="", why=f"no case: {error}")
