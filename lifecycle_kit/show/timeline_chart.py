"""A trace as a picture: one row per instance, one bar per state, and marks for starts, failures and alerts.

Rule: nothing is too short to be seen. What would be narrower than a hair becomes a tick; several of them at one place
share its height, the first one on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lifecycle_kit.show.axes import label_time_axis, new_axes
from lifecycle_kit.show.palette import INK, LOOKS, NOW
from lifecycle_kit.show.timeline_words import crop
from lifecycle_kit.states import State
from lifecycle_kit.trace import Interval, Trace, Transition, intervals
from lifecycle_kit.units import seconds

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["timeline"]

HALF = 0.27  # of a bar's height; rows are 1 apart
HAIR = 0.006  # share of the width below which a bar becomes a tick
CLOSE = 0.15  # share of the width within which two alerts share a label
SCALES = ("linear", "log")


def timeline(
    trace: Trace,
    ax: Axes | None = None,
    *,
    until_s: float | None = None,
    instances: Sequence[str] | None = None,
    scale: str = "linear",
    legend: bool = True,
) -> Axes:
    """Draw who stood in which state when, and return the axes.

    Args:
        trace: a run, real or simulated.
        ax: where to draw; a new figure if None.
        until_s: show it up to this second; all of it if None.
        instances: whom to show, from top to bottom; all if None.
        scale: "linear", or "log" for back-offs that grow a hundredfold: later time is then squeezed.
        legend: explain colours, letters and marks beside the picture.

    Raises:
        ValueError: if the scale or an instance is not known.
    """
    if scale not in SCALES:
        raise ValueError(f"scale={scale!r} is not known; choose one of {', '.join(SCALES)}")
    moves, end = crop(trace, until_s, instances)
    names = list(dict.fromkeys(move.instance for move in moves))
    ax = new_axes(height=1.1 + 0.72 * max(len(names), 1)) if ax is None else ax
    span = max(seconds(end), 1e-3)
    if scale == "log":
        ax.set_xscale("symlog", linthresh=1.0)
    ax.set_xlim(-0.01 * span if scale == "linear" else 0, span * 1.005)
    ax.set_ylim(len(names) - 0.4, -0.65)
    ax.set_yticks(range(len(names)), names)
    label_time_axis(ax, span, plain=scale == "log")
    for row, (_, parts) in enumerate(groupby(intervals(moves, end), key=lambda part: part.instance)):
        _draw_row(ax, row, list(parts))
    _mark_moves(ax, names, moves)
    _mark_alerts(ax, names, trace, end)
    if legend:
        _explain(ax, moves, alerts=any(at <= end and name in names for at, name, _, _ in trace.alerts))
    return ax


def _place(ax: Axes, at_ns: int) -> float:
    """Return where an instant stands on the axis, as a share of its width."""
    low, high = ax.get_xlim()
    of = ax.xaxis.get_transform().transform
    left, right, here = (float(of([value])[0]) for value in (low, high, seconds(at_ns)))
    return (here - left) / (right - left)


def _draw_row(ax: Axes, row: int, parts: Sequence[Interval]) -> None:
    thin: list[Interval] = []
    for part in parts:
        start, end = _place(ax, part.start_ns), _place(ax, part.end_ns)
        if thin and end - _place(ax, thin[0].start_ns) > HAIR:
            _draw_ticks(ax, row, thin)
            thin = []
        if end - start > HAIR:
            _draw_bar(ax, row, part, end - start)
        else:
            thin.append(part)
    if thin:
        _draw_ticks(ax, row, thin)


def _draw_bar(ax: Axes, row: int, part: Interval, share: float) -> None:
    from matplotlib.patheffects import withStroke

    look, left = LOOKS[part.state], seconds(part.start_ns)
    width = seconds(part.end_ns) - left
    ax.barh(
        row, width, left=left, height=2 * HALF, linewidth=1,
        facecolor=look.fill, edgecolor=look.edge, hatch=look.hatch, hatch_linewidth=0.5,
    )  # fmt: skip
    room = share * ax.get_window_extent().width / ax.figure.dpi * 72 / 6.2  # characters of 9 points
    name = part.state.value
    word = name if room > len(name) + 1 else look.letter if room > 2 else ""
    if word:
        middle = _middle(ax, part)
        halo = [withStroke(linewidth=3.5, foreground=look.fill)]
        ax.text(middle, row, word, ha="center", va="center", size=9, color=INK, weight="bold", path_effects=halo)


def _middle(ax: Axes, part: Interval) -> float:
    transform = ax.xaxis.get_transform()
    ends = transform.transform([seconds(part.start_ns), seconds(part.end_ns)])
    return float(transform.inverted().transform([sum(ends) / 2])[0])


def _draw_ticks(ax: Axes, row: int, parts: Sequence[Interval]) -> None:
    """Draw intervals too short for bars: one tick, its height divided among them."""
    height = 2 * HALF / len(parts)
    for i, part in enumerate(parts):
        top = row - HALF + i * height
        ax.vlines(seconds(part.start_ns), top, top + height, color=LOOKS[part.state].edge, linewidth=2.5)


def _mark_moves(ax: Axes, names: Sequence[str], moves: Iterable[Transition]) -> None:
    starts = [(m.at, names.index(m.instance) + HALF + 0.1) for m in moves if m.target is State.STARTING]
    ends = [(m.at, names.index(m.instance) - HALF - 0.1) for m in moves if m.target is State.FAILED]
    for points, marker, colour in ((starts, "^", INK), (ends, "x", LOOKS[State.FAILED].edge)):
        if points:
            ax.plot(*zip(*points, strict=True), marker, color=colour, markersize=5.5, clip_on=False)


def _mark_alerts(ax: Axes, names: Sequence[str], trace: Trace, end: int) -> None:
    for row, name in enumerate(names):
        group: list[tuple[int, str]] = []
        for at, _, kind, _ in (alert for alert in trace.alerts if alert[1] == name and alert[0] <= end):
            if group and _place(ax, at) - _place(ax, group[0][0]) > CLOSE:
                _label_alerts(ax, row, group)
                group = []
            group.append((at, kind))
        if group:
            _label_alerts(ax, row, group)


def _label_alerts(ax: Axes, row: int, group: Sequence[tuple[int, str]]) -> None:
    for at, _ in group:
        ax.vlines(seconds(at), row - HALF - 0.24, row + HALF, color=NOW, linewidth=1.4, linestyles=":")
    first = group[0][0]
    words = " ! " + ", ".join(dict.fromkeys(kind for _, kind in group)) + " "
    side = "left" if _place(ax, first) < 0.8 else "right"
    ax.text(seconds(first), row - HALF - 0.24, words, ha=side, va="center", size=9, color=NOW, weight="bold")


def _explain(ax: Axes, moves: Sequence[Transition], alerts: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    present = {move.target for move in moves}
    handles: list[Artist] = [
        Patch(
            facecolor=look.fill,
            edgecolor=look.edge,
            hatch=look.hatch,
            hatch_linewidth=0.5,
            label=f"{look.letter}  {state.value}",
        )
        for state, look in LOOKS.items()
        if state in present
    ]
    mark: dict[str, Any] = {"linestyle": "none", "markersize": 6}
    handles.append(Line2D([], [], marker="^", color=INK, label="start", **mark))
    if State.FAILED in present:
        handles.append(Line2D([], [], marker="x", color=LOOKS[State.FAILED].edge, label="failure", **mark))
    if alerts:
        handles.append(Line2D([], [], marker="$!$", color=NOW, label="alert", **mark))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
