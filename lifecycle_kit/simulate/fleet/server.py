"""A simulated request server: an instance with work in flight, and an end for every piece of it."""

# What becomes of one try of one request, in this order:
#
# 1. Its process has gone with its node: nobody answers, the client gives up after its timeout ("timeout").
# 2. There is no process, or it has closed its listener: "refused", at once.
# 3. The process hangs: "timeout".
# 4. It cannot work yet, or misses what it needs: "error" at once, or the request waits for what is missing.
# 5. All slots are taken: it waits in the instance. A client that gives up leaves this queue.
# 6. It is worked on. An answer that comes exactly at the timeout is in time. A client that gives up does not stop the
#    work: it keeps its slot to the end, and a drain waits for it. That is how retries waste a fleet.
# 7. The process ends: whatever a client still waits for is "cut". It hangs in the middle of the work: "timeout".

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause
from lifecycle_kit.health import Segment
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.dice import exponential_ns
from lifecycle_kit.simulate.fleet.tries import Request, Try
from lifecycle_kit.simulate.fleet.world import Wear
from lifecycle_kit.simulate.one import Lives, Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, seconds

__all__ = ["Request", "Server", "Ties"]


class Ties(Protocol):
    """What an instance needs from outside."""

    def born(self) -> None:
        """A life begins."""

    def ended(self) -> None:
        """It has ended."""

    def seen(self, probe: str, parts: Sequence[Segment]) -> Sequence[Segment]:
        """Return what a probe sees, given what it would see if nothing were missing."""

    def missed(self) -> str:
        """Return what a request meets now: "" if nothing is missing, "error" or "wait"."""


