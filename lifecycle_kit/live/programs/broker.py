"""The queue broker: keeps jobs until somebody who may takes them, and takes them back from those it has lost.

    POST /jobs?n=5      add jobs
    POST /take          200 and a job; 204 if there is none; 401 without the right credentials
    POST /done?job=7    200; 410 if its lease had run out, so that somebody else may be doing it
    POST /return?job=7  the same, for a job that is handed back undone
    GET  /stats         backlog, taken, done, requeued, denied
    GET  /livez /readyz

Its one rule: a job that is taken is leased. A worker that has not said "done" when the lease runs out is taken for
lost, and the job goes back to the head of the queue: each job is done at least once.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import deque
from collections.abc import Callable

from lifecycle_kit.live.programs.common import CREDENTIALS, log, port, say, span
from lifecycle_kit.live.programs.service import Answer, Reply, Stop, listen

__all__ = ["Broker", "Jobs", "main"]

_TICK_S = 0.05


class Jobs:
    """The jobs, by what has become of them.

    Args:
        lease_s: how long a worker may keep one, seconds.
        waiting: how many there are to begin with.
    """

    def __init__(self, lease_s: float, waiting: int = 0) -> None:
        self._lease_s, self._made = lease_s, 0
        self._waiting: deque[int] = deque()
        self._leases: dict[int, float] = {}
        self.done = self.requeued = self.denied = 0
        self.add(waiting)

    def add(self, number: int) -> None:
        """Let so many new jobs come in."""
        self._waiting.extend(range(self._made + 1, self._made + number + 1))
        self._made += number

    def take(self, now_s: float) -> int | None:
        """Lease the oldest job, None if there is none."""
        if not self._waiting:
            return None
        job = self._waiting.popleft()
        self._leases[job] = now_s + self._lease_s
        return job

    def finish(self, job: int) -> bool:
        """Take note that a job is done, and return whether its lease still held."""
        held = self._leases.pop(job, None) is not None
        self.done += held
        return held

    def requeue(self, job: int) -> bool:
        """Put a job back to the head of the queue, and return whether its lease still held."""
        held = self._leases.pop(job, None) is not None
        if held:
            self._waiting.appendleft(job)
            self.requeued += 1
        return held

    def overdue(self, now_s: float) -> list[int]:
        """Return the jobs whose lease has run out, the newest first."""
        return [job for job, until_s in reversed(self._leases.items()) if until_s <= now_s]

    @property
    def stats(self) -> dict[str, int]:
        """How many jobs stand where."""
        return {
            "backlog": len(self._waiting), "taken": len(self._leases), "done": self.done,
            "requeued": self.requeued, "denied": self.denied,
        }  # fmt: skip


class Broker:
    """The jobs, who may have them, and whether anybody gets an answer just now."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.jobs = Jobs(options.lease, options.backlog)
        self.options, self.born_s = options, time.monotonic()
        self.arrived, self.down, self.rotated = 0, False, False

    def tick(self) -> None:
        """Do what is due by now."""
        now = time.monotonic()
        age = now - self.born_s
        due = int(age * self.options.arrive_per_s)
        self.jobs.add(due - self.arrived)
        self.arrived = due
        for job in self.jobs.overdue(now):
            self.jobs.requeue(job)
            log(f"the worker that took job {job} is lost: the job is back in the queue")
        down_from, rotate_after = self.options.down_from, self.options.rotate_after
        self._go_down(down_from is not None and 0 <= age - down_from < self.options.down_for)
        self.rotated = rotate_after is not None and age >= rotate_after

    def _go_down(self, down: bool) -> None:
        if down != self.down:
            self.down = down
            log("down: workers are answered 503" if down else "up again")
            say("not-ready" if down else "ready")

    def stats(self, _: Answer) -> Reply:
        """Answer how many jobs stand where."""
        return 200, self.jobs.stats

    def livez(self, _: Answer) -> Reply:
        """Answer: it is alive, that is all."""
        return 200, {"alive": True}

    def readyz(self, _: Answer) -> Reply:
        """Answer whether it serves workers."""
        return (503 if self.down else 200), {"ready": not self.down}

    def add(self, request: Answer) -> Reply:
        """Take in new jobs."""
        self.jobs.add(int(request.number("n", 1)))
        return 200, self.jobs.stats

    def take(self, _: Answer) -> Reply:
        """Give a job away."""
        job = self.jobs.take(time.monotonic())
        return (204, {}) if job is None else (200, {"job": job})

    def finish(self, request: Answer) -> Reply:
        """Hear that a job is done."""
        held = self.jobs.finish(int(request.number("job", 0)))
        return (200 if held else 410), {"held": held}

    def take_back(self, request: Answer) -> Reply:
        """Hear that a job will not be done by who has it."""
        held = self.jobs.requeue(int(request.number("job", 0)))
        return (200 if held else 410), {"held": held}

    def guarded(self, act: Callable[[Answer], Reply]) -> Callable[[Answer], Reply]:
        """Return `act` for those who may, while the broker is up."""

        def guard(request: Answer) -> Reply:
            if self.down:
                return 503, {"error": "the broker is down"}
            if self.rotated or request.request.headers.get("Authorization") != f"Bearer {self.options.credentials}":
                self.jobs.denied += 1
                return 401, {"error": "these credentials are not accepted"}
            return act(request)

        return guard


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="broker",
        description="Keep jobs for workers: POST /jobs?n=5, /take, /done?job=7, /return?job=7; GET /stats, /livez,"
        " /readyz.",
    )
    add = parser.add_argument
    add("--port", type=port, default=0, metavar="N", help="on 127.0.0.1; 0 takes any that is free [0]")
    add("--credentials", default=CREDENTIALS, metavar="WORD", help="what a worker must show [%(default)s]")
    add("--backlog", type=int, default=0, metavar="N", help="jobs to begin with [0]")
    add("--arrive-per-s", type=span, default=0, metavar="N", help="jobs that come in by themselves [0]")
    add("--lease", type=span, default=2, metavar="S", help="how long a worker may keep a job [%(default)s]")
    faults = parser.add_argument_group("faults").add_argument
    faults("--down-from", type=span, metavar="S", help="answer workers 503 from this age on")
    faults("--down-for", type=span, default=1e6, metavar="S", help="for so long; for ever if left out")
    faults("--rotate-after", type=span, metavar="S", help="have new credentials from then on, and tell nobody")
    return parser


async def serve(options: argparse.Namespace) -> None:
    """Serve until asked to stop; the queue is in memory, so there is nothing to bring home."""
    broker, stop = Broker(options), Stop()
    paths = {
        "GET /livez": broker.livez, "GET /readyz": broker.readyz, "GET /stats": broker.stats, "POST /jobs": broker.add,
        "POST /take": broker.guarded(broker.take), "POST /done": broker.guarded(broker.finish),
        "POST /return": broker.guarded(broker.take_back),
    }  # fmt: skip
    listen(options.port, paths)
    say("ready")
    while not stop:
        broker.tick()
        await asyncio.sleep(_TICK_S)


def main() -> None:
    """Serve as the command line says."""
    asyncio.run(serve(_parser().parse_args()))


if __name__ == "__main__":
    main()
