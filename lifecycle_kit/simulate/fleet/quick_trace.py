"""A trace that is made from a log when somebody asks for it, and not before."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.trace import Entry, Trace, Transition

__all__ = ["LogTrace"]


class LogTrace(Trace):
    """The moves of a log as a trace; it has no events, so it cannot be replayed."""

    __slots__ = ("_log", "_made")

    def __init__(self, log: Log, header: dict[str, Any], alerts: list[tuple[int, str, str, str]]) -> None:
        self.header, self.alerts = header, alerts
        self._log = log
        self._made: list[Entry | Transition] | None = None

    @property
    def entries(self) -> list[Entry | Transition]:  # type: ignore[override]
        """All moves, in the order of the log."""
        if self._made is None:
            self._made = list(self._log)
        return self._made
