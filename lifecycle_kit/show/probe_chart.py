"""A probe at work: how the target is, what each probe sees, what the verdict says, and how late it says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lifecycle_kit.health import Segment
from lifecycle_kit.probes import Outcome, ProbeSettings
from lifecycle_kit.show.axes import label_time_axis, new_axes
from lifecycle_kit.show.palette import INK, LOOKS, MUTED, NOW, Look
from lifecycle_kit.show.probe_words import Part, ProbeMade, watch_target
from lifecycle_kit.states import State
from lifecycle_kit.units import seconds, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["probe_strip"]

TARGET, PROBES, VERDICT, DELAYS = range(4)  # rows, from top to bottom
HALF = 0.3
_GOOD, _BAD = LOOKS[State.READY], LOOKS[State.FAILED]
_NEITHER = Look("#e3e6ec", MUTED, "", "...")
_BANDS = {"ok": _GOOD, "good": _GOOD, "fail": _BAD, "bad": _BAD, "error": _NEITHER, "undecided": _NEITHER}
_MARKS = {Outcome.SUCCESS: ("o", _GOOD.edge), Outcome.FAILURE: ("X", _BAD.edge), Outcome.ERROR: ("s", MUTED)}
_WORDS: dict[str, Any] = {"size": 9, "color": NOW, "weight": "bold"}


def probe_strip(
    settings: ProbeSettings, health: str | Sequence[Segment], until_s: float, ax: Axes | None = None
) -> Axes:
    """Draw a target's health, every probe of it and the verdict, and return the axes.

    Args:
        settings: the probe.
        health: the target, as segments or as `health.parse_health` reads them: "20:ok,15:fail,30:ok".
        until_s: end of the picture, seconds.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: if the health script cannot be read.
    """
    strip = watch_target(settings, health, until_s)
    ax = new_axes(height=2.9) if ax is None else ax
    ax.set_xlim(-0.015 * until_s, until_s * 1.015)
    ax.set_ylim(DELAYS + 0.45, TARGET - 0.5)
    ax.set_yticks([TARGET, PROBES, VERDICT], ["target", "probes", f"{settings.kind}\nverdict"])
    label_time_axis(ax, until_s)
    _bands(ax, TARGET, strip.target)
    _bands(ax, VERDICT, strip.verdicts)
    _marks(ax, strip.probes)
    for delay in strip.delays:
        if delay.end_ns > delay.start_ns:
            _delay(ax, delay)
    for part in strip.missed:
        _miss(ax, part)
    if strip.ended:
        ax.text(1, PROBES, "no further probe in this life ", transform=ax.get_yaxis_transform(),
                ha="right", va="center", size=9, color=MUTED, style="italic")  # fmt: skip
    return ax


def _bands(ax: Axes, row: int, parts: Iterable[Part]) -> None:
    from matplotlib.patheffects import withStroke

    wide = ax.get_xlim()[1] - ax.get_xlim()[0]
    for part in parts:
        look, left = _BANDS[part.word], seconds(part.start_ns)
        width = seconds(part.end_ns) - left
        ax.barh(
            row, width, left=left, height=2 * HALF, linewidth=1,
            facecolor=look.fill, edgecolor=look.edge, hatch=look.hatch, hatch_linewidth=0.5,
        )  # fmt: skip
        if width / wide > 0.012 * len(part.word):
            halo = [withStroke(linewidth=3.5, foreground=look.fill)]
            ax.text(left + width / 2, row, part.word, ha="center", va="center", size=9, weight="bold", color=INK,
                    path_effects=halo)  # fmt: skip


def _marks(ax: Axes, probes: Sequence[ProbeMade]) -> None:
    for outcome, (marker, colour) in _MARKS.items():
        seen = [probe for probe in probes if probe.outcome is outcome]
        if not seen:
            continue
        slow = [probe for probe in seen if probe.end_ns > probe.start_ns]
        ax.hlines([PROBES] * len(slow), [seconds(p.start_ns) for p in slow], [seconds(p.end_ns) for p in slow],
                  color=colour, linewidth=2)  # fmt: skip
        ax.plot([seconds(p.end_ns) for p in seen], [PROBES] * len(seen), marker, color=colour, markersize=7,
                linestyle="none", label=outcome.value)  # fmt: skip
    if probes:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 0.8), frameon=False, fontsize=9, title="a probe saw")


def _delay(ax: Axes, delay: Part) -> None:
    """Draw how long the verdict took to follow the target."""
    start, end = seconds(delay.start_ns), seconds(delay.end_ns)
    ax.vlines(
        [start, end], [TARGET + HALF, VERDICT + HALF], [DELAYS + 0.15] * 2, color=NOW, linewidth=1, linestyles=":"
    )
    arrow = {"arrowstyle": "<->", "color": NOW, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (end, DELAYS), (start, DELAYS), arrowprops=arrow)
    words = f" {span(delay.end_ns - delay.start_ns)} late "
    wide = ax.get_xlim()[1] - ax.get_xlim()[0]
    if (end - start) / wide > 0.012 * len(words):
        ax.text((start + end) / 2, DELAYS - 0.08, words, ha="center", va="bottom", **_WORDS)
    else:
        ax.text(end, DELAYS, words, ha="left", va="center", **_WORDS)


def _miss(ax: Axes, part: Part) -> None:
    """Say that the verdict never followed the target here."""
    middle = (seconds(part.start_ns) + seconds(part.end_ns)) / 2
    ax.vlines(middle, TARGET + HALF, DELAYS - 0.25, color=NOW, linewidth=1, linestyles=":")
    ax.text(middle, DELAYS, "never noticed", ha="center", va="center", **_WORDS)
