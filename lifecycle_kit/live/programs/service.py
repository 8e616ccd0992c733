"""What the API service and the broker share: requests, a port, and the wish that they should end.

Its one rule: whatever a person can set right is said in a sentence, never in a traceback.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from lifecycle_kit.live.programs.common import UNAVAILABLE, fail, log, say

__all__ = ["Answer", "Reply", "Stop", "listen"]

Reply = tuple[int, Mapping[str, object]]


class Answer(RequestHandler):
    """One request; its answer is a status and a JSON object."""

    def initialize(self, act: Callable[[Answer], Any], method: str) -> None:
        """Take the function that answers, and the method it answers to."""
        self.act, self.method = act, method

    async def get(self) -> None:
        """Answer GET."""
        await self._answer()

    async def post(self) -> None:
        """Answer POST."""
        await self._answer()

    async def _answer(self) -> None:
        if self.request.method != self.method:
            raise HTTPError(405, reason=f"use {self.method} for {self.request.path}")
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


def listen(port: int, paths: Mapping[str, Callable[[Answer], Any]]) -> HTTPServer:
    """Serve paths such as "GET /livez" on 127.0.0.1 and tell the port, or leave with a sentence."""
    routes = []
    for name, act in paths.items():
        method, path = name.split()
        routes.append((path, Answer, {"act": act, "method": method}))
    try:
        sockets = bind_sockets(port, "127.0.0.1")
    except OSError as error:
        fail(UNAVAILABLE, _why_not(port, error))
    server = HTTPServer(Application(routes, log_function=lambda _: None))
    server.add_sockets(sockets)
    say("listening", port=sockets[0].getsockname()[1])
    return server


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of 127.0.0.1 is in use. End the program that listens there (`lsof -i :{port}` names it),"
            " give another one with --port, or let --port 0 take any that is free"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has: give one above 1023, or --port 0 for any"
    return f"cannot listen on port {port} of 127.0.0.1: {error.strerror}"


class Stop:
    """The wish that this program should end; true once SIGTERM or SIGINT has come."""

    def __init__(self, *, deaf: bool = False) -> None:
        self._asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            if deaf:
                signal.signal(number, signal.SIG_IGN)
            else:
                asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self._asked.is_set():
            log("asked twice, leaving at once")
            os._exit(1)
        say("stopping")
        self._asked.set()

    def __bool__(self) -> bool:
        return self._asked.is_set()

    async def wait(self) -> None:
        """Return once it has come."""
        await self._asked.wait()
