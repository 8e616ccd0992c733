"""What each instance does about what it needs: while it is there, when it goes, and when it comes back."""

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

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lifecycle_kit import events as ev
from lifecycle_kit.health import Segment
from lifecycle_kit.probes import Outcome
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.supplies import Outside, Supply, Upstream
from lifecycle_kit.simulate.fleet.world import Need
from lifecycle_kit.units import ns

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.engine import Engine

__all__ = ["Ties", "attach"]


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
