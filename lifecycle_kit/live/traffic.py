"""Clients of the real services: requests over loopback, and what became of each of them.

Its one rule: every request ends in exactly one of the simulator's outcomes (`simulate.fleet.result.OUTCOMES`), by what
its client saw: an answer, a refusal, or a connection that broke without either.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["ask", "ask_in_turn", "ask_steadily", "look"]

T = TypeVar("T")

_TIMEOUT_S = 20.0


async def _get(port: int, path: str) -> tuple[int, bytes]:
    """Return status and body of the answer; status 0 if the connection ended without one.

    Plain streams: unlike a pooled client they leave nothing running when a story is interrupted.

    Raises:
        OSError: if there is no connection, or it breaks.
        TimeoutError: if it takes too long.
    """
    async with asyncio.timeout(_TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


async def look(port: int | None, path: str) -> dict[str, Any]:
    """Return the JSON object that is at `path`; an empty one if nobody answers."""
    with suppress(OSError):
        if port is not None:
            return dict(json.loads((await _get(port, path))[1] or "{}"))
    return {}


async def ask(port: int | None, path: str) -> str:
    """Return what becomes of one request: "served", "error", "refused", "cut", "timeout" or "no-route"."""
    if port is None:
        return "no-route"
    try:
        status, _ = await _get(port, path)
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except OSError:  # it had been connected
        return "cut"
    return {200: "served", 503: "refused", 0: "cut"}.get(status, "error")


async def ask_in_turn(ports: Iterable[int | None], path: str, at_once: int = 3) -> Counter[str]:
    """Return how many requests came to which end, one to each of `ports`, a few of them at once."""
    waiting, ends = iter(ports), Counter[str]()

    async def go_on() -> None:
        for port in waiting:
            ends[await ask(port, path)] += 1

    await _all([asyncio.create_task(go_on()) for _ in range(at_once)])
    return ends


async def ask_steadily(
    port: int | None, path: str, *, per_s: float, requests: int, before: Callable[[int], Awaitable[None]]
) -> Counter[str]:
    """Return how many requests came to which end, sent at an even pace whatever becomes of those before.

    Args:
        port: where.
        path: what for.
        per_s: how many a second.
        requests: how many.
        before: awaited with the number of each, from 0, before it is sent.
    """
    sent: list[asyncio.Task[str]] = []
    try:
        for number in range(requests):
            await before(number)
            sent.append(asyncio.create_task(ask(port, path)))
            await asyncio.sleep(1 / per_s)
    except BaseException:
        _cancel(sent)
        raise
    return Counter(await _all(sent))


async def _all(tasks: list[asyncio.Task[T]]) -> list[T]:
    """Return what all of them return; none of them outlives this."""
    try:
        return await asyncio.gather(*tasks)
    finally:
        _cancel(tasks)


def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
