"""What comes of a sweep: a small table, a column per parameter and per measure, a row per point."""

from __future__ import annotations

import csv
import html
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PROBLEM", "POINTS", "Table", "column_of"]

Column = npt.NDArray[Any]
PROBLEM, POINTS = "problem", "points"
MOST_ROWS = 40


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """Points and what was measured at each; `table["failed"]` is a column.

    Attributes:
        parameters: names of the columns that say which point it is.
        columns: all of them by name; "problem" is the last one, if a point failed.
        left_out: how many points were not run, because somebody stopped the sweep.
    """

    parameters: tuple[str, ...]
    columns: Mapping[str, Column]
    left_out: int = 0

    def __getitem__(self, name: str) -> Column:
        if name not in self.columns:
            raise KeyError(f"there is no column {name!r}; there are {', '.join(self.columns)}")
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the columns that were measured."""
        return tuple(name for name in self.columns if name not in (*self.parameters, PROBLEM, POINTS))

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The rows of the points that failed."""
        return [row for row in self.rows() if row.get(PROBLEM)]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row per point, as plain Python values."""
        plain = [column.tolist() for column in self.columns.values()]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*plain, strict=True)]

    def only(self, *measures: str) -> Table:
        """Return the table with these measures and no others; parameters and problems stay.

        Raises:
            KeyError: if there is no such column.
        """
        kept = (*self.parameters, *measures, *(name for name in (POINTS, PROBLEM) if name in self.columns))
        return Table(self.parameters, {name: self[name] for name in kept}, self.left_out)

    def mean(self, by: str | Sequence[str]) -> Table:
        """Return the means of all measures over the points that share the parameters `by`.

        Points that failed do not count, and neither does what is not a number; `points` says how many there were.

        Args:
            by: one parameter, or several.

        Raises:
            KeyError: if there is no such column.
        """
        names = (by,) if isinstance(by, str) else tuple(by)
        groups: dict[tuple[str, ...], list[int]] = {}
        keys = zip(*(map(repr, self[name].tolist()) for name in names), strict=True)
        for place, key in enumerate(keys):
            groups.setdefault(key, []).append(place)
        sound = [[place for place in places if not self._failed(place)] for places in groups.values()]
        firsts = [places[0] for places in groups.values()]
        columns = {name: self[name][firsts] for name in names}
        for name in self.measures:
            if self[name].dtype != object:
                columns[name] = np.array([_mean(self[name][places]) for places in sound])
        return Table(names, {**columns, POINTS: np.array(list(map(len, sound)), np.int64)}, self.left_out)

    def _failed(self, place: int) -> bool:
        return PROBLEM in self.columns and bool(self.columns[PROBLEM][place])

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the table as comma-separated values, and write it to `path` if one is given."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(row.values() for row in self.rows())
        if path is not None:
            Path(path).write_text(text.getvalue(), encoding="utf-8")
        return text.getvalue()

    def __str__(self) -> str:
        """Return the table as text, the first rows of a long one."""
        rows = [list(self.columns), *self._cells()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "\n".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self._cells()
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{notes}"

    def _cells(self) -> list[list[str]]:
        return [[_shown(value) for value in row.values()] for row in self.rows()[:MOST_ROWS]]

    def _notes(self) -> Iterator[str]:
        if len(self) > MOST_ROWS:
            yield f"... and {len(self) - MOST_ROWS} more rows"
        if self.left_out:
            yield f"stopped: {self.left_out} points were not run"


def column_of(values: Iterable[Any]) -> Column:
    """Return values as a column: of numbers if all of them are numbers, otherwise of objects."""
    listed = list(values)
    kinds = {type(value) for value in listed}
    if kinds <= {bool} or (kinds <= {int, float, np.int64, np.float64} and kinds):
        return np.array(listed)
    made = np.empty(len(listed), object)
    for place, value in enumerate(listed):  # not in one go: NumPy would take tuples apart
        made[place] = value
    return made


def _mean(values: Column) -> float:
    numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return float(numbers.mean()) if len(numbers) else math.nan


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.10g}" if value == round(value, 3) else f"{value:.4g}"
    return str(value)
