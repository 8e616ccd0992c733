"""The queue broker: keeps jobs until somebody who may takes them, and takes them back from those it has lost.

    POST /jobs?n=5      add jobs
    POST /take          200 and a job; 204 if there is none; 401 without the right credentials
    POST /done?job=7    200; 410 if its lease had run out, so that somebody else may be doing it
    GET  /stats         backlog, taken, done, requeued, denied
    GET  /livez /readyz

Its one rule: a job that is taken is leased. A worker that has not said "done" when the lease runs out is taken for
lost, and the job goes back to the head of the queue: each job is done at least once.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from collections import deque
from typing import Any

from tornado.web import Application, RequestHandler

from lifecycle_kit.live.programs.common import CREDENTIALS, listen, log, port, span, tell

__all__ = ["Jobs", "main"]

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

    def requeue(self, now_s: float) -> list[int]:
        """Put back the jobs whose lease has run out, and return them."""
        lost = [job for job, until_s in self._leases.items() if until_s <= now_s]
        for job in reversed(lost):
            del self._leases[job]
            self._waiting.appendleft(job)
        self.requeued += len(lost)
        return lost

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
        self.arrived, self.down = 0, False

    def tick(self) -> None:
        """Do what is due by now."""
        now = time.monotonic()
        age = now - self.born_s
        due = int(age * self.options.arrive_per_s)
        self.jobs.add(due - self.arrived)
        self.arrived = due
        for job in self.jobs.requeue(now):
            log(f"broker: the worker that took job {job} is lost: the job is back in the queue")
        self._go_down(self.options.down_from is not None and 0 <= age - self.options.down_from < self.options.down_for)

    def _go_down(self, down: bool) -> None:
        if down != self.down:
            self.down = down
            log("broker: down: every request is answered 503" if down else "broker: up again")
            tell("not-ready" if down else "ready")


class Handler(RequestHandler):
    """Every request there is."""

    def initialize(self, broker: Broker) -> None:
        """Take the broker that the application was given."""
        self.broker = broker

    def prepare(self) -> None:
        """Let nobody in while the broker is down, or with wrong credentials."""
        if self.broker.down and self.request.path != "/livez":
            self.answer(503, error="the broker is down")
        elif self.request.path in ("/take", "/done") and not self._may():
            self.broker.jobs.denied += 1
            self.answer(401, error="these credentials are not accepted")

    def _may(self) -> bool:
        return self.request.headers.get("Authorization") == f"Bearer {self.broker.options.credentials}"

    def get(self, what: str) -> None:
        """Answer a look."""
        if what in ("livez", "readyz"):
            self.answer(200, ok=True)
        elif what == "stats":
            self.answer(200, **self.broker.jobs.stats)
        else:
            self.answer(405, error=f"POST to /{what}, do not GET it")

    def post(self, what: str) -> None:
        """Do what is asked."""
        if what == "jobs":
            self.broker.jobs.add(self.number("n", 1))
            self.answer(200, **self.broker.jobs.stats)
        elif what == "take":
            job = self.broker.jobs.take(time.monotonic())
            self.set_status(204) if job is None else self.answer(200, job=job)
        elif what == "done":
            held = self.broker.jobs.finish(self.number("job", 0))
            self.answer(200 if held else 410, held=held)
        else:
            self.answer(405, error=f"GET /{what}, do not POST to it")

    def number(self, name: str, default: int) -> int:
        """Return a number from the query, the default if it is none."""
        text = self.get_query_argument(name, "")
        return int(text) if text.isdecimal() else default

    def answer(self, status: int, **content: Any) -> None:
        """Answer with a status and a JSON object."""
        self.set_status(status)
        self.finish(content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lifecycle_kit.live.programs.broker",
        description="Keep jobs for workers: POST /jobs?n=5, /take and /done?job=7; GET /stats, /livez and /readyz.",
    )
    parser.add_argument("--port", type=port, default=0, metavar="N", help="of 127.0.0.1; 0 takes any free one")
    parser.add_argument("--credentials", default=CREDENTIALS, metavar="WORD", help="what a worker must show")
    parser.add_argument("--backlog", type=int, default=0, metavar="N", help="jobs to begin with [%(default)s]")
    parser.add_argument("--arrive-per-s", type=span, default=0, metavar="N", help="jobs that come in by themselves")
    parser.add_argument("--lease", type=span, default=2, metavar="S", help="how long a worker may keep a job [%(default)s]")
    faults = parser.add_argument_group("faults")
    faults.add_argument("--down-from", type=span, metavar="S", help="answer 503 to everything from this age on")
    faults.add_argument("--down-for", type=span, default=float("inf"), metavar="S", help="for so long; for ever if left out")
    return parser


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM comes; the queue is in memory, so there is nothing to bring home."""
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    broker = Broker(options)
    listen("broker", Application([(r"/(\w+)", Handler, {"broker": broker})], log_function=lambda _: None), options.port)
    tell("ready")
    while not leaving.is_set():
        broker.tick()
        await asyncio.sleep(_TICK_S)
    tell("stopping")


def main() -> None:
    """Serve as the command line says."""
    asyncio.run(serve(_parser().parse_args()))


if __name__ == "__main__":
    main()
