"""The same program under several systems as a picture: when each lets it work, wait, or lie where it fell.

Rule: the picture shows where the time went, so three looks are enough, and the number of starts stands in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lifecycle_kit.show.axes import label_time_axis, new_axes
from lifecycle_kit.show.palette import INK, LOOKS
from lifecycle_kit.simulate.compared import Answer
from lifecycle_kit.simulate.story import table
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import Interval, Trace, intervals
from lifecycle_kit.units import ns, seconds, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["systems_chart", "systems_text"]

HEIGHT = 0.62  # of a bar; rows are 1 apart
WORDS = {State.RUNNING: "it runs", State.BACKOFF: "waits for a restart", State.FAILED: "given up, or ended"}


def systems_chart(trace: Trace, answers: Sequence[Answer], ax: Axes | None = None) -> Axes:
    """Draw for each system when the program had a process, when it waited and when it was given up.

    Args:
        trace: what `compare_systems` returns first: an instance for each system.
        answers: what it returns second, from top to bottom.
        ax: where to draw; a new figure if None.
    """
    ax = new_axes(height=1.0 + 0.36 * len(answers)) if ax is None else ax
    until_s = seconds(trace.until_ns)
    ax.set_xlim(0, until_s or 1)
    ax.set_ylim(len(answers) - 0.4, -0.6)
    ax.set_yticks(range(len(answers)), [answer.system for answer in answers])
    label_time_axis(ax, until_s)
    parts = intervals(trace.transitions, trace.until_ns)
    for row, answer in enumerate(answers):
        own = [part for part in parts if part.instance == answer.system]
        for state in WORDS:
            look = LOOKS[state]
            ax.broken_barh(
                _bars(part for part in own if _looks_like(part.state) is state), (row - HEIGHT / 2, HEIGHT),
                facecolor=look.fill, edgecolor=look.edge, linewidth=0.3, hatch=look.hatch,
                hatch_linewidth=0.3, label=WORDS[state] if row == 0 else None,
            )  # fmt: skip
        ax.text(1.01, row, _words(answer), transform=ax.get_yaxis_transform(), va="center", size=9, color=INK)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(WORDS), frameon=False, fontsize=9)
    return ax


def systems_text(answers: Iterable[Answer]) -> str:
    """Return the same as a table: starts, when it gave up, restarts per hour, the longest silence, the last state."""
    return "\n".join(table({answer.system: _row(answer) for answer in answers}))


def _looks_like(state: State) -> State:
    if state in HAS_PROCESS:
        return State.RUNNING
    return State.BACKOFF if state in (State.BACKOFF, State.CREATED) else State.FAILED


def _bars(parts: Iterable[Interval]) -> list[tuple[float, float]]:
    """Return starts and lengths; what follows without a gap becomes one bar."""
    made: list[list[int]] = []
    for part in parts:
        if part.start_ns == part.end_ns:
            continue
        if made and made[-1][1] == part.start_ns:
            made[-1][1] = part.end_ns
        else:
            made.append([part.start_ns, part.end_ns])
    return [(seconds(start), seconds(end - start)) for start, end in made]


def _words(answer: Answer) -> str:
    plural = "start" if answer.starts == 1 else "starts"
    return f"{answer.starts} {plural}" + ("" if answer.gave_up_s is None else ", gave up")


def _row(answer: Answer) -> dict[str, int | float | str]:
    return {
        "starts": answer.starts,
        "gave up": "never" if answer.gave_up_s is None else f"after {span(ns(answer.gave_up_s))}",
        "restarts an hour": round(answer.restarts_per_hour),
        "longest silence": span(ns(answer.longest_silence_s)),
        "at the end": answer.final,
    }
