"""A rolling update of a simulated fleet: new instances come, old ones go, within the Deployment's limits."""

from __future__ import annotations

from collections.abc import Callable

from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.states import State
from lifecycle_kit.systems.deployment import RollingUpdate, may_add, may_remove, resolve
from lifecycle_kit.units import ns

__all__ = ["Rollout"]

READY = frozenset({State.READY, State.RUNNING})


class Rollout:
    """Replaces `old` by as many new instances; it looks again at every change.

    Attributes:
        done_ns: when the last old instance had ended and all new ones were available; None before that.
    """

    def __init__(self, agenda: Agenda, update: RollingUpdate, old: list[Server], make: Callable[[int], Server]) -> None:
        self.agenda, self.update, self._make = agenda, update, make
        self.old, self.new = list(old), list[Server]()
        self.replicas = len(old)
        self.surge, self.unavailable = resolve(self.replicas, update.maxSurge, update.maxUnavailable)
        self.done_ns: int | None = None
        self._asked_to_stop: set[str] = set()
        self._begun = False

    def begin(self) -> None:
        """Begin the update now."""
        self._begun = True
        self._reconcile()

    def look(self, server: Server) -> None:
        """Look again, because `server` changed, and once more when it has been ready for long enough."""
        if not self._begun:
            return
        if server in self.new and server.instance.state in READY and self.update.minReadySeconds:
            self.agenda.after(ns(self.update.minReadySeconds), self._reconcile)
        # Not within the step that told us: its commands are not all carried out yet.
        self.agenda.after(0, self._reconcile)

    def available(self, server: Server) -> bool:
        """Tell whether it is ready, and has been for minReadySeconds (inclusive, as from Kubernetes 1.36)."""
        since = server.instance.life.ready_ns
        ready = server.instance.state in READY and since is not None
        return ready and self.agenda.now_ns - (since or 0) >= ns(self.update.minReadySeconds)

    def _reconcile(self) -> None:
        if self.done_ns is not None:
            return
        staying = [s for s in self.old if s.name not in self._asked_to_stop]
        total = len(staying) + len(self.new)
        for _ in range(may_add(self.replicas, self.surge, total=total, new=len(self.new))):
            server = self._make(len(self.new))
            self.new.append(server)
            server.ask("start")
        self._remove(staying)
        complete = len(self.new) == self.replicas and all(map(self.available, self.new))
        if complete and not staying and not any(server.alive for server in self.old):
            self.done_ns = self.agenda.now_ns

    def _remove(self, staying: list[Server]) -> None:
        waiting = sum(not self.available(server) for server in self.new)
        total = len(staying) + len(self.new)
        count = may_remove(self.replicas, self.unavailable, total=total, new_unavailable=waiting)
        # Unhealthy old ones first: they are no loss.
        for server in sorted(staying, key=self.available)[:count]:
            self._asked_to_stop.add(server.name)
            server.ask("stop")
