"""The ground that the pictures of fleets stand on: a time axis, boxes with a scale, stacked steps, and textures.

Rule: no ids, as in every picture of this room. So a texture is not a pattern that is referred to, but one path of
short strokes; and it never shows more than the area does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifecycle_kit.show.axes import PLAIN_UP_TO_S
from lifecycle_kit.show.palette import GRID, INK, MUTED
from lifecycle_kit.show.svg import element, group

__all__ = ["Box", "Frame", "Texture", "areas", "number", "step_line", "swatch", "time_axis", "top_of", "value_axis"]

Values = npt.NDArray[np.float64]
THIN = 1.5  # pixels: what is there at all is at least that high
SMALL = 11.0
STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
TICKS_S = tuple(sorted({*STEPS_S, 20, 50, 100, 200}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A stretch of time and where it stands on the page.

    Attributes:
        left: pixels from the left edge.
        width: pixels.
        from_s, until_s: what is shown, seconds.
    """

    left: float
    width: float
    from_s: float
    until_s: float

    @property
    def right(self) -> float:
        """Where it ends, pixels from the left edge."""
        return self.left + self.width

    def x(self, at_s: float) -> float:
        """Return where an instant stands; those outside stand at the edge."""
        share = (at_s - self.from_s) / (self.until_s - self.from_s)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    def shows(self, at_s: float) -> bool:
        """Tell whether an instant is in the picture."""
        return self.from_s <= at_s <= self.until_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the page with a time axis and a scale from 0 to `most`."""

    frame: Frame
    top: float
    height: float
    most: float = 1.0

    @property
    def bottom(self) -> float:
        """Where it ends, pixels from the top edge."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Return where a value stands."""
        return self.bottom - self.height * value / self.most


@dataclass(frozen=True, slots=True)
class Texture:
    """How an area looks: a fill, a dark shade of it, and upright strokes so many pixels apart.

    Attributes:
        fill: colour of the area.
        edge: colour of its outline.
        apart: pixels between two strokes; 0: none.
        dash: of the strokes, as SVG has it; "": whole.
        stroke: their colour; "": that of the outline.
    """

    fill: str
    edge: str
    apart: int = 0
    dash: str = ""
    stroke: str = ""

    def strokes(self, path: str) -> str:
        """Return a path in the colour and dash of the strokes."""
        return element("path", d=path, fill="none", stroke=self.stroke or self.edge, stroke_width=1,
                       stroke_dasharray=self.dash or None)  # fmt: skip


def top_of(most: float) -> float:
    """Return the end of a scale that holds `most`: from 1 to 10, in a few steps, times a power of ten.

    >>> [top_of(most) for most in (0, 3, 4.2, 71)]
    [1.0, 3.0, 5.0, 80.0]
    """
    if most <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return float(next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= most - 1e-9))


def number(value: float) -> str:
    """Return a number as people write it: thousands apart, no idle digits.

    >>> number(12034), number(0.25), number(3.0)
    ('12,034', '0.25', '3')
    """
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3g}"


