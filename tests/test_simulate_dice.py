"""Addressed draws, one by one: equal addresses give equal numbers, all others have nothing to do with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.simulate.dice import address, draw, draw_of, exponential_ns, whose
from lifecycle_kit.simulate.fleet.draws import draws, exponentials_ns


@given(st.integers(0, 99), st.integers(0, 10_000), st.integers(0, 10_000))
def test_one_by_one_and_many_in_one_go_are_the_same_numbers(seed: int, number: int, count: int) -> None:
    base = address(seed, "api", "run")
    (many,) = draws(base, np.array([number]), np.array([count])).tolist()
    assert many == draw(base, number, count)
    assert 0 <= many < 1


@given(st.floats(0, 1, exclude_max=True), st.sampled_from([0.05, 1.0, 600.0]))
def test_exponential_times_are_the_same_either_way_too(u: float, mean_s: float) -> None:
    assert exponentials_ns(mean_s, np.array([u])).tolist() == [exponential_ns(mean_s, u)]


def test_draws_are_spread_evenly_over_instances_and_counts() -> None:
    values = draws(address(5, "api", "exit"), np.arange(300)[:, None], np.arange(300)[None, :])
    counts = np.histogram(values, bins=10, range=(0, 1))[0]
    assert counts.min() > 8600
    assert counts.max() < 9400
    assert abs(np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize(
    ("name", "expected"),
    [("api-7", ("api", 7)), ("order-api-12", ("order-api", 12)), ("api", ("api", 0)), ("api-0-b", ("api-0-b", 0))],
)
def test_the_family_of_a_name_is_what_stands_before_its_number(name: str, expected: tuple[str, int]) -> None:
    assert whose(name) == expected


def test_seed_name_purpose_and_count_all_matter() -> None:
    given_addresses = [(1, "api-1", "run", 1), (2, "api-1", "run", 1), (1, "api-2", "run", 1), (1, "web-1", "run", 1)]
    given_addresses += [(1, "api-1", "exit", 1), (1, "api-1", "run", 2)]
    assert len({draw_of(*given_address) for given_address in given_addresses}) == 6
