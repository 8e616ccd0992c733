"""A trace that is made when somebody asks for it, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lifecycle_kit.trace import Entry, Trace, Transition

__all__ = ["LateTrace"]


class LateTrace(Trace):
    """The moves of a run as a trace; it has no events, so it cannot be replayed."""

    __slots__ = ("_made", "_make")

    def __init__(
        self, make: Callable[[], Iterable[Transition]], header: dict[str, Any], alerts: list[tuple[int, str, str, str]]
    ) -> None:
        self.header, self.alerts = header, alerts
        self._make = make
        self._made: list[Entry | Transition] | None = None

    @property
    def entries(self) -> list[Entry | Transition]:  # type: ignore[override]
        """All moves, in the order in which they happened."""
        if self._made is None:
            self._made = list(self._make())
        return self._made
