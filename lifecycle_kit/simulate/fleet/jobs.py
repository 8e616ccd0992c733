"""Jobs of a queue and the workers that do them: who gets which job, and how each job ends.

Workers are the instances of the fleets that work on the queue. One may be given a job while it is `ready` or
`running`, is old enough to work (`serves_from_s`), does not hang, and has no job in hand.

Order. Jobs are given out when an instant has come to rest at which one came or came back, or a worker changed: the
job that came first (a job that comes back stands where it stood) to the worker that has been free for longest, and of
equals to the one that was created first.

A delivery ends in one of these ways.

1. After the job's time the worker is done with it, unless its process has ended, hangs, or is lost by then. A
   completion counts whenever it comes, so a job that was given to two workers may be done twice.
2. A poison job ends its worker's process with exit 1 instead.
3. The process ends with the job in hand: without a lease the job comes back at that instant, and for a lost one when
   the loss is noticed. With a lease nobody looks at processes: it comes back when the lease is over.
4. `lease_s` after the delivery the job comes back, though its worker may be at work on it. A job that is done at that
   very instant is done in time.
5. A worker that obeys a stop signal with "exit" gives its job back at once; one with "drain" does it first and ends
   then; neither takes another one.

A job that comes back after `attempts` deliveries goes to the dead letters instead. The first completion or that
decides how a job ends; a completion after that only counts.

A worker of a unit that reports work says "working" when it is given a job and "idle" when it gets no next one at the
instant at which it is done.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from lifecycle_kit import events as ev
from lifecycle_kit.simulate.fleet.clients import arrivals, service_times
from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.headcount import READY
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, Jobs
from lifecycle_kit.simulate.fleet.server import Server
from lifecycle_kit.simulate.fleet.world import Queue
from lifecycle_kit.units import ns

__all__ = ["Broker", "attach"]

WAITING, DONE, DEAD_LETTERED = range(len(JOB_ENDS))
MOST = 255  # what a column of bytes holds


@dataclass(slots=True, eq=False)
class Delivery:
    """A job in the hands of a worker.

    Attributes:
        job: its number.
        worker, life: who has it, in which life.
        open: whether the queue still counts on it.
    """

    job: int
    worker: Server
    life: int
    open: bool = True


class Broker:
    """One queue while the world runs.

    Attributes:
        at_ns, takes_ns: of each job, by number.
        ends, ended_ns, deliveries, completions: what came of each.
        in_hand: deliveries by the name of the worker.
    """

    def __init__(self, engine: Engine, name: str, queue: Queue) -> None:
        self._engine, self._queue = engine, queue
        self._fleets = frozenset(fleet for fleet, plan in engine.fleets.items() if plan.works_on == name)
        self.at_ns: list[int] = arrivals(queue.load, engine.until_ns, engine.seed, name).tolist()
        self.takes_ns: list[int] = service_times(queue.load, len(self.at_ns), engine.seed, name).tolist()
        count = len(self.at_ns)
        self.ends, self.ended_ns = [WAITING] * count, [0] * count
        self.deliveries, self.completions = [0] * count, [0] * count
        self.in_hand: dict[str, Delivery] = {}
        self._lease_ns = None if queue.lease_s is None else ns(queue.lease_s)
        self._waiting: list[int] = []  # a heap
        self._free_since: dict[str, int] = {}
        self._free: list[tuple[int, int, Server]] = []  # a heap; entries that are no longer true are skipped
        self._orders: dict[str, int] = {}  # of the workers, by creation
        self._busy: dict[str, int] = {}  # the life in which a worker has said that it works
        self._planned = False
        engine.agenda.each(self.at_ns, self._arrive)

    def result(self) -> Jobs:
        """Return what has become of the jobs."""
        return Jobs(
            at_ns=np.array(self.at_ns, np.int64),
            ended_ns=np.array(self.ended_ns, np.int64),
            end=np.array(self.ends, np.uint8),
            deliveries=np.array(self.deliveries, np.int32),
            completions=np.minimum(np.array(self.completions, np.int64), MOST).astype(np.uint8),
        )

    def made(self, server: Server) -> None:
        """Take note of a new instance."""
        if server.fleet in self._fleets:
            self._orders[server.name] = len(self._orders)
            server.stopped = self._stopped

    def look(self, server: Server) -> None:
        """Take note of a change of an instance."""
        if server.fleet not in self._fleets:
            return
        delivery = self.in_hand.get(server.name)
        if delivery is not None and not server.living(delivery.life):
            self._drop(delivery)
        self._sort(server)

    # --- workers

    def _sort(self, server: Server) -> None:
        """Take note of whether a worker is free."""
        if not self._may_work(server):
            self._free_since.pop(server.name, None)
        elif server.name not in self._free_since:
            now = self._free_since[server.name] = self._engine.agenda.now_ns
            heapq.heappush(self._free, (now, self._orders[server.name], server))
            self._deliver_soon()

    def _may_work(self, server: Server) -> bool:
        if server.instance.state not in READY or server.gone or server.hung or server.name in self.in_hand:
            return False
        from_s = server.script.serves_from_s
        if from_s is None:
            return False
        at_ns = server.born_ns + ns(from_s)
        if at_ns > self._engine.agenda.now_ns:
            self._engine.agenda.at(at_ns, lambda: self._sort(server))
            return False
        return True

    def _stopped(self, server: Server) -> None:
        delivery = self.in_hand.get(server.name)
        if delivery is not None and server.script.on_term == "exit":
            self._put_down(delivery)
            self._come_back(delivery)

    # --- jobs

    def _arrive(self, job: int) -> None:
        heapq.heappush(self._waiting, job)
        self._deliver_soon()

    def _deliver_soon(self) -> None:
        if not self._planned:
            self._planned = True
            self._engine.agenda.last(self._deliver)

    def _deliver(self) -> None:
        self._planned = False
        while (job := self._next_job()) is not None and (server := self._next_worker()) is not None:
            heapq.heappop(self._waiting)
            self._give(job, server)
        for name in [name for name in self._busy if name not in self.in_hand]:
            server, life = self._engine.servers[name], self._busy.pop(name)
            if server.living(life):
                server.tell(ev.Idle(at=self._engine.agenda.now_ns, life=life))

    def _next_job(self) -> int | None:
        while self._waiting and self.ends[self._waiting[0]] != WAITING:  # done after all, by the worker before
            heapq.heappop(self._waiting)
        return self._waiting[0] if self._waiting else None

    def _next_worker(self) -> Server | None:
        while self._free:
            since, _, server = heapq.heappop(self._free)
            if self._free_since.get(server.name) == since:
                del self._free_since[server.name]
                if self._may_work(server):
                    return server
        return None

    def _give(self, job: int, server: Server) -> None:
        agenda, delivery = self._engine.agenda, Delivery(job, server, server.instance.number)
        self.deliveries[job] += 1
        self.in_hand[server.name] = delivery
        server.in_hand += 1
        agenda.after(self.takes_ns[job], lambda: self._finish(delivery))
        if self._lease_ns is not None:
            agenda.after(self._lease_ns, lambda: self._come_back(delivery))
        if server.instance.unit.reports_work and self._busy.get(server.name) != delivery.life:
            self._busy[server.name] = delivery.life
            server.tell(ev.Working(at=agenda.now_ns, life=delivery.life))

    def _finish(self, delivery: Delivery) -> None:
        job, server, now = delivery.job, delivery.worker, self._engine.agenda.now_ns
        if self.in_hand.get(server.name) is not delivery or server.hung or server.gone:
            return
        if self._queue.poison_every is not None and (job + 1) % self._queue.poison_every == 0:
            server.end(delivery.life, now, 1)
            return
        delivery.open = False
        self.completions[job] += 1
        if self.ends[job] == WAITING:
            self.ends[job], self.ended_ns[job] = DONE, now
        self._put_down(delivery)
        self._sort(server)
        self._deliver_soon()

    def _put_down(self, delivery: Delivery) -> None:
        del self.in_hand[delivery.worker.name]
        delivery.worker.put_down()

    def _drop(self, delivery: Delivery) -> None:
        """Take note that the process that had a job has ended."""
        del self.in_hand[delivery.worker.name]
        delivery.worker.in_hand -= 1
        if self._lease_ns is None:
            self._come_back(delivery)

    def _come_back(self, delivery: Delivery) -> None:
        """Have a job wait again, or put it aside, unless it is over or has come back before."""
        job = delivery.job
        if not delivery.open or self.ends[job] != WAITING:
            return
        delivery.open = False
        if self._queue.attempts is not None and self.deliveries[job] >= self._queue.attempts:
            self.ends[job], self.ended_ns[job] = DEAD_LETTERED, self._engine.agenda.now_ns
        else:
            heapq.heappush(self._waiting, job)
            self._deliver_soon()


def attach(engine: Engine) -> dict[str, Broker]:
    """Have the engine's instances work on the queues of its world; return the queues by name.

    Call it before the first instance is made.

    Raises:
        ValueError: for a fleet that works on a queue that does not exist.
    """
    queues = engine.world.queues
    for name, fleet in engine.fleets.items():
        if fleet.works_on is not None and fleet.works_on not in queues:
            known = ", ".join(queues) or "none"
            raise ValueError(f"works_on={fleet.works_on!r} of {name!r}: no such queue; there are {known}")
    brokers = {name: Broker(engine, name, queue) for name, queue in queues.items()}
    for broker in brokers.values():
        engine.makers.append(broker.made)
        engine.watchers.append(broker.look)
    return brokers
