"""A fleet's requests, played slowly and plainly: one by one from the client through the balancer to an instance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lifecycle_kit.simulate.fleet.draws import address, draw, exponential_ns
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.world import Rule
from lifecycle_kit.states import State
from lifecycle_kit.units import NS_PER_S, ns
from lifecycle_kit.view import lifecycle_view
from tests.reference_engine import Future, Luck, Replica

__all__ = ["Balancer", "Clients", "Desk", "Request", "arrivals"]

MICROSECOND = 1_000


def arrivals(load: Load, until: int, seed: int, family: str) -> list[int]:
    """Return when requests come: each gap is one unit of time at the present rate, or a drawn number of units."""
    if load.recorded:
        return [at for at in map(ns, load.recorded) if at <= until]
    last = until if load.until_s is None else min(until, ns(load.until_s))
    changes = [(ns(at), rate) for at, rate in load.steps]
    found: list[int] = []
    at, rate, grid = ns(load.from_s), load.per_s, 1 if load.steady else MICROSECOND
    rate = next((rate for change, rate in reversed(changes) if change <= at), load.per_s)
    coming = [change for change in changes if change[0] > at]
    while True:
        number = len(found)
        units = 1.0 if load.steady else -math.log1p(-draw(address(seed, family, "arrival"), number, 0))
        while True:  # through as many rates as this gap touches
            end = min([last, *(change for change, _ in coming[:1])])
            unit = NS_PER_S / rate if rate else math.inf
            gap = round(units * unit / grid) * grid if rate else last + 1
            if at + gap <= end:
                break
            if not coming or coming[0][0] >= last:
                return found
            units = (at + gap - end) / unit if rate else units
            at, rate = coming.pop(0)
        at += gap
        found.append(at)


@dataclass(eq=False)
class Request:
    """One request, from its arrival to its end."""

    number: int
    at: int
    takes: int
    tries: int = 0
    who: str = ""
    outcome: str = "in-flight"
    ended: int = 0


class Try:
    """One try of a request, for as long as an instance has to do with it."""

    def __init__(self, future: Future, request: Request, patience: int, failed: Callable[[Request], None]) -> None:
        self.future, self.request, self.failed = future, request, failed
        self.deadline = future.now + patience
        self.due = -1  # when the work on it will be done
        self.place = 0  # in the order in which an instance took its tries
        self.waits = True  # whether the client still waits for the answer

    def end(self, outcome: str) -> None:
        """Tell the client how it ended."""
        self.waits = False
        self.request.outcome, self.request.ended = outcome, self.future.now
        if outcome != "served":
            self.failed(self.request)


class Desk:
    """What one instance does with requests; they never change what it does otherwise, but a drain waits for them."""

    def __init__(self, future: Future, replica: Replica, slots: int | None) -> None:
        self.future, self.replica, self.slots = future, replica, slots
        self.open = False
        self.working: list[Try] = []
        self.queue: list[Try] = []
        self.leave: Callable[[], None] | None = None
        replica.drain = self.close

    def look(self) -> None:
        """Open with the news of a birth, unless it was asked to stop before; lose everything with the process."""
        if not self.replica.exists:
            self.open, self.leave = False, None
            lost = sorted(self.working + self.queue, key=lambda each: each.place)
            self.working, self.queue = [], []
            for each in lost:
                if each.waits:
                    each.end("cut")
        elif self.replica.instance.state is not State.DRAINING:
            self.open = True

    def take(self, each: Try) -> None:
        """Take one try of a request."""
        each.request.who, each.place = self.replica.name, self.future.place()
        ready_from = self.replica.script.serves_from_s
        if not self.replica.exists or not self.open:
            each.end("refused")
        elif not self.replica.hangs and (ready_from is None or self.replica.age < ns(ready_from)):
            each.end("error")
        else:
            self.queue.append(each)
            self.future.at(each.deadline, lambda: self.lose_patience(each))
            self.go_on()

    def go_on(self) -> None:
        """Work on those that wait as far as there are slots; leave once there is nothing to do and it is asked for."""
        while self.queue and not self.replica.hangs and (self.slots is None or len(self.working) < self.slots):
            each = self.queue.pop(0)
            self.working.append(each)
            each.due = self.future.now + each.request.takes
            self.future.at(each.due, lambda each=each: self.finish(each))  # type: ignore[misc]
        if self.leave is not None and not self.queue and not self.working:
            leave, self.leave = self.leave, None
            leave()

    def finish(self, each: Try) -> None:
        """Answer, unless the process hangs; nobody may wait for the answer any more."""
        if each in self.working and not self.replica.hangs:
            self.working.remove(each)
            if each.waits:
                each.end("served")
            self.go_on()

    def lose_patience(self, each: Try) -> None:
        """End the wait of a client; one who waits in the queue leaves it, but work that was begun goes on."""
        if each.waits and each.due == self.future.now:
            each.due = -1  # an answer that comes at the last moment is in time
            self.future.at(self.future.now, lambda: self.lose_patience(each))
        elif each.waits:
            if each in self.queue:
                self.queue.remove(each)
            each.end("timeout")
            self.go_on()

    def close(self, _: Replica, leave: Callable[[], None]) -> None:
        """Take nothing more, and leave when all is done."""
        self.open, self.leave = False, leave
        self.go_on()


class Balancer:
    """Who gets the next request, by what the balancer believes; its beliefs are late by `spread`."""

    def __init__(self, future: Future, rule: Rule, spread: int) -> None:
        self.future, self.rule, self.spread = future, rule, spread
        self.routes: list[tuple[int, tuple[str, ...]]] = []
        self.seen: dict[str, bool] = {}
        self.routed: list[str] = []
        self.turn = 0

    def look(self, replica: Replica) -> None:
        """Notice what has become of an instance."""
        good, name = self.eligible(replica), replica.name
        if good != self.seen.get(name, False):
            self.seen[name] = good
            self.future.at(self.future.now + self.spread, lambda: self.believe(name, good))

    def eligible(self, replica: Replica) -> bool:
        """Tell whether the rule would route to an instance as it is now."""
        alive, ready, draining, blocked = replica.facts
        match self.rule:
            case "process":
                return alive
            case "liveness":
                return alive and replica.verdict("liveness")
            case "readiness":
                return alive and ready and not draining
            case _:
                view = lifecycle_view if isinstance(self.rule, str) else self.rule
                return view(alive, ready, draining, blocked) == "ready"

    def believe(self, name: str, good: bool) -> None:
        """Change the routes."""
        if good:
            self.routed.append(name)
        else:
            self.routed.remove(name)
        self.routes.append((self.future.now, tuple(self.routed)))

    def choose(self) -> str | None:
        """Return the name of the next one in turn, None if there is none."""
        if not self.routed:
            return None
        self.turn += 1
        return self.routed[self.turn % len(self.routed)]


class Clients:
    """Everybody who sends requests: each waits for an answer, and tries again as the load says."""

    def __init__(self, future: Future, balancer: Balancer, desks: dict[str, Desk], load: Load, luck: Luck) -> None:
        self.future, self.balancer, self.desks, self.load, self.luck = future, balancer, desks, load, luck
        self.requests: list[Request] = []
        self.sent: list[int] = []
        self.waited: dict[int, int] = {}

    def plan(self, until: int) -> None:
        """Plan the first try of every request."""
        for number, at in enumerate(arrivals(self.load, until, self.luck.seed, self.luck.family)):
            takes = ns(self.load.takes_s)
            if self.load.varies:
                takes = exponential_ns(self.load.takes_s, self.of(number).draw("takes", 0))
            request = Request(number, at, takes)
            self.requests.append(request)
            self.future.at(at, lambda request=request: self.send(request))  # type: ignore[misc]

    def of(self, number: int) -> Luck:
        """Return the draws that belong to one request."""
        return Luck(self.luck.seed, self.luck.family, number)

    def send(self, request: Request) -> None:
        """Send a request, for the first time or again."""
        request.tries += 1
        self.sent.append(self.future.now)
        each = Try(self.future, request, ns(self.load.timeout_s), self.failed)
        name = self.balancer.choose()
        if name is None:
            each.end("no-route")
        else:
            self.desks[name].take(each)

    def failed(self, request: Request) -> None:
        """Try again after a while, if it was not tried too often."""
        if request.tries <= self.load.retries:
            u, before = self.of(request.number).draw("retry", request.tries), self.waited.get(request.number, 0)
            wait = self.load.retry.delay_ns(request.tries, u=u, previous_ns=before)
            self.waited[request.number] = wait
            request.outcome, request.ended = "in-flight", 0
            self.future.at(self.future.now + wait, lambda: self.send(request))
