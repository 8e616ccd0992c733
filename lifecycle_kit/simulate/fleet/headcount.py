"""Who counts in an update: old and new instances, how many are ready and available, and which old one goes first.

Every figure is kept up to date by the change of one instance, so that a look costs the same in a fleet of any size.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems import deployment
from lifecycle_kit.systems.deployment import Status
from lifecycle_kit.units import seconds

__all__ = ["READY", "Headcount", "still_there"]

READY = frozenset({State.READY, State.RUNNING})
STILL_THERE = HAS_PROCESS | {State.BACKOFF}


def still_there(server: Server) -> bool:
    """Tell whether an instance has a process or waits for a restart."""
    return server.alive or server.instance.state in STILL_THERE


@dataclass(slots=True)
class Seen:
    """What was last seen of an instance that counts.

    Attributes:
        order: its place in the order of creation.
        ready, available: whether it counted as that.
        due_ns: when it becomes available if it stays ready, as far as that is planned.
    """

    order: int
    ready: bool = False
    available: bool = False
    due_ns: int = -1


class Headcount:
    """Old and new instances of one fleet.

    Attributes:
        old, new: those that count, by name; whoever was asked to go does not.
        leaving: old ones that were asked to go and have a process or wait for a restart.
        ready: how many of all that count are ready.
        available_old, available_new: how many are available.
    """

    def __init__(self, agenda: Agenda, min_ready_ns: int, matured: Callable[[Server], None]) -> None:
        """Begin without anybody; `matured` is called at the instant at which somebody may become available."""
        self._agenda, self._min_ready_ns, self._matured = agenda, min_ready_ns, matured
        self.old, self.new, self.leaving = dict[str, Server](), dict[str, Server](), dict[str, Server]()
        self.ready = self.available_old = self.available_new = 0
        self._ready_since: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}
        self._first: list[tuple[bool, int, str]] = []  # a heap; entries that are no longer true are skipped

    @property
    def total(self) -> int:
        """How many count."""
        return len(self.old) + len(self.new)

    def status(self) -> Status:
        """Return what an update shows of itself."""
        return Status(
            updated=len(self.new), old=len(self.old), ready=self.ready,
            available=self.available_old + self.available_new,
        )  # fmt: skip

    def begin(self, standing: Iterable[Server]) -> None:
        """Begin an update: all that stand are old now; whoever is leaving goes on to leave."""
        self.ready = self.available_old = self.available_new = 0
        self.old, self.new = {}, {}
        self._seen.clear()
        self._first.clear()
        for server in standing:
            self.join(self.old, server)

    def join(self, side: dict[str, Server], server: Server) -> None:
        """Count an instance among `old` or `new`."""
        side[server.name] = server
        self._seen[server.name] = Seen(len(self._seen))
        self._sort(server)

    def leave(self, server: Server) -> None:
        """Count an instance no more; an old one that was asked to go is watched until it has ended."""
        seen = self._seen[server.name]
        self.ready -= seen.ready
        if self.old.pop(server.name, None) is not None:
            self.available_old -= seen.available
        else:
            del self.new[server.name]
            self.available_new -= seen.available
        if still_there(server):
            self.leaving[server.name] = server

    def replace(self, lost: Server, replacement: Server) -> None:
        """Let a replacement stand where a lost instance stood that counted."""
        side = self.new if lost.name in self.new else self.old
        self.leave(lost)
        self.join(side, replacement)

    def see(self, server: Server) -> None:
        """Take note of how an instance stands now."""
        if server.instance.state in READY:
            self._ready_since.setdefault(server.name, self._agenda.now_ns)
        else:
            self._ready_since.pop(server.name, None)
        if server.name in self.leaving and not still_there(server):
            del self.leaving[server.name]
        if server.name in self.old or server.name in self.new:
            self._sort(server)

    def first_to_go(self) -> Server:
        """Return the old instance that goes first: one that is not available, and of equals the one created first."""
        while True:
            available, _, name = self._first[0]
            if name in self.old and self._seen[name].available == available:
                return self.old[name]
            heapq.heappop(self._first)

    def _sort(self, server: Server) -> None:
        seen, since = self._seen[server.name], self._ready_since.get(server.name)
        ready, available = since is not None, self._is_available(since)
        self.ready += ready - seen.ready
        if server.name in self.new:
            self.available_new += available - seen.available
        else:
            self.available_old += available - seen.available
            heapq.heappush(self._first, (available, seen.order, server.name))
        seen.ready, seen.available = ready, available
        if since is not None and not available and seen.due_ns != since + self._min_ready_ns:
            seen.due_ns = since + self._min_ready_ns
            self._agenda.at(seen.due_ns, lambda: self._matured(server))

    def _is_available(self, since: int | None) -> bool:
        if since is None:
            return False
        return deployment.available(True, seconds(self._agenda.now_ns - since), seconds(self._min_ready_ns))
