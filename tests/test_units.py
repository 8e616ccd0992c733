"""Seconds and whole nanoseconds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.units import ns, seconds, span


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf])
def test_what_is_no_time_is_refused_with_its_value(bad: float) -> None:
    with pytest.raises(ValueError, match=f"{bad} s is no point in time"):
        ns(bad)


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=1, max_value=1000))
def test_tenths_add_up_exactly(tenths: int, times: int) -> None:
    assert ns(tenths / 10) * times == ns(tenths * times / 10)


@given(st.integers(min_value=0, max_value=10**14))
def test_nanoseconds_survive_the_way_through_seconds(instant: int) -> None:
    assert ns(seconds(instant)) == instant


def test_long_spans_are_written_in_minutes_and_hours() -> None:
    assert [span(ns(value)) for value in (0, 0.1, 119, 120, 3601, 90_000)] == (
        ["0 s", "0.1 s", "119 s", "2 min", "1 h 1 s", "25 h"]
    )
