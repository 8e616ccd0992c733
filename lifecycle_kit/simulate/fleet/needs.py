"""What fleets need: dependencies that fail and come back, and what each instance does about that."""

# Rules.
#
# 1. An instance has what it needs while the dependency is up, its credentials are right, and, if it must connect, it
#    has a connection. A connection ends with the process, and whenever the dependency goes down.
# 2. While it misses something: requests are answered as `requests` says; a probe that asks the dependency too fails
#    after the time that its script takes for an answer; one that "blocks" says that it waits, and says so again when
#    it waits no longer.
# 3. A life that must connect tries at the age `connects_at_s`. Refused, it exits, or tries again `retry_s` later. One
#    that had a connection and lost it exits, or tries again `retry_s` after the loss, and so on.
# 4. One that does not connect notices a loss at the instant of the loss. What was down before its birth it has never
#    had, so it cannot lose it: it lives without.
# 5. Work that has begun is done: only the beginning of the work asks for what is needed.

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lifecycle_kit import events as ev
from lifecycle_kit.health import Segment
from lifecycle_kit.probes import Outcome
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.dice import address, draw
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Dependency, Need
from lifecycle_kit.states import State
from lifecycle_kit.units import NS_PER_S, ns

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.engine import Engine

__all__ = ["Outside", "Supply", "Ties", "Upstream", "attach"]

READY = frozenset({State.READY, State.RUNNING})


class Supply:
    """Something that instances need.

    Attributes:
        up: whether it works.
        ties: those who need it, in order of their creation.
        downs: `(from_ns, until_ns)` when it was down, those that are over.
    """

    def __init__(self, agenda: Agenda, up: bool) -> None:
        self.agenda, self.up = agenda, up
        self.ties: list[Tie] = []
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


class Tie:
    """One need of one instance.

    Attributes:
        has: whether the present life has what it needs.
        waits: whether it says that it waits, if it is one that blocks.
    """

    def __init__(self, ties: Ties, need: Need, supply: Supply) -> None:
        self._ties, self.need, self.supply = ties, need, supply
        self.has = self.waits = False
        self._life = 0
        supply.ties.append(self)

    def born(self) -> None:
        """Begin a life."""
        server = self._ties.server
        self._life = server.instance.number
        self.has = not self.need.connects and self.need.credentials and self.supply.up
        self.waits = not self.need.connects and not self.has
        if self.need.connects:
            server.agenda.after(ns(self.need.connects_at_s), self._first_attempt)

    def notice(self) -> None:
        """Notice that the supply went down or came back."""
        server, had, need = self._ties.server, self.has, self.need
        if not self._acts():
            return
        self.has = self.supply.up and need.credentials and not need.connects
        if had and not self.has:
            self.waits = True
            if need.loss == "exit":
                server.end(self._life, server.agenda.now_ns, 1)
            elif need.connects:
                server.agenda.after(ns(need.retry_s), self._again)
        self._ties.settle()

    def _acts(self) -> bool:
        server = self._ties.server
        return server.living(self._life) and not server.lost and not server.hung

    def _first_attempt(self) -> None:
        self._attempt(self.need.refused)

    def _again(self) -> None:
        self._attempt("retry")

    def _attempt(self, refused: str) -> None:
        server, life = self._ties.server, self._life
        if not self._acts() or self.has:
            return
        if self.supply.connect() and self.need.credentials:
            self.has = True
        else:
            self.waits = True
            if refused == "exit":
                server.end(life, server.agenda.now_ns, self.need.exit_code)
            else:
                server.agenda.after(ns(self.need.retry_s), self._again)
        self._ties.settle()


