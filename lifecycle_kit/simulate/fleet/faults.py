"""Faults and what somebody does about them: what happens to fleets, instances and dependencies at given instants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.supplies import Outside
from lifecycle_kit.simulate.fleet.world import Fault, World
from lifecycle_kit.units import ns

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.engine import Engine

__all__ = ["attach", "first_fault_ns"]

HARM = frozenset({"kill", "crash", "hang", "outage", "lose"})
CRASHES_BY = "SIGSEGV"


def crash(server: Server) -> None:
    """Have the process end by a fault of its own, now; one that hangs does not crash."""
    server.end(server.instance.number, server.agenda.now_ns, CRASHES_BY)


DONE_TO_INSTANCES: Mapping[str, Callable[[Server], None]] = {
    "crash": crash,
    "hang": lambda server: server.hang(),
}
REQUESTS = frozenset({"start", "stop", "restart", "kill"})


def attach(engine: Engine, outside: Mapping[str, Outside]) -> None:
    """Plan the faults of the world that happen to instances and dependencies.

    What is done to a fleet is done to all of its instances that there are at that instant, in order of creation;
    those that an update has told to go are not asked to stop a second time. A request that one of them refuses is
    kept in its `refusals`; an instance that does not exist then is left out.

    Raises:
        ValueError: if a fault names nothing that it could happen to.
    """
    for fault in engine.world.faults:
        if fault.what == "outage":
            if fault.on not in outside:
                raise ValueError(_nothing(fault, "dependency", outside))
            until_ns = None if fault.for_s is None else ns(fault.at_s) + ns(fault.for_s)
            outside[fault.on].outage(ns(fault.at_s), until_ns)
        elif fault.what in DONE_TO_INSTANCES or fault.what in REQUESTS:
            if not any(fault.on == name or fault.on.startswith(f"{name}-") for name in engine.fleets):
                raise ValueError(_nothing(fault, "fleet or instance", engine.fleets))
            engine.agenda.at(ns(fault.at_s), lambda fault=fault: _do(engine, fault))  # type: ignore[misc]


def _nothing(fault: Fault, kind: str, known: Mapping[str, object]) -> str:
    return f"what={fault.what!r} on={fault.on!r}: no such {kind}; there are {', '.join(known) or 'none'}"


def _do(engine: Engine, fault: Fault) -> None:
    one = engine.servers.get(fault.on)
    for server in list(engine.members.get(fault.on, [] if one is None else [one])):
        if server.lost or (fault.what == "stop" and one is None and server.name in engine.unwanted):
            continue
        if fault.what in REQUESTS:
            engine.ask(server, fault.what)
        else:
            DONE_TO_INSTANCES[fault.what](server)


def first_fault_ns(world: World, until_ns: int) -> int | None:
    """Return when the first harm of the world's values is done up to `until_ns`, None if none is.

    What somebody does about it (a start, stop, restart, roll or update) is no harm.
    """
    harm = [ns(fault.at_s) for fault in world.faults if fault.what in HARM]
    harm += [ns(from_s) for plan in world.dependencies.values() for from_s, _ in plan.outages]
    harm += [ns(node.lost_at_s) for node in world.nodes if node.lost_at_s is not None]
    return min((at for at in harm if at <= until_ns), default=None)
