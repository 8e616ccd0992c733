"""Measuring: every case in turns (A B C, A B C, ...), so that a slow minute of the machine hits all of them alike.

A case is prepared outside the clock, then run; cases that must come to the same are compared after the clock.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Case", "Figure", "Figures", "Row", "Topic", "measure"]

Thunk = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to be measured.

    Attributes:
        name: of the case; unique in a run.
        prepare: returns what is timed; its own work is not.
        warm_up: run once before all rounds; None: the case itself.
        rounds: takes part in so many rounds at most; None: in all.
        same: cases with the same word here must come to the same; "": nothing is compared.
        outcome: what is compared, made from what the timed thing returned.
        count: how much work it was, made from the outcome; a cost per piece is the time divided by it.
    """

    name: str
    prepare: Callable[[], Thunk]
    warm_up: Thunk | None = None
    rounds: int | None = None
    same: str = ""
    outcome: Callable[[object], object] = lambda done: done
    count: Callable[[object], int] = lambda _: 1


@dataclass(slots=True)
class Figure:
    """What was measured of one case: seconds of each round, and how much work it was."""

    seconds: list[float] = field(default_factory=list)
    count: int = 1

    @property
    def median(self) -> float:
        """The median of all rounds, seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest round, seconds."""
        return min(self.seconds), max(self.seconds)

    @property
    def each(self) -> float:
        """The median per piece of work, seconds."""
        return self.median / max(1, self.count)


Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of the final table, made from the figures.

    Attributes:
        title: what it is.
        of: names of the cases that it is made from; without them there is no such number.
        value: from the figures of those.
        unit: of the value, such as "x", "ms", "bytes".
        at_least, at_most: the target; neither: there is none.
    """

    title: str
    of: Sequence[str] = ()
    value: Callable[[Figures], float]
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool | None:
        """Tell whether the target is met, None if there is none."""
        if self.at_least is not None:
            return value >= self.at_least
        return None if self.at_most is None else value <= self.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What one module of benchmarks contributes: its cases and the rows made from them."""

    title: str
    cases: Sequence[Case]
    rows: Sequence[Row]


def measure(
    cases: Sequence[Case], rounds: int, say: Callable[[str], None], collects: bool = False
) -> tuple[dict[str, Figure], list[str]]:
    """Return the figures by case, and in words every case that did not come to the same as the first of its kind.

    Args:
        cases: in the order in which they take turns.
        rounds: how many turns.
        say: told what is done next.
        collects: whether Python's cyclic garbage collector stays on while the clock runs; off is what `timeit` does,
            and kinder to whatever makes many objects.
    """
    figures = {case.name: Figure() for case in cases}
    firsts: dict[str, tuple[str, object]] = {}
    unequal: dict[str, None] = {}
    for case in cases:
        say(f"warm-up: {case.name}")
        (case.warm_up or case.prepare())()
    for number, case in _turns(cases, rounds):
        say(f"round {number + 1} of {rounds}: {case.name}")
        taken, outcome = _timed(case, collects)
        figures[case.name].seconds.append(taken)
        figures[case.name].count = case.count(outcome)
        if case.same:
            name, first = firsts.setdefault(case.same, (case.name, outcome))
            if outcome != first:
                unequal[f"{case.name} does not come to the same as {name}"] = None
    return figures, list(unequal)


def _turns(cases: Sequence[Case], rounds: int) -> Iterator[tuple[int, Case]]:
    for number in range(rounds):
        for case in cases:
            if case.rounds is None or number < case.rounds:
                yield number, case


def _timed(case: Case, collects: bool) -> tuple[float, object]:
    thunk = case.prepare()
    gc.collect()
    if not collects:
        gc.disable()
    try:
        begin = time.perf_counter()
        done = thunk()
        taken = time.perf_counter() - begin
    finally:
        gc.enable()
    return taken, case.outcome(done)
