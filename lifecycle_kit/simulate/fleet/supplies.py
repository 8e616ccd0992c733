"""What can be needed: dependencies with outages, slow recoveries and limits, and other fleets."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.dice import address, draw
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Dependency
from lifecycle_kit.states import State
from lifecycle_kit.units import NS_PER_S, ns

__all__ = ["Outside", "Supply", "Upstream"]

READY = frozenset({State.READY, State.RUNNING})


class Notices(Protocol):
    """Somebody who needs it."""

    def notice(self) -> None:
        """Notice that it went down or came back."""


class Supply:
    """Something that instances need.

    Attributes:
        up: whether it works.
        ties: those who need it, in order of their creation.
        downs: `(from_ns, until_ns)` when it was down, those that are over.
    """

    def __init__(self, agenda: Agenda, up: bool) -> None:
        self.agenda, self.up = agenda, up
        self.ties: list[Notices] = []
        self.downs: list[tuple[int, int]] = []
        self._since_ns = 0

    def change(self, up: bool) -> None:
        """Go down or come back now, and let everybody notice."""
        if up == self.up:
            return
        if up:
            self.downs.append((self._since_ns, self.agenda.now_ns))
        self.up, self._since_ns = up, self.agenda.now_ns
        for tie in self.ties:
            tie.notice()

    def connect(self) -> bool:
        """Answer somebody who wants to connect."""
        return self.up

    def downs_until(self, until_ns: int) -> list[tuple[int, int]]:
        """Return when it was down, up to the end of the run."""
        return self.downs if self.up else [*self.downs, (self._since_ns, until_ns)]


class Upstream(Supply):
    """Another fleet: up while one of its instances is ready."""

    def __init__(self, agenda: Agenda) -> None:
        super().__init__(agenda, up=False)
        self._ready: set[str] = set()

    def look(self, server: Server) -> None:
        """Take note of a change of one of its instances; it shows when the step that made it is done."""
        if server.instance.state in READY and not server.gone:
            self._ready.add(server.name)
        else:
            self._ready.discard(server.name)
        if bool(self._ready) != self.up:
            self.agenda.after(0, lambda: self.change(bool(self._ready)))


class Outside(Supply):
    """A dependency: it has outages, recovers slowly, and may break down under those who want to connect.

    After an outage it accepts a growing share of the attempts to connect: the share of `recovery_s` that is over. With
    a limit it is the limit that grows, and nobody can connect at the instant of the return. The tokens of a second
    are the most that it saves up. Attempts by wrong credentials count like any others.

    The draws have its name as family, purpose "accept", and the number of the attempt.
    """

    def __init__(self, agenda: Agenda, name: str, plan: Dependency, seed: int) -> None:
        super().__init__(agenda, up=True)
        self._plan, self._recovery_ns = plan, ns(plan.recovery_s)
        self._reasons = 0  # outages and breakdowns that are going on
        self._attempts = deque[int]()
        self._number = 0
        self._base = address(seed, name, "accept")
        self._back_ns = -self._recovery_ns  # as if it had been back for long enough
        self._most = max(1.0, plan.connects_per_s or 0.0)
        self._tokens, self._counted_ns = self._most, 0
        for from_s, until_s in plan.outages:
            self.outage(ns(from_s), ns(until_s))

    def outage(self, from_ns: int, until_ns: int | None) -> None:
        """Plan an outage, without an end if `until_ns` is None."""
        self.agenda.at(from_ns, self._fail)
        if until_ns is not None:
            self.agenda.at(until_ns, self._recover)

    def _fail(self) -> None:
        self._reasons += 1
        self.change(False)

    def _recover(self) -> None:
        self._reasons -= 1
        if not self._reasons:
            self._back_ns = self._counted_ns = self.agenda.now_ns
            self._tokens = 0.0 if self._recovery_ns else self._most
            self.change(True)

    def connect(self) -> bool:
        """Answer somebody who wants to connect; too many of them within a second bring it down."""
        now = self.agenda.now_ns
        self._number += 1
        self._attempts.append(now)
        while self._attempts[0] <= now - NS_PER_S:
            self._attempts.popleft()
        if not self.up:
            return False
        if self._plan.falls_over_at is not None and len(self._attempts) >= self._plan.falls_over_at:
            self._fail()
            self.agenda.after(ns(self._plan.falls_for_s), self._recover)
            return False
        return self._accepts(now)

    def _accepts(self, now: int) -> bool:
        if self._plan.connects_per_s is None:
            over = now - self._back_ns
            return over >= self._recovery_ns or draw(self._base, self._number, 0) * self._recovery_ns < over
        earned = (self._capacity(now) - self._capacity(self._counted_ns)) * self._plan.connects_per_s
        self._tokens, self._counted_ns = min(self._most, self._tokens + earned), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _capacity(self, at_ns: int) -> float:
        """Return the seconds of full capacity that there were between its return and an instant."""
        over, recovery = at_ns - self._back_ns, self._recovery_ns
        if over >= recovery:
            return (over - recovery / 2) / NS_PER_S
        return over * over / (2 * recovery) / NS_PER_S
