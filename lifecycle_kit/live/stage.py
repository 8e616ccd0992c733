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
from lifecycle_kit.states import HAS_PROCESS, RequestRefused, State
from lifecycle_kit.trace import Transition

__all__ = ["LineHeard", "Moved", "Stage"]

_EQUAL_LINES = 3

LineHeard = Callable[[str, str], None]
Moved = Callable[[Transition], None]


class Stage:
    """Programs under supervision, as long as the `async with` block lasts.

    Args:
        programs: by name, in start order.
        described: how each is supervised, for the header of the trace: `{name: {"like": ..., "options": {...}}}`.
        seed: of every draw.
        on_transition: called with each transition.
        on_line: called with a name and a log line; beside those, with "is process 4711" when a process begins, and
            "alert: ..." when somebody should be called. Of equal lines in a row it gets the first ones only.

    Attributes:
        supervisor: whose programs they are.
        log: each log line as "name: line".
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        described: Mapping[str, Any],
        *,
        seed: int = 0,
        on_transition: Moved | None = None,
        on_line: LineHeard | None = None,
    ) -> None:
        self._on_line = on_line
        self._pids: dict[str, int | None] = dict.fromkeys(programs)
        self._last, self._again, self._alerts = ("", ""), 0, 0
        self.log: list[str] = []
        header = {"instances": dict(described)}
        self.supervisor = Supervisor(
            programs, seed=seed, header=header, on_transition=on_transition, on_line=self._heard
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self.supervisor.__aenter__()
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looking.cancel()
        await self.supervisor.__aexit__(kind, error, trace)
        (end,) = await asyncio.gather(self._looking, return_exceptions=True)
        if error is None and isinstance(end, Exception):  # the audience's own
            raise end

    async def stop(self, *names: str) -> None:
        """Stop these one after the other, each as its plan says; those without a process are left as they are."""
        for name in names:
            if self.supervisor.state(name) in HAS_PROCESS - {State.DRAINING}:
                await self.ask_to_stop(name)
            await self.supervisor.until(lambda s, name=name: s.state(name) not in HAS_PROCESS)  # type: ignore[misc]

    async def ask_to_stop(self, name: str) -> None:
        """Ask one to stop, and return as soon as that is under way; one that has ended just now is left alone."""
        with suppress(RequestRefused):
            await self.supervisor.ask(name, "stop")

    def lines(self, name: str) -> int:
        """Return how many log lines one has written."""
        return sum(line.startswith(f"{name}: ") for line in self.log)

    def port(self, name: str) -> int | None:
        """Return where one listens, None if nowhere."""
        return self.supervisor.keeper(name).port

    def tell(self, name: str, line: str) -> None:
        """Tell the audience something that no program has written."""
        if self._on_line is None:
            return
        self._again = self._again + 1 if (name, line) == self._last else 0
        if self._again < _EQUAL_LINES:
            self._on_line(name, line)
        elif self._again == _EQUAL_LINES:
            self._on_line(name, "... and so on: further lines like this are kept, but not shown")
        self._last = name, line

    def _heard(self, name: str, line: str) -> None:
        self.log.append(f"{name}: {line}")
        self.tell(name, line)

    async def _look(self) -> None:
        """Look after each event for what no line tells; that ends with the stage."""
        await self.supervisor.until(self._news)

    def _news(self, _supervisor: Supervisor) -> None:
        for name, last in self._pids.items():
            pid = self._pids[name] = self.supervisor.keeper(name).pid
            if pid not in (None, last):
                self.tell(name, f"is process {pid}")
        alerts = self.supervisor.trace.alerts
        for _, name, kind, text in alerts[self._alerts :]:
            self.tell(name, f"alert: {kind}: {text}")
        self._alerts = len(alerts)
