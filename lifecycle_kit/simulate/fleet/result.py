"""What came of a run: the log, every request and every job in columns, the routes, the updates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.trace import Trace

__all__ = ["JOB_ENDS", "OUTCOMES", "FleetResult", "Jobs", "Request", "Requests", "WorldResult"]

# in-flight: not ended by the end of the run. served: answered well. error: answered badly by a process that cannot
# work. refused: nobody listens there, the client knows at once. cut: lost with the process. timeout: no answer.
# no-route: the balancer knows of no instance.
OUTCOMES = ("in-flight", "served", "error", "refused", "cut", "timeout", "no-route")
JOB_ENDS = ("waiting", "done", "dead-lettered")


class Request(NamedTuple):
    """One request: when it came, to whom it went last, how it ended ("in-flight" if it did not), when, and tries."""

    at_ns: int
    instance: str
    outcome: str
    ended_ns: int
    tries: int


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in columns, in order of their arrival.

    Attributes:
        at_ns: arrival, int64.
        who: place in `names` of the instance that had it last, int32; -1: none.
        outcome: place in `OUTCOMES`, uint8.
        ended_ns: when it ended for good, int64; 0 while in flight.
        tries: how often it was sent, uint8.
        names: of the instances.
    """

    at_ns: npt.NDArray[np.int64]
    who: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.uint8]
    ended_ns: npt.NDArray[np.int64]
    tries: npt.NDArray[np.uint8]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.at_ns)

    def __iter__(self) -> Iterator[Request]:
        columns = (self.at_ns, self.who, self.outcome, self.ended_ns, self.tries)
        for at, who, outcome, ended, tries in zip(*(column.tolist() for column in columns), strict=True):
            yield Request(at, self.names[who] if who >= 0 else "", OUTCOMES[outcome], ended, tries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Requests) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """Jobs of a queue in columns, in order of their arrival.

    Attributes:
        at_ns: arrival, int64.
        ended_ns: when done or dead-lettered, int64; 0 while waiting.
        end: place in `JOB_ENDS`, uint8.
        deliveries: how often it was given to a worker, int32.
        completions: how often it was done, uint8: more than once is work done twice.
    """

    at_ns: npt.NDArray[np.int64]
    ended_ns: npt.NDArray[np.int64]
    end: npt.NDArray[np.uint8]
    deliveries: npt.NDArray[np.int32]
    completions: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.at_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetResult:
    """What came of one fleet.

    Attributes:
        name: of the fleet.
        log: moves of its instances.
        requests: all of them, in columns.
        routes: `(at_ns, names)` after each change of what the balancer believes.
        until_ns: end of the run.
        update_done_s: when a rolling update was complete, None if it was not.
        update_stuck_s: when it was called stuck (progressDeadlineSeconds), None if it was not.
        placed: `(at_ns, instance, node)` in order; empty without nodes.
        sent_ns: when each request was sent, retries too, int64 in order; None: all were sent once, on arrival.
        trace: moves, alerts, and with the step engine the events too.
        engine: "step" or "quick".
    """

    name: str
    log: Log
    requests: Requests
    routes: Sequence[tuple[int, tuple[str, ...]]]
    until_ns: int
    trace: Trace
    update_done_s: float | None = None
    update_stuck_s: float | None = None
    placed: Sequence[tuple[int, str, str]] = ()
    sent_ns: npt.NDArray[np.int64] | None = None
    engine: str = "step"

    @property
    def outcomes(self) -> dict[str, int]:
        """How many requests ended in which way, in order of the first of each; "in-flight" were cut off by the end."""
        column = self.requests.outcome
        numbers = np.bincount(column, minlength=len(OUTCOMES)).tolist()
        found = [(int(np.argmax(column == place)), place) for place, number in enumerate(numbers) if number]
        return {OUTCOMES[place]: numbers[place] for _, place in sorted(found)}

    @property
    def failed(self) -> int:
        """How many requests ended badly."""
        return int(np.count_nonzero(self.requests.outcome > OUTCOMES.index("served")))

    def __str__(self) -> str:
        """Return the outcomes and the end of the update in a line."""
        ends = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items()) or "no requests"
        if self.update_done_s is None:
            return ends
        return f"{ends}; update done at {self.update_done_s:g} s"

    def per_second(self, outcome: str) -> list[int]:
        """Return how many requests that arrived in each second ended in this way."""
        chosen = self.requests.at_ns[self.requests.outcome == OUTCOMES.index(outcome)] // 1_000_000_000
        bins = math.ceil(self.until_ns / 1e9)
        counts: list[int] = np.bincount(chosen, minlength=bins)[:bins].tolist()
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldResult:
    """What came of a world.

    Attributes:
        fleets: by name.
        jobs: of each queue, by name.
        downs: `(from_ns, until_ns)` when each dependency was down, by name.
        trace: of all instances, with events, so that it can be replayed.
        until_ns: end of the run.
        first_fault_ns: when the first fault of the world happened, None without one.
    """

    fleets: Mapping[str, FleetResult]
    trace: Trace
    until_ns: int
    jobs: Mapping[str, Jobs] = field(default_factory=lambda: MappingProxyType({}))
    downs: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=lambda: MappingProxyType({}))
    first_fault_ns: int | None = None
