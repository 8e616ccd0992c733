"""Addressed draws, many in one go: the same numbers as `simulate.dice` gives one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.dice import (
    FIRST,
    GOLDEN,
    GRID_NS,
    SECOND,
    TO_UNIT,
    address,
    draw,
    exponential_ns,
)

__all__ = ["Keys", "address", "draw", "drawn", "draws", "exponential_ns", "exponentials_ns", "keys_of"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]


def draws(base: int, numbers: Integers, counts: Integers) -> Floats:
    """Return the draws of many addresses; `numbers` and `counts` are broadcast against each other.

    >>> base = address(1, "api", "run")
    >>> draws(base, np.array([3, 4]), np.array([0, 7])).tolist() == [draw(base, 3, 0), draw(base, 4, 7)]
    True
    """
    return drawn(keys_of(base, numbers), counts)


def keys_of(base: int, numbers: Integers) -> Keys:
    """Return one key for each number, from which all its draws come: half of the work, if there are many of them."""
    with np.errstate(over="ignore"):
        return _mixed_array(np.uint64(base) + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))


def drawn(keys: Keys, counts: Integers) -> Floats:
    """Return the draws that belong to keys and counts, which are broadcast against each other."""
    with np.errstate(over="ignore"):
        bits = _mixed_array(keys + (counts.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))
    values: Floats = (bits >> np.uint64(11)).astype(np.float64) * TO_UNIT
    return values


def _mixed_array(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(SECOND)
    mixed: npt.NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed


def exponentials_ns(mean_s: float, u: Floats) -> Integers:
    """Return `exponential_ns` of many draws.

    >>> exponentials_ns(600, np.array([0.5])).tolist() == [exponential_ns(600, 0.5)]
    True
    """
    times: Integers = np.rint(-np.log1p(-u) * (mean_s * 1e3)).astype(np.int64) * GRID_NS
    return times
