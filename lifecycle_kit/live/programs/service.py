"""What the API service, the worker and the broker share: notices, faults, and a graceful end.

Its one rule: a fault switch makes the program really ill; nothing is acted.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

__all__ = ["Answer", "Stop", "add_faults", "fall_ill", "listen", "log", "say"]

PORT_IN_USE = 78  # EX_CONFIG of sysexits(3): another try will find the same
FOREVER_S = 1e6
_TURN_S = 0.05


def say(word: str, **more: object) -> None:
    """Tell the supervisor how we are."""
    print(json.dumps({"lifecycle": word, **more}), flush=True)


def log(text: str) -> None:
    """Write a line for people."""
    print(text, flush=True)


class Answer(RequestHandler):
    """A handler that answers in JSON.

    Attributes:
        gone: whether the client has hung up meanwhile.
    """

    gone = False

    def initialize(self, act: Callable[[Answer], Any]) -> None:
        """Take the function that answers."""
        self.act = act

    def on_connection_close(self) -> None:
        """Note that nobody waits for the answer any more."""
        self.gone = True

    async def get(self) -> None:
        """Answer GET."""
        await self._answer()

    async def post(self) -> None:
        """Answer POST."""
        await self._answer()

    async def _answer(self) -> None:
        answer = self.act(self)
        status, body = await answer if asyncio.iscoroutine(answer) else answer
        self.set_status(status)
        if status != 204:
            self.finish(json.dumps(body) + "\n")

    def number(self, name: str, otherwise: float) -> float:
        """Return a number from the query; anything else there is answered with 400."""
        word = self.get_query_argument(name, str(otherwise))
        if not word.replace(".", "", 1).isdecimal():
            raise HTTPError(400, reason=f"{name} must be a number that is not negative")
        return float(word)


def listen(port: int, paths: dict[str, Callable[[Answer], Any]]) -> int:
    """Serve `paths` on 127.0.0.1 and return the port; 0 takes any free one."""
    routes = [(path, Answer, {"act": act}) for path, act in paths.items()]
    try:
        sockets = bind_sockets(port, "127.0.0.1")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        log(f"port {port} on 127.0.0.1 is in use: choose another, or 0 for any free one")
        sys.exit(PORT_IN_USE)
    HTTPServer(Application(routes, log_function=lambda _: None)).add_sockets(sockets)
    chosen: int = sockets[0].getsockname()[1]
    say("listening", port=chosen)
    return chosen


class Stop:
    """The wish that this program should end; true once SIGTERM or SIGINT has come."""

    def __init__(self, *, deaf: bool) -> None:
        self._asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            if deaf:
                signal.signal(number, signal.SIG_IGN)
            else:
                loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self._asked.is_set():
            log("asked twice: leaving at once")
            os._exit(1)
        say("stopping")
        self._asked.set()

    def __bool__(self) -> bool:
        return self._asked.is_set()

    async def wait(self) -> None:
        """Return once it has come."""
        await self._asked.wait()


def add_faults(parser: argparse.ArgumentParser) -> None:
    """Add the switches that every program has."""
    faults = parser.add_argument_group("faults")
    add = faults.add_argument
    add("--start-s", type=float, default=0.0, metavar="S", help="slow start: seconds until ready")
    add("--deaf", action="store_true", help="ignore SIGTERM and SIGINT")
    add("--hang-after-s", type=float, metavar="S", help="stop answering, but go on existing")
    add("--crash-after-s", type=float, metavar="S", help="end without a word")
    add("--crash-exit", type=int, default=1, metavar="CODE", help="with this exit code [1]")
    add("--leak-mb-per-s", type=float, default=0.0, metavar="MB", help="take memory, keep it")
    add("--flood-per-s", type=float, default=0.0, metavar="LINES", help="write so many log lines")


def fall_ill(options: argparse.Namespace) -> None:
    """Begin the faults that the options ask for."""
    loop = asyncio.get_running_loop()
    if options.hang_after_s is not None:
        # The loop itself stands still: no answers, no signal handlers, no notices.
        loop.call_later(options.hang_after_s, time.sleep, FOREVER_S)
    if options.crash_after_s is not None:
        loop.call_later(options.crash_after_s, os._exit, options.crash_exit)
    if options.leak_mb_per_s or options.flood_per_s:
        _keep(asyncio.create_task(_get_worse(options.leak_mb_per_s, options.flood_per_s)))


async def _get_worse(mb_per_s: float, lines_per_s: float) -> None:
    hoard, written = [], 0.0
    for turn in range(int(FOREVER_S)):
        await asyncio.sleep(_TURN_S)
        hoard.append(bytearray(round(mb_per_s * _TURN_S * 2**20)))
        while written < lines_per_s * _TURN_S * (turn + 1):
            written += 1
            print(f"debug: nothing has happened for the {written:.0f}th time")
        sys.stdout.flush()


_kept: list[asyncio.Task[None]] = []
_keep = _kept.append  # a loop holds its tasks only weakly
