"""Servers under load while something happens to them: what becomes of requests in flight, and of new ones.

A case is played with the shared `step` on one agenda: every worker process is a simulated request server, stopped as
its room says. A `Manner` says what else distinguishes one kind of server from another, all of it from its room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.fleet.server import Request, Server
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, seconds

__all__ = ["CLOCK_S", "Manner", "Pool", "in_flight", "phases", "play"]

# The atlas counts from the first signal; here that is this instant, so that requests can be sent before.
CLOCK_S = 20.0
PLAYS_S = 120.0  # after the last thing that is given
CLIENT_WAITS_NS = ns(PLAYS_S)
WORDS = {"served": "200", "error": "500"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a server treats its workers, its socket and its requests.

    Attributes:
        unit: one worker, as it is looked after.
        workers: how many there are.
        at_once: signals that end a worker without finishing anything.
        alone: a worker takes one request at a time, and says nothing to its watchdog meanwhile.
        keeps_socket: new connections hang while workers are leaving; otherwise they are refused.
        replaced: new workers serve while the old ones leave.
        excuses: after these signals the client still gets an answer to an unfinished request, a 500; else it is cut.
    """

    unit: Unit
    workers: int = 1
    at_once: frozenset[str] = frozenset()
    alone: bool = False
    keeps_socket: bool = False
    replaced: bool = False
    excuses: frozenset[str] = frozenset()


class Worker(Server):
    """A worker that drops everything at some signals, and may still apologize."""

    def __init__(self, pool: Pool, name: str) -> None:
        script = Script(on_term="drain", stop_exit=0)
        super().__init__(pool.agenda, pool.trace, name, pool.manner.unit, [script], changed=lambda _: pool.look())
        self.manner, self._pool = pool.manner, pool
        self._excuse = False

    def tell(self, event: Any) -> None:
        """Hand in an event, and note whether the process that ends answers once more."""
        if isinstance(event, ev.Exited):
            self._excuse = event.signal in self.manner.excuses
        super().tell(event)

    def _answer(self, request: Request, outcome: str) -> None:
        super()._answer(request, outcome)
        self._pool.freed(self)

    def _lose(self, outcome: str) -> None:
        super()._lose("error" if self._excuse else outcome)

    def _signal(self, life: int, signal: str, to: str) -> None:
        if signal in self.manner.at_once:
            self.end(life, self.agenda.now_ns, signal)
        else:
            super()._signal(life, signal, to)


class Pool:
    """All workers of a server, and the word for what happens to a new connection from moment to moment."""

    def __init__(self, manner: Manner) -> None:
        self.manner, self.agenda, self.trace = manner, Agenda(), Trace()
        self.words: list[tuple[float, str]] = []
        self.requests: list[Request] = []
        self.waiting: list[Request] = []
        self.workers: list[Worker] = []
        self.leaving = False
        self.workers = [Worker(self, f"worker-{number}") for number in range(1, manner.workers + 1)]
        for worker in self.workers:
            worker.ask("start")

    @property
    def now_s(self) -> float:
        """The present instant, in the atlas' seconds."""
        return seconds(self.agenda.now_ns) - CLOCK_S

    def at(self, t: float, action: Callable[[], None]) -> None:
        """Have `action` done at `t` seconds of the atlas' clock."""
        self.agenda.at(ns(CLOCK_S + t), action)

    def send(self, duration_s: float) -> Worker:
        """Send a request to the worker that has least to do, and return that worker."""
        request = Request(self.agenda.now_ns, ns(duration_s))
        self.requests.append(request)
        worker = min(self.workers, key=lambda each: (not each.listening, len(each.in_flight)))
        if self.manner.alone and worker.in_flight:
            self.waiting.append(request)  # in the backlog of the socket
        else:
            self._take(worker, request)
        return worker

    def _take(self, worker: Worker, request: Request) -> None:
        if self.manner.alone:
            self._alive(worker)  # a sync worker says so each time before it takes a request
        worker.take(request, CLIENT_WAITS_NS)
        self.agenda.after(request.takes_ns, self.look)
        self.look()

    def freed(self, worker: Worker) -> None:
        """Give a worker that has nothing to do what waits longest."""
        if self.waiting and worker.listening and not worker.in_flight:
            self._take(worker, self.waiting.pop(0))

    def leave(self, request: str = "stop") -> None:
        """Ask every worker to go."""
        self.leaving = True
        for worker in self.workers:
            worker.ask(request)

    def gone_s(self, worker: Worker) -> float | None:
        """Return when the process of a worker that was asked to go had ended, None while it has not."""
        down = (State.TERMINATED, State.FAILED)
        ends = (move.at for move in self.trace.transitions if move.instance == worker.name and move.target in down)
        return next((at - CLOCK_S for at in ends), None)

    def all_gone_s(self) -> float | None:
        """Return when the last worker had ended, None if one never does."""
        gone = [self.gone_s(worker) for worker in self.workers]
        return None if None in gone else max(at for at in gone if at is not None)

    def word_at(self, t: float) -> str:
        """Return what a new connection met at `t` seconds of the atlas' clock."""
        return [word for at, word in self.words if at <= t][-1]

    def look(self) -> None:
        """Write down what a new connection would meet now; what waits for workers that have all gone is cut."""
        if self.leaving and not any(worker.alive for worker in self.workers):
            for request in self.waiting:
                request.outcome, request.ended_ns = "cut", self.agenda.now_ns
            self.waiting.clear()
        word = self._word() if self.workers else "ok"
        if not self.words or self.words[-1][1] != word:
            self.words.append((self.now_s, word))

    def tick(self) -> None:
        """Have every worker that can tell its watchdog that it is alive, now and each second from now on."""
        for worker in self.workers:
            if not (self.manner.alone and worker.in_flight):
                self._alive(worker)
        self.agenda.after(ns(1.0), self.tick)

    def _alive(self, worker: Worker) -> None:
        if worker.alive:
            worker.tell(ev.Notified(at=self.agenda.now_ns, life=worker.instance.number, notice="alive"))

    def _word(self) -> str:
        if self.manner.replaced:
            return "ok"
        if not self.leaving:
            full = self.manner.alone and all(worker.in_flight for worker in self.workers)
            return "full" if full else "ok"
        alive = any(worker.alive for worker in self.workers)
        return "hangs" if alive and self.manner.keeps_socket else "refused"


