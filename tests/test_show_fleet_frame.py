"""The ground of the pictures of fleets: scales, steps, and textures that stay within their areas."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lifecycle_kit.show.fleet_frame import Box, Frame, Texture, areas, step_line, swatch, time_axis, top_of

FRAME = Frame(left=100, width=200, from_s=0, until_s=10)
BOX = Box(frame=FRAME, top=0, height=100, most=10)
PLAIN, STRIPED = Texture("#eee", "#111"), Texture("#f00", "#900", 10, "2 3")


def path(element: str) -> str:
    found = re.search(r' d="([^"]+)"', element)
    assert found
    return found[1]


def test_time_runs_from_left_to_right_and_stays_in_the_frame() -> None:
    assert [FRAME.x(at) for at in (0, 5, 10)] == [100, 200, 300]
    assert FRAME.x(-3) == 100
    assert FRAME.x(11) == 300


def test_values_run_upward() -> None:
    assert [BOX.y(value) for value in (0, 10)] == [100, 0]


def test_an_area_has_one_step_for_each_change_of_its_value() -> None:
    edges, values = np.array([0, 1, 2, 3, 10.0]), np.array([5, 5, 8, 8.0])
    (area,) = areas(BOX, edges, [(PLAIN, values)])
    assert path(area).startswith("M100.0 50.0H140.0V20.0H300.0L300.0 100.0")


def test_layers_stand_on_each_other() -> None:
    edges = np.array([0, 10.0])
    _, upper = areas(BOX, edges, [(PLAIN, np.array([4.0])), (Texture("#fff", "#000"), np.array([3.0]))])
    assert path(upper) == "M100.0 30.0H300.0L300.0 60.0H100.0Z"


def test_where_nothing_is_there_is_no_area() -> None:
    edges, values = np.array([0, 1, 2, 3.0]), np.array([4, 0, 4.0])
    assert len(areas(BOX, edges, [(PLAIN, values)])) == 2
    assert areas(BOX, edges, [(PLAIN, values * 0)]) == []


def test_what_is_there_at_all_can_be_seen() -> None:
    (area,) = areas(BOX, np.array([0, 10.0]), [(PLAIN, np.array([0.001]))])
    assert path(area).startswith("M100.0 98.5H")


def test_a_texture_stays_within_its_area() -> None:
    edges, values = np.array([0, 5, 10.0]), np.array([2.0, 6.0])
    _, strokes = areas(BOX, edges, [(STRIPED, values)])
    drawn = re.findall(r"M(\d+) ([\d.]+)V([\d.]+)", path(strokes))
    assert len(drawn) == 20
    assert {high for x, high, _ in drawn if int(x) < 200} == {"80.0"}
    assert {high for x, high, _ in drawn if int(x) >= 200} == {"40.0"}
    assert 'stroke-dasharray="2 3"' in strokes


def test_a_line_of_steps_leaves_out_what_does_not_change() -> None:
    line = step_line(BOX, np.array([0, 1, 2, 3.0]), np.array([1, 1, 2.0]))
    assert path(line) == "M100.0 90.0H140.0V80.0H160.0"


def test_a_sample_shows_the_strokes_of_its_texture() -> None:
    assert swatch(PLAIN, 0, 0).count("<path") == 0
    assert swatch(STRIPED, 0, 0).count("<path") == 1


@pytest.mark.parametrize(("most", "top"), [(0, 1), (0.4, 1), (13, 15), (60, 60), (61, 80), (101, 150), (1e6, 1e6)])
def test_a_scale_ends_at_a_round_number(most: float, top: float) -> None:
    assert top_of(most) == top


def test_long_runs_are_told_in_hours() -> None:
    long = Frame(left=0, width=600, from_s=0, until_s=14_400)
    words = "".join(time_axis(long, 0, 100))
    assert ">1:00<" in words
    assert "time (h:mm)" in words
    assert "time (s)" in "".join(time_axis(FRAME, 0, 100))


@pytest.mark.parametrize(("until_s", "ticks"), [(100, "0 50 100"), (360, "0 120 240 360"), (1800, "0 600 1200 1800")])
def test_ticks_end_evenly_where_they_can(until_s: float, ticks: str) -> None:
    words = time_axis(Frame(left=0, width=230, from_s=0, until_s=until_s), 0, 100, name=False)
    assert " ".join(re.findall(r">([\d.]+)<", "".join(words))) == ticks
