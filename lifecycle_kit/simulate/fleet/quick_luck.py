"""How long lives last that chance ends: drawn by NumPy for many instances and lives in one go."""

from __future__ import annotations

import math

import numpy as np

from lifecycle_kit.simulate.fleet.draws import address, draw, draws, exponential_ns, exponentials_ns

__all__ = ["FAR", "Luck"]

MOST_AT_ONCE = 1 << 20
FAR = 1 << 60  # behind every run


class Luck:
    """Lengths of lives of one family of instances.

    Args:
        seed: of the run.
        family: of the draws.
        mtbf_s: mean length of a life, seconds.
        hangs: share of the lives that hang at their end.
        count: number of instances.
        until_ns: end of the run; decides how many lives are drawn beforehand, nothing else.

    Attributes:
        table: by instance and number of the life, what `life` returns; the first of each stands for no life.
    """

    __slots__ = ("_hang", "_hangs", "_mtbf_s", "_run", "table")

    def __init__(self, seed: int, family: str, mtbf_s: float, hangs: float, count: int, until_ns: int) -> None:
        self._run, self._hang = address(seed, family, "run"), address(seed, family, "hang")
        self._mtbf_s, self._hangs = mtbf_s, hangs
        expected = until_ns / 1e9 / mtbf_s
        most = min(math.ceil(expected + 2 * math.sqrt(expected)) + 1, max(1, MOST_AT_ONCE // count))
        numbers, lives = np.arange(count, dtype=np.int64)[:, None], np.arange(most + 1, dtype=np.int64)
        lengths = exponentials_ns(mtbf_s, draws(self._run, numbers, lives))
        hung = draws(self._hang, numbers, lives) < hangs
        self.table: list[list[int]] = np.where(hung, ~lengths, lengths).tolist()

    def life(self, number: int, life: int) -> int:
        """Return how long life number `life` of an instance lasts, nanoseconds; `~length` if it hangs then.

        >>> Luck(0, "api", 600, 0.5, 3, 10**12).life(2, 1) == Luck(0, "api", 600, 0.5, 9, 0).life(2, 1)
        True
        """
        known = self.table[number]
        if life < len(known):
            return known[life]
        length = exponential_ns(self._mtbf_s, draw(self._run, number, life))
        return ~length if draw(self._hang, number, life) < self._hangs else length
