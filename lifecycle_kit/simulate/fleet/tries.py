"""A request of a client, and one try of it at one instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Request", "Try"]


@dataclass(slots=True, eq=False)
class Request:
    """One request: when it came, to whom it went, how it ended ("" while in flight).

    Attributes:
        at_ns, takes_ns: arrival, and the work that it makes.
        instance: that had it last.
        outcome, ended_ns: of the last try.
        tries: how often it was sent.
        number: place among the requests of its fleet.
        heard: called when a try has ended.
    """

    at_ns: int
    takes_ns: int
    instance: str = ""
    outcome: str = ""
    ended_ns: int = 0
    tries: int = 0
    number: int = 0
    heard: Callable[[Request], None] | None = None

    def end(self, outcome: str, at_ns: int) -> None:
        """End this try, and tell the client."""
        self.outcome, self.ended_ns = outcome, at_ns
        if self.heard is not None:
            self.heard(self)


class Try:
    """One try of a request, for as long as an instance has to do with it."""

    __slots__ = ("deadline_ns", "request")

    def __init__(self, request: Request, deadline_ns: int) -> None:
        self.request, self.deadline_ns = request, deadline_ns
