"""A balancer: who gets the next request, by what the balancer believes.

It routes by a rule about each instance, and what it believes is late by the time that a change takes to spread.
"""

from __future__ import annotations

from array import array

import numpy as np

from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.routes import Routes
from lifecycle_kit.simulate.fleet.server import Request, Server
from lifecycle_kit.simulate.fleet.world import Rule
from lifecycle_kit.states import State
from lifecycle_kit.view import lifecycle_view

__all__ = ["RULES", "Balancer", "facts_of"]

RULES = ("process", "liveness", "readiness", "view")


def facts_of(server: Server) -> tuple[bool, bool, bool, bool]:
    """Return the four facts that `lifecycle_view` asks for: alive, ready, draining, blocked by a dependency."""
    life = server.instance.life
    draining = server.instance.state is State.DRAINING
    return server.alive, life.ready, draining, life.blocked_on is not None


class Balancer:
    """Routes requests in turn among the instances that it believes to be eligible, in the order in which they came."""

    def __init__(self, agenda: Agenda, rule: Rule, spread_ns: int) -> None:
        if isinstance(rule, str) and rule not in RULES:
            raise ValueError(
                f"route_on={rule!r} is not known; use {', '.join(RULES)} or a function like lifecycle_view"
            )
        self.agenda, self.rule, self.spread_ns = agenda, rule, spread_ns
        self._seen: dict[str, bool] = {}
        self._routed: dict[str, Server] = {}
        self._in_turn: list[Server] | None = []  # the same as a list; None: not made yet
        self._at, self._who, self._came = array("q"), array("i"), array("b")
        self._places: dict[str, int] = {}
        self._turn = 0

    def look(self, server: Server) -> None:
        """Notice a change of an instance; it takes effect when it has spread."""
        eligible = self.eligible(server)
        if eligible != self._seen.get(server.name, False):
            self._seen[server.name] = eligible
            self.agenda.after(self.spread_ns, lambda: self._believe(server, eligible))

    def eligible(self, server: Server) -> bool:
        """Tell whether the rule would route to this instance as it is now."""
        facts = facts_of(server)
        alive, ready, draining, _ = facts
        match self.rule:
            case "process":
                return alive
            case "liveness":
                # It asks only "is it alive?", so it does not notice that an instance is leaving.
                return alive and server.verdict("liveness")
            case "readiness":
                return alive and ready and not draining
            case "view":
                return lifecycle_view(*facts) == "ready"
            case learner:
                assert not isinstance(learner, str)
                return learner(*facts) == "ready"

    def _believe(self, server: Server, eligible: bool) -> None:
        if eligible:
            self._routed[server.name] = server
        else:
            self._routed.pop(server.name, None)
        self._in_turn = None
        self._at.append(self.agenda.now_ns)
        self._who.append(self._places.setdefault(server.name, len(self._places)))
        self._came.append(eligible)

    def routes(self) -> Routes:
        """Return what it has believed so far."""
        came = np.array(self._came, np.bool_)
        return Routes(np.array(self._at, np.int64), np.array(self._who, np.int32), came, tuple(self._places))

    def route(self, request: Request, timeout_ns: int) -> None:
        """Hand the request to the next instance in turn."""
        if self._in_turn is None:
            self._in_turn = list(self._routed.values())
        servers = self._in_turn
        if servers:
            self._turn += 1
            servers[self._turn % len(servers)].take(request, timeout_ns)
        else:
            request.end("no-route", self.agenda.now_ns)
