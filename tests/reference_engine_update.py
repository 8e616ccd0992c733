"""A rolling update, played slowly and plainly: it looks at everybody whenever an instant has come to rest."""

from __future__ import annotations

from collections.abc import Callable

from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems import deployment
from lifecycle_kit.systems.deployment import RollingUpdate, Status
from lifecycle_kit.units import ns, seconds
from tests.reference_engine import Future, Replica

__all__ = ["Update"]


class Update:
    """The update of a fleet from its old instances to new ones."""

    def __init__(
        self, future: Future, rules: RollingUpdate, old: list[Replica], make: Callable[[int], Replica]
    ) -> None:
        self.future, self.rules, self.make = future, rules, make
        self.wanted = len(old)
        self.surge, self.unavailable = deployment.resolve(self.wanted, rules.maxSurge, rules.maxUnavailable)
        self.old, self.asked, self.new = list(old), list[Replica](), list[Replica]()
        self.ready_since: dict[str, int] = {}
        self.begun = self.will_look = self.was_complete = False
        self.done_s: float | None = None
        self.stuck_s: float | None = None
        self.status, self.progress = Status(updated=0, old=0, ready=0, available=0), 0

    def begin(self) -> None:
        """Begin now."""
        self.begun, self.status, self.progress = True, self.count(), self.future.now
        self.await_deadline()
        self.look_soon()
        for replica in self.old:
            self.await_availability(replica)

    def look(self, replica: Replica) -> None:
        """Notice a change of an instance."""
        if replica.instance.state not in (State.READY, State.RUNNING):
            self.ready_since.pop(replica.name, None)
        elif replica.name not in self.ready_since:
            self.ready_since[replica.name] = self.future.now
            if self.begun:
                self.await_availability(replica)
        if self.begun:
            self.look_soon()

    def await_availability(self, replica: Replica) -> None:
        """Look again when an instance may have become available."""
        due = self.ready_since.get(replica.name, -1) + ns(self.rules.minReadySeconds)
        if due > self.future.now:
            self.future.at(due, self.look_soon)

    def look_soon(self) -> None:
        """Look at all, once, when this instant has come to rest."""
        if not self.will_look:
            self.will_look = True
            self.future.last(self.look_at_all)

    def available(self, replica: Replica) -> bool:
        """Tell whether an instance has been ready for long enough."""
        since = self.ready_since.get(replica.name)
        return since is not None and self.future.now - since >= ns(self.rules.minReadySeconds)

    def look_at_all(self) -> None:
        """Do what may be done now."""
        self.will_look = False
        if self.done_s is not None:
            return
        if self.rules.strategy == "Recreate":
            self.recreate()
        else:
            while self.add() or self.remove():
                pass
        self.note_progress()
        self.was_complete = self.was_complete or self.complete
        if self.complete and not self.old and not any(map(self.still_there, self.asked)):
            self.done_s = seconds(self.future.now)

    def add(self) -> bool:
        """Add as many new ones as may be added."""
        total = len(self.old) + len(self.new)
        count = deployment.may_add(self.wanted, self.surge, total=total, new=len(self.new))
        for _ in range(count):
            self.create()
        return count > 0

    def create(self) -> None:
        """Create and start a new one."""
        replica = self.make(len(self.new))
        self.new.append(replica)
        replica.ask("start")

    def remove(self) -> bool:
        """Remove as many old ones as may be removed: those that are not available first, they are no loss."""
        total, missing = len(self.old) + len(self.new), sum(not self.available(replica) for replica in self.new)
        count = deployment.may_remove(self.wanted, self.unavailable, total=total, new_unavailable=missing)
        going = sorted(self.old, key=self.available)[:count]
        for replica in going:
            self.dismiss(replica)
        return bool(going)

    def dismiss(self, replica: Replica) -> None:
        """Ask an old one to stop."""
        self.old.remove(replica)
        self.asked.append(replica)
        replica.ask("stop")

    def recreate(self) -> None:
        """First all old ones go, then all new ones come."""
        for replica in sorted(self.old, key=self.available):
            self.dismiss(replica)
        if not any(map(self.still_there, self.asked)):
            while len(self.new) < self.wanted:
                self.create()

    def still_there(self, replica: Replica) -> bool:
        """Tell whether an instance has a process or waits for a restart."""
        return replica.exists or replica.instance.state in HAS_PROCESS | {State.BACKOFF}

    # --- progress

    def count(self) -> Status:
        """Return what the update shows of itself."""
        staying = self.old + self.new
        return Status(
            updated=len(self.new),
            old=len(self.old),
            ready=sum(replica.name in self.ready_since for replica in staying),
            available=sum(map(self.available, staying)),
        )

    @property
    def complete(self) -> bool:
        """Whether as many new ones as wanted are there and available, and nobody else counts."""
        status = self.count()
        return status.updated == status.available == len(self.old) + len(self.new) == self.wanted

    def note_progress(self) -> None:
        """Begin the deadline anew if there was progress since the last look."""
        status = self.count()
        if deployment.progressed(self.status, status):
            self.progress = self.future.now
            self.await_deadline()
        self.status = status

    def await_deadline(self) -> None:
        """Ask, a little after the deadline, whether there was any progress; if not it is called stuck, once.

        What has been complete is not called stuck any more, whatever happens to it until the last old one has gone.
        """
        deadline_s, since = self.rules.progressDeadlineSeconds, self.progress
        if deadline_s is None or deadline_s == deployment.NO_DEADLINE:
            return

        def ask() -> None:
            if self.stuck_s is None and not self.was_complete and not self.complete:
                self.note_progress()
                if self.progress == since:
                    self.stuck_s = seconds(self.future.now)

        due = since + ns(deadline_s) + ns(deployment.LOOKS_AFTER_S)
        self.future.at(due, lambda: self.future.last(ask))
