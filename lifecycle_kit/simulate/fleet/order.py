"""Start order: a fleet that needs another one first stays `created` until all replicas of that one have been ready.

Once is enough: a fleet that has been let go is never held again, whatever becomes of those that it waited for. The
look is made when the instant at which the last replica became ready has come to rest, so those that waited start at
that instant, in the order in which they were to start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.server import Server

__all__ = ["StartOrder", "attach", "replica_of", "start_order"]


def start_order(after: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the fleets in an order in which each stands behind those that it waits for.

    Args:
        after: for each fleet the fleets that must be ready before it.

    Raises:
        ValueError: naming a fleet that does not exist, or the circle in which fleets wait for each other.

    >>> start_order({"api": ["database", "cache"], "cache": ["database"], "database": []})
    ['database', 'cache', 'api']
    """
    for name, others in after.items():
        for other in others:
            if other not in after:
                raise ValueError(f"after={other!r} of {name!r} is no fleet; there are {', '.join(after)}")
    try:
        return list(TopologicalSorter(after).static_order())
    except CycleError as error:
        circle = " after ".join(reversed(error.args[1]))
        raise ValueError(f"fleets wait for each other: {circle}; take one of these out of `after`") from None


def replica_of(name: str, fleet: str) -> int:
    """Return the number of the replica that an instance stands for, be it a new one or a replacement.

    >>> replica_of("api-3", "api"), replica_of("api-new-2", "api"), replica_of("api-1-b", "api")
    (3, 2, 1)
    """
    parts = name.removeprefix(f"{fleet}-").split("-")
    return next(int(part) for part in parts if part.isdecimal())


class StartOrder:
    """Holds the instances of fleets that must wait.

    Attributes:
        missing: by fleet that is waited for, the replicas that have not been ready yet.
    """

    def __init__(self, engine: Engine) -> None:
        fleets = engine.fleets
        start_order({name: fleet.after for name, fleet in fleets.items()})
        awaited = {other for fleet in fleets.values() for other in fleet.after}
        self._engine = engine
        self.missing = {name: set(range(fleets[name].replicas)) for name in fleets if name in awaited}

    def hold(self, server: Server) -> bool:
        """Tell whether an instance must wait because another fleet is not up yet."""
        return any(other in self.missing for other in self._engine.fleets[server.fleet].after)

    def look(self, server: Server) -> None:
        """Take note of an instance that has been ready; let go what waited if it was the last one."""
        missing = self.missing.get(server.fleet)
        if missing is None or server.instance.life.ready_ns is None:
            return
        missing.discard(replica_of(server.name, server.fleet))
        if not missing:
            del self.missing[server.fleet]
            self._engine.agenda.last(self._engine.look_again)


def attach(engine: Engine) -> None:
    """Have the engine keep the start order of its fleets; ValueError if it has a circle."""
    order = StartOrder(engine)
    if order.missing:
        engine.holds.append(order.hold)
        engine.watchers.append(order.look)
