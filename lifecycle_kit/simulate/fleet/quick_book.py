"""What the quick engine writes down while it runs, and the log that comes of it.

A line is two whole numbers: the instant, and who did what. Moves that always come together, such as an end and the
backoff after it, are one line; they become rows of their own when the log is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.log import STATES, Log
from lifecycle_kit.states import State

__all__ = ["LIFE", "WHO_SHIFT", "Book", "in_order"]

Integers = npt.NDArray[np.int64]

WHO_SHIFT = 32
LIFE = 9
"""Of a life computed at once: the instance, shifted; birth; serials of spawn, end, first probe; instants of readiness,
of the stop, of the end; the kind of line about that."""
CREATED, STARTING, BACKOFF = map(STATES.index, (State.CREATED, State.STARTING, State.BACKOFF))
Move = tuple[int, int, str]
"""Source and target as places in `STATES`, and the cause."""


def in_order(at: Integers, who: Integers) -> Integers:
    """Return the order by instant and instance; lines of one instance at one instant keep theirs.

    Numbers that are all different need no stable sort, which is ten times slower; so where there is room in 64 bits
    the place of each line is part of what is sorted.
    """
    bits, count = len(at).bit_length(), 1 + int(who.max(initial=0))
    grid = next(grid for grid in (1_000_000, 1_000, 1) if not (at % grid).any())
    if (int(at.max(initial=0)) // grid + 1) * count >= 1 << (62 - bits):
        return np.lexsort((who, at))
    return np.argsort(((at // grid * count + who) << bits) + np.arange(len(at)))


class Book:
    """Lines about moves.

    Attributes:
        at: instants, nanoseconds, in the order in which things happened.
        what: number of the instance, shifted by `WHO_SHIFT`, and the kind of line.
        lives: what is written down of lives that were computed at once, `LIFE` numbers each.
        ends: the kinds of lines about an end and the backoff after it.
        ready_kind, drain_kind: the kinds of lines about those lives.
        start_kind, restart_kind: the kinds of lines about the first start and about a restart.
    """

    __slots__ = (
        "_kinds",
        "_table",
        "at",
        "drain_kind",
        "ends",
        "lives",
        "ready_kind",
        "restart_kind",
        "start_kind",
        "what",
    )

    def __init__(self) -> None:
        self.at: list[int] = []
        self.what: list[int] = []
        self.lives: list[int] = []
        self.ends: dict[tuple[object, int, int, int], int] = {}
        self._kinds: dict[tuple[Move, ...], int] = {}
        self._table: Integers | None = None
        self.ready_kind = self.drain_kind = 0
        self.start_kind = self.kind((CREATED, STARTING, "start requested"))
        self.restart_kind = self.kind((BACKOFF, STARTING, "restart due"))

    def kind(self, *moves: Move) -> int:
        """Return the number that stands for these moves, one right after the other."""
        found = self._kinds.get(moves)
        if found is None:
            found = self._kinds[moves] = len(self._kinds)
        return found

    def table(self) -> Integers:
        """Return the lives that were computed at once, one row each; the run is over then."""
        if self._table is None:
            self._table, self.lives = np.array(self.lives, np.int64).reshape(-1, LIFE), []
        return self._table

    def _lines(self, until: int) -> tuple[Integers, Integers]:
        """Return instants and contents of all lines."""
        at, what = np.array(self.at, np.int64), np.array(self.what, np.int64)
        base, *_, ready, drains, ends, kind = self.table().T
        more_at = np.concatenate((ready, drains, ends))
        more = np.concatenate((base + self.ready_kind, base + self.drain_kind, base + kind))
        happened = more_at <= until
        return np.concatenate((at, more_at[happened])), np.concatenate((what, more[happened]))

    def log(self, names: Sequence[str], until: int, *, as_it_happened: bool = False) -> Log:
        """Return all lines as a log.

        Args:
            names: of the instances, by number.
            until: end of the run.
            as_it_happened: leave the moves of one instant in the order in which they happened, as a trace has them;
                only if no life was computed at once.
        """
        causes: dict[str, int] = {}
        rows = [
            (source * len(STATES) + target, causes.setdefault(cause, len(causes)))
            for moves in self._kinds
            for source, target, cause in moves
        ]
        table = np.array(rows, np.int64).reshape(-1, 2)
        sizes = np.array([len(moves) for moves in self._kinds], np.int64)
        at, what = self._lines(until)
        who, kinds = what >> WHO_SHIFT, what & ((1 << WHO_SHIFT) - 1)
        order = np.arange(len(at)) if as_it_happened else in_order(at, who)
        counts = sizes[kinds[order]]
        lines = np.repeat(order, counts)
        # the n-th row of a line is the n-th move of its kind
        nth = np.arange(len(lines)) - np.repeat(np.cumsum(counts) - counts, counts)
        row = (np.cumsum(sizes) - sizes)[kinds[lines]] + nth
        return Log(
            at[lines], who[lines].astype(np.int32), table[row, 0].astype(np.uint8), table[row, 1].astype(np.int32),
            tuple(names), tuple(causes),
        )  # fmt: skip
