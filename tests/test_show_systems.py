"""The picture of the same program under several systems, and its table."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from lifecycle_kit.show import systems_chart, systems_text
from lifecycle_kit.show.palette import LOOKS
from lifecycle_kit.simulate import Script
from lifecycle_kit.simulate.compared import compare_systems
from lifecycle_kit.states import State


def drawn(until_s: float, *names: str) -> dict[tuple[int, State], list[tuple[float, float]]]:
    """Return the bars of a chart as (left, right), by row and look."""
    axes = systems_chart(*compare_systems(Script(run_s=2), until_s, systems=names))
    looks = {to_rgba(LOOKS[state].fill): state for state in State}
    made = {}
    for bars in axes.collections:
        boxes = [path.get_extents() for path in bars.get_paths()]
        if boxes:
            row = round((boxes[0].y0 + boxes[0].y1) / 2)
            made[row, looks[tuple(np.ravel(bars.get_facecolor()))]] = [(box.x0, box.x1) for box in boxes]
    plt.close("all")
    return made


def test_bars_show_when_it_runs_waits_and_is_given_up() -> None:
    bars = drawn(60, "s6", "erlang")
    assert bars[0, State.RUNNING][:2] == [(0, 2), (3, 5)]
    assert bars[0, State.BACKOFF][:2] == [(2, 3), (5, 6)]
    assert bars[1, State.RUNNING] == [(0, 4)]
    assert bars[1, State.FAILED] == [(4, 60)]


def test_lives_without_a_gap_are_one_bar_and_the_words_count_them() -> None:
    assert drawn(60, "runit")[0, State.RUNNING] == [(0, 60)]
    axes = systems_chart(*compare_systems(Script(run_s=2), 60, systems=["runit", "erlang"]))
    assert [text.get_text() for text in axes.texts] == ["31 starts", "2 starts, gave up"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["runit", "erlang"]
    plt.close("all")


def test_the_table_says_the_same_in_words() -> None:
    _, answers = compare_systems(Script(run_s=2), 600, systems=["kubernetes", "nomad"])
    lines = systems_text(answers).splitlines()
    assert lines[1].split() == "kubernetes 7 never 36 4 min 36 s Waiting (CrashLoopBackOff)".split()
    assert "after 39.405 s" in lines[2]
