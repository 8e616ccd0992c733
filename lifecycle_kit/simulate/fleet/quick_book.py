"""What the quick engine writes down while it runs, and the log that comes of it.

A line is two whole numbers: the instant, and who did what. Moves that always come together, such as an end and the
backoff after it, are one line; they become rows of their own when the log is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lifecycle_kit.simulate.fleet.log import STATES, Log

__all__ = ["WHO_SHIFT", "Book"]

WHO_SHIFT = 32
Move = tuple[int, int, str]
"""Source and target as places in `STATES`, and the cause."""


class Book:
    """Lines about moves, in the order in which they happened.

    Attributes:
        at: instants, nanoseconds.
        what: number of the instance, shifted by `WHO_SHIFT`, and the kind of line.
    """

    __slots__ = ("_kinds", "at", "what")

    def __init__(self) -> None:
        self.at: list[int] = []
        self.what: list[int] = []
        self._kinds: dict[tuple[Move, ...], int] = {}

    def kind(self, *moves: Move) -> int:
        """Return the number that stands for these moves, one right after the other."""
        found = self._kinds.get(moves)
        if found is None:
            found = self._kinds[moves] = len(self._kinds)
        return found

    def log(self, names: Sequence[str], *, as_it_happened: bool = False) -> Log:
        """Return all lines as a log of the instances called `names`.

        Args:
            names: by number.
            as_it_happened: leave moves of one instant in the order in which they happened, as a trace has them.
        """
        causes: dict[str, int] = {}
        rows = [
            (source * len(STATES) + target, causes.setdefault(cause, len(causes)))
            for moves in self._kinds
            for source, target, cause in moves
        ]
        table = np.array(rows, np.int64).reshape(-1, 2)
        sizes = np.array([len(moves) for moves in self._kinds], np.int64)
        at, what = np.array(self.at, np.int64), np.array(self.what, np.int64)
        who, kinds = what >> WHO_SHIFT, what & ((1 << WHO_SHIFT) - 1)
        # stable: moves of one instance at one instant keep their order
        order = np.arange(len(at)) if as_it_happened else np.lexsort((who, at))
        counts = sizes[kinds[order]]
        lines = np.repeat(order, counts)
        # the n-th row of a line is the n-th move of its kind
        nth = np.arange(len(lines)) - np.repeat(np.cumsum(counts) - counts, counts)
        row = (np.cumsum(sizes) - sizes)[kinds[lines]] + nth
        return Log(
            at[lines], who[lines].astype(np.int32), table[row, 0].astype(np.uint8), table[row, 1].astype(np.int32),
            tuple(names), tuple(causes),
        )  # fmt: skip
