"""A restart one by one, in place: each instance of a fleet is restarted once the one before is ready again.

The other way to restart a fleet is the Deployment's: new instances of the same version take the place of the old ones
within the limits of its rolling update (`kubectl rollout restart`; here the fault "rollout-restart", see `rollout`).

The order is that of creation, as the fleet stands when the restart begins. One that is draining is waited for first.
One that has not been started, has ended for good, was lost, or was told to go is left out. "Ready again" means: in
`ready` or `running`, in a later life. One that does not become ready again holds up all that come after it, for ever;
that is the point of going one by one. The look is made when an instant at which one of the fleet changed has come to
rest.
"""

from __future__ import annotations

from collections import deque

from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.headcount import READY
from lifecycle_kit.simulate.fleet.rollout import fleet_of
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.states import State
from lifecycle_kit.units import ns

__all__ = ["OneByOne", "attach"]

LEFT_OUT = frozenset({State.CREATED, State.TERMINATED})


class OneByOne:
    """One restart of one fleet.

    Attributes:
        todo: those that are not through; the first one is in work.
        done_ns: when the last one was ready again; None before that.
    """

    def __init__(self, engine: Engine, fleet: str) -> None:
        self._engine, self.fleet = engine, fleet
        self.todo: deque[Server] = deque()
        self.done_ns: int | None = None
        self._asked = False  # the first one in `todo`
        self._planned = False

    def begin(self) -> None:
        """Begin now."""
        self.todo.extend(self._engine.members[self.fleet])
        self._look_soon()

    def look(self, server: Server) -> None:
        """Take note of a change of an instance of this fleet."""
        if self.todo and server is self.todo[0]:
            self._look_soon()

    def _look_soon(self) -> None:
        if not self._planned:
            self._planned = True
            self._engine.agenda.last(self._look)

    def _look(self) -> None:
        self._planned = False
        while self.todo and self._through(self.todo[0]):
            self.todo.popleft()
            self._asked = False
        if not self.todo and self.done_ns is None:
            self.done_ns = self._engine.agenda.now_ns

    def _through(self, server: Server) -> bool:
        """Restart an instance if that has not been done; tell whether the next one may follow."""
        instance = server.instance
        if instance.state in LEFT_OUT or server.name in self._engine.unwanted:
            return True
        if not self._asked and instance.state is not State.DRAINING:
            self._asked = True
            self._engine.ask(server, "restart")  # from here on it cannot be ready in the same life
        return self._asked and server.instance.state in READY


def attach(engine: Engine) -> list[OneByOne]:
    """Have the engine restart fleets one by one when its faults say so ("roll").

    Raises:
        ValueError: for a fleet that does not exist.
    """
    rolls = []
    for fault in engine.world.faults:
        if fault.what == "roll":
            roll = OneByOne(engine, fleet_of(engine, fault))
            engine.watchers.append(roll.look)
            engine.agenda.at(ns(fault.at_s), roll.begin)
            rolls.append(roll)
    return rolls