class Server(Simulated):
    """An instance that serves requests.

    Args:
        agenda, trace, name, unit, seed: as for `Simulated`.
        lives: likewise, or `Wear`: then the life with number n runs for, or up to its hang, the time drawn for it.
        slots: requests that it works on at the same time; None: any number.
        changed: called after each event, so that a balancer can look.
        told: called with what `step` made of each event, before the commands are carried out.
        fleet: the name of its fleet.

    Attributes:
        in_flight: tries that it has taken and whose clients still wait, in order.
        listening: whether new requests are taken; a draining process closes its listener at once.
        lost: its process has gone without any news of it, and nobody has noticed yet: nothing happens to it any more.
        gone: it was lost, noticed or not.
        ties: what it needs from outside.
        in_hand, stopped: jobs that it works on; called when a process is about to obey a stop signal.
    """

    def __init__(
        self, agenda: Agenda, trace: Trace, name: str, unit: Unit, lives: Lives | Wear, *, seed: int = 0,
        slots: int | None = None, changed: Callable[[Server], None] = lambda _: None,
        told: Callable[[Server, Sequence[ev.Command]], None] | None = None, fleet: str = "",
    ) -> None:  # fmt: skip
        super().__init__(agenda, trace, name, unit, (lives.script,) if isinstance(lives, Wear) else lives, seed)
        self.in_flight: dict[Try, None] = {}
        self.listening = self.lost = self.gone = False
        self.slots, self.changed, self.told, self.fleet, self.lives = slots, changed, told, fleet, lives
        self.ties: Ties | None = None
        self.in_hand = 0
        self.stopped: Callable[[Server], None] = lambda _: None
        self._working: set[Try] = set()  # has a slot, whether or not a client still waits for it
        self._queue: deque[Try] = deque()  # waits for a slot; may hold some whose clients have left
        self._stalled: dict[Try, None] = {}  # has a slot and waits for what is missing
        self._leaving: tuple[int, int, int | str] | None = None

    def script_of(self, life: int) -> Script:
        """Return the script of life number `life`; chance decides how long one of `Wear` lasts."""
        if not isinstance(self.lives, Wear):
            return super().script_of(life)
        lasts_s = seconds(exponential_ns(self.lives.mtbf_s, self.draw("run", life)))
        if self.draw("hang", life) < self.lives.hangs:
            return replace(self.lives.script, run_s=None, hangs_after_s=lasts_s)
        return replace(self.lives.script, run_s=lasts_s)

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

    def _spawn(self, life: int) -> None:
        super()._spawn(life)
        if self.ties is not None and self.living(life):
            self.ties.born()

    def target(self, probe: str) -> Sequence[Segment]:
        """Return what a probe of this kind sees in the present life, at absolute instants."""
        seen = super().target(probe)
        return seen if self.ties is None else self.ties.seen(probe, seen)

    # --- requests

    def take(self, request: Request, timeout_ns: int) -> None:
        """Take a request now, and see to it that it ends."""
        now, script = self.agenda.now_ns, self.script
        request.instance = self.name
        attempt = Try(request, now + timeout_ns)
        if self.gone:
            self._ends_unanswered(attempt)
        elif not self.alive or not self.listening:
            request.end("refused", now)
        elif self.hung:
            self._wait(attempt)
        elif script.serves_from_s is None or now - self.born_ns < ns(script.serves_from_s):
            request.end("error", now)
        elif self.slots is None or len(self._working) < self.slots:
            self.in_flight[attempt] = None
            self._begin(attempt)
        else:
            self._queue.append(attempt)
            self._wait(attempt)

    def _wait(self, attempt: Try) -> None:
        self.in_flight[attempt] = None
        self.agenda.at(attempt.deadline_ns, lambda: self._give_up(attempt))

    def _begin(self, attempt: Try) -> None:
        """Work on a request now that it has a slot."""
        self._working.add(attempt)
        match "" if self.ties is None else self.ties.missed():
            case "error":
                self._working.discard(attempt)
                del self.in_flight[attempt]
                attempt.request.end("error", self.agenda.now_ns)
            case "wait":
                self._stalled[attempt] = None
                self._wait(attempt)
            case _:
                self._work(attempt)

    def _work(self, attempt: Try) -> None:
        done_ns = self.agenda.now_ns + attempt.request.takes_ns
        if done_ns > attempt.deadline_ns:
            self._wait(attempt)
        self.agenda.at(done_ns, lambda: self._done(attempt))

    def _done(self, attempt: Try) -> None:
        if attempt not in self._working:
            return
        waited_for = attempt in self.in_flight
        if self.hung:
            if waited_for:
                self._wait(attempt)
            return
        self._working.discard(attempt)
        if waited_for:
            del self.in_flight[attempt]
            self._answer(attempt.request, "served")
        else:
            self._go_on()

    def _give_up(self, attempt: Try) -> None:
        """Let a client go that has waited for long enough."""
        if attempt in self.in_flight:
            del self.in_flight[attempt]
            if attempt in self._stalled:
                del self._stalled[attempt]
                self._working.discard(attempt)
            self._answer(attempt.request, "timeout")

    def _answer(self, request: Request, outcome: str) -> None:
        request.end(outcome, self.agenda.now_ns)
        self._go_on()

    def _go_on(self) -> None:
        """Give free slots to those that wait, and leave if that is due and nothing is left to do."""
        while self._queue and len(self._working) < (self.slots or 0) and not self.hung:
            attempt = self._queue.popleft()
            if attempt in self.in_flight:
                self._begin(attempt)
        if self._leaving is not None and not self.in_flight and not self._working and not self.in_hand:
            life, at_ns, how = self._leaving
            self._leaving = None
            self.end(life, max(at_ns, self.agenda.now_ns), how)

    def put_down(self) -> None:
        """Take note that a job is done or given back, and leave if that was what the end waited for."""
        self.in_hand -= 1
        self._go_on()

    def resume(self) -> None:
        """Go on with what waited for something that was missing."""
        if not self.hung:
            stalled, self._stalled = self._stalled, {}
            for attempt in stalled:
                self._work(attempt)

    # --- ends

    def on_term(self, life: int, at_ns: int, how: int | str) -> None:
        """End at once, or close the listener and end when nothing is in flight any more."""
        self.stopped(self)
        if self.script.on_term != "drain":
            super().on_term(life, at_ns, how)
            return
        self.listening, self._leaving = False, (life, at_ns, how)
        self._go_on()

    def _lose(self, outcome: str) -> None:
        """Drop all work, because the process has ended."""
        waited_for, now = list(self.in_flight), self.agenda.now_ns
        if self.ties is not None:
            self.ties.ended()
        for work in (self.in_flight, self._working, self._queue, self._stalled):
            work.clear()
        for attempt in waited_for:
            attempt.request.end(outcome, now)

    def lose(self) -> None:
        """Have the process go without news: clients wait in vain, and everybody believes what was."""
        for attempt in self.in_flight:
            self._ends_unanswered(attempt)
        self.in_flight.clear()
        self.lost = self.gone = True

    def found_gone(self) -> None:
        """Let it be known that the process went without news: it counts as stopped, and as killed."""
        self.lost, self.alive = False, False
        at, life = self.agenda.now_ns, self.instance.number
        self.ask("stop")
        if self.instance.state is State.DRAINING:
            self.tell(ev.Exited(at=at, life=life, signal="SIGKILL", u=self.draw("exit", life), cause=Cause.OUTSIDER))

    def _ends_unanswered(self, attempt: Try) -> None:
        at_ns = max(attempt.deadline_ns, self.agenda.now_ns)
        self.agenda.at(at_ns, lambda: attempt.request.end("timeout", at_ns))
