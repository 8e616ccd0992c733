"""Requests in the quick engine: dealt out in bulk between two changes of the routes.

Nothing that a request does comes back to the instances, but for one thing: a process that drains waits for its work.
So the requests of the past are dealt out when a drain asks for them, and all the others when the run is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.clients import arrivals, service_times
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.quick_beliefs import Beliefs
from lifecycle_kit.simulate.fleet.quick_line import BEFORE, Event
from lifecycle_kit.units import ns

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_facts import Facts

__all__ = ["Traffic"]

Integers = npt.NDArray[np.int64]


class Traffic:
    """The requests of a run.

    Attributes:
        at, takes: arrivals and service times.
        who: the instance that each was dealt to, -1 for none.
        timeout: of every client.
        serial: place of the arrivals among all that was planned before the run.
    """

    def __init__(self, load: Load, until: int, seed: int, name: str, beliefs: Beliefs, serial: int) -> None:
        self.at = arrivals(load, until, seed, name)
        self.takes = service_times(load, len(self.at), seed, name)
        self.timeout, self.serial = ns(load.timeout_s), serial
        self.who = np.full(len(self.at), -1, np.int32)
        self._beliefs = beliefs
        self._longest = int(self.takes.max(initial=0))
        self._dealt = self._applied = self._turn = self._size = 0
        self._routed = np.empty(64, np.int32)
        self._count = np.arange(1, len(self.at) + 1)

    def deal(self, stop: int | None = None) -> None:
        """Deal out the requests up to number `stop`, which is left out; `None`: all of them, the run is over."""
        beliefs, known = self._beliefs, self._applied
        if stop is None:
            instants, changes = beliefs.changes().columns()
            at, what, stop = instants[known:], changes[known:].tolist(), len(self.at)
        else:
            at, what = np.array(beliefs.at[known:], np.int64), beliefs.what[known:]
        # A change takes effect behind the arrivals of its instant.
        firsts = np.searchsorted(self.at, at, side="right").tolist()
        for first, change in zip(firsts, what, strict=True):
            if first >= stop:
                break
            self._give(first)
            self._apply(change)
        self._give(stop)

    def _give(self, stop: int) -> None:
        """Deal out requests in turn to those who are routed to."""
        first, size = self._dealt, self._size
        if stop > first:
            if size:
                turns = self._count[self._turn : self._turn + stop - first] % size
                self.who[first:stop] = self._routed[turns]
                self._turn += stop - first
            self._dealt = stop

    def _apply(self, what: int) -> None:
        """Let one instance come or go."""
        routed, size, who = self._routed, self._size, what >> 1
        if what & 1:
            if size == len(routed):
                routed = self._routed = np.concatenate((routed, np.empty(size, np.int32)))
            routed[size] = who
            self._size = size + 1
        else:
            place = int(np.flatnonzero(routed[:size] == who)[0])
            routed[place : size - 1] = routed[place + 1 : size]
            self._size = size - 1
        self._applied += 1

    def work_left(self, instance: Facts, event: Event) -> tuple[int, int] | None:
        """Return what an instance works on that is to drain now: when the last of it is done, and since when that was.

        `None` if it has nothing to do. The work of a process that hangs before it is done lasts for ever.
        """
        now, planned = event[0], event[1]
        last = "left" if planned == BEFORE else "right"  # what was planned before the run comes before the arrivals
        stop = int(np.searchsorted(self.at, now, side=last))  # type: ignore[call-overload]
        self.deal(stop)
        first = int(np.searchsorted(self.at, max(now - self._longest, instance.born + 1), side="left"))
        mine = np.flatnonzero(self.who[first:stop] == instance.who) + first
        at = self.at[mine]
        done = at + self.takes[mine]
        worked_on = (at >= instance.serves_at) & (at <= instance.closes) & (done >= now)
        left = [
            (end, since)
            for end, since in zip(done[worked_on].tolist(), at[worked_on].tolist(), strict=True)
            if end > now or not self._done_before(since, now, event)
        ]
        return max(left, default=None)

    def _done_before(self, since: int, now: int, event: Event) -> bool:
        """Tell whether work that is done now was done before the present event."""
        if since == now:
            return (now, 0, 0, self.serial) < event[1:5]
        return (since, BEFORE, self.serial) < event[1:4]
