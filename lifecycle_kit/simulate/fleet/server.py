"""A simulated request server: an instance with work in flight, and an end for every piece of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Lives, Simulated
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns

__all__ = ["Request", "Server"]


@dataclass(slots=True)
class Request:
    """One request: when it came, to whom it went, how it ended ("" while in flight)."""

    at_ns: int
    takes_ns: int
    instance: str = ""
    outcome: str = ""
    ended_ns: int = 0
    tries: int = 0


class Server(Simulated):
    """An instance that serves requests, any number at once.

    Attributes:
        in_flight: requests that it has taken and not answered.
        listening: whether new requests are taken; a draining process closes its listener at once.
        changed: called after each event, so that a balancer can look.
        told: called with each event and what `step` made of it, before the commands are carried out.
        fleet: the name of its fleet.
        lives: what its processes do.
        lost: its process has gone without any news of it; until somebody notices, nobody knows.
    """

    def __init__(
        self,
        agenda: Agenda,
        trace: Trace,
        name: str,
        unit: Unit,
        lives: Lives,
        *,
        seed: int = 0,
        changed: Callable[[Server], None] = lambda _: None,
        told: Callable[[Server, Sequence[ev.Command]], None] | None = None,
        fleet: str = "",
    ) -> None:
        super().__init__(agenda, trace, name, unit, lives, seed)
        self.in_flight: list[Request] = []
        self.listening = False
        self.changed, self.told, self.fleet, self.lives = changed, told, fleet, lives
        self.lost = False
        self._leaving: tuple[int, int, int | str] | None = None

    def tell(self, event: Any) -> None:
        """Hand in an event; then settle the work of a process that has gone, and tell the balancer."""
        if self.lost:
            return
        was_alive = self.listening
        super().tell(event)
        if self.alive and not was_alive and self.instance.state is not State.DRAINING:
            self.listening = True
        if not self.alive:
            self.listening, self._leaving = False, None
            self._lose("cut")
        self.changed(self)

    def _record(self, event: ev.Event, commands: Sequence[ev.Command]) -> None:
        super()._record(event, commands)
        if self.told is not None:
            self.told(self, commands)

    def take(self, request: Request, timeout_ns: int) -> None:
        """Take a request now, and see to it that it ends."""
        now, script = self.agenda.now_ns, self.script
        request.instance = self.name
        age = now - self.born_ns
        if not self.alive or not self.listening:
            self._finish(request, "refused")
        elif self.lost or (script.hangs_after_s is not None and age >= ns(script.hangs_after_s)):
            self.in_flight.append(request)
            self.agenda.after(timeout_ns, lambda: self._answer(request, "timeout"))
        elif script.serves_from_s is None or age < ns(script.serves_from_s):
            self._finish(request, "error")
        else:
            self.in_flight.append(request)
            self.agenda.after(request.takes_ns, lambda: self._answer(request, "served"))

    def found_gone(self) -> None:
        """Let it be known that the process went without news: it counts as stopped, and as killed."""
        self.lost, self.alive = False, False
        life = self.instance.number
        self.ask("stop")
        if self.instance.state is State.DRAINING:
            self.tell(ev.Exited(at=self.agenda.now_ns, life=life, signal="SIGKILL", u=self.draw("exit", life)))

    def on_term(self, life: int, at_ns: int, how: int | str) -> None:
        """End at once, or close the listener and end when nothing is in flight any more."""
        if self.script.on_term != "drain":
            super().on_term(life, at_ns, how)
            return
        self.listening = False
        self._leaving = (life, at_ns, how)
        self._leave_if_empty()

    def _answer(self, request: Request, outcome: str) -> None:
        if request in self.in_flight:
            self.in_flight.remove(request)
            self._finish(request, outcome)
            self._leave_if_empty()

    def _leave_if_empty(self) -> None:
        if self._leaving is not None and not self.in_flight:
            life, at_ns, how = self._leaving
            self._leaving = None
            self.end(life, max(at_ns, self.agenda.now_ns), how)

    def _lose(self, outcome: str) -> None:
        for request in self.in_flight:
            self._finish(request, outcome)
        self.in_flight.clear()

    def _finish(self, request: Request, outcome: str) -> None:
        request.outcome, request.ended_ns = outcome, self.agenda.now_ns
