"""Running a fleet, or a world of several: from its values to what came of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lifecycle_kit.simulate.fleet.clients import arrivals, service_times
from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.result import OUTCOMES, FleetResult, Requests, WorldResult
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.server import Request, Server
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
        engine: "auto", "step" or "quick".

    >>> from lifecycle_kit import like
    >>> from lifecycle_kit.simulate import Load
    >>> quiet = Fleet(unit=like("kubernetes"), load=Load(per_s=5, steady=True))
    >>> run_fleet(quiet, until_s=10).outcomes
    {'served': 49, 'in-flight': 1}
    """
    if engine not in ("auto", "step", "quick"):
        raise ValueError(f"engine={engine!r} is not known; use auto, step or quick")
    return run_world(World(fleets={name: fleet}), until_s, seed=seed).fleets[name]


def run_world(world: World, until_s: float, *, seed: int = 0) -> WorldResult:
    """Return what happens in a world in `until_s` seconds of virtual time, that instant included.

    At equal instants come first what the world's values say (starts, requests, updates, faults), then arrivals,
    then what arises during the run, each in the order in which it was planned.
    """
    engine = Engine(world, ns(until_s), seed)
    updates: dict[str, Rollout] = {}
    for name, fleet in world.fleets.items():
        _plan_replicas(engine, name, fleet)
        if fleet.update_at_s is not None:
            updates[name] = _plan_update(engine, name, fleet)
    for name, fleet in world.fleets.items():
        _plan_load(engine, name, fleet)
    engine.agenda.run(engine.until_ns)
    fleets = {name: _result(engine, name, updates.get(name)) for name in world.fleets}
    return WorldResult(fleets=fleets, trace=engine.trace, until_ns=engine.until_ns)


def _plan_replicas(engine: Engine, name: str, fleet: Fleet) -> None:
    servers = [engine.replica(name, number) for number in range(fleet.replicas)]
    for server in servers:
        engine.agenda.at(0, lambda server=server: engine.start(server))  # type: ignore[misc]
    for at_s, replica, request in fleet.requests:
        engine.agenda.at(ns(at_s), lambda s=servers[replica], r=request: s.ask(r))  # type: ignore[misc]


def _plan_update(engine: Engine, name: str, fleet: Fleet) -> Rollout:
    rollout = Rollout(
        engine.agenda, fleet.update, engine.members[name], lambda number: engine.replica(name, number, new=True)
    )

    def look(server: Server) -> None:
        if server.fleet == name:
            rollout.look(server)

    engine.watchers.append(look)
    engine.agenda.at(ns(fleet.update_at_s or 0), rollout.begin)
    return rollout


def _plan_load(engine: Engine, name: str, fleet: Fleet) -> None:
    """Put the arrivals on the agenda; the requests fill in as the run goes on."""
    if fleet.load is None:
        return
    instants = arrivals(fleet.load, engine.until_ns, engine.seed, name).tolist()
    takes = service_times(fleet.load, len(instants), engine.seed, name).tolist()
    requests, balancer, timeout = engine.requests[name], engine.balancers[name], ns(fleet.load.timeout_s)
    requests += map(Request, instants, takes)
    engine.agenda.each(instants, lambda number: balancer.route(requests[number], timeout))


def _result(engine: Engine, name: str, update: Rollout | None) -> FleetResult:
    return FleetResult(
        name=name,
        log=engine.recorders[name].log(),
        requests=_columns(engine.requests[name], [server.name for server in engine.members[name]]),
        routes=engine.balancers[name].history,
        until_ns=engine.until_ns,
        trace=engine.trace if len(engine.fleets) == 1 else _own(engine.trace, set(map(_name, engine.members[name]))),
        update_done_s=None if update is None or update.done_ns is None else seconds(update.done_ns),
    )


def _columns(requests: list[Request], names: list[str]) -> Requests:
    place: Callable[[str], int] = {name: number for number, name in enumerate(names)}.__getitem__
    outcome = {word: number for number, word in enumerate(OUTCOMES)} | {"": 0}
    return Requests(
        at_ns=np.array([r.at_ns for r in requests], np.int64),
        who=np.array([place(r.instance) if r.instance else -1 for r in requests], np.int32),
        outcome=np.array([outcome[r.outcome] for r in requests], np.uint8),
        ended_ns=np.array([r.ended_ns for r in requests], np.int64),
        tries=np.array([min(r.tries, 255) for r in requests], np.uint8),
        names=tuple(names),
    )


def _name(server: Server) -> str:
    return server.name


def _own(trace: Trace, names: set[str]) -> Trace:
    """Return the part of a trace that is about some instances."""
    entries = [e for e in trace.entries if (e.instance if isinstance(e, Transition) else e[0]) in names]
    return Trace(header=trace.header, entries=entries, alerts=[alert for alert in trace.alerts if alert[1] in names])
