"""Panels made of rows: a lane for each instance of a small fleet, and the strip of a dependency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from lifecycle_kit.show.fleet_frame import SMALL, Box, Texture, swatch
from lifecycle_kit.show.fleet_panel import Key, Panel, Sample, sampled
from lifecycle_kit.show.fleet_seen import Seen
from lifecycle_kit.show.palette import GRID, INK, LOOKS, MUTED, PAPER, Look
from lifecycle_kit.show.svg import element, text_block
from lifecycle_kit.states import State
from lifecycle_kit.trace import Interval, intervals
from lifecycle_kit.units import seconds

__all__ = ["dependency_panel", "lanes_panel"]

LANE, BAR = 17, 12
HAIR = 1.5  # pixels; what is too short for a bar is a tick of that width
LONGEST_NAME = 16
DOWN_LOOK = Texture("#f43e51", "#8f1322", 4)
# What lasts no time at all is passed through without a trace; but a failure is always seen.
ALWAYS_SEEN = frozenset({State.FAILED})


def lanes_panel(name: str, count: int) -> Panel:
    """Return the panel with a lane for each instance of a fleet, at most `count`."""

    def draw(seen: Seen, box: Box) -> list[str]:
        parts: list[str] = []
        rows = {who: list(row) for who, row in groupby(_bars(seen, name), lambda part: part.instance)}
        for place, instance in enumerate(_names(seen, name)):
            middle = box.top + (place + 0.5) * LANE
            parts.append(text_block([_short(instance)], (box.frame.left - 6, middle), size=SMALL, anchor="end"))
            parts += _lane(box, middle, rows[instance]) if instance in rows else _waiting(box, middle)
        return parts

    def key(runs: Sequence[Seen]) -> list[Key]:
        present = {part.state for run in runs for part in _bars(run, name) if _is_seen(part, run)}
        return [Key(_lettered(LOOKS[state]), state.value) for state in State if state in present]

    return Panel(of=name, title="states", height=LANE * count, most=lambda _: 1.0, draw=draw, key=key)


def _names(seen: Seen, name: str) -> tuple[str, ...]:
    return tuple(seen.result.fleets[name].log.names) if name in seen.result.fleets else ()


def _waiting(box: Box, middle: float) -> list[str]:
    """Return the lane of one that never moved: the log does not say since when there is somebody to wait."""
    right = (box.frame.right - 4, middle)
    return [text_block(["created, never started"], right, size=10.5, anchor="end", fill=MUTED, font_style="italic")]


def _bars(seen: Seen, name: str) -> list[Interval]:
    if name not in seen.result.fleets:
        return []
    parts = intervals(list(seen.result.fleets[name].log), seen.result.until_ns)
    return [part for part in parts if part.end_ns > part.start_ns or part.state in ALWAYS_SEEN]


def _is_seen(part: Interval, seen: Seen) -> bool:
    return seconds(part.end_ns) >= seen.from_s and seconds(part.start_ns) <= seen.until_s


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:7]}…{name[8 - LONGEST_NAME :]}"


def _lettered(look: Look) -> Sample:
    plain = Texture(look.fill, look.edge)
    return lambda x, y: swatch(plain, x, y) + text_block([look.letter], (x + 9, y), size=10.5)


def _lane(box: Box, middle: float, parts: Iterable[Interval]) -> Iterator[str]:
    top = middle - BAR / 2
    for part in parts:
        start, end = seconds(part.start_ns), seconds(part.end_ns)
        if end < box.frame.from_s or start > box.frame.until_s:
            continue
        look, left = LOOKS[part.state], box.frame.x(start)
        wide = box.frame.x(end) - left
        if wide < HAIR:
            yield element("rect", x=left, y=top, width=HAIR, height=BAR, fill=look.edge)
            continue
        yield element("rect", x=left, y=top, width=wide, height=BAR, fill=look.fill, stroke=look.edge,
                      stroke_width=0.7)  # fmt: skip
        word = part.state.value if wide > 6.5 * len(part.state.value) + 6 else look.letter if wide > 10 else ""
        if word:
            yield text_block([word], (left + wide / 2, middle), size=10.5)


def dependency_panel(name: str) -> Panel:
    """Return the strip that shows when a dependency was down."""

    def draw(seen: Seen, box: Box) -> list[str]:
        frame, middle = box.frame, box.top + box.height / 2
        parts = [element("line", x1=frame.left, x2=frame.right, y1=middle, y2=middle, stroke=GRID, stroke_width=5)]
        for start, end in seen.result.downs.get(name, ()):
            if seconds(end) <= seen.from_s or seconds(start) >= seen.until_s:
                continue
            left, right = frame.x(seconds(start)), frame.x(seconds(end))
            parts.append(swatch(DOWN_LOOK, left, middle, max(2, round(right - left)), int(box.height)))
            if right - left > 40:
                parts.append(text_block(["down"], ((left + right) / 2, middle), size=SMALL, fill=INK, stroke=PAPER,
                                        stroke_width=3, paint_order="stroke"))  # fmt: skip
        return parts

    def key(_runs: Sequence[Seen]) -> list[Key]:
        return [Key(sampled(DOWN_LOOK), "down")]

    return Panel(of=name, title="up, or down", height=14, most=lambda _: 1.0, draw=draw, key=key)
