"""Draws a layout and arrows as SVG: frames, state boxes, arrows with labels, marks, and a key below.

Rule: whatever colour says is said a second way. The current state has a thick border and the word "now",
a taken arrow is thick and counted, the one just taken thicker still, a possible one is dashed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifecycle_kit.show.arrows import Arrow
from lifecycle_kit.show.layout import HALF_HEIGHT, HALF_WIDTH, Layout, Place, Route
from lifecycle_kit.show.palette import INK, MUTED, NOW, PAPER, SHADE, Look
from lifecycle_kit.show.svg import LINE_HEIGHT, Point, arrow, element, group, text_block

__all__ = ["LABEL_SIZE", "Marks", "draw", "key_height", "label_of", "route_of"]

LABEL_SIZE, KEY_LINE = 13, 22
POSSIBLE_DASH = "7 4"
LONGEST_LINE = 16  # characters; several triggers on one arrow stand below each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is marked in a diagram.

    Attributes:
        current: the states to mark as "now"; usually one.
        taken: how often each move `(source, target)` was made.
        last: the move made just now, one of those taken; None if none stands out.
    """

    current: frozenset[str] = frozenset()
    taken: Mapping[tuple[str, str], int] = field(default_factory=dict)
    last: tuple[str, str] | None = None

    def times(self, arrow: Arrow) -> int:
        """Return how often an arrow was taken; a move that has an arrow of its own is not counted at a frame's."""
        return sum(self.taken.get((member, arrow.target), 0) for member in arrow.only)

    def possible(self, arrow: Arrow) -> bool:
        """Tell whether an arrow can be taken from where the unit stands now."""
        return bool(self.current.intersection(arrow.members))

    def just(self, arrow: Arrow) -> bool:
        """Tell whether an arrow shows the move made just now."""
        return self.last is not None and self.last[0] in arrow.only and self.last[1] == arrow.target

    @property
    def any(self) -> bool:
        """Whether anything is marked at all."""
        return bool(self.current or self.taken)


def draw(
    layout: Layout, arrows: Sequence[Arrow], marks: Marks, looks: Mapping[str, Look], words: Sequence[str] = ()
) -> str:
    """Return the elements of a diagram; `words` are lines of text for below it."""
    ordered = sorted(arrows, key=lambda arrow: (marks.just(arrow), marks.times(arrow) > 0, marks.possible(arrow)))
    parts = [
        *_frames(layout),
        *(_line(layout, arrow, marks) for arrow in ordered),
        *(_box(name, place, looks[name], name in marks.current) for name, place in layout.places.items()),
        *(_label(layout, arrow, marks) for arrow in ordered),
        *_key(layout, marks, words),
    ]
    return "\n".join(parts)


def _frames(layout: Layout) -> list[str]:
    parts = []
    for name, frame in layout.frames.items():
        x, y, width, height = frame.box
        dash = "2 4" if frame.dotted else None
        fill = SHADE if frame.shaded else "none"
        parts.append(
            element("rect", x=x, y=y, width=width, height=height, rx=12, fill=fill, stroke=MUTED, stroke_width=1.2,
                    stroke_dasharray=dash)
        )  # fmt: skip
        parts.append(text_block([name], frame.name_at, size=14, anchor="start", fill=MUTED, font_style="italic"))
    return parts


def _box(name: str, place: Place, look: Look, now: bool) -> str:
    left, top = place.x - HALF_WIDTH, place.y - HALF_HEIGHT
    size: dict[str, Any] = {"width": 2 * HALF_WIDTH, "height": 2 * HALF_HEIGHT}
    border: dict[str, Any] = {"stroke": NOW, "stroke_width": 5} if now else {"stroke": look.edge, "stroke_width": 1.6}
    parts = [element("rect", x=left, y=top, **size, rx=10, fill=look.fill, **border)]
    if now:
        parts.append(element("rect", x=left - 9, y=top - 18, width=42, height=20, rx=6, fill=NOW))
        parts.append(text_block(["now"], (left + 12, top - 8), size=14, fill=PAPER, font_weight="bold"))
    parts.append(text_block([name], (place.x, place.y - 8), size=17, font_weight="bold"))
    parts.append(text_block([place.note], (place.x, place.y + 13), size=12.5))
    return group(parts, data_state=name)


def _style(arrow: Arrow, marks: Marks) -> tuple[str, float, str | None]:
    """Return colour, width and dash of an arrow."""
    if marks.just(arrow):
        return NOW, 5.5, None
    if marks.times(arrow):
        return INK, 4.0, POSSIBLE_DASH if marks.possible(arrow) else None
    if marks.possible(arrow):
        return INK, 2.2, POSSIBLE_DASH
    return (MUTED, 1.3, None) if marks.any else (INK, 1.8, None)


