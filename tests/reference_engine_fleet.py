"""A whole fleet, played slowly and plainly: its instances, its balancer, its requests, its update."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.fleet.log import Log, Recorder, code_of
from lifecycle_kit.simulate.fleet.result import OUTCOMES, Requests
from lifecycle_kit.simulate.fleet.world import Fleet, Wear
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.units import ns
from tests.reference_engine import Future, Luck, Replica
from tests.reference_engine_requests import Balancer, Clients, Desk
from tests.reference_engine_update import Update

__all__ = ["Played", "play"]


@dataclass(frozen=True)
class Played:
    """What came of a fleet, in the columns of a `FleetResult`."""

    log: Log
    requests: Requests
    routes: list[tuple[int, tuple[str, ...]]]
    sent: list[int]
    update_done_s: float | None = None
    update_stuck_s: float | None = None


class House:
    """A fleet while it is played."""

    def __init__(self, fleet: Fleet, seed: int, name: str) -> None:
        self.fleet, self.seed, self.name = fleet, seed, name
        self.future = Future()
        self.replicas: list[Replica] = []
        self.desks: dict[str, Desk] = {}
        self.balancer = Balancer(self.future, fleet.route_on, ns(fleet.spread_s))
        self.update: Update | None = None

    def make(self, family: str, number: int, unit: Unit, lives: Lives | Wear) -> Replica:
        """Return a new instance; it is not started yet."""
        replica = Replica(self.future, f"{family}-{number}", unit, lives, Luck(self.seed, family, number))
        replica.after = self.look
        self.replicas.append(replica)
        self.desks[replica.name] = Desk(self.future, replica, self.fleet.slots)
        return replica

    def old(self, number: int) -> Replica:
        """Return an instance of the version that there is."""
        lives = self.fleet.lives
        return self.make(self.name, number, self.fleet.unit, lives(number) if callable(lives) else lives)

    def new(self, number: int) -> Replica:
        """Return an instance of the new version."""
        lives = self.fleet.lives if self.fleet.new_lives is None else self.fleet.new_lives
        unit = self.fleet.new_unit or self.fleet.unit
        return self.make(f"{self.name}-new", number, unit, lives(number) if callable(lives) else lives)

    def ask(self, replica: Replica, request: str) -> None:
        """Let a person ask for something; what an update has told to go is not started again."""
        told_to_go = self.update is not None and replica in self.update.asked
        if not (told_to_go and request in ("start", "restart")):
            replica.ask(request)

    def look(self, replica: Replica) -> None:
        """Tell everybody who must know that something has happened to an instance."""
        self.desks[replica.name].look()
        self.balancer.look(replica)
        if self.update is not None:
            self.update.look(replica)


def play(fleet: Fleet, until_s: float, *, seed: int = 0, name: str = "api") -> Played:
    """Return what happens to a fleet and its requests up to `until_s`, that instant included.

    At equal instants come first the starts, what is asked of instances, the update, then the arrivals, then all
    that arises, in the order in which it was planned.
    """
    assert not fleet.needs, "what a fleet needs is not played here"
    house = House(fleet, seed, name)
    future = house.future
    first = [house.old(number) for number in range(fleet.replicas)]
    for replica in first:
        future.at(0, lambda replica=replica: replica.ask("start"))  # type: ignore[misc]
    for at_s, number, request in fleet.requests:
        future.at(ns(at_s), lambda replica=first[number], request=request: house.ask(replica, request))  # type: ignore[misc]
    if fleet.update_at_s is not None:
        house.update = Update(future, fleet.update, first, house.new)
        future.at(ns(fleet.update_at_s), house.update.begin)
    clients = None
    if fleet.load is not None:
        clients = Clients(future, house.balancer, house.desks, fleet.load, Luck(seed, name, 0))
        clients.plan(ns(until_s))
    future.play(ns(until_s))
    return Played(
        log=log_of(house.replicas),
        requests=columns_of(clients, [replica.name for replica in house.replicas]),
        routes=house.balancer.routes,
        sent=clients.sent if clients else [],
        update_done_s=house.update.done_s if house.update else None,
        update_stuck_s=house.update.stuck_s if house.update else None,
    )


def log_of(replicas: list[Replica]) -> Log:
    """Return the moves of all instances in the order of a log."""
    recorder = Recorder()
    for replica in replicas:
        who = recorder.instance(replica.name)
        for move in replica.moves:
            recorder.add(move.at_ns, who, code_of(move.source, move.target), recorder.reason(move.cause))
    return recorder.log()


def columns_of(clients: Clients | None, names: list[str]) -> Requests:
    """Return all requests as columns."""
    requests = clients.requests if clients else []
    return Requests(
        at_ns=np.array([request.at for request in requests], np.int64),
        who=np.array([names.index(request.who) if request.who else -1 for request in requests], np.int32),
        outcome=np.array([OUTCOMES.index(request.outcome) for request in requests], np.uint8),
        ended_ns=np.array([request.ended for request in requests], np.int64),
        tries=np.array([request.tries for request in requests], np.uint8),
        names=names,
    )
