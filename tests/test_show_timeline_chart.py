"""The timeline: a bar for every state that lasted, a tick for every one that did not, and the marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from lifecycle_kit import Trace, like
from lifecycle_kit.show.palette import LOOKS
from lifecycle_kit.show.timeline_chart import timeline
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.trace import intervals


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    plt.close("all")


def crash_loop(run_s: float = 5.0, until_s: float = 100.0, name: str = "worker") -> Trace:
    return simulate(like("kubernetes"), Script(run_s=run_s), until_s, name=name)


def bars(ax: Axes) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def ticks(ax: Axes) -> Counter[str]:
    """Return the colours of all ticks of states."""
    lines = (line for line in ax.collections if isinstance(line, LineCollection))
    return Counter(to_hex(colour) for line in lines for colour in np.atleast_2d(line.get_color()))


def words(ax: Axes) -> list[str]:
    return [text.get_text().strip() for text in ax.texts]


def marks(ax: Axes, marker: str) -> list[tuple[float, float]]:
    points = (line.get_xydata() for line in ax.lines if line.get_marker() == marker)
    return [(float(x), float(y)) for line in points for x, y in np.asarray(line)]


def test_the_axes_handed_in_are_the_axes_handed_back() -> None:
    _, ax = plt.subplots()
    assert timeline(crash_loop(), ax) is ax
    assert len(plt.get_fignums()) == 1


def test_every_state_that_lasted_has_a_bar_from_its_start_to_its_end() -> None:
    trace = crash_loop()
    lasted = [part for part in intervals(trace.transitions, trace.until_ns) if part.end_ns > part.start_ns]
    expected = [(part.start_ns / 1e9, part.end_ns / 1e9, LOOKS[part.state].fill) for part in lasted]
    drawn = [
        (round(bar.get_x(), 6), round(bar.get_x() + bar.get_width(), 6), to_hex(bar.get_facecolor()))
        for bar in bars(timeline(trace))
    ]
    assert drawn == expected


def test_states_that_lasted_no_time_are_ticks_that_share_the_height_of_a_bar() -> None:
    ax = timeline(crash_loop(run_s=0, until_s=100))
    starts = len(marks(ax, "^"))
    assert ticks(ax)[LOOKS[State.STARTING].edge] == starts == 5
    assert ticks(ax)[LOOKS[State.FAILED].edge] == 5
    assert len(bars(ax)) == 4  # the back-offs of 10, 20, 40 s and the one that goes on


def test_starts_and_failures_are_marked_at_their_instants() -> None:
    ax = timeline(crash_loop())
    assert [x for x, _ in marks(ax, "^")] == [0, 5, 20, 45, 90]
    assert [x for x, _ in marks(ax, "x")] == [5, 10, 25, 50, 95]


def test_an_alert_is_marked_and_named() -> None:
    assert "! crash-loop" in words(timeline(crash_loop()))
    assert "! crash-loop" not in words(timeline(crash_loop(until_s=20)))


def test_alerts_close_to_each_other_share_a_label() -> None:
    trace = simulate(like("systemd", Restart="always"), Script(run_s=0), 10)
    assert [word for word in words(timeline(trace)) if word.startswith("!")] == ["! crash-loop, gave-up"]


def test_each_instance_has_a_row_in_the_order_asked_for() -> None:
    trace = crash_loop(name="a")
    trace.entries += crash_loop(run_s=60, name="b").entries
    ax = timeline(trace, instances=["b", "a"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    rows = Counter(round(bar.get_y() + bar.get_height() / 2) for bar in bars(ax))
    assert rows[1] > rows[0] >= 2


def test_a_wide_bar_carries_its_name_and_a_narrow_one_its_letter() -> None:
    shown = words(timeline(simulate(like("kubernetes"), Script(run_s=60), 300)))
    assert {"running", "o"} <= set(shown), "60 s of 300 have room for a name, 10 s for a letter"
    assert "backoff" not in shown


def test_the_legend_names_the_states_that_occur_with_their_letters() -> None:
    legend = timeline(crash_loop()).get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "s  starting", "r  ready", "R  running", "F  failed", "o  backoff", "start", "failure", "alert",
    ]  # fmt: skip
    assert timeline(crash_loop(), legend=False).get_legend() is None


def test_a_logarithmic_scale_makes_early_back_offs_wide() -> None:
    trace = crash_loop(run_s=0, until_s=1600)
    shares = {}
    for scale in ("linear", "log"):
        ax = timeline(trace, scale=scale)
        left, right = (ax.transData.transform((x, 0))[0] for x in (10, 30))
        shares[scale] = (right - left) / ax.get_window_extent().width
    assert shares["log"] > 5 * shares["linear"]


def test_a_run_of_hours_has_an_axis_in_hours() -> None:
    ax = timeline(simulate(like("kubernetes"), Script(), 36_000))
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert ax.get_xlabel() == "time (h:mm)"
    assert "2:00" in [label.get_text() for label in ax.get_xticklabels()]


def test_a_trace_in_which_nothing_moved_is_an_empty_picture() -> None:
    assert bars(timeline(Trace())) == []


def test_an_unknown_scale_or_instance_is_answered_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="scale='cubic' is not known; choose one of linear, log"):
        timeline(crash_loop(), scale="cubic")
    with pytest.raises(ValueError, match="no instance 'api'; it has worker"):
        timeline(crash_loop(), instances=["api"])
