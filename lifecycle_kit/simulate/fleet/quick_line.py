"""The quick engine's time: a heap of real events, and what they leave behind.

An event is `(instant, serial, handler, instance, argument)`. Serials are given in the same order in which the step
engine puts things on its agenda, so that equal instants happen in the same order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from lifecycle_kit.simulate.fleet.quick_book import Book

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_facts import Facts

__all__ = ["Line"]

Handler = Callable[[Any, int, Any], None]
Event = tuple[int, int, Handler, Any, Any]


class Line:
    """Virtual time with everything that is to happen.

    Attributes:
        until: end of the run; what is due later never happens.
        heap: events.
        serial: gives the next serial.
        book: the moves.
        alerts: `(at, who, kind, text)`.
        changes: `(at, who, whether it may get requests)` as a balancer sees them.
        look: called with an instance and the instant after each event that it was told.
    """

    __slots__ = ("alerts", "book", "changes", "heap", "look", "serial", "until")

    def __init__(self, until: int) -> None:
        self.until, self.book = until, Book()
        self.heap: list[Event] = []
        self.serial = count().__next__
        self.alerts: list[tuple[int, int, str, str]] = []
        self.changes: list[tuple[int, int, bool]] = []
        self.look: Callable[[Facts, int], None] = lambda _, __: None

    def push(self, at: int, handler: Handler, whom: Any, argument: Any) -> None:
        """Have `handler(whom, at, argument)` called at an instant."""
        if at <= self.until:
            heapq.heappush(self.heap, (at, self.serial(), handler, whom, argument))

    def run(self) -> None:
        """Let everything happen."""
        heap, pop = self.heap, heapq.heappop
        while heap:
            at, _, handler, whom, argument = pop(heap)
            handler(whom, at, argument)
