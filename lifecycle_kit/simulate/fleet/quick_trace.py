"""A trace that is made when somebody asks for it, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifecycle_kit.simulate.fleet.quick_book import Book
from lifecycle_kit.trace import Entry, Trace, Transition

__all__ = ["BookTrace"]


class BookTrace(Trace):
    """The moves of a run as a trace; it has no events, so it cannot be replayed."""

    __slots__ = ("_book", "_made", "_names")

    def __init__(
        self, book: Book, names: Sequence[str], header: dict[str, Any], alerts: list[tuple[int, str, str, str]]
    ) -> None:
        self.header, self.alerts = header, alerts
        self._book, self._names = book, names
        self._made: list[Entry | Transition] | None = None

    @property
    def entries(self) -> list[Entry | Transition]:  # type: ignore[override]
        """All moves, in the order in which they happened."""
        if self._made is None:
            self._made = list(self._book.log(self._names, as_it_happened=True))
        return self._made
