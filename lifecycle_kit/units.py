"""Time at the edges: seconds outside, whole nanoseconds inside.

Sums of float seconds drift: a start limit of "3 in 0.3 s" with 0.1 s between the starts gives up one
start late. Whole nanoseconds add exactly, so every instant inside the kit is an `int` of them.
"""

from __future__ import annotations

import math

__all__ = ["NS_PER_S", "ns", "seconds", "span"]

NS_PER_S = 1_000_000_000


def ns(seconds_: float) -> int:
    """Return `seconds_` as whole nanoseconds.

    Args:
        seconds_: a duration or instant in seconds; finite and not negative.

    Raises:
        ValueError: if it is negative, infinite or not a number.

    >>> ns(0.1) * 3 == ns(0.3)
    True
    """
    if not (math.isfinite(seconds_) and seconds_ >= 0):
        raise ValueError(f"{seconds_} s is no point in time here: give a finite number >= 0")
    return round(seconds_ * NS_PER_S)


def seconds(ns_: int) -> float:
    """Return whole nanoseconds as seconds, for people and for JSON.

    >>> seconds(ns(0.1) * 3)
    0.3
    """
    return ns_ / NS_PER_S


def span(ns_: int) -> str:
    """Return a duration the way people write it, at most three digits after the point.

    >>> span(ns(0.25)), span(ns(310)), span(ns(7200))
    ('0.25 s', '5 min 10 s', '2 h')
    """
    if ns_ < 120 * NS_PER_S:
        return f"{round(seconds(ns_), 3):g} s"
    minutes, left = divmod(round(seconds(ns_)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
