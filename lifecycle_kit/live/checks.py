"""How one probe is really made: by HTTP, by a command, or by calling a function.

Its one rule: a check tells what it saw of the target - success or failure - and an error only when
it could not be carried out, because an error says nothing about the target.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from lifecycle_kit.live.errors import SpawnFailed
from lifecycle_kit.live.nursery import Nursery
from lifecycle_kit.probes import Outcome

__all__ = ["Call", "Check", "Exec", "HttpGet", "Target", "look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The life that is being probed.

    Attributes:
        life: its number, from 1.
        pid: its process.
        port: where it listens, None until it has said so.
        nursery: where a check may start a process.
    """

    life: int
    pid: int
    port: int | None
    nursery: Nursery


class Check(Protocol):
    """What looks at a target once; cancelled when its time is up."""

    async def __call__(self, target: Target) -> Outcome:
        """Return what was seen; any exception counts as an error of the check itself."""
        ...


async def look(check: Check, target: Target, timeout_s: float) -> Outcome:
    """Return what `check` sees of `target` within `timeout_s` seconds; later is a failure."""
    try:
        async with asyncio.timeout(timeout_s):
            return await check(target)
    except TimeoutError:
        return Outcome.FAILURE
    except Exception:  # noqa: BLE001 - whatever a learner's check raises, the supervisor goes on
        return Outcome.ERROR


@dataclass(frozen=True, slots=True)
class HttpGet:
    """Ask `path` on 127.0.0.1; a status from 200 to 399 is a success, no answer a failure.

    Source: Kubernetes pkg/probe/http/http.go.

    Attributes:
        path: such as "/readyz".
        port: None asks the port that the program has announced; before that it is a failure.
    """

    path: str
    port: int | None = None

    async def __call__(self, target: Target) -> Outcome:
        """Return whether the target answers well."""
        port = self.port or target.port
        if port is None:
            return Outcome.FAILURE
        client = SimpleAsyncHTTPClient(force_instance=True)
        try:
            # Redirects count as they come; the time limit is `look`'s.
            answer = await client.fetch(
                f"http://127.0.0.1:{port}{self.path}",
                raise_error=False,
                follow_redirects=False,
                connect_timeout=0,
                request_timeout=0,
            )
        except (OSError, HTTPClientError):
            return Outcome.FAILURE
        finally:
            client.close()
        return _outcome(200 <= answer.code < 400)


@dataclass(frozen=True, slots=True)
class Exec:
    """Run a command; exit 0 is a success, a command that cannot be started an error.

    Source: Kubernetes pkg/probe/exec/exec.go.
    """

    argv: Sequence[str]

    async def __call__(self, target: Target) -> Outcome:
        """Return whether the command says yes; it does not outlive the check."""
        try:
            asked = target.nursery.spawn(self.argv)
        except SpawnFailed:
            return Outcome.ERROR
        try:
            return _outcome((await asked.wait()).code == 0)
        finally:
            asked.child.signal("SIGKILL")


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function of the target's pid, plain or async; a true answer is a success."""

    function: Callable[[int], object | Awaitable[object]]

    async def __call__(self, target: Target) -> Outcome:
        """Return whether the function's answer is true."""
        answer = self.function(target.pid)
        return _outcome(await answer if inspect.isawaitable(answer) else answer)


def _outcome(good: object) -> Outcome:
    return Outcome.SUCCESS if good else Outcome.FAILURE
