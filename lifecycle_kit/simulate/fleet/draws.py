"""Addressed draws: every number that chance decides has an address, and no other draw can change it.

An address is (seed, family, number, purpose, count): the family is the part of a name before its number ("api" of
"api-7"). So an instance more, or one draw more for another purpose, leaves everybody else's luck as it was. The
values of many addresses come from NumPy in one go and are the same as one by one.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

__all__ = ["address", "draw", "draws", "exponential_ns", "exponentials_ns"]

_MASK = (1 << 64) - 1
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_TO_UNIT = 2.0**-53
_GRID_NS = 1_000_000

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def address(seed: int, family: str, purpose: str) -> int:
    """Return the 64 bits that stand for a family of draws with one purpose."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{family}/{purpose}".encode(), digest_size=8).digest(), "big")


def _mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * _FIRST) & _MASK
    bits = ((bits ^ (bits >> 27)) * _SECOND) & _MASK
    return bits ^ (bits >> 31)


def draw(base: int, number: int, count: int) -> float:
    """Return the uniform draw from [0, 1) of one address.

    Args:
        base: from `address`.
        number: of the instance.
        count: which draw for this purpose.

    Source: the mixing function is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014), once for the instance and once for the count.

    >>> round(draw(address(1, "api", "run"), number=3, count=0), 6)
    0.345375
    """
    key = _mixed((base + (number + 1) * _GOLDEN) & _MASK)
    return (_mixed((key + (count + 1) * _GOLDEN) & _MASK) >> 11) * _TO_UNIT


def draws(base: int, numbers: Integers, counts: Integers) -> Floats:
    """Return the draws of many addresses; `numbers` and `counts` are broadcast against each other.

    >>> base = address(1, "api", "run")
    >>> draws(base, np.array([3, 4]), np.array([0, 7])).tolist() == [draw(base, 3, 0), draw(base, 4, 7)]
    True
    """
    with np.errstate(over="ignore"):
        golden = np.uint64(_GOLDEN)
        keys = _mixed_array(np.uint64(base) + (numbers.astype(np.uint64) + np.uint64(1)) * golden)
        bits = _mixed_array(keys + (counts.astype(np.uint64) + np.uint64(1)) * golden)
    values: Floats = (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT
    return values


def _mixed_array(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_SECOND)
    mixed: npt.NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed


def exponential_ns(mean_s: float, u: float) -> int:
    """Return an exponentially distributed time in nanoseconds, in whole milliseconds.

    The grid is coarse on purpose: logarithms differ in their last bit from one library to the next, and on whole
    milliseconds that changes nothing.

    >>> exponential_ns(600, 0.5)
    415888000000
    """
    return round(-math.log1p(-u) * mean_s * 1e3) * _GRID_NS


def exponentials_ns(mean_s: float, u: Floats) -> Integers:
    """Return `exponential_ns` of many draws.

    >>> exponentials_ns(600, np.array([0.5])).tolist() == [exponential_ns(600, 0.5)]
    True
    """
    times: Integers = np.rint(-np.log1p(-u) * (mean_s * 1e3)).astype(np.int64) * _GRID_NS
    return times
