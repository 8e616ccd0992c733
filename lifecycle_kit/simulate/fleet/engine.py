"""The step engine: several fleets on one agenda, every instance driven by the same `step`.

It makes instances, starts them, and tells everybody who must know about each change. What a world has beyond that
(nodes, start order, queues, updates, dependencies) lives in parts of its own, which put themselves into the
engine's hooks: `holds`, `watchers`, `agenda`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.balancer import Balancer
from lifecycle_kit.simulate.fleet.log import Recorder, code_of
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Wear, World
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.states import RequestRefused, State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns

__all__ = ["Engine"]

NOT_STARTED = frozenset({State.CREATED, State.TERMINATED, State.FAILED})


class Engine:
    """A world while it runs.

    Attributes:
        world, until_ns, seed: what is run, how long, and the seed of every draw.
        agenda, trace: shared by all.
        servers: every instance that was ever made, by name, in order of creation.
        members: the same by fleet.
        recorders, balancers: of each fleet, by its name.
        makers: called with each instance that was made.
        watchers: called after each change of an instance, when its balancer has looked. Not all commands of the step
            that changed it are carried out then: what acts on instances puts that on the agenda (`after(0, ...)`).
        holds: each is asked whether an instance must wait before its first start; while one says so the instance
            stays `created`. Call `look_again` when the answer may have changed.
        held: the instances that wait, in the order in which they were to start.
        unwanted: names of instances that were told to go for good, or lost: nobody replaces or starts them.
    """

    def __init__(self, world: World, until_ns: int, seed: int = 0) -> None:
        self.world, self.until_ns, self.seed = world, until_ns, seed
        self.agenda = Agenda()
        self.trace = Trace(header={"made_by": "simulate", "until_ns": until_ns, "seed": seed})
        self.fleets = world.fleets
        self.servers: dict[str, Server] = {}
        self.members: dict[str, list[Server]] = {name: [] for name in world.fleets}
        self.recorders = {name: Recorder() for name in world.fleets}
        self.balancers = {
            name: Balancer(self.agenda, fleet.route_on, ns(fleet.spread_s)) for name, fleet in world.fleets.items()
        }
        self.makers: list[Callable[[Server], None]] = []
        self.watchers: list[Callable[[Server], None]] = []
        self.holds: list[Callable[[Server], bool]] = []
        self.held: list[Server] = []
        self.unwanted: set[str] = set()

    def make(self, fleet: str, name: str, unit: Unit, lives: Lives | Wear) -> Server:
        """Return a new instance of a fleet; it stays `created` until it is started."""
        server = Server(
            self.agenda, self.trace, name, unit, lives, seed=self.seed, slots=self.fleets[fleet].slots,
            changed=self._changed, told=self._told, fleet=fleet,
        )  # fmt: skip
        self.servers[name] = server
        self.members[fleet].append(server)
        self.recorders[fleet].instance(name)
        for maker in self.makers:
            maker(server)
        return server

    def replica(self, fleet: str, number: int, *, new: bool = False) -> Server:
        """Return replica `number` of a fleet, or that of its new version; not started yet."""
        plan = self.fleets[fleet]
        lives: Lives | Wear | None = plan.new_lives if new else None
        if lives is None:
            lives = plan.lives(number) if callable(plan.lives) else plan.lives
        unit = (plan.new_unit or plan.unit) if new else plan.unit
        return self.make(fleet, f"{fleet}-new-{number}" if new else f"{fleet}-{number}", unit, lives)

    def replace(self, server: Server) -> Server:
        """Return another instance like this one, under the next name (api-0, api-0-b, api-0-c); not started yet."""
        stem, _, letter = server.name.rpartition("-")
        known = "a" < letter < "z" and stem in self.servers
        name = f"{stem}-{chr(ord(letter) + 1)}" if known else f"{server.name}-b"
        return self.make(server.fleet, name, server.instance.unit, server.lives)

    def start(self, server: Server) -> None:
        """Start an instance that was just made, now or when nothing holds it back any more."""
        if any(hold(server) for hold in self.holds):
            self.held.append(server)
        else:
            server.ask("start")

    def look_again(self) -> None:
        """Start, in order, what waits and is held back no more."""
        waiting, self.held = self.held, []
        for server in waiting:
            if server.instance.state in NOT_STARTED:
                self.start(server)

    def ask(self, server: Server, request: str) -> None:
        """Hand in a request of a person.

        A start of what has ended may have to wait like a first one; one of what was told to go for good is refused.
        """
        state = server.instance.state
        if request in ("start", "restart") and server.name in self.unwanted:
            server.refusals.append(RequestRefused(state, request, "it was told to go for good"))
            return
        if self.holds and request in ("start", "restart") and state in NOT_STARTED:
            if server not in self.held:
                self.start(server)
            return
        if request == "stop" and server in self.held:
            self.held.remove(server)
        server.ask(request)

    def lose(self, server: Server) -> None:
        """Have the process of an instance go without news: clients wait in vain, and everybody believes what was."""
        server.lose()

    def notice(self, server: Server) -> None:
        """Let it be known that an instance is lost: it is stopped, and its process has ended."""
        server.found_gone()

    def _changed(self, server: Server) -> None:
        self.balancers[server.fleet].look(server)
        for watcher in self.watchers:
            watcher(server)

    def _told(self, server: Server, commands: Sequence[ev.Command]) -> None:
        recorder = self.recorders[server.fleet]
        for command in commands:
            if isinstance(command, ev.Moved):
                move = code_of(command.source, command.target)
                recorder.add(command.at, recorder.instance(server.name), move, recorder.reason(command.cause))
