"""What every panel of a picture of fleets is made of: a title, a scale, what it draws, and its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifecycle_kit.show.fleet_frame import Box, Texture, number, swatch
from lifecycle_kit.show.fleet_seen import Seen
from lifecycle_kit.show.svg import element

__all__ = ["Key", "Panel", "Values", "column", "counted", "lined", "most_of", "nothing", "sampled", "total", "within"]

Values = npt.NDArray[np.float64]
Sample = Callable[[float, float], str]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of a key: a sample, drawn with its left end at a point, and what it stands for."""

    sample: Sample
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel, for one run or for several beside each other.

    Attributes:
        of: name of the fleet, queue or dependency.
        title: what is drawn.
        height: pixels.
        most: greatest value that a run needs.
        draw: elements of a run in a box.
        key: lines of the key for some runs.
    """

    of: str
    title: str
    height: int
    most: Callable[[Seen], float]
    draw: Callable[[Seen, Box], list[str]]
    key: Callable[[Sequence[Seen]], list[Key]]


def column(seen: Seen, name: str, metric: str) -> Values:
    """Return a column of the metrics; zeros where a run has none."""
    if name not in seen.measured.columns or metric not in seen.measured[name]:
        return np.zeros(len(seen.measured))
    return seen.measured[name][metric].astype(np.float64)


def within(seen: Seen) -> npt.NDArray[np.bool_]:
    """Return which stretches between two scrapes are in the picture."""
    edges = seen.edges_s
    return (edges[1:] > seen.from_s) & (edges[:-1] < seen.until_s)


def total(runs: Sequence[Seen], name: str, metric: str) -> float:
    """Return the sum of a column over what is in the picture, of all runs."""
    return sum(float(column(run, name, metric)[within(run)].sum()) for run in runs)


def most_of(seen: Seen, values: Values) -> float:
    """Return the greatest value in the picture."""
    return float(values[within(seen)].max(initial=0))


def counted(word: str, count: float, runs: Sequence[Seen]) -> str:
    """Return a word with its total; of several runs there is no total."""
    return f"{word} {number(count)}" if len(runs) == 1 else word


def sampled(texture: Texture) -> Sample:
    """Return the sample of an area."""
    return lambda x, y: swatch(texture, x, y)


def lined(colour: str, width: float, dash: str | None = None) -> Sample:
    """Return the sample of a line."""
    return lambda x, y: element("line", x1=x, x2=x + 18, y1=y, y2=y, stroke=colour, stroke_width=width,
                                stroke_dasharray=dash)  # fmt: skip


def nothing(_x: float, _y: float) -> str:
    """Return no sample, for a line of words alone."""
    return ""
