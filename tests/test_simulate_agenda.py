"""The agenda: order, ties, and the end of a run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.simulate.agenda import Agenda


@given(st.lists(st.integers(0, 20), max_size=40))
def test_actions_come_in_order_of_time_and_ties_first_come_first_served(instants: list[int]) -> None:
    agenda, done = Agenda(), list[tuple[int, int]]()
    for number, instant in enumerate(instants):
        agenda.at(instant, lambda pair=(instant, number): done.append(pair))  # type: ignore[misc]
    agenda.run(until_ns=20)
    assert done == sorted((instant, number) for number, instant in enumerate(instants))


def test_a_run_includes_what_is_due_at_its_end_and_nothing_later() -> None:
    agenda, done = Agenda(), list[int]()
    for instant in (5, 6):
        agenda.at(instant, lambda instant=instant: done.append(instant))  # type: ignore[misc]
    agenda.run(until_ns=5)
    assert (done, agenda.now_ns) == ([5], 5)


def test_an_action_may_add_another_at_the_same_instant() -> None:
    agenda, done = Agenda(), list[str]()
    agenda.at(1, lambda: agenda.after(0, lambda: done.append("second")))
    agenda.at(1, lambda: done.append("first"))
    agenda.run(until_ns=1)
    assert done == ["first", "second"]


def test_time_does_not_run_back() -> None:
    agenda = Agenda()
    agenda.run(until_ns=10)
    with pytest.raises(ValueError, match="cannot schedule at 9 ns, it is 10 ns"):
        agenda.at(9, lambda: None)
    with pytest.raises(ValueError, match="time does not run back"):
        agenda.after(-1, lambda: None)


@pytest.mark.parametrize("wrong", [math.nan, 0.5])
def test_an_instant_is_a_whole_number(wrong: float) -> None:
    with pytest.raises(ValueError, match="whole number of nanoseconds"):
        Agenda().at(wrong, lambda: None)  # type: ignore[arg-type]


def test_a_series_stands_where_its_first_one_was_added_however_late_the_others_come() -> None:
    agenda, seen = Agenda(), list[str]()
    agenda.at(3, lambda: seen.append("before"))
    agenda.each([1, 3, 3, 9], lambda number: seen.append(f"arrival {number}"))
    agenda.at(3, lambda: seen.append("after"))
    agenda.at(1, lambda: agenda.at(3, lambda: seen.append("last")))
    agenda.run(until_ns=8)
    assert seen == ["arrival 0", "before", "arrival 1", "arrival 2", "after", "last"]
