"""The back-off ladder: how long before the n-th restart, or when the n-th start comes.

Rule: a unit's delays are those of a run. Its process ends at once, over and over, in virtual time, and the ladder shows
what `step` made of it; only a bare curve is asked for its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.machine import Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.show.axes import new_axes
from lifecycle_kit.show.palette import SERIES
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.units import ns, seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Ladder", "climb", "ladder", "ladder_text"]

Rungs = Mapping[str, Unit | Backoff]
FIRST_LOOK_S, LONGEST_LOOK_S = 1.0, 100 * 365 * 86_400.0
BY = ("delay", "start")


@dataclass(frozen=True, slots=True)
class Ladder:
    """What a policy does with a process that ends at once.

    Attributes:
        starts_ns: when each life began, nanoseconds; the first at 0.
        gave_up: why no further start follows; "" if one would.
    """

    starts_ns: tuple[int, ...]
    gave_up: str = ""

    @property
    def starts_s(self) -> list[float]:
        """When each life began, seconds; the first at 0."""
        return [seconds(at) for at in self.starts_ns]

    @property
    def delays_s(self) -> list[float]:
        """The delay before each restart, seconds."""
        return [seconds(later - earlier) for earlier, later in pairwise(self.starts_ns)]


def climb(policy: Unit | Backoff, n: int = 10, seed: int = 0) -> Ladder:
    """Return the first `n` restarts of a process that ends at once with exit code 1.

    Args:
        policy: a unit as it is supervised, or a bare curve.
        n: how many restarts to look at, at least 1.
        seed: of the draws for jitter.

    Raises:
        ValueError: if `n` is below 1.

    >>> from lifecycle_kit import like
    >>> climb(like("kubernetes"), 5).delays_s
    [0.0, 10.0, 20.0, 40.0, 80.0]
    >>> climb(like("supervisord")).gave_up
    'FATAL, startretries used up'
    """
    if n < 1:
        raise ValueError(f"a ladder has at least 1 rung, got n={n}")
    if isinstance(policy, Backoff):
        policy = Unit(policy=PlainPolicy(backoff=policy, forget_after_s=None))
    until_s = FIRST_LOOK_S
    while True:
        trace = simulate(policy, Script(run_s=0), until_s, seed=seed)
        begun = [move.at_ns for move in trace.transitions if move.target is State.STARTING]
        if len(begun) > n:
            return Ladder(tuple(begun[: n + 1]))
        if trace.transitions[-1].target in (State.FAILED, State.TERMINATED) or until_s >= LONGEST_LOOK_S:
            reasons = [text for _, _, kind, text in trace.alerts if kind == "gave-up"]
            return Ladder(tuple(begun), reasons[-1].rpartition("; ")[2] if reasons else "")
        until_s *= 8


def ladder(policies: Rungs, n: int = 10, ax: Axes | None = None, *, by: str = "delay", seed: int = 0) -> Axes:
    """Draw the ladders of several policies into one chart and return the axes.

    Args:
        policies: units or curves by the name to show.
        n: how many restarts.
        ax: where to draw; a new figure if None.
        by: "delay" for the wait before each restart, "start" for the instant of each start.
        seed: of the draws for jitter; the range that a bare curve draws from is shaded.

    Raises:
        ValueError: if `by` is neither, or `n` is below 1.
    """
    if by not in BY:
        raise ValueError(f"by={by!r} is not known; choose one of {', '.join(BY)}")
    ax = new_axes(height=3.8, width=7.5) if ax is None else ax
    tallest = 0.0
    for (name, policy), style in zip(policies.items(), _styles(len(policies)), strict=True):
        climbed = climb(policy, n, seed)
        values = climbed.delays_s if by == "delay" else climbed.starts_s[1:]
        tallest = max([tallest, *values])
        _draw_one(ax, name, values, climbed.gave_up, style)
        if isinstance(policy, Backoff) and policy.jitter != "none" and by == "delay":
            _draw_range(ax, policy, climbed, style["color"])
    _decorate(ax, n, by, tallest)
    return ax


def _styles(count: int) -> list[dict[str, str]]:
    return [
        {"color": colour, "marker": marker, "linestyle": dash}
        for colour, marker, dash in (SERIES[i % len(SERIES)] for i in range(count))
    ]


def _draw_one(ax: Axes, name: str, values: list[float], gave_up: str, style: dict[str, str]) -> None:
    (line,) = ax.plot(range(1, len(values) + 1), values, markersize=6, linewidth=1.8, **style)  # type: ignore[arg-type]
    line.set_label(f"{name}: gives up after {len(values)} restarts" if gave_up else name)
    if gave_up:
        last = values[-1] if values else 0.0
        ax.plot([len(values) + 0.35], [last], marker="X", markersize=11, color=style["color"], linestyle="none")


def _draw_range(ax: Axes, curve: Backoff, climbed: Ladder, colour: str) -> None:
    previous, lows, highs = 0, [], []
    for nth, delay in enumerate(climbed.delays_s, start=1):
        low, high = curve.bounds_ns(nth, previous_ns=previous)
        lows.append(seconds(low))
        highs.append(seconds(high))
        previous = ns(delay)
    ax.fill_between(range(1, len(lows) + 1), lows, highs, color=colour, alpha=0.18, linewidth=0)


def _decorate(ax: Axes, n: int, by: str, tallest: float) -> None:
    from matplotlib.ticker import MaxNLocator

    if tallest > 20:
        ax.set_yscale("symlog", linthresh=1.0)
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_ylim(bottom=min(0.0, -0.03 * tallest if tallest <= 20 else -0.1))
    ax.set_xlim(0.6, n + 0.7)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("restart")
    ax.set_ylabel("delay before it (s)" if by == "delay" else "instant of its start (s)")
    ax.grid(alpha=0.35)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def ladder_text(policies: Rungs, n: int = 10, *, by: str = "delay", seed: int = 0) -> str:
    """Return what `ladder` draws, as a table with a line per restart and a column per policy.

    >>> print(ladder_text({"doubling": Backoff(first_s=1, factor=2)}, 3))
    restart    doubling
          1         1 s
          2         2 s
          3         4 s
    """
    if by not in BY:
        raise ValueError(f"by={by!r} is not known; choose one of {', '.join(BY)}")
    climbed = {name: climb(policy, n, seed) for name, policy in policies.items()}
    widths = {name: max(len(name), 8) + 2 for name in climbed}
    lines = ["restart" + "".join(f"  {name:>{widths[name]}}" for name in climbed)]
    for nth in range(1, max((len(each.starts_ns) for each in climbed.values()), default=1)):
        cells = (f"  {_cell(each, nth, by):>{widths[name]}}" for name, each in climbed.items())
        lines.append(f"{nth:>7}" + "".join(cells))
    lines += [
        f"{name} gives up after {len(each.delays_s)} restarts: {each.gave_up}"
        for name, each in climbed.items()
        if each.gave_up
    ]
    return "\n".join(lines)


def _cell(climbed: Ladder, nth: int, by: str) -> str:
    values = climbed.delays_s if by == "delay" else climbed.starts_s[1:]
    return f"{round(values[nth - 1], 3):g} s" if nth <= len(values) else "-"
