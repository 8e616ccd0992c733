"""A rolling update of a simulated fleet: new instances come, old ones go, within the Deployment's limits.

When it looks. Once when it begins, and once for each instant at which an instance of the fleet changed (any event
that `step` took) or became available, when that instant has come to rest: everything else that is due at it has
happened, arrivals of requests too. What the look does may bring about more at the same instant; then it looks again
when that has come to rest.

What a look does, in this order:

1. RollingUpdate: create and start `may_add` new instances, one after the other, in order of their numbers; then ask
   `may_remove` old ones to stop, those that are not available first, and among equals in order of their creation.
   Both again until neither allows anything. Recreate: ask all old ones to stop, in that same order; once none of
   them has a process or waits for a restart, create and start all new ones.
2. Compare with the look before: more new ones, fewer old ones, more ready or more available ones (old and new
   together) are progress.
3. It is done when there are as many new ones as wanted, all available, no old one that was not asked to go, and none
   that still has a process or waits for a restart. (Kubernetes calls it complete before the old ones have ended.)

An instance is ready in the states `ready` and `running`; it is available once it has been that for minReadySeconds
without a break, inclusive. One that was asked to stop no longer counts, though it may still be at work. One that is
held back as `created` counts as not available.

The deadline. It is called stuck progressDeadlineSeconds and `LOOKS_AFTER_S` after the last progress (the beginning
counts as one), when that instant has come to rest and there is no progress at it either. Nothing is rolled back, and
it goes on as before.

Requests. A person can no longer start or restart what was told to go; a request to stop, or a kill, does reach it.

Names. The new ones of the first update are `api-new-0`, `api-new-1`, ...; of the second `api-new2-0`, and so on. An
update during an update makes old ones of all that stand. "rollout-restart" is an update to the version that there is.
"""

from __future__ import annotations

from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.headcount import Headcount
from lifecycle_kit.simulate.fleet.nodes import Placement
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Fault, Wear
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.systems import deployment
from lifecycle_kit.units import ns

__all__ = ["Rollout", "attach", "fleet_of"]


