"""Many draws in one go: keys that are kept, and the lengths of lives that chance ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.simulate.fleet.draws import address, draw, drawn, draws, exponential_ns, keys_of
from lifecycle_kit.simulate.fleet.quick_luck import Luck
from lifecycle_kit.units import ns


@given(st.integers(0, 99), st.lists(st.integers(0, 10_000), min_size=1, max_size=5), st.integers(0, 10_000))
def test_draws_from_kept_keys_are_the_draws_of_their_addresses(seed: int, numbers: list[int], count: int) -> None:
    base, many = address(seed, "api", "run"), np.array(numbers)
    assert drawn(keys_of(base, many), np.array([count])).tolist() == draws(base, many, np.array([count])).tolist()


@pytest.mark.parametrize("until_s", [0, 3600])
def test_lengths_of_lives_are_those_of_their_addresses_however_many_are_drawn_beforehand(until_s: float) -> None:
    luck = Luck(3, "api", mtbf_s=60, hangs=0.5, count=4, until_ns=ns(until_s))
    run, hang = address(3, "api", "run"), address(3, "api", "hang")
    for number in range(4):
        for life in range(1, 120):
            length, hangs = exponential_ns(60, draw(run, number, life)), draw(hang, number, life) < 0.5
            assert luck.life(number, life) == (~length if hangs else length)


def test_a_crowd_draws_only_a_few_lives_beforehand() -> None:
    assert len(Luck(0, "api", mtbf_s=0.01, hangs=0, count=1000, until_ns=ns(86_400)).table[0]) < 1100