def time_axis(frame: Frame, top: float, bottom: float, *, name: bool = True) -> list[str]:
    """Return upright grid lines from `top` to `bottom`, and the times below them."""
    step = _step(frame.until_s - frame.from_s, max(2, int(frame.width // 70)))
    ticks = [i * step for i in range(math.ceil(frame.from_s / step), math.floor(frame.until_s / step + 1e-9) + 1)]
    lines = "".join(f"M{frame.x(at):.1f} {top:.1f}V{bottom:.1f}" for at in ticks)
    plain = frame.until_s <= PLAIN_UP_TO_S
    parts = [element("path", d=lines, stroke=GRID, fill="none", stroke_width=0.8)]
    parts += [
        element("text", _time(at, plain), x=frame.x(at), y=bottom + 15, font_size=SMALL, text_anchor="middle",
                fill=MUTED)
        for at in ticks
    ]  # fmt: skip
    if name:
        words = "time (s)" if plain else "time (h:mm)"
        middle = frame.left + frame.width / 2
        parts.append(element("text", words, x=middle, y=bottom + 30, font_size=SMALL, text_anchor="middle"))
    return parts


def _step(span_s: float, room: int) -> float:
    """Return the seconds between two ticks: as few as there is room for, or a little more if that ends evenly."""
    fit = [step for step in TICKS_S if span_s / step <= room] or [span_s / room]
    return next((step for step in fit[:3] if span_s % step == 0), fit[0])


def _time(at_s: float, plain: bool) -> str:
    return f"{at_s:.6g}" if plain else f"{at_s // 3600:.0f}:{at_s % 3600 // 60:02.0f}"


def value_axis(box: Box) -> list[str]:
    """Return the ground line and the line of the greatest value, with their numbers at the left."""
    parts = []
    for value, colour in ((0.0, MUTED), (box.most, GRID)):
        y = box.y(value)
        parts.append(
            element("line", x1=box.frame.left, x2=box.frame.right, y1=y, y2=y, stroke=colour, stroke_width=0.8)
        )
        parts.append(
            element("text", number(value), x=box.frame.left - 6, y=y + 4, font_size=SMALL, text_anchor="end",
                    fill=MUTED)
        )  # fmt: skip
    return parts


def areas(box: Box, edges_s: Values, layers: Iterable[tuple[Texture, Values]]) -> list[str]:
    """Return layers stacked on each other, the first one at the bottom.

    Args:
        box: where.
        edges_s: instants between the values, one more than there are values.
        layers: how each looks, and its value in each stretch of time.
    """
    xs = np.array([box.frame.x(at) for at in edges_s.tolist()])
    lower = np.full(len(xs) - 1, box.bottom)
    parts = []
    for texture, values in layers:
        thick = np.where(values > 0, np.maximum(values * (box.height / box.most), THIN), 0.0)
        # Nothing leaves its box, even where thin layers were made thicker.
        upper = np.maximum(lower - thick, box.top)
        for first, end in _stretches((values > 0) & (xs[1:] > xs[:-1])):
            parts += _area(xs[first : end + 1], lower[first:end], upper[first:end], texture)
        lower = upper
    return parts


def _stretches(present: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], present.astype(np.int8), [0])))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _area(xs: Values, lower: Values, upper: Values, texture: Texture) -> list[str]:
    there = _steps(xs, upper)
    back = _steps(xs[::-1], lower[::-1])
    outline = f"M{there}L{back}Z"
    parts = [element("path", d=outline, fill=texture.fill, stroke=texture.edge, stroke_width=0.7)]
    if texture.apart:
        places = np.arange(math.ceil(xs[0] / texture.apart) * texture.apart, xs[-1], texture.apart)
        bins = np.minimum(np.searchsorted(xs, places, side="right") - 1, len(upper) - 1)
        strokes = "".join(
            f"M{x:g} {high:.1f}V{low:.1f}"
            for x, high, low in zip(places, upper[bins], lower[bins], strict=True)
            if low - high > THIN
        )
        if strokes:
            parts.append(texture.strokes(strokes))
    return parts


def _steps(xs: Values, ys: Values) -> str:
    """Return the points of a line of steps; what does not change the picture is left out."""
    turns = np.flatnonzero(np.diff(ys))
    parts = [f"{xs[0]:.1f} {ys[0]:.1f}"]
    for turn in turns.tolist():
        parts.append(f"H{xs[turn + 1]:.1f}V{ys[turn + 1]:.1f}")
    return "".join([*parts, f"H{xs[-1]:.1f}"])


def step_line(
    box: Box, edges_s: Values, values: Values, *, colour: str = INK, width: float = 1.8, dash: str | None = None
) -> str:
    """Return one line of steps."""
    xs = np.array([box.frame.x(at) for at in edges_s.tolist()])
    ys = box.bottom - values * (box.height / box.most)
    return element("path", d=f"M{_steps(xs, ys)}", fill="none", stroke=colour, stroke_width=width,
                   stroke_dasharray=dash)  # fmt: skip


def swatch(texture: Texture, x: float, y: float, width: int = 18, height: int = 11) -> str:
    """Return a sample of a texture whose middle is at `y`."""
    parts = [element("rect", x=x, y=y - height / 2, width=width, height=height, fill=texture.fill, stroke=texture.edge,
                     stroke_width=0.8)]  # fmt: skip
    if texture.apart:
        strokes: Sequence[float] = np.arange(x + 3, x + width, texture.apart).tolist()
        parts.append(texture.strokes("".join(f"M{at:g} {y - height / 2:g}v{height}" for at in strokes)))
    return group(parts)
