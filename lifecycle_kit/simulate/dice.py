"""Addressed draws, one by one: every number that chance decides has an address, and no other draw can change it.

An address is (seed, family, number, purpose, count): the family is the part of a name before its number ("api" of
"api-7"). So an instance more, or one draw more for another purpose, leaves everybody else's luck as it was. Many
draws in one go are `fleet.draws`; they are the same numbers.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

__all__ = ["FIRST", "GOLDEN", "GRID_NS", "SECOND", "TO_UNIT", "address", "draw", "draw_of", "exponential_ns", "whose"]

MASK = (1 << 64) - 1
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
TO_UNIT = 2.0**-53
GRID_NS = 1_000_000


@lru_cache(maxsize=1024)
def address(seed: int, family: str, purpose: str) -> int:
    """Return the 64 bits that stand for a family of draws with one purpose."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{family}/{purpose}".encode(), digest_size=8).digest(), "big")


def whose(name: str) -> tuple[str, int]:
    """Return the family and the number of a name; a name without a number is a family of its own.

    >>> whose("api-7"), whose("api-new-0"), whose("worker"), whose("api-0-b")
    (('api', 7), ('api-new', 0), ('worker', 0), ('api-0-b', 0))
    """
    family, dash, number = name.rpartition("-")
    return (family, int(number)) if dash and number.isdecimal() and number.isascii() else (name, 0)


def _mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * FIRST) & MASK
    bits = ((bits ^ (bits >> 27)) * SECOND) & MASK
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
    key = _mixed((base + (number + 1) * GOLDEN) & MASK)
    return (_mixed((key + (count + 1) * GOLDEN) & MASK) >> 11) * TO_UNIT


def draw_of(seed: int, name: str, purpose: str, count: int) -> float:
    """Return the draw that belongs to an instance, given its name."""
    family, number = whose(name)
    return draw(address(seed, family, purpose), number, count)


def exponential_ns(mean_s: float, u: float) -> int:
    """Return an exponentially distributed time in nanoseconds, in whole milliseconds.

    The grid is coarse on purpose: logarithms differ in their last bit from one library to the next, and on whole
    milliseconds that changes nothing.

    >>> exponential_ns(600, 0.5)
    415888000000
    """
    return round(-math.log1p(-u) * (mean_s * 1e3)) * GRID_NS
