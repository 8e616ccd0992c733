"""Running a fleet, or a world of several: from its values to what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lifecycle_kit.simulate.fleet import faults, jobs, needs, nodes, order, quick, rolling, rollout
from lifecycle_kit.simulate.fleet.clients import Clients
from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.nodes import Placement
from lifecycle_kit.simulate.fleet.result import OUTCOMES, FleetResult, Requests, WorldResult
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.server import Request
from lifecycle_kit.simulate.fleet.world import Fleet, World
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import ns, seconds

__all__ = ["run_fleet", "run_world"]


def run_fleet(
    fleet: Fleet, until_s: float = 120.0, *, seed: int = 0, name: str = "api", engine: str = "auto"
) -> FleetResult:
    """Return what happens to the fleet and its requests in `until_s` seconds of virtual time.

    The draws have addresses (seed, fleet, number, purpose): one instance more does not change the others' luck.

    Args:
        fleet: what is run.
        until_s: end of the run, that instant included.
        seed: of every draw.
        name: of the fleet; its instances are `api-0`, `api-1`, ..., those of a new version `api-new-0`, ...
        engine: "step" keeps every event, so that the trace can be replayed; "quick" gives the same moves, routes and
            requests without them; "auto" takes the quick one where it can do the fleet.

    Raises:
        ValueError: if the quick engine is asked for and cannot do this fleet; it says what it cannot do.

    >>> from lifecycle_kit import like
    >>> from lifecycle_kit.simulate import Load
    >>> quiet = Fleet(unit=like("kubernetes"), load=Load(per_s=5, steady=True))
    >>> run_fleet(quiet, until_s=10).outcomes
    {'served': 49, 'in-flight': 1}
    """
    if engine not in ("auto", "step", "quick"):
        raise ValueError(f"engine={engine!r} is not known; use auto, step or quick")
    if engine != "step":
        found = quick.run(fleet, ns(until_s), seed, name)
        if not isinstance(found, str):
            return found
        if engine == "quick":
            raise ValueError(f"the quick engine does not do {found}; use engine='step'")
    return run_world(World(fleets={name: fleet}), until_s, seed=seed).fleets[name]


def run_world(world: World, until_s: float, *, seed: int = 0) -> WorldResult:
    """Return what happens in a world in `until_s` seconds of virtual time, that instant included.

    At equal instants come first what the world's values say (outages, losses of nodes, starts and requests of the
    fleets, faults, updates), then arrivals, then what arises during the run, each in the order in which it was planned.

    Args:
        world: what is run.
        until_s: end of the run, seconds.
        seed: of every draw.

    Raises:
        ValueError: if a name stands for two things, or something is to happen to what does not exist.
    """
    _check_names(world)
    engine = Engine(world, ns(until_s), seed)
    outside = needs.attach(engine)
    order.attach(engine)
    placement = nodes.attach(engine)  # behind the start order: what must wait anyhow takes no room
    queues = jobs.attach(engine)
    for name, fleet in world.fleets.items():
        _plan_replicas(engine, name, fleet)
    faults.attach(engine, outside)
    updates = rollout.attach(engine, placement)
    rolling.attach(engine)
    clients = {
        name: Clients(engine.agenda, engine.balancers[name], fleet.load, name, engine.until_ns, seed)
        for name, fleet in world.fleets.items()
        if fleet.load is not None
    }
    engine.agenda.run(engine.until_ns)
    return WorldResult(
        fleets={name: _result(engine, name, clients.get(name), updates.get(name), placement) for name in world.fleets},
        trace=engine.trace,
        until_ns=engine.until_ns,
        jobs={name: broker.result() for name, broker in queues.items()},
        downs={name: tuple(supply.downs_until(engine.until_ns)) for name, supply in outside.items()},
        first_fault_ns=faults.first_fault_ns(world, engine.until_ns),
    )


def _check_names(world: World) -> None:
    names = [*world.fleets, *world.dependencies, *world.queues, *(node.name for node in world.nodes)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(
            f"{twice!r} is the name of two things; fleets, dependencies, queues and nodes need different ones"
        )


def _plan_replicas(engine: Engine, name: str, fleet: Fleet) -> None:
    servers = [engine.replica(name, number) for number in range(fleet.replicas)]
    for server in servers:
        engine.agenda.at(0, lambda server=server: engine.start(server))  # type: ignore[misc]
    for at_s, replica, request in fleet.requests:
        engine.agenda.at(ns(at_s), lambda s=servers[replica], r=request: engine.ask(s, r))  # type: ignore[misc]


def _result(
    engine: Engine, name: str, clients: Clients | None, update: Rollout | None, placement: Placement
) -> FleetResult:
    names = [server.name for server in engine.members[name]]
    return FleetResult(
        name=name,
        log=engine.recorders[name].log(),
        requests=_columns(clients.requests if clients is not None else [], names),
        routes=engine.balancers[name].routes(),
        until_ns=engine.until_ns,
        trace=engine.trace if len(engine.fleets) == 1 else _own(engine.trace, set(names)),
        update_done_s=None if update is None or update.done_ns is None else seconds(update.done_ns),
        update_stuck_s=None if update is None or update.stuck_ns is None else seconds(update.stuck_ns),
        placed=tuple(placement.placed[name]),
        sent_ns=np.array(clients.sent, np.int64) if clients is not None and clients.load.retries else None,
    )


def _columns(requests: Sequence[Request], names: Sequence[str]) -> Requests:
    places = {name: place for place, name in enumerate(names)} | {"": -1}
    outcomes = {word: place for place, word in enumerate(OUTCOMES)} | {"": OUTCOMES.index("in-flight")}
    return Requests(
        at_ns=np.array([request.at_ns for request in requests], np.int64),
        who=np.array([places[request.instance] for request in requests], np.int32),
        outcome=np.array([outcomes[request.outcome] for request in requests], np.uint8),
        ended_ns=np.array([request.ended_ns for request in requests], np.int64),
        tries=np.array([min(request.tries, 255) for request in requests], np.uint8),
        names=tuple(names),
    )


def _own(trace: Trace, names: set[str]) -> Trace:
    """Return the part of a trace that is about some instances."""
    entries = [e for e in trace.entries if (e.instance if isinstance(e, Transition) else e[0]) in names]
    return Trace(header=trace.header, entries=entries, alerts=[alert for alert in trace.alerts if alert[1] in names])
