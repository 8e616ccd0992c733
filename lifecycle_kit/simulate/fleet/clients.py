"""Clients: when requests come, how long they take, and what is done about those that went wrong."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.balancer import Balancer
from lifecycle_kit.simulate.fleet.draws import address, draw, draws, exponentials_ns
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.server import Request
from lifecycle_kit.units import NS_PER_S, ns

__all__ = ["Clients", "arrivals", "service_times"]

Integers = npt.NDArray[np.int64]

# Gaps lie on whole microseconds: the last bit of a logarithm differs between libraries, and this hides it.
GRID_NS = 1_000
_MOST_AT_ONCE = 1 << 20


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
            count = min(int((end - at) / unit) + 2, _MOST_AT_ONCE)
            gaps = np.full(count, ns(1 / per_s), np.int64)
        else:
            count = min(int((end - at) / unit) + 64, _MOST_AT_ONCE)
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


class Clients:
    """The clients of one fleet: each sends its request, waits for the answer, and tries again as the load says.

    What counts of a request is its last try. A client waits after the end of a try, not after its beginning; the
    draws for its jitter have the purpose "retry", the number of the request, and the tries so far as count.

    Args:
        agenda: where they put what they do.
        balancer: that they send to.
        load: what they want.
        name: of the fleet.
        until_ns: end of the run.
        seed: of every draw.

    Attributes:
        load: what they want.
        requests: all of them; they fill in as the run goes on.
        sent: instants at which something was sent, if there are retries.
    """

    def __init__(self, agenda: Agenda, balancer: Balancer, load: Load, name: str, until_ns: int, seed: int) -> None:
        instants = arrivals(load, until_ns, seed, name).tolist()
        takes = service_times(load, len(instants), seed, name).tolist()
        self.requests = list(map(Request, instants, takes))
        self.sent = array("q")
        self._agenda, self._balancer, self.load = agenda, balancer, load
        self._timeout_ns = ns(load.timeout_s)
        self._base = address(seed, name, "retry")
        self._waited_ns: dict[int, int] = {}  # how long each client waited before its last try
        if load.retries:
            for number, request in enumerate(self.requests):
                request.number, request.heard = number, self._heard
        agenda.each(instants, self._send)

    def _send(self, number: int) -> None:
        request = self.requests[number]
        request.tries += 1
        if self.load.retries:
            self.sent.append(self._agenda.now_ns)
        self._balancer.route(request, self._timeout_ns)

    def _heard(self, request: Request) -> None:
        number, tries = request.number, request.tries
        if request.outcome == "served" or tries > self.load.retries:
            return
        u, before = draw(self._base, number, tries), self._waited_ns.get(number, 0)
        wait = self._waited_ns[number] = self.load.retry.delay_ns(tries, u=u, previous_ns=before)
        request.outcome, request.ended_ns = "", 0
        self._agenda.after(wait, lambda: self._send(number))