def play(given: Mapping[str, Any], manner: Manner, act: Callable[[Pool, Mapping[str, Any]], None]) -> Pool:
    """Return a server after the requests and actions of a case.

    Args:
        given: with `in_flight` and `actions`.
        manner: how the server goes about it.
        act: what an action does to the pool.
    """
    pool = Pool(manner)
    if manner.unit.watchdog_s is not None:
        pool.tick()
    requests, actions = given.get("in_flight", ()), given.get("actions", ())
    how = next((action["exit"] for action in actions if action["do"] == "worker-exit"), "SIGKILL")
    for request in requests:
        pool.at(request["sent_s"], lambda request=request: _send(pool, request, how))  # type: ignore[misc]
    for action in actions:
        pool.at(action["t"], lambda action=action: act(pool, action))  # type: ignore[misc]
    last_s = max([0.0, *(r["sent_s"] + r["duration_s"] for r in requests), *(a["t"] for a in actions)])
    pool.agenda.run(ns(CLOCK_S + last_s + PLAYS_S))
    return pool


def _send(pool: Pool, request: Mapping[str, Any], how: int | str) -> None:
    if not request.get("ends_worker"):
        pool.send(request["duration_s"])
        return
    worker = pool.send(PLAYS_S)  # it is never answered: the end of its worker ends it
    worker.end(worker.instance.number, pool.agenda.now_ns + ns(request["duration_s"]), how)


def in_flight(pool: Pool) -> list[dict[str, Any]]:
    """Return what became of each request that was sent: "200", "500" or "cut", and when."""
    return [
        {"outcome": WORDS.get(request.outcome, request.outcome), "done_s": seconds(request.ended_ns) - CLOCK_S}
        for request in pool.requests
    ]


def phases(words: Sequence[tuple[float, str]]) -> list[list[Any]]:
    """Return from when on new connections met what.

    Those that found every worker busy hang if the workers then leave one by one; else they are served a little late.

    >>> phases([(-20, "ok"), (-1, "full"), (0, "hangs"), (4, "refused")])
    [[-20, 'ok'], [-1, 'hangs'], [4, 'refused']]
    """
    lasting = [entry for entry, later in pairwise([*words, (float("inf"), "")]) if later[0] > entry[0]]
    made: list[list[Any]] = []
    for (at, word), (_, later) in pairwise([*lasting, (0.0, "")]):
        meant = word if word != "full" else "hangs" if later == "hangs" else "ok"
        if not made or made[-1][1] != meant:
            made.append([at, meant])
    return made