def _line(layout: Layout, shown: Arrow, marks: Marks) -> str:
    colour, width, dash = _style(shown, marks)
    points = route_of(layout, shown).points
    parts = [arrow(points, colour=colour, width=width, dash=dash, head=10 if width < 3 else 15)]
    if shown.source not in layout.places:  # it leaves a frame, not a box
        parts.append(element("circle", cx=points[0][0], cy=points[0][1], r=4, fill=colour))
    return group(parts, data_from=shown.source, data_to=shown.target, data_when=", ".join(shown.labels))


def _label(layout: Layout, shown: Arrow, marks: Marks) -> str:
    strong = marks.times(shown) or marks.possible(shown)
    ink = NOW if marks.just(shown) else INK if strong or not marks.any else MUTED
    lines, at = label_of(layout, shown, marks)
    return text_block(
        lines, at, size=LABEL_SIZE, anchor=route_of(layout, shown).anchor,
        fill=ink, font_weight="bold" if marks.times(shown) else None,
        stroke=PAPER, stroke_width=3, paint_order="stroke", stroke_linejoin="round",
    )  # fmt: skip


def label_of(layout: Layout, shown: Arrow, marks: Marks) -> tuple[list[str], Point]:
    """Return the lines of an arrow's label and their middle: its triggers, and how often it was taken."""
    route, times = route_of(layout, shown), marks.times(shown)
    lines: list[str] = []
    for trigger in shown.labels:
        if lines and len(lines[-1]) + 2 + len(trigger) <= LONGEST_LINE:
            lines[-1] += f", {trigger}"
        else:
            lines.append(trigger)
    if times < 2:
        return lines, route.label
    if route.count_above:
        return [f"×{times}", *lines], (route.label[0], route.label[1] - LABEL_SIZE * LINE_HEIGHT / 2)
    return [*lines[:-1], f"{lines[-1]} ×{times}"], route.label


def route_of(layout: Layout, shown: Arrow) -> Route:
    """Return the arrow's own route, or a straight one between the two boxes."""
    own = layout.routes.get((shown.source, shown.target))
    if own is not None:
        return own
    if shown.source == shown.target:
        place = layout.places[shown.source]
        return _loop((place.x, place.y))
    return _straight(_middle(layout, shown.source), _middle(layout, shown.target))


def _middle(layout: Layout, name: str) -> Point:
    if name in layout.places:
        return layout.places[name].x, layout.places[name].y
    x, y, width, height = layout.frames[name].box
    return x + width / 2, y + height / 2


def _loop(middle: Point) -> Route:
    x, y = middle[0], middle[1] - HALF_HEIGHT
    return Route(((x - 18, y), (x - 18, y - 26), (x + 18, y - 26), (x + 18, y)), (x, y - 38))


def _straight(start: Point, end: Point) -> Route:
    # Both directions may exist: each keeps to its right.
    length = math.dist(start, end) or 1.0
    dx, dy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    aside = (-dy * 8, dx * 8)
    first, last = _leave(start, (dx, dy), aside), _leave(end, (-dx, -dy), aside)
    return Route((first, last), ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2))


def _leave(middle: Point, direction: Point, aside: Point) -> Point:
    """Return where a line from `middle` crosses the border of the box around it."""
    far_x = HALF_WIDTH / abs(direction[0]) if direction[0] else math.inf
    far_y = HALF_HEIGHT / abs(direction[1]) if direction[1] else math.inf
    far = min(far_x, far_y)
    return middle[0] + direction[0] * far + aside[0], middle[1] + direction[1] * far + aside[1]


def key_height(marks: Marks, words: Sequence[str]) -> int:
    """Return how much room the key and the words below a diagram need."""
    return KEY_LINE * (len(words) + marks.any) + (12 if words or marks.any else 0)


def _key(layout: Layout, marks: Marks, words: Sequence[str]) -> list[str]:
    y = layout.height + 16
    parts = []
    samples = (
        (5.5, None, NOW, "just taken", marks.last is not None), (4.0, None, INK, "taken", bool(marks.taken)),
        (2.2, POSSIBLE_DASH, INK, "possible next", bool(marks.current)), (1.3, None, MUTED, "other", marks.any),
    )  # fmt: skip
    for i, (width, dash, colour, meaning, _) in enumerate(sample for sample in samples if sample[-1]):
        x = 26 + 180 * i
        parts.append(arrow(((x, y), (x + 46, y)), colour=colour, width=width, dash=dash))
        parts.append(text_block([meaning], (x + 54, y), size=LABEL_SIZE, anchor="start"))
    y += KEY_LINE * marks.any
    for i, line in enumerate(words):
        parts.append(text_block([line], (26, y + i * KEY_LINE), size=LABEL_SIZE + 1, anchor="start"))
    return parts
