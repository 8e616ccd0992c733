"""Virtual time: actions in order of (instant, order in which they were added)."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import count

__all__ = ["Agenda"]

LAST = 1 << 62  # above every serial


class Agenda:
    """What is to happen, by instant; instants are whole nanoseconds.

    Ties are first come, first served, so a run is the same every time. `run` includes what is due at its end.

    >>> agenda, seen = Agenda(), []
    >>> agenda.at(5, lambda: seen.append("second"))
    >>> agenda.at(5, lambda: seen.append("third"))
    >>> agenda.at(0, lambda: seen.append("first"))
    >>> agenda.run(until_ns=5)
    >>> seen, agenda.now_ns
    (['first', 'second', 'third'], 5)
    """

    __slots__ = ("_heap", "_serials", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        # The serial breaks ties and keeps the heap from comparing actions, which have no order.
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._serials = count()

    def at(self, instant_ns: int, action: Callable[[], None]) -> None:
        """Have `action` done at `instant_ns`.

        Raises:
            ValueError: if that has passed, or is no whole number of nanoseconds (NaN is neither).
        """
        if not isinstance(instant_ns, int):
            raise ValueError(f"an instant is a whole number of nanoseconds, got {instant_ns!r}; use units.ns()")
        if instant_ns < self.now_ns:
            raise ValueError(f"cannot schedule at {instant_ns} ns, it is {self.now_ns} ns: time does not run back")
        heapq.heappush(self._heap, (instant_ns, next(self._serials), action))

    def after(self, delay_ns: int, action: Callable[[], None]) -> None:
        """Have `action` done `delay_ns` from now; ValueError if that is negative."""
        self.at(self.now_ns + delay_ns, action)

    def each(self, instants_ns: Iterable[int], action: Callable[[int], None]) -> None:
        """Have `action(0)`, `action(1)`, ... done at these instants, which must not run back.

        At equal times all of them stand where the first one does, as if all had been added now; only one of them is
        on the agenda at a time.
        """
        instants, serial = iter(instants_ns), next(self._serials)

        def plan(number: int) -> None:
            instant = next(instants, None)
            if instant is not None:
                heapq.heappush(self._heap, (instant, serial, lambda: do(number)))

        def do(number: int) -> None:
            plan(number + 1)
            action(number)

        plan(0)

    def last(self, action: Callable[[], None]) -> None:
        """Have `action` done at the present instant, once nothing else is due at it.

        These are first come, first served too. So what looks at everybody sees the instant at rest, in whatever order
        its events happened.

        >>> agenda, seen = Agenda(), []
        >>> agenda.last(lambda: seen.append("last"))
        >>> agenda.at(0, lambda: agenda.at(0, lambda: seen.append("second")))
        >>> agenda.run(until_ns=0)
        >>> seen
        ['second', 'last']
        """
        heapq.heappush(self._heap, (self.now_ns, LAST + next(self._serials), action))

    def run(self, until_ns: int) -> None:
        """Do everything due up to and including `until_ns`; then it is `until_ns`."""
        while self.one(until_ns):
            pass
        self.now_ns = max(self.now_ns, until_ns)

    def one(self, until_ns: int) -> bool:
        """Do the next thing that is due up to and including `until_ns`, and say whether there was one."""
        if not self._heap or self._heap[0][0] > until_ns:
            return False
        self.now_ns, _, action = heapq.heappop(self._heap)
        action()
        return True
