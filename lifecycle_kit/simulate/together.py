"""A group in virtual time: one agenda, one trace, and `group_step` in place of `step`."""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle_kit import events as ev
from lifecycle_kit.group import Group, Told, by_cause, group_step, start_all, stop_all
from lifecycle_kit.replay import record
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Lives, Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.trace import Trace

__all__ = ["SimulatedMember", "Together"]


class SimulatedMember(Simulated):
    """One member of a group: what happens to it is told to the group."""

    def __init__(self, together: Together, name: str, lives: Lives, seed: int = 0) -> None:
        unit = together.group.members[name].unit
        super().__init__(together.agenda, together.trace, name, unit, lives, seed)
        self.together = together

    def tell(self, event: ev.Event) -> None:
        """Hand an event to the group, which may have others do something as well."""
        self.together.tell(self.name, event)

    def perform(self, command: ev.Command) -> None:
        """Carry out a command of the group."""
        self._perform(command)


class Together:
    """A group on an agenda that it may share with others.

    Args:
        group: not started yet.
        lives: what the processes of each member do, by name; a member that is missing runs on and stops when asked.
        agenda: a new one if None.
        seed: of every draw.

    Attributes:
        group: how it stands.
        trace: of all members.
        members: the simulated side of each, by name.

    >>> from lifecycle_kit.group import Member, form
    >>> from lifecycle_kit.instance import Unit
    >>> pair = Together(form({"db": Member(unit=Unit()), "api": Member(unit=Unit(), after=("db",))}))
    >>> pair.start()
    >>> pair.agenda.run(until_ns=0)
    >>> [(move.instance, move.target.value) for move in pair.trace.transitions if move.source.value == "created"]
    [('db', 'starting'), ('api', 'starting')]
    """

    def __init__(
        self, group: Group, lives: Mapping[str, Lives] | None = None, agenda: Agenda | None = None, seed: int = 0
    ) -> None:
        self.group, self.agenda, self.trace = group, agenda or Agenda(), Trace()
        lives = lives or {}
        self.members = {name: self.member(name, lives.get(name, (Script(),)), seed) for name in group.members}

    def member(self, name: str, lives: Lives, seed: int) -> SimulatedMember:
        """Return the simulated side of a member."""
        return SimulatedMember(self, name, lives, seed)

    def start(self) -> None:
        """Ask all members to start, now."""
        self._carry_out(*start_all(self.group, self.agenda.now_ns))

    def stop(self, why: str = "stop requested") -> None:
        """End the group, now."""
        self._carry_out(*stop_all(self.group, self.agenda.now_ns, why))

    def tell(self, name: str, event: ev.Event) -> None:
        """Hand in an event for one member and carry out what the group commands."""
        group, told = group_step(self.group, name, event)
        self._carry_out(group, told, (name, event))

    def heed(self, name: str, command: ev.Command) -> None:
        """Carry out one command."""
        self.members[name].perform(command)

    def _carry_out(self, group: Group, told: Told, cause: tuple[str, ev.Event] | None = None) -> None:
        self.group = group
        for name, member in self.members.items():
            member.instance = group.instances[name]
        self._write_down(told, cause)
        for name, command in told:
            self.heed(name, command)

    def _write_down(self, told: Told, cause: tuple[str, ev.Event] | None) -> None:
        for name, came_of, commands in by_cause(told, self.agenda.now_ns, cause):
            record(self.trace, name, came_of, commands)
