"""Bound members in virtual time: one agenda, one trace, and `bound_step` in place of `step`."""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle_kit import events as ev
from lifecycle_kit.group.bonds import Bound, Steps, ask_bound, bound_step
from lifecycle_kit.replay import record
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Lives, Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.trace import Trace

__all__ = ["Bonded"]


class _Member(Simulated):
    """One member: what happens to it is told to all of them."""

    def __init__(self, bonded: Bonded, name: str, lives: Lives) -> None:
        super().__init__(bonded.agenda, bonded.trace, name, bonded.bound.members[name].unit, lives)
        self._bonded = bonded

    def tell(self, event: ev.Event) -> None:
        """Hand in an event, which may have others do something as well."""
        self._bonded.tell(self.name, event)

    def perform(self, command: ev.Command) -> None:
        """Carry out a command."""
        self._perform(command)


class Bonded:
    """Bound members on an agenda.

    Args:
        bound: not started yet.
        lives: what the processes of each member do, by name; one that is missing runs on and stops when asked.

    Attributes:
        bound: how they stand.
        trace: of all members.
        members: the simulated side of each, by name.
    """

    def __init__(self, bound: Bound, lives: Mapping[str, Lives] | None = None) -> None:
        self.bound, self.agenda, self.trace = bound, Agenda(), Trace()
        scripts = lives or {}
        self.members = {name: _Member(self, name, scripts.get(name, (Script(),))) for name in bound.members}

    def ask(self, name: str, request: str) -> None:
        """Ask for a start, stop or restart of one member, now."""
        self._carry_out(*ask_bound(self.bound, name, request, self.agenda.now_ns))

    def tell(self, name: str, event: ev.Event) -> None:
        """Hand in an event for one member and carry out what follows."""
        self._carry_out(*bound_step(self.bound, name, event))

    def _carry_out(self, bound: Bound, steps: Steps) -> None:
        self.bound = bound
        for name, member in self.members.items():
            member.instance = bound.instances[name]
        for name, event, commands in steps:
            record(self.trace, name, event, commands)
            for command in commands:
                self.members[name].perform(command)