class Rollout:
    """The updates of one fleet.

    Attributes:
        count: its old and new instances.
        done_ns: when the last update was done, None before that.
        stuck_ns: when it was called stuck, None if it was not.
    """

    def __init__(self, engine: Engine, fleet: str) -> None:
        self._engine, self._fleet = engine, fleet
        self._plan = engine.fleets[fleet]
        self._update, self._replicas = self._plan.update, self._plan.replicas
        self._surge, self._unavailable = deployment.resolve(
            self._replicas, self._update.maxSurge, self._update.maxUnavailable
        )
        self.count = Headcount(engine.agenda, ns(self._update.minReadySeconds), self.look)
        self.done_ns: int | None = None
        self.stuck_ns: int | None = None
        self._generation, self._new_version = 0, False
        self._active = self._planned = False
        self._status, self._progress_ns = self.count.status(), 0

    def begin(self, new_version: bool = True) -> None:
        """Begin an update now, to the new version or to the one that there is."""
        self._generation += 1
        self._new_version = self._new_version or new_version
        self._active, self.done_ns, self.stuck_ns = True, None, None
        self.count.begin(s for s in self._engine.members[self._fleet] if s.name not in self._engine.unwanted)
        self._status, self._progress_ns = self.count.status(), self._engine.agenda.now_ns
        self._watch_deadline()
        self._look_soon()

    def look(self, server: Server) -> None:
        """Take note of a change of an instance of this fleet; look at all when this instant has come to rest."""
        self.count.see(server)
        if self._active:
            self._look_soon()

    def replaced(self, lost: Server, replacement: Server) -> None:
        """Let a replacement stand where the lost instance stood."""
        if self._active and lost.fleet == self._fleet:
            self.count.replace(lost, replacement)
            self._look_soon()

    def _look_soon(self) -> None:
        if not self._planned:
            self._planned = True
            self._engine.agenda.last(self._look)

    def _look(self) -> None:
        self._planned = False
        if self._update.strategy == "Recreate":
            self._recreate()
        else:
            while self._add() + self._remove():
                pass
        self._note_progress()
        if self._complete and not self.count.leaving:
            self.done_ns, self._active = self._engine.agenda.now_ns, False

    def _add(self) -> int:
        count = deployment.may_add(self._replicas, self._surge, total=self.count.total, new=len(self.count.new))
        for _ in range(count):
            self._start()
        return count

    def _remove(self) -> int:
        allowed = deployment.may_remove(
            self._replicas, self._unavailable, total=self.count.total,
            new_unavailable=len(self.count.new) - self.count.available_new,
        )  # fmt: skip
        count = min(allowed, len(self.count.old))
        for _ in range(count):
            self._stop()
        return count

    def _recreate(self) -> None:
        while self.count.old:
            self._stop()
        while not self.count.leaving and len(self.count.new) < self._replicas:
            self._start()

    def _start(self) -> None:
        server = self._make(len(self.count.new))
        self.count.join(self.count.new, server)
        self._engine.start(server)

    def _stop(self) -> None:
        server = self.count.first_to_go()
        self._engine.unwanted.add(server.name)
        self.count.leave(server)
        self._engine.ask(server, "stop")

    def _make(self, number: int) -> Server:
        plan = self._plan
        lives: Lives | Wear | None = plan.new_lives if self._new_version else None
        if lives is None:
            lives = plan.lives(number) if callable(plan.lives) else plan.lives
        unit = plan.new_unit if self._new_version and plan.new_unit is not None else plan.unit
        nth = "" if self._generation == 1 else str(self._generation)
        return self._engine.make(self._fleet, f"{self._fleet}-new{nth}-{number}", unit, lives)

    # --- progress

    @property
    def _complete(self) -> bool:
        count = self.count
        return deployment.complete(
            self._replicas, updated=len(count.new), current=count.total, available=count.status().available
        )

    def _note_progress(self) -> None:
        status = self.count.status()
        if deployment.progressed(self._status, status):
            self._progress_ns = self._engine.agenda.now_ns
        self._status = status

    def _watch_deadline(self) -> None:
        """Plan to look whether there has been any progress since the last one that is known."""
        deadline_s, generation, progress_ns = self._update.progressDeadlineSeconds, self._generation, self._progress_ns
        if deadline_s is None or deadline_s == deployment.NO_DEADLINE:
            return
        agenda, due = self._engine.agenda, progress_ns + ns(deadline_s) + ns(deployment.LOOKS_AFTER_S)

        def ask() -> None:
            if generation != self._generation or not self._active or self._complete:
                return
            self._note_progress()
            if self._progress_ns > progress_ns:
                self._watch_deadline()
            else:
                self.stuck_ns = due

        agenda.at(due, lambda: agenda.last(ask))


def attach(engine: Engine, placement: Placement) -> dict[str, Rollout]:
    """Have the engine update its fleets when their values or its faults say so; return the updates by fleet.

    Raises:
        ValueError: for an update of a fleet that does not exist.
    """
    begins = [
        (name, ns(fleet.update_at_s), True) for name, fleet in engine.fleets.items() if fleet.update_at_s is not None
    ]
    for fault in engine.world.faults:
        if fault.what in ("update", "rollout-restart"):
            begins.append((fleet_of(engine, fault), ns(fault.at_s), fault.what == "update"))
    rollouts = {name: Rollout(engine, name) for name, _, _ in begins}

    def look(server: Server) -> None:
        rollout = rollouts.get(server.fleet)
        if rollout is not None:
            rollout.look(server)

    if rollouts:
        engine.watchers.append(look)
        placement.replaced += [rollout.replaced for rollout in rollouts.values()]
    for name, at_ns, new_version in begins:
        engine.agenda.at(at_ns, lambda r=rollouts[name], new=new_version: r.begin(new))  # type: ignore[misc]
    return rollouts


def fleet_of(engine: Engine, fault: Fault) -> str:
    """Return the fleet that a fault is about; ValueError if there is none of that name."""
    if fault.on not in engine.fleets:
        raise ValueError(f"what={fault.what!r} on={fault.on!r}: no such fleet; there are {', '.join(engine.fleets)}")
    return fault.on
