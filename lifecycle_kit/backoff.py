"""Backoff: how long to wait before the n-th restart, and how dice spread a crowd of restarts.

A curve maps n = 1, 2, 3, ... to a delay; it never exceeds its cap and never overflows, not even at the
10,000th failure. Jitter turns the delay into a range and `u`, a draw from [0, 1) handed in by the caller,
picks a point in it, so that a run can be replayed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lifecycle_kit.units import ns, seconds

__all__ = ["JITTERS", "Backoff"]

JITTERS = ("none", "full", "equal", "decorrelated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """A curve of delays.

    Attributes:
        first_s: delay before the first restart, seconds, >= 0.
        factor: what each delay is multiplied with, >= 1; 1 keeps it constant.
        step_s: what is added per failure instead (a linear curve); needs factor 1.
        cap_s: the longest delay, seconds; `math.inf` for none.
        jitter: "none", or one of the three in AWS' "Exponential Backoff And Jitter":
            "full" draws from [0, d), "equal" from [d/2, d), "decorrelated" from [first, 3 x previous).

    Raises:
        ValueError: naming the attribute that is out of range.

    >>> Backoff(first_s=10, factor=2, cap_s=300).ladder(7)
    [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]
    >>> Backoff(first_s=1, step_s=1).ladder(4)
    [1.0, 2.0, 3.0, 4.0]
    """

    first_s: float = 1.0
    factor: float = 1.0
    step_s: float = 0.0
    cap_s: float = math.inf
    jitter: str = "none"

    def __post_init__(self) -> None:
        if not 0 <= self.first_s <= self.cap_s or math.isinf(self.first_s):
            raise ValueError(f"need 0 <= first_s <= cap_s, got first_s={self.first_s}, cap_s={self.cap_s}")
        if not (1 <= self.factor < math.inf):
            raise ValueError(f"factor must be at least 1 and finite, got {self.factor}: delays would shrink")
        if not (0 <= self.step_s < math.inf):
            raise ValueError(f"step_s must be finite and not negative, got {self.step_s}")
        if self.step_s and self.factor != 1:
            raise ValueError(f"choose step_s (linear) or factor (exponential), got {self.step_s} and {self.factor}")
        if self.jitter not in JITTERS:
            raise ValueError(f"jitter {self.jitter!r} is not known; choose one of {', '.join(JITTERS)}")

    def plain_ns(self, nth: int) -> int:
        """Return the delay before the `nth` restart without jitter, nanoseconds.

        Raises:
            ValueError: if `nth` is below 1.
        """
        if nth < 1:
            raise ValueError(f"restarts are counted from 1, got {nth}")
        if self.step_s:
            return ns(min(self.first_s + (nth - 1) * self.step_s, self._ceiling_s))
        if self.factor == 1 or self.first_s == 0:
            return ns(self.first_s)
        # Compare logarithms first: the power itself overflows a float at about the thousandth failure.
        if (nth - 1) * math.log(self.factor) >= math.log(self._ceiling_s / self.first_s):
            return ns(self._ceiling_s)
        return ns(self.first_s * self.factor ** (nth - 1))

    def delay_ns(self, nth: int, *, u: float = 0.0, previous_ns: int = 0) -> int:
        """Return the delay before the `nth` restart with jitter, nanoseconds.

        Args:
            nth: 1 for the first restart.
            u: a uniform draw from [0, 1); decides within the jitter's range.
            previous_ns: the delay before this one; only "decorrelated" looks at it.
        """
        low, high = self.bounds_ns(nth, previous_ns=previous_ns)
        return low + int(u * (high - low))

    def bounds_ns(self, nth: int, *, previous_ns: int = 0) -> tuple[int, int]:
        """Return the range from which jitter draws the `nth` delay, `(low, high)` in nanoseconds."""
        plain = self.plain_ns(nth)
        match self.jitter:
            case "full":
                return 0, plain
            case "equal":
                return plain // 2, plain
            case "decorrelated":
                first = ns(self.first_s)
                high = min(ns(self._ceiling_s), 3 * max(previous_ns, first))
                return min(first, high), high
            case _:
                return plain, plain

    def ladder(self, count: int) -> list[float]:
        """Return the first `count` delays without jitter, in seconds: what a chart shows."""
        return [seconds(self.plain_ns(n)) for n in range(1, count + 1)]

    @property
    def _ceiling_s(self) -> float:
        # "No cap" still ends somewhere: 100 years keep an uncapped curve finite and readable.
        return min(self.cap_s, 100 * 365 * 86_400.0)
