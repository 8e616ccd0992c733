"""A supervision tree in virtual time: supervisors, their children, and what a recording of them would show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.group import Group
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.simulate.together import SimulatedMember, Together
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems.erlang import WORKER_SHUTDOWN_MS, child, supervisor
from lifecycle_kit.units import ns, seconds

__all__ = ["Notes", "Tree", "crash_again_and_again", "plant"]

Child = Mapping[str, Any]
FLAGS = ("strategy", "intensity", "period", "auto_shutdown")
FAILS = Script(fails_to_spawn="its start function returned an error")


@dataclass(slots=True, kw_only=True)
class Notes:
    """What a recording of a whole tree would show; all instants are seconds.

    Attributes:
        born: `(t, id)` of each start that worked.
        failed: ids of the starts that failed, in order.
        told_to_stop: `(t, id)` of each exit(Pid, shutdown), in order.
        exits: `(t, id, killed)` of each end.
    """

    born: list[tuple[float, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    told_to_stop: list[tuple[float, str]] = field(default_factory=list)
    exits: list[tuple[float, str, bool]] = field(default_factory=list)


class Tree(Together):
    """A supervisor and its children, some of which may be supervisors as well.

    Attributes:
        children: as the atlas gives them, by id.
        notes: of this tree and all trees below it.
        watchers: called after each thing that happens to a child.
    """

    def __init__(
        self, group: Group, children: Mapping[str, Child], agenda: Agenda, lives: Mapping[str, Lives], notes: Notes
    ) -> None:
        self.children, self.notes = children, notes
        self.watchers: list[Callable[[], None]] = []
        super().__init__(group, lives, agenda)

    @property
    def now_s(self) -> float:
        """The present instant, seconds."""
        return seconds(self.agenda.now_ns)

    def member(self, name: str, lives: Lives, seed: int) -> SimulatedMember:
        """Return a process, or a supervisor with a tree of its own."""
        below = self.children.get(name, {}).get("supervisor")
        return SimulatedMember(self, name, lives, seed) if below is None else Branch(self, name, below)

    def tell(self, name: str, event: ev.Event) -> None:
        """Hand in an event, and note what a recording would show."""
        if isinstance(event, ev.News) and event.life == self.group.instances[name].number:
            match event:
                case ev.Spawned():
                    self.notes.born.append((self.now_s, name))
                case ev.SpawnFailed():
                    self.notes.failed.append(name)
                case ev.Exited(signal=signal):
                    self.notes.exits.append((self.now_s, name, signal == "SIGKILL"))
        super().tell(name, event)
        for watcher in self.watchers:
            watcher()

    def heed(self, name: str, command: ev.Command) -> None:
        """Carry out a command, and note who is told to stop."""
        if isinstance(command, ev.Signal) and command.signal == "SIGTERM":
            self.notes.told_to_stop.append((self.now_s, name))
        super().heed(name, command)

    def alive(self) -> list[str]:
        """Return the children with a process, in start order."""
        return [name for name, instance in self.group.instances.items() if instance.state in HAS_PROCESS]

    def tells_its_end(self, name: str) -> bool:
        """Tell whether a process says that it is stopped: one that traps exits, and no supervisor."""
        one = self.children.get(name, {})
        return "supervisor" not in one and bool(one.get("traps_exits", True))

    def find(self, name: str) -> tuple[Tree, SimulatedMember] | None:
        """Return a process of this tree and its supervisor; None if that is not running."""
        if name in self.members:
            return self, self.members[name]
        branches = (member.tree for member in self.members.values() if isinstance(member, Branch) and member.alive)
        return next((found for tree in branches if tree is not None and (found := tree.find(name))), None)

    def crash(self, name: str, how: int | str) -> bool:
        """Have a process of this tree end now; return False if it does not exist."""
        found = self.find(name)
        if found is None or not found[1].alive:
            return False
        found[1].end(found[1].instance.number, self.agenda.now_ns, how)
        return True


class Branch(SimulatedMember):
    """A child that is a supervisor: its life is that of the tree below it.

    Attributes:
        tree: of the present life, None before the first.
    """

    def __init__(self, together: Tree, name: str, below: Mapping[str, Any]) -> None:
        self.tree: Tree | None = None
        self._above, self._below = together, below
        super().__init__(together, name, [Script()])

    def _spawn(self, life: int) -> None:
        if life != self.instance.number or self.instance.state not in HAS_PROCESS:
            return
        self.alive, self.born_ns = True, self.agenda.now_ns
        self.tree = tree = plant(self._below["children"], self._below, self.agenda, notes=self._above.notes)
        tree.watchers.append(lambda: self._watch_tree(life, tree))
        tree.start()

    def _watch_tree(self, life: int, tree: Tree) -> None:
        if not self.living(life) or tree is not self.tree:
            return
        now, starting = self.agenda.now_ns, self.instance.state is State.STARTING
        if tree.group.ended:
            self.alive = False
            # A supervisor that gives up, and one that is told to, ends with reason shutdown.
            self.tell(
                ev.SpawnFailed(at=now, life=life, error="a child failed to start")
                if starting
                else ev.Exited(at=now, life=life, signal="SIGTERM")
            )
        elif starting and not tree.group.work.purpose:
            self.tell(ev.Spawned(at=now, life=life))

    def _signal(self, life: int, signal: str, to: str) -> None:
        if self.tree is None or not self.living(life):
            return
        if signal == "SIGKILL":
            self.end(life, self.agenda.now_ns, signal)
        else:
            self.tree.stop("told to stop")
            self._watch_tree(life, self.tree)


def plant(
    children: Sequence[Child], flags: Mapping[str, Any], agenda: Agenda | None = None,
    lives: Mapping[str, Lives] | None = None, notes: Notes | None = None,
) -> Tree:  # fmt: skip
    """Return the tree of a supervisor that has not been started.

    Args:
        children: in start order, with the keys of the atlas.
        flags: strategy, intensity, period and auto_shutdown; what is missing has its default.
        agenda: to share; a new one if None.
        lives: what children do, where their keys do not say it.
        notes: to be gone on with; new ones if None.
    """
    specs = {
        one["id"]: child(one.get("restart", "permanent"), _shutdown_ms(one), one.get("significant", False))
        for one in children
    }
    group = supervisor(specs, **{name: flags[name] for name in FLAGS if name in flags})
    scripts: dict[str, Lives] = {one["id"]: _lives(one) for one in children}
    by_id = {one["id"]: one for one in children}
    return Tree(group, by_id, agenda or Agenda(), {**scripts, **(lives or {})}, notes or Notes())


def _shutdown_ms(one: Child) -> int | None:
    if "shutdown_s" in one:
        return None if one["shutdown_s"] is None else round(one["shutdown_s"] * 1000)
    return None if "supervisor" in one else WORKER_SHUTDOWN_MS


def _lives(one: Child) -> list[Script]:
    takes_s = one.get("stop_takes_s", 0)
    works = Script(on_term="deaf") if takes_s is None else Script(stop_takes_s=takes_s)
    return {"works": [works], "works-once": [works, FAILS], "fails": [FAILS]}[one.get("start", "works")]


def crash_again_and_again(tree: Tree, name: str, every_s: float, most: int) -> list[float]:
    """Have a process crash now and after `every_s` again, until its tree is gone; return when, as it happens."""
    crashes: list[float] = []
    tries: list[float] = []

    def crash() -> None:
        if tree.group.ended or len(tries) >= most:
            return
        tries.append(tree.now_s)  # a child that is gone for good crashes no more
        if tree.crash(name, 1):
            crashes.append(tree.now_s)
        tree.agenda.after(ns(every_s), crash)

    crash()
    return crashes
