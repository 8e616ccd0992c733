"""Clients: when requests come, how long they take, and what is done about those that went wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.draws import address, draws, exponentials_ns
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.units import NS_PER_S, ns

__all__ = ["arrivals", "service_times"]

Integers = npt.NDArray[np.int64]

# Gaps lie on whole microseconds: the last bit of a logarithm differs between libraries, and this hides it.
GRID_NS = 1_000
_AT_ONCE = 4096


def arrivals(load: Load, until_ns: int, seed: int, family: str) -> Integers:
    """Return the instants at which requests come, up to and including `until_ns`, in order.

    A gap is one unit of time at the present rate, or an exponentially distributed number of them, on whole
    microseconds; when the rate changes in the middle of a gap, what is left of it is stretched or shrunk.

    Args:
        load: what comes.
        until_ns: end of the run.
        seed: of the draws: purpose "arrival", number of the request, count 0.
        family: the name of the fleet or queue that they come to.

    >>> (arrivals(Load(per_s=1, steady=True, steps=((2.5, 4),)), ns(4), 0, "api") / 1e9).tolist()
    [1.0, 2.0, 2.625, 2.875, 3.125, 3.375, 3.625, 3.875]
    """
    if load.recorded:
        recorded = np.array([ns(at) for at in load.recorded], np.int64)
        return recorded[recorded <= until_ns]
    last = until_ns if load.until_s is None else min(until_ns, ns(load.until_s))
    found, number, left = [np.empty(0, np.int64)], 0, 1.0
    base = None if load.steady else address(seed, family, "arrival")
    if base is not None:
        left = float(_units(base, 0, 1)[0])
    for begin, end, per_s in _spans(load, last):
        if per_s > 0:
            made, left = _span(begin, end, per_s, base, number, left)
            found.append(made)
            number += len(made)
    return np.concatenate(found)


def _spans(load: Load, last: int) -> list[tuple[int, int, float]]:
    """Return `(begin, end, rate)` of the parts of the stream in which the rate stays the same."""
    begin = ns(load.from_s)
    changes = [(ns(at), rate) for at, rate in load.steps]
    rate = next((rate for at, rate in reversed(changes) if at <= begin), load.per_s)
    edges = [(begin, rate), *((at, rate) for at, rate in changes if begin < at < last)]
    ends = [at for at, _ in edges[1:]] + [last]
    return [(at, end, rate) for (at, rate), end in zip(edges, ends, strict=True) if at <= end]


def _units(base: int, first: int, count: int) -> npt.NDArray[np.float64]:
    """Return gaps in units of their mean, for the requests from number `first` on."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    return -np.log1p(-draws(base, numbers, np.zeros(1, np.int64)))


def _span(begin: int, end: int, per_s: float, base: int | None, number: int, left: float) -> tuple[Integers, float]:
    """Return the arrivals in one part of the stream, and what is left of the gap that reaches beyond it, in units."""
    unit, made, at = NS_PER_S / per_s, list[Integers](), begin
    while True:
        if base is None:
            count = min(int((end - at) / unit) + 2, 1 << 20)
            gaps = np.full(count, ns(1 / per_s), np.int64)
        else:
            count = min(int((end - at) / unit) + 64, 1 << 20)
            gaps = np.rint(_units(base, number, count) * (unit / GRID_NS)).astype(np.int64) * GRID_NS
        if not made:
            gaps[0] = _rest(left, unit, base is None)
        instants = at + np.cumsum(gaps)
        inside = instants[: int(np.searchsorted(instants, end, side="right"))]
        made.append(inside)
        number += len(inside)
        if len(inside) < count:
            return np.concatenate(made), float(instants[len(inside)] - end) / unit
        at = int(instants[-1])


def _rest(left: float, unit: float, steady: bool) -> int:
    return round(left * unit) if steady else round(left * unit / GRID_NS) * GRID_NS


def service_times(load: Load, count: int, seed: int, family: str) -> Integers:
    """Return how long each of the first `count` requests takes, nanoseconds.

    The draws have purpose "takes", the number of the request, and count 0.
    """
    if not load.varies:
        return np.full(count, ns(load.takes_s), np.int64)
    base = address(seed, family, "takes")
    return exponentials_ns(load.takes_s, draws(base, np.arange(count, dtype=np.int64), np.zeros(1, np.int64)))
