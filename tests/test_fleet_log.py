"""Logs in columns: their order, what they cost, and the two ways in which they are written."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.simulate.fleet.log import STATES, Recorder, code_of
from lifecycle_kit.simulate.fleet.quick_book import WHO_SHIFT, Book, in_order
from lifecycle_kit.states import State
from lifecycle_kit.units import ns

CREATED, STARTING, FAILED, BACKOFF = map(
    STATES.index, (State.CREATED, State.STARTING, State.FAILED, State.BACKOFF)
)  # fmt: skip
NAMES = ("api-0", "api-1", "api-2")
GRIDS = st.sampled_from([1, 1_000, 1_000_000])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=30), GRIDS)
def test_lines_stand_in_order_of_instant_and_instance_and_else_as_they_were_written(
    lines: list[tuple[int, int]], grid: int
) -> None:
    at = np.array([instant * grid for instant, _ in lines], np.int64)
    order = in_order(at, np.array([who for _, who in lines], np.int64)).tolist()
    assert order == sorted(range(len(lines)), key=lambda line: lines[line])


def test_instants_too_large_for_one_number_are_put_in_order_all_the_same() -> None:
    at = np.array([1 << 61, 5, 1 << 61, 7], np.int64)
    assert in_order(at, np.array([1, 1 << 20, 0, 3], np.int64)).tolist() == [1, 3, 2, 0]


def test_a_line_of_two_moves_is_two_rows() -> None:
    book = Book()
    ends = book.kind((STARTING, FAILED, "exit 1"), (FAILED, BACKOFF, "restart in 10 s"))
    for at, who, kind in ((5, 1, ends), (5, 0, ends), (0, 1, book.start_kind)):
        book.at.append(at)
        book.what.append((who << WHO_SHIFT) + kind)
    assert [(move.at_ns, move.instance, move.target.value, move.cause) for move in book.log(NAMES, 10)] == [
        (0, "api-1", "starting", "start requested"),
        (5, "api-0", "failed", "exit 1"), (5, "api-0", "backoff", "restart in 10 s"),
        (5, "api-1", "failed", "exit 1"), (5, "api-1", "backoff", "restart in 10 s"),
    ]  # fmt: skip
    happened = [(move.at_ns, move.instance) for move in book.log(NAMES, 10, as_it_happened=True)]
    assert happened == [(5, "api-1"), (5, "api-1"), (5, "api-0"), (5, "api-0"), (0, "api-1")]


def test_a_recorder_writes_the_same_log_as_a_book() -> None:
    recorder, book = Recorder(), Book()
    for who, name in enumerate(NAMES):
        recorder.add(ns(1), recorder.instance(name), code_of(State.CREATED, State.STARTING), recorder.reason("go"))
        book.at.append(ns(1))
        book.what.append((who << WHO_SHIFT) + book.kind((CREATED, STARTING, "go")))
    assert recorder.log() == book.log(NAMES, ns(2))


def test_a_move_is_a_few_bytes() -> None:
    book = Book()
    book.at += range(100)
    book.what += [book.start_kind] * 100
    assert book.log(NAMES, 100).bytes_per_move == 17


def test_logs_are_equal_that_say_the_same_with_other_numbers_for_their_causes() -> None:
    one, other = Book(), Book()
    other.kind((CREATED, STARTING, "never written"))
    for book in (one, other):
        book.at.append(3)
        book.what.append(book.kind((CREATED, STARTING, "by hand")))
    assert one.log(NAMES, 5) == other.log(NAMES, 5)
    other.at[0] = 4
    assert one.log(NAMES, 5) != other.log(NAMES, 5)
