"""Just enough SVG: elements as strings, arrows with heads, and a picture that carries its own words.

Rule: no ids and no references. Several pictures on one page cannot get into each other's way, and each is whole when
it is cut out, saved or printed.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle_kit.show.palette import INK, PAPER

__all__ = [
    "LINE_HEIGHT",
    "Point",
    "Svg",
    "arrow",
    "beside",
    "element",
    "group",
    "rounded_path",
    "text_block",
]

Point = tuple[float, float]

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
LINE_HEIGHT = 1.2
WIDEST = 900  # pixels; a notebook shows a picture at its own size, and cuts off what is wider than the page


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Svg:
    """A picture and the same in words.

    Attributes:
        width: in user units (pixels at natural size).
        height: likewise.
        title: what the picture is called; read aloud first.
        text: what it says, in words, for those who do not see it.
        body: SVG elements.
    """

    width: int
    height: int
    title: str
    text: str
    body: str

    def __str__(self) -> str:
        """The SVG document."""
        scale = min(1.0, WIDEST / self.width)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg"'
            f' width="{self.width * scale:.0f}" height="{self.height * scale:.0f}"'
            f' viewBox="0 0 {self.width} {self.height}" style="max-width:100%;height:auto" role="img"'
            f' aria-label="{html.escape(self.title)}" font-family="{FONT}" fill="{INK}">'
        )
        words = element("title", self.title) + "\n" + element("desc", self.text)
        ground = element("rect", width=self.width, height=self.height, fill=PAPER)
        return f"{head}\n{words}\n{ground}\n{self.body}\n</svg>\n"

    def __repr__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> Path:
        """Write the SVG document to `path` and return the path."""
        path = Path(path)
        path.write_text(str(self), encoding="utf-8")
        return path


def _number(value: Any) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def element(tag: str, content: str | None = None, **attributes: Any) -> str:
    """Return one element; text is escaped, `stroke_width=2` becomes `stroke-width="2"`, None is left out.

    >>> element("text", "a < b", x=1.0, font_size=12)
    '<text x="1" font-size="12">a &lt; b</text>'
    """
    start = f"<{tag}{_written(attributes)}"
    return f"{start}/>" if content is None else f"{start}>{html.escape(content, quote=False)}</{tag}>"


def group(children: Iterable[str], **attributes: Any) -> str:
    """Return elements as one group; attributes as in `element`."""
    return f"<g{_written(attributes)}>" + "\n".join(children) + "</g>"


def _written(attributes: Mapping[str, Any]) -> str:
    given = ((name.replace("_", "-"), value) for name, value in attributes.items() if value is not None)
    return "".join(f' {name}="{html.escape(_number(value))}"' for name, value in given)


def text_block(lines: Iterable[str], at: Point, *, size: float = 13, anchor: str = "middle", **more: Any) -> str:
    """Return lines of text whose block is centred vertically on `at`."""
    lines = list(lines)
    x, y = at
    first = y - (len(lines) - 1) * size * LINE_HEIGHT / 2 + size * 0.35
    return "\n".join(
        element("text", line, x=x, y=first + i * size * LINE_HEIGHT, font_size=size, text_anchor=anchor, **more)
        for i, line in enumerate(lines)
    )


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end) or 1.0
    share = distance / length
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def rounded_path(points: Sequence[Point], radius: float = 12) -> str:
    """Return path data through `points` with rounded corners.

    >>> rounded_path([(0, 0), (10, 0)])
    'M0 0 L10 0'
    """
    parts = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        parts.append(f"L{_at(_towards(corner, before, r))} Q{_at(corner)} {_at(_towards(corner, after, r))}")
    return " ".join([*parts, f"L{_at(points[-1])}"])


def _at(point: Point) -> str:
    return " ".join(_number(float(value)) for value in point)


def arrow(
    points: Sequence[Point], *, colour: str = INK, width: float = 1.8, dash: str | None = None, head: float = 10
) -> str:
    """Return a line through `points` with a filled head at the last one."""
    before, tip = points[-2], points[-1]
    neck = _towards(tip, before, head * 0.8)
    line = rounded_path([*points[:-1], neck])
    shaft = element("path", d=line, fill="none", stroke=colour, stroke_width=width, stroke_dasharray=dash)
    return shaft + element("path", d=_head(before, tip, head), fill=colour)


def _head(before: Point, tip: Point, size: float) -> str:
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    wings = [(tip[0] - size * math.cos(angle + turn), tip[1] - size * math.sin(angle + turn)) for turn in (0.45, -0.45)]
    return f"M{_at(tip)} L{_at(wings[0])} L{_at(wings[1])} Z"


def beside(left: Svg, right: Svg, gap: int = 24) -> Svg:
    """Return one picture with both: next to each other, or one below the other where a page is not wide enough."""
    wide = left.width + gap + right.width
    side_by_side = wide <= WIDEST
    shift = (left.width + gap, 0) if side_by_side else (0, left.height + gap)
    return Svg(
        width=wide if side_by_side else max(left.width, right.width),
        height=max(left.height, right.height) if side_by_side else left.height + gap + right.height,
        title=f"{left.title}; {'beside' if side_by_side else 'below'} it: {right.title}",
        text=f"{left.text}\n\n{right.text}",
        body=group([left.body]) + "\n" + group([right.body], transform=f"translate({shift[0]} {shift[1]})"),
    )
