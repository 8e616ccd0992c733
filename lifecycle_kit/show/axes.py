"""What the charts share: a new figure, a quiet frame, and a time axis people can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["label_time_axis", "new_axes"]

PLAIN_UP_TO_S = 7200.0  # the lessons count in seconds; longer runs read better in hours
STEPS_S = (900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def new_axes(height: float, width: float = 9.0) -> Axes:
    """Return the axes of a new figure of `width` x `height` inches; the notebook shows and closes it."""
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def label_time_axis(ax: Axes, span_s: float, plain: bool = False) -> None:
    """Name the time axis and give it ticks: seconds, or hours and minutes for runs beyond two hours."""
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.35)
    ax.set_axisbelow(True)
    if plain or span_s <= PLAIN_UP_TO_S:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel("time (s)")
        return
    from matplotlib.ticker import MultipleLocator

    step = next((step for step in STEPS_S if span_s / step <= 8), max(86_400, span_s / 8))
    ax.xaxis.set_major_locator(MultipleLocator(step))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value // 3600:.0f}:{value % 3600 // 60:02.0f}")
    ax.set_xlabel("time (h:mm)")
