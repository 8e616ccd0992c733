"""Rolling updates in the quick engine: the very rules of `rollout`, which sees the instances through a stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from lifecycle_kit.simulate.dice import whose
from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.quick_facts import Facts
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.quick_replica import Replica
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.states import State

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.engine import Engine

__all__ = ["Stage", "rollout_of"]


class Seat:
    """What an update looks at of an instance."""

    __slots__ = ("fleet", "name", "replica")

    def __init__(self, fleet: str, name: str, replica: Replica) -> None:
        self.fleet, self.name, self.replica = fleet, name, replica

    @property
    def alive(self) -> bool:
        """Whether its process exists."""
        return self.replica.alive

    @property
    def instance(self) -> Seat:
        """What has the state: itself."""
        return self

    @property
    def state(self) -> State:
        """Where it stands."""
        return STATES[self.replica.state]


class Clock:
    """What an update needs of an agenda."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def now_ns(self) -> int:
        """The present instant."""
        return self._line.current[0]

    def at(self, instant_ns: int, action: Callable[[], None]) -> None:
        """Have `action` done at an instant."""
        self._line.push(instant_ns, lambda act, *_: act(), action, None)

    def last(self, action: Callable[[], None]) -> None:
        """Have `action` done once nothing else is due at the present instant."""
        self._line.push_last(lambda act, *_: act(), action)


class Stage:
    """What an update needs of an engine.

    Attributes:
        seats: of all instances, in order of creation.
    """

    def __init__(self, line: Line, name: str, fleet: Fleet, old: list[Replica], make: Callable[[int], Replica]) -> None:
        self.agenda = Clock(line)
        self.fleets: Mapping[str, Fleet] = {name: fleet}
        self.seats = [Seat(name, f"{name}-{replica.number}", replica) for replica in old]
        self.members = {name: self.seats}
        self.unwanted: set[str] = set()
        self._make = make

    def make(self, fleet: str, name: str, *_: object) -> Seat:
        """Return a new instance of the new version."""
        seat = Seat(fleet, name, self._make(whose(name)[1]))
        self.seats.append(seat)
        return seat

    def start(self, seat: Seat) -> None:
        """Start an instance that was just made."""
        self.ask(seat, "start")

    def ask(self, seat: Seat, request: str) -> None:
        """Hand in a request."""
        seat.replica.on_request(self.agenda.now_ns, request)

    def watched(self, rollout: Rollout, look: Callable[[Facts, int], None]) -> Callable[[Facts, int], None]:
        """Return a look at an instance by whoever looks already, and then by the update."""

        def both(replica: Facts, now: int) -> None:
            look(replica, now)
            rollout.look(self.seats[replica.who])  # type: ignore[arg-type]

        return both


def rollout_of(stage: Stage, name: str) -> Rollout:
    """Return the update of the fleet on a stage."""
    return Rollout(cast("Engine", stage), name)