class Ties:
    """All that one instance needs.

    Args:
        server: the instance.
        needs: what it needs, and the supply of each.
    """

    def __init__(self, server: Server, needs: Sequence[tuple[Need, Supply]]) -> None:
        self.server = server
        self._ties = [Tie(self, need, supply) for need, supply in needs]
        self._asking = {
            "readiness": [tie for tie in self._ties if tie.need.readiness],
            "liveness": [tie for tie in self._ties if tie.need.liveness],
        }
        # By kind of probe: since when, in this life, something that it asks for is missing or not.
        self._missing: dict[str, list[tuple[int, bool]]] = {}
        self._blocked = False

    def born(self) -> None:
        """Begin a life."""
        now = self.server.agenda.now_ns
        for tie in self._ties:
            tie.born()
        self._missing = {kind: [(now, _any_missing(ties))] for kind, ties in self._asking.items()}
        self._blocked = False
        if any(tie.waits and tie.need.loss == "block" for tie in self._ties):
            self.server.agenda.at(now, self.settle)  # after the news of the birth

    def ended(self) -> None:
        """Lose all connections with the end of the process."""
        for tie in self._ties:
            tie.has = False

    def settle(self) -> None:
        """Let the instance act on what it has now and what it misses."""
        server = self.server
        if not server.alive or server.lost or server.hung:
            return
        self._note_for_probes()
        self._say()
        if not self.missed():
            server.resume()

    def _note_for_probes(self) -> None:
        now, changed = self.server.agenda.now_ns, False
        for kind, ties in self._asking.items():
            missing = _any_missing(ties)
            if missing != self._missing[kind][-1][1]:
                self._missing[kind].append((now, missing))
                changed = True
        if changed:
            self.server.probing.look_again()

    def _say(self) -> None:
        waits_for = [tie.need.on for tie in self._ties if tie.waits and not tie.has and tie.need.loss == "block"]
        at, life = self.server.agenda.now_ns, self.server.instance.number
        if waits_for and not self._blocked:
            self._blocked = True
            self.server.tell(ev.Blocked(at=at, life=life, on=waits_for[0]))
        elif self._blocked and not waits_for:
            self._blocked = False
            self.server.tell(ev.Unblocked(at=at, life=life))

    def seen(self, probe: str, parts: Sequence[Segment]) -> Sequence[Segment]:
        """Return what a probe sees, given what it would see if nothing were missing."""
        history = self._missing.get(probe)
        if not history or not any(missing for _, missing in history):
            return parts
        made: list[Segment] = []
        for at in sorted({*(part.from_ns for part in parts), *(at for at, _ in history)}):
            part = next((part for part in reversed(parts) if part.from_ns <= at), parts[0])
            missing = next((missing for since, missing in reversed(history) if since <= at), False)
            made.append(Segment(at, Outcome.FAILURE if missing else part.outcome, part.latency_ns))
        return tuple(made)

    def missed(self) -> str:
        """Return what a request meets now: "" if nothing is missing, "error" or "wait"."""
        ways = {tie.need.requests for tie in self._ties if not tie.has}
        return "error" if "error" in ways else "wait" if "wait" in ways else ""


def _any_missing(ties: Sequence[Tie]) -> bool:
    return any(not tie.has for tie in ties)


def attach(engine: Engine) -> dict[str, Outside]:
    """Give every instance what its fleet needs, and return the dependencies of the world by name.

    Raises:
        ValueError: if a fleet needs something that does not exist.
    """
    world, agenda = engine.world, engine.agenda
    outside = {name: Outside(agenda, name, plan, engine.seed) for name, plan in world.dependencies.items()}
    needed = {need.on for fleet in world.fleets.values() for need in fleet.needs}
    upstream = {name: Upstream(agenda) for name in world.fleets if name in needed}
    supplies: dict[str, Supply] = {**outside, **upstream}
    for name in sorted(needed - supplies.keys()):
        raise ValueError(f"nothing is called {name!r} that could be needed; there are {', '.join(supplies) or 'none'}")

    def tie(server: Server) -> None:
        needs = engine.fleets[server.fleet].needs
        if needs:
            server.ties = Ties(server, [(need, supplies[need.on]) for need in needs])

    def look(server: Server) -> None:
        if server.fleet in upstream:
            upstream[server.fleet].look(server)

    engine.makers.append(tie)
    if upstream:
        engine.watchers.append(look)
    return outside
