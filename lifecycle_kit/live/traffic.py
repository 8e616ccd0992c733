"""Clients of the real services: requests over loopback, and what became of each of them.

Its one rule: every request ends in exactly one of the simulator's outcomes (`simulate.server.OUTCOMES`), by what its
client saw: an answer, a refusal, or a connection that broke without either.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient

__all__ = ["Client"]

_TIMEOUT_S = 20.0
_MOST_AT_ONCE = 1000


class Client:
    """Somebody who asks services on 127.0.0.1, any number of times at once, inside a `with` block."""

    def __init__(self) -> None:
        self._http = SimpleAsyncHTTPClient(force_instance=True, max_clients=_MOST_AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    async def look(self, port: int | None, path: str) -> dict[str, Any]:
        """Return the JSON object that is at `path`.

        Raises:
            OSError, HTTPClientError: if there is none.
        """
        answer = await self._http.fetch(f"http://127.0.0.1:{port}{path}")
        return dict(json.loads(answer.body))

    async def ask(self, port: int | None, path: str) -> str:
        """Return what becomes of one request: "served", "error", "refused", "cut", "timeout" or "no-route"."""
        if port is None:
            return "no-route"
        try:
            answer = await self._http.fetch(
                f"http://127.0.0.1:{port}{path}",
                raise_error=False,
                connect_timeout=_TIMEOUT_S,
                request_timeout=_TIMEOUT_S,
            )
        except ConnectionRefusedError:
            return "refused"
        except HTTPTimeoutError:
            return "timeout"
        except (OSError, HTTPClientError):  # it had been connected
            return "cut"
        return {200: "served", 503: "refused"}.get(answer.code, "error")

    async def ask_in_turn(self, ports: Iterable[int], path: str, at_once: int = 3) -> Counter[str]:
        """Return how many requests came to which end, one to each of `ports`, a few of them at once."""
        waiting, ends = iter(ports), Counter[str]()

        async def go_on() -> None:
            for port in waiting:
                ends[await self.ask(port, path)] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(go_on())
        return ends

    async def ask_steadily(
        self, port: int, path: str, *, per_s: float, requests: int, before: Callable[[int], Awaitable[None]]
    ) -> Counter[str]:
        """Return how many requests came to which end, sent at an even pace whatever becomes of those before.

        Args:
            port: where.
            path: what for.
            per_s: how many a second.
            requests: how many.
            before: awaited with the number of each, from 0, before it is sent.
        """
        async with asyncio.TaskGroup() as group:
            sent = []
            for number in range(requests):
                await before(number)
                sent.append(group.create_task(self.ask(port, path)))
                await asyncio.sleep(1 / per_s)
        return Counter(task.result() for task in sent)
