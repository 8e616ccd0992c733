"""The picture of the backoff lab: the waits as a ladder, and below it a herd without and with jitter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lifecycle_kit.show.interactive.chart import Axis, columns, mark, note, row_name, time_axis
from lifecycle_kit.show.interactive.crashes import Crashes
from lifecycle_kit.show.interactive.herd import TENTHS
from lifecycle_kit.show.palette import GRID, INK, MUTED, NOW, SERIES
from lifecycle_kit.show.svg import Svg, element, group, text_block
from lifecycle_kit.units import ns, span

__all__ = ["Waited", "draw_waits"]

WIDTH, HEIGHT = 780, 420
LEFT, RIGHT = 108.0, 738.0
TOP, FLOOR = 46.0, 176.0  # of the ladder
RUNGS = 12
NARROWEST = 2.0  # pixels of a column
HERDS = ((258.0, 312.0), (330.0, 384.0))  # top and base of the two charts
LIMITS = (4.0, WIDTH - 4.0)
ENDLESS = "It never waits: every client tries again at once, over and over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What a policy's waits lead to.

    Attributes:
        name: of the policy.
        made: an hour of restarts.
        clients: how many wait alike.
        jitter: by what their waits are spread.
        without, with_jitter: attempts in each tenth of a second; none at all if nobody ever waits.
    """

    name: str
    made: Crashes
    clients: int
    jitter: str
    without: tuple[int, ...]
    with_jitter: tuple[int, ...]


def draw_waits(found: Waited) -> Svg:
    """Return the picture of waits and herd."""
    parts = [
        _heading(f"Wait before each restart: {found.name}", 16),
        _ladder(found.made),
        _heading(f"{found.clients} clients lose the same service at 0 s: attempts in each tenth of a second", 228),
        *(_herds(found) if found.without else [text_block([ENDLESS], (LEFT, 270), size=14, anchor="start", fill=NOW)]),
    ]
    return Svg(
        width=WIDTH, height=HEIGHT, title=f"Waits of {found.name}, and a herd of {found.clients}",
        text="\n".join(_sentences(found)), body="\n".join(parts),
    )  # fmt: skip


def _herds(found: Waited) -> list[str]:
    tallest = max((*found.without, *found.with_jitter, 1))
    axis = Axis(0, len(found.without) / TENTHS, LEFT, RIGHT)
    return [
        time_axis(axis, HERDS[1][1], HERDS[0][0]),
        _herd(axis, found.without, HERDS[0], "no\njitter", tallest, 1),
        _herd(axis, found.with_jitter, HERDS[1], f"{found.jitter}\njitter", tallest, 0),
    ]


def _heading(words: str, y: float) -> str:
    return text_block([words], (LEFT, y), size=14, anchor="start", font_weight="bold")


def _ladder(made: Crashes) -> str:
    delays = made.delays_s[:RUNGS]
    axis = Axis(0, max((*delays, 1.0)), FLOOR, TOP, log=True)
    step = (RIGHT - LEFT) / (RUNGS + 0.5)
    parts = [element("line", x1=LEFT, x2=RIGHT, y1=FLOOR, y2=FLOOR, stroke=GRID, stroke_width=1.5)]
    for nth, delay in enumerate(delays):
        parts.append(_rung(LEFT + nth * step, step, axis(delay), delay, nth + 1))
    if made.gave_up:
        x = LEFT + (len(delays) + 0.5) * step
        parts.append(mark("cross", x, FLOOR - 12, NOW, 7))
        parts.append(note(f"gives up: {made.gave_up}", x + 14 + 3.6 * len(made.gave_up) + 36, FLOOR - 40, LIMITS))
    elif len(made.delays_s) > RUNGS:
        parts.append(text_block(["…"], (RIGHT, FLOOR - 8), size=16, fill=MUTED))
    parts.append(row_name("restart", LEFT - 12, FLOOR + 13))
    return group(parts)


def _rung(x: float, step: float, top: float, delay: float, nth: int) -> str:
    colour = SERIES[0][0]
    words = _short(delay)
    return group(
        [
            element(
                "rect", x=x + 4, y=min(top, FLOOR - 2), width=step - 8, height=max(FLOOR - top, 2), fill=colour, rx=2
            ),
            text_block([words], (x + step / 2, min(top, FLOOR - 2) - 9), size=13, fill=INK),
            text_block([str(nth)], (x + step / 2, FLOOR + 13), size=13, fill=MUTED),
        ]
    )


def _herd(axis: Axis, counts: Sequence[int], box: tuple[float, float], name: str, tallest: int, series: int) -> str:
    top, base = box
    heights = Axis(0, tallest, base, top)
    width = (axis.end - axis.start) / len(counts)
    step = max(1, math.ceil(NARROWEST / width))  # several tenths share a column, which shows the highest of them
    highest = [max(counts[at : at + step]) for at in range(0, len(counts), step)]
    middle = (top + base) / 2
    return group(
        [
            element("line", x1=axis.start, x2=axis.end, y1=base, y2=base, stroke=MUTED, stroke_width=1),
            columns(highest, heights, axis.start, width * step, base, SERIES[series][0]),
            row_name(name, axis.start - 12, middle - 8),
            note(f"at most {max(counts)}", axis.start - 48, middle + 17, LIMITS),
        ]
    )


def _short(delay: float) -> str:
    return f"{delay:.3g} s" if delay < 120 else span(ns(round(delay)))


def _sentences(found: Waited) -> list[str]:
    made = found.made
    waits = ", ".join(_short(delay) for delay in made.delays_s[:RUNGS])
    lines = [f"waits of {found.name}: {waits or 'none'}{', ...' if len(made.delays_s) > RUNGS else ''}"]
    lines.append(f"restarts in an hour: {'about ' if made.about else ''}{made.restarts}")
    if made.gave_up:
        lines.append(f"gives up at {_short(made.gave_up_s or 0)}: {made.gave_up}")
    if made.alarm_s is not None:
        lines.append(f"crash loop reported at {_short(made.alarm_s)}")
    if not found.without:
        return [*lines, ENDLESS]
    for name, counts in (("no", found.without), (found.jitter, found.with_jitter)):
        busy = sum(count > 0 for count in counts)
        lines.append(
            f"{name} jitter: {sum(counts)} attempts in {len(counts) / TENTHS:g} s, within {busy} tenths of a second, "
            f"at most {max(counts)} in one"
        )
    return lines
