"""What the pictures of the labs share: an axis, bands with words, and marks of different shapes, as SVG.

Rule: what a colour says is said again by a word, a letter, a hatch or a shape.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.show.palette import GRID, INK, MUTED, NOW, PAPER, Look
from lifecycle_kit.show.svg import arrow, element, group, text_block

__all__ = ["SIZE", "Axis", "Box", "band", "bar", "extent", "mark", "nice_step", "note", "row_name", "time_axis"]

SIZE = 13  # of letters, at least
CHARACTER = 7.2  # about the width of one, at that size
STEPS = (1, 2, 5)
Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to pixels, evenly, or evenly in the logarithm of 1 + value."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; beyond the ends it is the end."""
        low, high, here = (self._at(each) for each in (self.low, self.high, min(max(value, self.low), self.high)))
        return self.start + (here - low) / ((high - low) or 1.0) * (self.end - self.start)

    def _at(self, value: float) -> float:
        return math.log1p(value) if self.log else value


def nice_step(span: float, most: int) -> float:
    """Return a round step that cuts `span` into at most `most` parts.

    >>> nice_step(150, 8), nice_step(0.9, 5)
    (20, 0.2)
    """
    scale = 10.0 ** math.floor(math.log10(max(span, 1e-9) / most))
    step = next(step * scale for step in (*STEPS, 10) if span / (step * scale) <= most * (1 + 1e-9))
    return round(step, 9) if step < 1 else round(step)


def time_axis(axis: Axis, y: float, top: float, unit: str = "s", most: int = 9) -> str:
    """Return a time axis at height `y`, with lines up to `top`."""
    step = nice_step(axis.high - axis.low, most)
    values = [axis.low + n * step for n in range(int((axis.high - axis.low) / step + 1e-9) + 1)]
    lines = [element("line", x1=axis(v), x2=axis(v), y1=top, y2=y, stroke=GRID, stroke_width=1) for v in values]
    words = [text_block([f"{v:g}"], (axis(v), y + 12), size=SIZE, fill=MUTED) for v in values]
    return group([*lines, *words, text_block([unit], (axis.end + 20, y + 12), size=SIZE, fill=MUTED)])


def row_name(name: str, x: float, y: float) -> str:
    """Return the name of a row, which ends at `x`; a line break makes two lines."""
    return text_block(name.split("\n"), (x, y), size=SIZE, anchor="end", font_weight="bold")


def band(box: Box, look: Look, word: str = "", letter: str = "") -> str:
    """Return a bar with a word in it, or with a letter where the word does not fit."""
    x, y, width, height = box
    width = max(width, 1.5)
    parts = [element("rect", x=x, y=y, width=width, height=height, fill=look.fill, stroke=look.edge, stroke_width=1)]
    if look.hatch:
        parts.append(_hatched((x, y, width, height), look.edge))
    says = next((each for each in (word, letter) if each and len(each) * CHARACTER + 6 <= width), "")
    if says:
        middle = (x + width / 2, y + height / 2)
        halo: dict[str, Any] = {
            "stroke": look.fill,
            "stroke_width": 4,
            "paint_order": "stroke",
            "stroke_linejoin": "round",
        }
        parts.append(text_block([says], middle, size=SIZE, font_weight="bold", **halo))
    return group(parts)


def _hatched(box: Box, colour: str, step: float = 8) -> str:
    """Return slanting lines, cut off at the box by arithmetic: a pattern would need an id."""
    x, y, width, height = box
    lines = []
    for n in range(int((width + height) / step) + 1):
        foot = n * step  # of the line from (foot, 0) to (foot - height, height)
        top, bottom = min(foot, width), max(foot - height, 0)
        if top > bottom:
            lines.append(f"M{x + top:.1f} {y + foot - top:.1f} L{x + bottom:.1f} {y + foot - bottom:.1f}")
    return element("path", d=" ".join(lines), stroke=colour, stroke_width=1, opacity=0.45, fill="none")


def bar(box: Box, colour: str) -> str:
    """Return a plain bar without a border."""
    x, y, width, height = box
    return element("rect", x=x, y=y, width=width, height=height, fill=colour)


SHAPES = {
    "dot": "M{l} {m} a{r} {r} 0 1 0 {d} 0 a{r} {r} 0 1 0 -{d} 0",
    "cross": "M{l} {t} L{e} {b} M{e} {t} L{l} {b}",
    "square": "M{l} {t} h{d} v{d} h-{d} Z",
    "triangle": "M{m0} {t} L{e} {b} L{l} {b} Z",
}


def mark(shape: str, x: float, y: float, colour: str, radius: float = 4.5) -> str:
    """Return a mark: "dot", "cross", "square" or "triangle"."""
    at = {"l": x - radius, "e": x + radius, "t": y - radius, "b": y + radius, "m": y, "m0": x, "r": radius}
    path = SHAPES[shape].format(d=f"{2 * radius:g}", **{key: f"{value:.1f}" for key, value in at.items()})
    hollow = shape == "cross"
    return element("path", d=path, fill="none" if hollow else colour, stroke=colour, stroke_width=2.6 if hollow else 1)


def extent(x1: float, x2: float, y: float, words: str, limits: tuple[float, float], colour: str = NOW) -> str:
    """Return a length: a line from `x1` to `x2` with heads at both ends, and words at it within `limits`."""
    middle = ((x1 + x2) / 2, y)
    parts = [arrow([middle, (x, y)], colour=colour, width=1.6, head=8) for x in (x1, x2) if abs(x2 - x1) > 18]
    parts += [element("line", x1=x, x2=x, y1=y - 7, y2=y + 7, stroke=colour, stroke_width=1.6) for x in (x1, x2)]
    return group([*parts, note(words, middle[0], y + 17, limits, colour)])


def note(words: str, x: float, y: float, limits: tuple[float, float], colour: str = NOW) -> str:
    """Return words whose middle is at `x`, pushed inside `limits` where they would stick out."""
    half = len(words) * CHARACTER / 2
    x = min(max(x, limits[0] + half), limits[1] - half)
    return text_block(
        [words], (x, y), size=SIZE, fill=colour, font_weight="bold",
        stroke=PAPER, stroke_width=3, paint_order="stroke", stroke_linejoin="round",
    )  # fmt: skip


def key(marks: Iterable[tuple[str, str]], x: float, y: float, gap: float = 14) -> str:
    """Return samples next to their meaning, in one line: `(drawn sample of 16 x 16 at the origin, words)`."""
    parts = []
    for sample, words in marks:
        parts.append(group([sample], transform=f"translate({x:.1f} {y:.1f})"))
        parts.append(text_block([words], (x + 14, y), size=SIZE, anchor="start", fill=INK))
        x += 14 + len(words) * CHARACTER + gap
    return group(parts)


def columns(heights: Sequence[float], axis: Axis, left: float, width: float, base: float, colour: str) -> str:
    """Return a bar chart of `heights` as one path: bars of equal width from `left` on, standing on `base`."""
    path = "".join(
        f"M{left + n * width:.1f} {base:.1f}V{axis(height):.1f}h{max(width - 0.6, 0.6):.1f}V{base:.1f}Z"
        for n, height in enumerate(heights)
        if height
    )
    return element("path", d=path or "M0 0", fill=colour)
