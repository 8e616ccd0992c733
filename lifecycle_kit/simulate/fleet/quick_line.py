"""The quick engine's time: a heap of real events, and what they leave behind.

At one instant things happen in the order in which they were planned, as on the step engine's agenda. The place of an
event in that order is written into its key, so that it need not be planned at the very moment at which the step
engine plans it:

    (instant, instant of the event that planned it, that event's planner's instant, that event's serial, own serial)

What is planned for the present instant comes after all that was planned for it before, first come, first served.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifecycle_kit.simulate.fleet.quick_book import Book

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_facts import Facts
    from lifecycle_kit.simulate.fleet.quick_outcomes import Served
    from lifecycle_kit.simulate.fleet.quick_traffic import Traffic

__all__ = ["BEFORE", "LAST", "Event", "Line"]

BEFORE = -1  # the instant at which everything was planned that is known before the run begins
LAST = 1 << 62  # what is done when an instant has come to rest was planned after everything else

Handler = Callable[[Any, int, Any], None]
Event = tuple[int, int, int, int, int, Handler, Any, Any]
"""The key, then the handler, whom it is about, and an argument."""


class Line:
    """Virtual time with everything that is to happen.

    Attributes:
        until: end of the run; what is due later never happens.
        heap: events at later instants.
        soon: what was planned for the present instant at the present instant, in that order.
        rest: what is to be done when the present instant has come to rest.
        serial: the last one given.
        current: the event that is happening.
        book: the moves.
        alerts: `(at, who, kind, text)`.
        look: called with an instance and the instant after each event that it was told.
        traffic: the requests, None if there are none.
        lives: those that have ended, as requests met them.
        ready_at_birth: whether a life that is computed at once is ready as soon as it is born.
        seen_draining: whether a balancer routes to a process that hangs and is to be killed.
    """

    __slots__ = (
        "alerts", "book", "current", "heap", "lives", "look", "ready_at_birth", "rest", "seen_draining", "serial",
        "soon", "traffic", "until",
    )  # fmt: skip

    def __init__(self, until: int) -> None:
        self.until, self.book, self.serial = until, Book(), 0
        self.heap: list[Event] = []
        self.soon: deque[Event] = deque()
        self.rest: deque[Event] = deque()
        self.current: Event = (BEFORE, BEFORE, BEFORE, 0, 0, _nothing, None, None)
        self.alerts: list[tuple[int, int, str, str]] = []
        self.look: Callable[[Facts, int], None] = _unseen
        self.traffic: Traffic | None = None
        self.lives: list[Served] = []
        self.ready_at_birth = self.seen_draining = False

    def push(self, at: int, handler: Handler, whom: Any, argument: Any) -> None:
        """Have `handler(whom, at, argument)` called at an instant."""
        if at <= self.until:
            self.serial = serial = self.serial + 1
            now, planned, _, _, own, *_ = self.current
            if at > now:
                heapq.heappush(self.heap, (at, now, planned, own, serial, handler, whom, argument))
            else:
                self.soon.append((at, at, 0, 0, serial, handler, whom, argument))

    def push_done(self, at: int, since: int, handler: Handler, whom: Any, argument: Any) -> None:
        """Have `handler` called when work is done that came with an arrival at the instant `since`."""
        assert self.traffic is not None
        if at <= self.until:
            self.serial += 1
            own = self.traffic.serial
            if at > since:
                heapq.heappush(self.heap, (at, since, BEFORE, own, self.serial, handler, whom, argument))
            else:  # it was planned before all else that was planned for this instant at this instant
                self.soon.appendleft((at, at, 0, 0, own, handler, whom, argument))

    def push_last(self, handler: Handler, whom: Any) -> None:
        """Have `handler` called at this instant, once nothing else is due at it."""
        self.serial = serial = self.serial + 1
        self.rest.append((self.current[0], LAST, 0, 0, serial, handler, whom, None))

    def alone(self, now: int) -> bool:
        """Tell whether nothing else is due at the present instant."""
        return not self.soon and not self.rest and (not self.heap or self.heap[0][0] > now)

    def run(self) -> None:
        """Let everything happen."""
        heap, soon, rest, pop, now = self.heap, self.soon, self.rest, heapq.heappop, BEFORE
        while True:
            if heap and heap[0][0] == now:
                event = pop(heap)
            elif soon:
                event = soon.popleft()
            elif rest:
                event = rest.popleft()
            elif heap:
                event = pop(heap)
                now = event[0]
            else:
                return
            self.current = event
            event[5](event[6], now, event[7])


def _nothing(whom: Any, now: int, argument: Any) -> None:
    """Stand where no event is."""


def _unseen(instance: Facts, now: int) -> None:
    """Stand where nobody looks."""
