"""Nodes: where an instance is placed, what waits for room, and what becomes of those on a node that is lost.

Admission: an instance is placed when it is to start, on the node with the most free memory; at equal memory the one
named first. What fits nowhere stays `created` (Kubernetes calls that Pending) and is tried again, in the order in
which it came, whenever room is freed. An instance keeps its room for as long as it has a process or waits in backoff;
one that has ended for good frees it, and what waits is tried when that instant has come to rest. Only the present
asks count: nobody is moved to make room.

Loss: all processes of the node are gone at once, and so is everything that would have restarted them. Nobody is told;
for `notice_s` all count as they did, and the scheduler still puts new instances there, which do not start. Then, in
the order in which they were placed, each is told that it has ended, and is not restarted there; if nobody had asked it
to go, its replacement (`api-0-b` for `api-0`, then `api-0-c`) starts on another node or waits for room. A node that is
back is empty. If it is back before the loss was noticed, its return tells of it.

Source of what is followed, in outline: Kubernetes documentation, "Scheduling, Preemption and Eviction" and "Nodes"
(node heartbeats); its scheduler weighs more than memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Node
from lifecycle_kit.states import State
from lifecycle_kit.units import ns

__all__ = ["Placement", "attach", "choose"]

OVER = frozenset({State.TERMINATED, State.FAILED})


def choose(free_mb: Mapping[str, int], asks_mb: int) -> str | None:
    """Return the node with the most free memory, the first of equals, or None if that is not enough.

    >>> choose({"a": 512, "b": 2048, "c": 2048}, 1024), choose({"a": 512}, 1024)
    ('b', None)
    """
    best = max(free_mb, key=free_mb.__getitem__, default=None)
    return best if best is not None and free_mb[best] >= asks_mb else None


@dataclass(slots=True)
class Machine:
    """A node as it stands.

    Attributes:
        free_mb: what is promised to nobody.
        residents: the instances that are placed here, by name, in the order of placement.
        up: whether it exists.
        believed: whether the scheduler believes so.
        losses: how often it was lost.
    """

    node: Node
    free_mb: int
    residents: dict[str, Server] = field(default_factory=dict)
    up: bool = True
    believed: bool = True
    losses: int = 0


class Placement:
    """Places instances on nodes, and loses nodes.

    Attributes:
        machines: by name.
        placed: by fleet, `(at_ns, instance, node)` in order.
        replaced: called with a lost instance and its replacement, before that is started.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.machines = {node.name: Machine(node, node.memory_mb) for node in engine.world.nodes}
        self.placed: dict[str, list[tuple[int, str, str]]] = {name: [] for name in engine.fleets}
        self.replaced: list[Callable[[Server, Server], None]] = []
        self._at: dict[str, Machine] = {}
        self._retry_planned = False

    def hold(self, server: Server) -> bool:
        """Tell whether an instance cannot start, after trying to place it if it has no place."""
        machine = self._at.get(server.name) or self._place(server)
        return machine is None or not machine.up

    def _place(self, server: Server) -> Machine | None:
        asks = self._engine.fleets[server.fleet].memory_mb
        free = {name: machine.free_mb for name, machine in self.machines.items() if machine.believed}
        name = choose(free, asks)
        if name is None:
            return None
        machine = self._at[server.name] = self.machines[name]
        machine.free_mb -= asks
        machine.residents[server.name] = server
        self.placed[server.fleet].append((self._engine.agenda.now_ns, server.name, name))
        return machine

    def look(self, server: Server) -> None:
        """Free the room of an instance that has ended for good."""
        if server.instance.state in OVER and not server.alive and server.name in self._at:
            self._free(server)
            self._retry()

    def _free(self, server: Server) -> None:
        machine = self._at.pop(server.name)
        machine.free_mb += self._engine.fleets[server.fleet].memory_mb
        del machine.residents[server.name]

    def _retry(self) -> None:
        if not self._retry_planned:
            self._retry_planned = True
            self._engine.agenda.last(self._try_again)

    def _try_again(self) -> None:
        self._retry_planned = False
        self._engine.look_again()

    # --- losing nodes

    def lose(self, name: str) -> None:
        """Lose a node with all that is on it; nothing happens if it is lost already."""
        machine = self.machines[name]
        if not machine.up:
            return
        machine.up = False
        machine.losses += 1
        for server in machine.residents.values():
            self._engine.lose(server)
        loss = machine.losses
        self._engine.agenda.after(ns(machine.node.notice_s), lambda: self._notice(machine, loss))

    def _notice(self, machine: Machine, loss: int) -> None:
        if machine.losses != loss or not machine.believed or machine.up:
            return
        machine.believed = False
        residents = list(machine.residents.values())
        for server in residents:
            self._free(server)
        for server in residents:
            if server.instance.state is not State.CREATED:
                self._write_off(server)
        self._retry()

    def _write_off(self, server: Server) -> None:
        leaving = server.instance.state is State.DRAINING and server.instance.life.purpose == "stop"
        wanted = not leaving and server.name not in self._engine.unwanted
        self._engine.unwanted.add(server.name)
        self._engine.notice(server)
        if wanted:
            replacement = self._engine.replace(server)
            for told in self.replaced:
                told(server, replacement)
            self._engine.start(replacement)

    def back(self, name: str) -> None:
        """Have a lost node back, empty."""
        machine = self.machines[name]
        if machine.up:
            return
        self._notice(machine, machine.losses)
        machine.up = machine.believed = True
        self._retry()


def attach(engine: Engine) -> Placement:
    """Have the engine place its instances on the nodes of its world, if it has any, and lose those nodes.

    Raises:
        ValueError: for a loss of a node that does not exist.
    """
    placement, agenda = Placement(engine), engine.agenda
    for fault in engine.world.faults:
        if fault.what == "lose" and fault.on not in placement.machines:
            known = ", ".join(placement.machines) or "none"
            raise ValueError(f"what='lose' on={fault.on!r}: no such node; there are {known}")
    if not placement.machines:
        return placement
    engine.holds.append(placement.hold)
    engine.watchers.append(placement.look)
    losses = [(n.name, n.lost_at_s, n.back_at_s) for n in engine.world.nodes if n.lost_at_s is not None]
    for fault in engine.world.faults:
        if fault.what == "lose":
            losses.append((fault.on, fault.at_s, None if fault.for_s is None else fault.at_s + fault.for_s))
    for name, lost_s, back_s in losses:
        agenda.at(ns(lost_s or 0), lambda name=name: placement.lose(name))  # type: ignore[misc]
        if back_s is not None:
            agenda.at(ns(back_s), lambda name=name: placement.back(name))  # type: ignore[misc]
    return placement
