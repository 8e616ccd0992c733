"""A small fleet: replicas behind a balancer, arrivals, work in flight, and a rolling update.

Every instance is driven by the same `step`; the fleet only routes, counts, and asks for starts and stops.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.balancer import Balancer, Rule
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.server import Request, Server
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems.deployment import RollingUpdate
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, seconds

__all__ = ["Fleet", "FleetResult", "Load", "run_fleet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The requests that come in.

    Attributes:
        per_s: mean arrivals a second.
        takes_s: how long one takes, seconds.
        steady: evenly spaced instead of by chance (a Poisson stream).
        from_s, until_s: when they come; `until_s` None: to the end of the run.
        timeout_s: when a client stops waiting for an answer.
    """

    per_s: float = 10.0
    takes_s: float = 0.2
    steady: bool = False
    from_s: float = 0.0
    until_s: float | None = None
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not (0 < self.per_s < math.inf):
            raise ValueError(f"per_s must be greater than 0 and finite, got {self.per_s}")
        for value in (self.takes_s, self.from_s, self.timeout_s):
            ns(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is run.

    Attributes:
        unit: how each instance is supervised.
        lives: what the processes do; one list for all, or a function of the replica's number (from 0) that returns
            what `simulate` takes.
        replicas: how many.
        route_on: "process", "liveness", "readiness", "view", or a function like `lifecycle_view`.
        spread_s: how long a change of the routes takes to reach the balancer, seconds.
        load: the requests.
        requests: `(at_s, replica, request)`, such as (30, 0, "stop").
        update_at_s: when a rolling update begins; None: never.
        update: its numbers.
        new_unit, new_lives: the new version; like the old one if None.
    """

    unit: Unit
    lives: Sequence[Script] | Callable[[int], Lives] = (Script(),)
    replicas: int = 3
    route_on: Rule = "readiness"
    spread_s: float = 0.0
    load: Load | None = field(default_factory=Load)
    requests: Sequence[tuple[float, int, str]] = ()
    update_at_s: float | None = None
    update: RollingUpdate = field(default_factory=RollingUpdate)
    new_unit: Unit | None = None
    new_lives: Sequence[Script] | None = None

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise ValueError(f"replicas must be at least 1, got {self.replicas}")
        for _, replica, _ in self.requests:
            if not 0 <= replica < self.replicas:
                raise ValueError(f"replica {replica} does not exist; there are 0 to {self.replicas - 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetResult:
    """What came of it: the trace of all instances, every request, and who was routed to when."""

    trace: Trace
    requests: list[Request]
    routes: list[tuple[int, tuple[str, ...]]]
    update_done_s: float | None = None

    @property
    def outcomes(self) -> dict[str, int]:
        """How many requests ended in which way; "in-flight" were cut off by the end of the run."""
        return dict(Counter(request.outcome or "in-flight" for request in self.requests))

    @property
    def failed(self) -> int:
        """How many requests ended badly."""
        return sum(request.outcome not in ("", "served") for request in self.requests)

    def __str__(self) -> str:
        """Return the outcomes and the end of the update in a line."""
        ends = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items()) or "no requests"
        if self.update_done_s is None:
            return ends
        return f"{ends}; update done at {self.update_done_s:g} s"

    def per_second(self, outcome: str) -> list[int]:
        """Return how many requests that arrived in each second ended in this way."""
        counts = Counter(r.at_ns // 1_000_000_000 for r in self.requests if r.outcome == outcome)
        return [counts[second] for second in range(math.ceil(seconds(self.trace.until_ns)))]


def run_fleet(fleet: Fleet, until_s: float = 120.0, *, seed: int = 0, name: str = "api") -> FleetResult:
    """Return what happens to the fleet and its requests in `until_s` seconds of virtual time.

    The draws have addresses (seed, purpose, number): one instance more does not change the others' luck.

    >>> from lifecycle_kit import like
    >>> quiet = Fleet(unit=like("kubernetes"), load=Load(per_s=5, steady=True))
    >>> run_fleet(quiet, until_s=10).outcomes
    {'served': 49, 'in-flight': 1}
    """
    agenda = Agenda()
    trace = Trace(header={"made_by": "simulate", "until_ns": ns(until_s), "seed": seed})
    balancer = Balancer(agenda, fleet.route_on, ns(fleet.spread_s))
    servers = []
    for number in range(fleet.replicas):
        lives = fleet.lives(number) if callable(fleet.lives) else fleet.lives
        server = Server(agenda, trace, f"{name}-{number}", fleet.unit, lives, seed=seed, changed=balancer.look)
        servers.append(server)
        agenda.at(0, lambda server=server: server.ask("start"))  # type: ignore[misc]
    for at_s, replica, request in fleet.requests:
        agenda.at(ns(at_s), lambda s=servers[replica], r=request: s.ask(r))  # type: ignore[misc]
    rollout = _plan_update(fleet, agenda, trace, balancer, servers, seed, name)
    requests = _plan_load(fleet.load, agenda, balancer, ns(until_s), seed)
    agenda.run(ns(until_s))
    done = None if rollout is None or rollout.done_ns is None else seconds(rollout.done_ns)
    return FleetResult(trace=trace, requests=requests, routes=balancer.history, update_done_s=done)


def _plan_update(
    fleet: Fleet, agenda: Agenda, trace: Trace, balancer: Balancer, servers: list[Server], seed: int, name: str
) -> Rollout | None:
    if fleet.update_at_s is None:
        return None

    def make(number: int) -> Server:
        lives = fleet.new_lives or (fleet.lives(number) if callable(fleet.lives) else fleet.lives)
        unit = fleet.new_unit or fleet.unit
        return Server(agenda, trace, f"{name}-new-{number}", unit, lives, seed=seed, changed=balancer.look)

    rollout = Rollout(agenda, fleet.update, servers, make)
    balancer.also = rollout.look
    agenda.at(ns(fleet.update_at_s), rollout.begin)
    return rollout


def _plan_load(load: Load | None, agenda: Agenda, balancer: Balancer, until_ns: int, seed: int) -> list[Request]:
    """Put every arrival on the agenda; return the requests, which fill in as the run goes on."""
    requests: list[Request] = []
    if load is None:
        return requests
    dice = random.Random(f"{seed}/arrivals")

    def gap() -> int:
        return ns(1 / load.per_s if load.steady else dice.expovariate(load.per_s))

    at = ns(load.from_s) + gap()
    last = until_ns if load.until_s is None else min(until_ns, ns(load.until_s))
    while at <= last:
        request = Request(at_ns=at, takes_ns=ns(load.takes_s))
        requests.append(request)
        agenda.at(at, lambda r=request: balancer.route(r, ns(load.timeout_s)))  # type: ignore[misc]
        at += gap()
    return requests
