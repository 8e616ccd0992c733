"""Backoff curves: their ladders, caps and jitter."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.backoff import JITTERS, Backoff
from lifecycle_kit.units import ns, seconds

CURVES = st.builds(
    Backoff,
    first_s=st.floats(min_value=0, max_value=100),
    factor=st.floats(min_value=1, max_value=10),
    cap_s=st.floats(min_value=100, max_value=10_000) | st.just(math.inf),
    jitter=st.sampled_from(JITTERS),
) | st.builds(
    Backoff,
    first_s=st.floats(min_value=0, max_value=100),
    step_s=st.floats(min_value=0, max_value=100),
    cap_s=st.floats(min_value=100, max_value=10_000) | st.just(math.inf),
    jitter=st.sampled_from(JITTERS),
)


def test_an_exponential_ladder_doubles_to_its_cap() -> None:
    assert Backoff(first_s=10, factor=2, cap_s=300).ladder(7) == [10, 20, 40, 80, 160, 300, 300]


def test_a_linear_ladder_adds_a_step() -> None:
    assert Backoff(first_s=1, step_s=1, cap_s=3).ladder(5) == [1, 2, 3, 3, 3]


def test_a_factor_of_one_keeps_the_delay() -> None:
    assert Backoff(first_s=0.1).ladder(3) == [0.1, 0.1, 0.1]


@given(CURVES, st.integers(min_value=1, max_value=10_000), st.floats(0, 1, exclude_max=True))
def test_every_delay_is_finite_and_within_the_cap(curve: Backoff, nth: int, u: float) -> None:
    delay = curve.delay_ns(nth, u=u, previous_ns=curve.plain_ns(nth))
    assert 0 <= delay <= ns(min(curve.cap_s, 1e10))


@given(CURVES)
def test_the_ten_thousandth_delay_is_no_shorter_than_the_first(curve: Backoff) -> None:
    assert curve.plain_ns(10_000) >= curve.plain_ns(1)


@given(CURVES, st.integers(min_value=1, max_value=50))
def test_ladders_never_go_down(curve: Backoff, nth: int) -> None:
    assert curve.plain_ns(nth) <= curve.plain_ns(nth + 1)


@pytest.mark.parametrize(
    ("jitter", "bounds"),
    [("none", (40, 40)), ("full", (0, 40)), ("equal", (20, 40)), ("decorrelated", (10, 60))],
)
def test_jitter_draws_from_its_range(jitter: str, bounds: tuple[float, float]) -> None:
    """The third delay of 10, 20, 40 s after one of 20 s; ranges as in AWS' exponential backoff and jitter."""
    curve = Backoff(first_s=10, factor=2, cap_s=300, jitter=jitter)
    low, high = curve.bounds_ns(3, previous_ns=ns(20))
    assert (seconds(low), seconds(high)) == bounds
    assert curve.delay_ns(3, u=0.5, previous_ns=ns(20)) == (low + high) // 2


def test_decorrelated_jitter_stays_below_the_cap() -> None:
    curve = Backoff(first_s=10, cap_s=50, jitter="decorrelated")
    assert curve.bounds_ns(9, previous_ns=ns(40)) == (ns(10), ns(50))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"first_s": -1}, "first_s"), ({"first_s": 10, "cap_s": 5}, "cap_s"), ({"factor": 0.5}, "factor"),
        ({"factor": math.nan}, "factor"), ({"step_s": -1}, "step_s"), ({"step_s": 1, "factor": 2}, "choose step_s"),
        ({"jitter": "some"}, "choose one of none, full"), ({"first_s": math.inf}, "first_s"),
    ],
)  # fmt: skip
def test_a_curve_that_makes_no_sense_is_refused(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Backoff(**wrong)  # type: ignore[arg-type]


def test_restarts_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1, got 0"):
        Backoff().plain_ns(0)
