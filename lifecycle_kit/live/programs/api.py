"""The API service: takes requests for work, and says whether it is alive and whether it is ready.

    GET /livez         200 as long as the process can answer at all
    GET /readyz        200 if it can do work now; else 503, and why not
    GET /work?ms=50    does work for so long; 503 if it is not ready, 500 if it is half-started
    GET /metrics       what became of all requests

At SIGTERM it takes no more work, finishes what is in flight, at the longest until its drain deadline, and exits 0.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal

from lifecycle_kit.live.programs.common import log, port, say, span
from lifecycle_kit.live.programs.faults import add_faults, take_their_course
from lifecycle_kit.live.programs.service import Answer, Reply, Stop, listen

__all__ = ["Api", "main"]

_LOOK_S = 0.01


class Api:
    """What the service knows of itself."""

    def __init__(self) -> None:
        self.started = self.routes_loaded = self.pool_open = self.draining = False
        self.in_flight = 0
        self.counts = {"done": 0, "failed": 0, "refused": 0}

    @property
    def troubles(self) -> list[str]:
        """Why it can do no work now; empty if it can."""
        troubles = {
            "it is draining": self.draining,
            "the routing table is not loaded": not self.routes_loaded,
            "the connection pool cannot open": not self.pool_open,
        }
        return [trouble for trouble, holds in troubles.items() if holds]

    def livez(self, _: Answer) -> Reply:
        """Answer: it is alive, that is all."""
        return 200, {"alive": True}

    def readyz(self, _: Answer) -> Reply:
        """Answer whether it can do work."""
        return (503 if self.troubles else 200), {"ready": not self.troubles, "because": self.troubles}

    def metrics(self, _: Answer) -> Reply:
        """Answer what became of all requests so far."""
        return 200, {"in_flight": self.in_flight, **self.counts}

    async def work(self, request: Answer) -> Reply:
        """Do a piece of work, or say at once that it cannot be done."""
        takes_ms = request.number("ms", 50)
        if self.draining:
            self.counts["refused"] += 1
            request.set_header("Connection", "close")
            return 503, {"refused": "draining: go elsewhere"}
        if self.troubles:
            self.counts["failed"] += 1
            if self.started:  # it believes that it can work, and finds out at each request
                log(f"error: GET /work: {self.troubles[0]}")
            return (500 if self.started else 503), {"failed": self.troubles[0]}
        self.in_flight += 1
        try:
            await asyncio.sleep(takes_ms / 1000)
        finally:
            self.in_flight -= 1
        self.counts["done"] += 1
        return 200, {"done": self.counts["done"]}

    async def start(self, options: argparse.Namespace) -> None:
        """Load what is needed for work, as far as the faults allow."""
        await asyncio.sleep(options.slow_start)
        self.started = True
        self.routes_loaded = self.pool_open = not options.half_started
        if self.troubles:
            log(f"started, although {' and '.join(self.troubles)}")
            return
        say("ready")
        if options.lose_pool_after is not None:
            await asyncio.sleep(options.lose_pool_after)
            self._have_pool(False)
            await asyncio.sleep(options.lose_pool_for)
            self._have_pool(True)

    def _have_pool(self, have: bool) -> None:
        self.pool_open = have
        log("database: connected again" if have else "error: database: connection reset")
        say("unblocked") if have else say("blocked", on="database")

    async def drain(self, deadline_s: float) -> None:
        """Take no more work, and finish what is in flight."""
        self.draining = True
        deadline = asyncio.get_running_loop().time() + deadline_s
        while self.in_flight and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_S)
        if not self.in_flight:
            say("drained")
        log(f"leaving: {self.counts['done']} done, {self.counts['refused']} refused, {self.in_flight} cut")


async def serve(options: argparse.Namespace) -> None:
    """Serve until asked to stop."""
    if options.no_drain:  # a stop signal does what it does to any program that has not prepared for it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    stop = None if options.no_drain else Stop(deaf=options.deaf)
    api = Api()
    paths = {"GET /livez": api.livez, "GET /readyz": api.readyz, "GET /metrics": api.metrics, "GET /work": api.work}
    server = listen(options.port, paths)
    tasks = [asyncio.create_task(api.start(options)), asyncio.create_task(take_their_course(options))]
    await (asyncio.Event().wait() if stop is None else stop.wait())
    tasks[0].cancel()
    await api.drain(options.drain_s)
    await asyncio.sleep(_LOOK_S)  # whoever has come meanwhile is still told to go elsewhere
    server.stop()
    await asyncio.sleep(_LOOK_S)
    # What is cut is cut: a loop that is taken down step by step would still answer, with a 500.
    os._exit(0)


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(
        prog="api",
        description="Serve /livez, /readyz, /metrics and /work?ms=50. SIGTERM: take no more work, finish what is in"
        " flight, leave with 0; a second one: leave at once.",
    )
    parser.add_argument("--port", type=port, default=0, metavar="N", help="on 127.0.0.1; 0 takes any that is free [0]")
    parser.add_argument("--drain-s", type=span, default=5, metavar="S", help="longest drain, seconds [%(default)s]")
    add_faults(parser)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
