"""A supervisor with an audience: what the programs write is kept, and told with the numbers of their processes.

Its one rule: the audience only listens. Whatever a listener does, the programs are supervised, and gone at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from lifecycle_kit.live.program import Program
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.states import HAS_PROCESS, RequestRefused
from lifecycle_kit.trace import Transition

__all__ = ["LineHeard", "Moved", "Stage"]

LineHeard = Callable[[str, str], None]
Moved = Callable[[Transition], None]


class Stage:
    """Programs under supervision, as long as the `async with` block lasts.

    Args:
        programs: by name, in start order.
        seed: of every draw.
        header: of the trace.
        on_transition: called with each transition.
        on_line: called with a name and a log line, or "is process 4711" when a process begins.

    Attributes:
        supervisor: whose programs they are.
        log: each line as "name: line".
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        *,
        seed: int = 0,
        header: Mapping[str, Any] | None = None,
        on_transition: Moved | None = None,
        on_line: LineHeard | None = None,
    ) -> None:
        self._tell = on_line
        self._pids: dict[str, int | None] = dict.fromkeys(programs)
        self.log: list[str] = []
        self.supervisor = Supervisor(
            programs, seed=seed, header=header, on_transition=on_transition, on_line=self._heard
        )

    async def __aenter__(self) -> Self:
        await self.supervisor.__aenter__()
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looking.cancel()
        await self.supervisor.__aexit__(kind, error, trace)

    async def stop(self, name: str) -> None:
        """Ask one to stop as its plan says, and return when it has ended; nothing if it has no process."""
        with suppress(RequestRefused):
            await self.supervisor.ask(name, "stop")
        await self.supervisor.until(lambda supervisor: supervisor.state(name) not in HAS_PROCESS)

    def lines(self, name: str) -> int:
        """Return how many log lines one has written."""
        return sum(line.startswith(f"{name}: ") for line in self.log)

    def port(self, name: str) -> int | None:
        """Return where one listens, None if nowhere."""
        return self.supervisor.keeper(name).port

    def _heard(self, name: str, line: str) -> None:
        self.log.append(f"{name}: {line}")
        if self._tell is not None:
            self._tell(name, line)

    async def _look(self) -> None:
        """Look after each event whether a new process has begun; that ends with the stage."""
        await self.supervisor.until(lambda _: self._new_pids())

    def _new_pids(self) -> None:
        for name, last in self._pids.items():
            pid = self._pids[name] = self.supervisor.keeper(name).pid
            if pid not in (None, last) and self._tell is not None:
                self._tell(name, f"is process {pid}")
