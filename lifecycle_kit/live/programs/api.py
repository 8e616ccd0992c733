"""The API service: takes requests for work, and says whether it is alive and whether it is ready.

    /livez      200 as long as the process can answer at all
    /readyz     200 if it can do work now; else 503 and why not
    /work?ms=50 does work for so long; 500 or 503 where it cannot, 503 while it drains
    /metrics    what became of all requests

At SIGTERM it takes no more work, finishes what is in flight, at the longest until its drain
deadline, and exits 0.
"""

from __future__ import annotations

import argparse
import asyncio
import os

from lifecycle_kit.live.programs.service import (
    Answer,
    Stop,
    add_faults,
    fall_ill,
    listen,
    log,
    say,
)

LOOK_S = 0.01
Reply = tuple[int, dict[str, object]]


class Api:
    """What the service knows of itself."""

    def __init__(self) -> None:
        self.routes_loaded = self.pool_open = self.draining = False
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
        return (503 if self.troubles else 200), {
            "ready": not self.troubles,
            "because": self.troubles,
        }

    def metrics(self, _: Answer) -> Reply:
        """Answer what became of all requests so far."""
        return 200, {"in_flight": self.in_flight, **self.counts}

    async def work(self, request: Answer) -> Reply:
        """Do a piece of work."""
        takes_ms = request.number("ms", 50)
        if self.draining:
            self.counts["refused"] += 1
            request.set_header("Connection", "close")
            return 503, {"refused": "draining: go elsewhere"}
        if self.troubles:
            self.counts["failed"] += 1
            return (503 if self.routes_loaded else 500), {"failed": self.troubles[0]}
        self.in_flight += 1
        try:
            await asyncio.sleep(takes_ms / 1000)
        finally:
            self.in_flight -= 1
        self.counts["done"] += 1
        return 200, {"done": self.counts["done"]}

    async def get_ready(self, options: argparse.Namespace) -> None:
        """Load what is needed for work, as far as the faults allow."""
        await asyncio.sleep(options.start_s)
        self.routes_loaded, self.pool_open = not options.no_routes, not options.no_pool
        if self.troubles:
            log(f"started, but {' and '.join(self.troubles)}")
            return
        say("ready")
        if options.lose_pool_after_s is not None:
            await asyncio.sleep(options.lose_pool_after_s)
            self.pool_open = False
            log("database: connection reset")
            say("blocked", on="database")
            await asyncio.sleep(options.lose_pool_for_s)
            self.pool_open = True
            say("unblocked")

    async def drain(self, deadline_s: float) -> None:
        """Take no more work, and finish what is in flight."""
        self.draining = True
        deadline = asyncio.get_running_loop().time() + deadline_s
        while self.in_flight and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(LOOK_S)
        if not self.in_flight:
            say("drained")
        log(f"drained: {self.counts['done']} done, {self.in_flight} cut")


async def serve(options: argparse.Namespace) -> None:
    """Serve until asked to stop."""
    api, stop = Api(), Stop(deaf=options.deaf)
    paths = {"/livez": api.livez, "/readyz": api.readyz, "/work": api.work, "/metrics": api.metrics}
    listen(options.port, paths)
    fall_ill(options)
    ready = asyncio.create_task(api.get_ready(options))
    await stop.wait()
    ready.cancel()
    await api.drain(options.drain_s)
    # What is cut is cut: a loop that is taken down step by step would still answer, with a 500.
    os._exit(0)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="api", description="An API service with faults.")
    add = parser.add_argument
    add("--port", type=int, default=0, help="on 127.0.0.1; 0 takes any free one [0]")
    add("--drain-s", type=float, default=5.0, metavar="S", help="longest drain [5]")
    add("--no-routes", action="store_true", help="never load the routing table")
    add("--no-pool", action="store_true", help="never open the connection pool")
    add("--lose-pool-after-s", type=float, metavar="S", help="lose the database once ready")
    add("--lose-pool-for-s", type=float, default=1e6, metavar="S", help="get it back after so long")
    add_faults(parser)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
