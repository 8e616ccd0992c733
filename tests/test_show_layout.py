"""The layouts of the diagrams: no label on a line, no line through a box, nothing outside the picture."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import NamedTuple

import pytest

from lifecycle_kit.show.arrows import Arrow, merged
from lifecycle_kit.show.diagram import MAIN, rows_of
from lifecycle_kit.show.draw import LABEL_SIZE, Marks, label_of, route_of
from lifecycle_kit.show.layout import HALF_HEIGHT, HALF_WIDTH, LANES, STATES, STATES_ALL, STATES_DEEP, Layout
from lifecycle_kit.show.os_states import OS_LAYOUT, OS_TRANSITIONS
from lifecycle_kit.show.svg import LINE_HEIGHT, Point
from lifecycle_kit.states import HAS_PROCESS

CHARACTER = 0.5 * LABEL_SIZE  # mean width of a character; measured in Helvetica's metrics: 0.45
ROWS = rows_of()
UNMARKED = Marks()
TAKEN = Marks(taken=dict.fromkeys([(source, target) for source, _, target in ROWS], 12))
RARE = sorted({(source, target) for source, _, target in ROWS} - MAIN)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def crossed_by(self, start: Point, end: Point) -> bool:
        """Tell whether a line passes through (Liang and Barsky's clipping)."""
        low, high = 0.0, 1.0
        for axis, (least, most) in enumerate(((self.left, self.right), (self.top, self.bottom))):
            step = end[axis] - start[axis]
            if step == 0:
                if not least < start[axis] < most:
                    return False
                continue
            first, last = sorted(((least - start[axis]) / step, (most - start[axis]) / step))
            low, high = max(low, first), min(high, last)
        return low < high


def label_box(layout: Layout, arrow: Arrow, marks: Marks) -> Box:
    lines, (x, y) = label_of(layout, arrow, marks)
    width, height = max(map(len, lines)) * CHARACTER, len(lines) * LABEL_SIZE * LINE_HEIGHT
    left = {"start": x, "middle": x - width / 2, "end": x - width}[route_of(layout, arrow).anchor]
    return Box(left, y - height / 2 + 2, left + width, y + height / 2 - 2)


def state_boxes(layout: Layout) -> dict[str, Box]:
    return {
        name: Box(place.x - HALF_WIDTH, place.y - HALF_HEIGHT, place.x + HALF_WIDTH, place.y + HALF_HEIGHT)
        for name, place in layout.places.items()
    }


def name_box(layout: Layout, frame: str) -> Box:
    x, y = layout.frames[frame].name_at
    return Box(x, y - 7, x + len(frame) * 14 * 0.48, y + 7)


def faults(layout: Layout, arrows: list[Arrow], marks: Marks = UNMARKED) -> list[str]:
    """Return everything that would make the picture hard to read."""
    labels = {(arrow.source, arrow.target): label_box(layout, arrow, marks) for arrow in arrows}
    boxes = state_boxes(layout)
    names = {frame: name_box(layout, frame) for frame in layout.frames}
    texts = {f"{source}->{target}": box for (source, target), box in labels.items()} | names
    found = [f"{a} and {b} overlap" for (a, x), (b, y) in combinations(texts.items(), 2) if x.meets(y)]
    found += [f"{text} lies on {box}" for text, x in texts.items() for box, y in boxes.items() if x.meets(y)]
    for arrow in arrows:
        points = route_of(layout, arrow).points
        for part in pairwise(points):
            found += [
                f"{arrow.source}->{arrow.target} crosses the words {t}" for t, x in texts.items() if x.crossed_by(*part)
            ]
            found += [
                f"{arrow.source}->{arrow.target} runs through {name}" for name, box in boxes.items()
                if Box(box.left + 1, box.top + 1, box.right - 1, box.bottom - 1).crossed_by(*part)
            ]  # fmt: skip
        found += [
            f"{arrow.source}->{arrow.target} leaves the picture" for x, y in points
            if not (0 <= x <= layout.width and 0 <= y <= layout.height)
        ]  # fmt: skip
    found += [f"{text} leaves the picture" for text, box in texts.items() if box.left < 0 or box.right > layout.width]
    return found


def groups(layout: Layout) -> dict[str, tuple[str, ...]]:
    return {name: frame.members for name, frame in layout.frames.items() if frame.members}


def test_the_main_picture_can_be_read() -> None:
    shown = [row for row in ROWS if (row[0], row[2]) in MAIN]
    assert not faults(STATES, merged(shown))


@pytest.mark.parametrize("layout", [STATES, STATES_ALL])
def test_counts_at_the_arrows_do_not_get_in_the_way(layout: Layout) -> None:
    shown = [row for row in ROWS if layout is STATES_ALL or (row[0], row[2]) in MAIN]
    assert not faults(layout, merged(shown, groups(layout)), TAKEN)


def test_the_whole_picture_can_be_read() -> None:
    assert not faults(STATES_ALL, merged(ROWS, groups(STATES_ALL)))


def test_the_picture_of_os_states_can_be_read() -> None:
    rows = [(source.value, trigger, target.value) for (source, trigger), target in OS_TRANSITIONS.items()]
    assert not faults(OS_LAYOUT, merged(rows, groups(OS_LAYOUT)))


@pytest.mark.parametrize("way", RARE, ids="->".join)
def test_one_more_arrow_that_was_taken_can_be_read(way: tuple[str, str]) -> None:
    shown = [row for row in ROWS if (row[0], row[2]) in MAIN or (row[0], row[2]) == way]
    assert not faults(STATES_DEEP if way in LANES else STATES, merged(shown))


@pytest.mark.parametrize("layout", [STATES, STATES_ALL, OS_LAYOUT])
def test_the_word_now_covers_no_other_word(layout: Layout) -> None:
    rows = [row for row in ROWS if layout is STATES_ALL or (row[0], row[2]) in MAIN]
    if layout is OS_LAYOUT:
        rows = [(source.value, trigger, target.value) for (source, trigger), target in OS_TRANSITIONS.items()]
    texts = {
        arrow.source + "->" + arrow.target: label_box(layout, arrow, UNMARKED) for arrow in merged(rows, groups(layout))
    }
    texts |= {frame: name_box(layout, frame) for frame in layout.frames}
    for name, box in state_boxes(layout).items():
        badge = Box(box.left - 9, box.top - 18, box.left + 33, box.top + 2)
        assert [text for text, place in texts.items() if badge.meets(place)] == [], name


@pytest.mark.parametrize("layout", [STATES, STATES_DEEP, STATES_ALL, OS_LAYOUT])
def test_a_state_stands_inside_the_frames_that_hold_it_and_outside_all_others(layout: Layout) -> None:
    boxes = state_boxes(layout)
    for frame in layout.frames.values():
        if not frame.members:
            continue
        x, y, width, height = frame.box
        inside = {
            name
            for name, box in boxes.items()
            if x < box.left and box.right < x + width and y < box.top and box.bottom < y + height
        }
        assert inside == set(frame.members)


@pytest.mark.parametrize("layout", [STATES, STATES_DEEP, STATES_ALL])
def test_the_frame_of_the_process_holds_exactly_the_states_that_have_one(layout: Layout) -> None:
    x, y, width, height = layout.frames["a process exists"].box
    inside = {n for n, place in layout.places.items() if x < place.x < x + width and y < place.y < y + height}
    assert inside == {state.value for state in HAS_PROCESS}


def test_an_arrow_ends_at_the_border_of_its_state() -> None:
    boxes = state_boxes(STATES_ALL)
    for (source, target), route in STATES_ALL.routes.items():
        ends = [(target, route.points[-1])] + ([(source, route.points[0])] if source in boxes else [])
        for name, (x, y) in ends:
            box = boxes[name]
            on_side = x in (box.left, box.right) and box.top <= y <= box.bottom
            on_edge = y in (box.top, box.bottom) and box.left <= x <= box.right
            assert on_side or on_edge, f"{source}->{target} does not touch {name}"
