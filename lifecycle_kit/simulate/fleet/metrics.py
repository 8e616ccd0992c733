"""Metrics: what a monitoring system would have read from a run, scrape by scrape, from the columns of its result.

Rule: one scrape every `every_s`, as monitoring does it. The scrape at `t` holds what was counted in
[t - every_s, t), and levels (instances, backlog) as they stand just before `t`; so nothing is shown before it
happened, levels are whole numbers, and a dip between two scrapes is not seen. What must be exact (the longest time
without a ready instance) is measured in the log, by `summary`. The last scrape, at the end of the run, holds that
instant too: counts add up to the totals of the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.log import STATES, Log
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, OUTCOMES, FleetResult, Jobs, Requests, WorldResult
from lifecycle_kit.simulate.fleet.world import Fleet, World
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.units import NS_PER_S, ns

__all__ = [
    "FAILURES",
    "READY",
    "Bins",
    "Costs",
    "Integers",
    "Metrics",
    "among",
    "cost_of",
    "fleets_of",
    "metrics",
    "moves_of",
    "owning",
]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Column = npt.NDArray[Any]  # whole numbers, or shares
Costs = World | Fleet | Mapping[str, Fleet] | None

READY = frozenset({State.READY, State.RUNNING})
FAILURES = OUTCOMES[2:]
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Metrics:
    """Columns over time, one value a scrape; `metrics["api"]["ready"]` is one of them.

    Attributes:
        times_s: instants of the scrapes, seconds.
        every_s: seconds between two of them; the last one may come earlier.
        columns: by fleet, queue or dependency, and by name.
        states: how many instances of a fleet stood in each state, by fleet and state; an instance counts from its
            first move on.
    """

    times_s: Floats
    every_s: float
    columns: Mapping[str, Mapping[str, Column]]
    states: Mapping[str, Mapping[State, Integers]]

    def __getitem__(self, name: str) -> Mapping[str, Column]:
        if name not in self.columns:
            raise KeyError(f"there are no metrics of {name!r}; there are some of {', '.join(self.columns)}")
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.times_s)

    def table(self, name: str | None = None) -> list[dict[str, float]]:
        """Return a row per scrape, with `time_s` and the columns of `name`; of the first fleet if None."""
        columns = self[next(iter(self.columns)) if name is None else name]
        plain = [self.times_s.tolist(), *(column.tolist() for column in columns.values())]
        return [dict(zip(("time_s", *columns), row, strict=True)) for row in zip(*plain, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """The time between two scrapes, over and over up to the end of the run."""

    every_ns: int
    until_ns: int

    @property
    def count(self) -> int:
        """How many there are; one at least."""
        return max(1, -(-self.until_ns // self.every_ns))

    @property
    def ends_ns(self) -> Integers:
        """Instants of the scrapes."""
        return np.minimum(np.arange(1, self.count + 1, dtype=np.int64) * self.every_ns, self.until_ns)

    def place(self, at_ns: Integers) -> Integers:
        """Return the bin of each instant; what comes after the end is in none, and must not be asked for."""
        return np.minimum(at_ns // self.every_ns, self.count - 1)

    def counts(self, at_ns: Integers) -> Integers:
        """Return how many of the instants are in each bin."""
        return np.bincount(self.place(at_ns), minlength=self.count)

    def by_kind(self, at_ns: Integers, kinds: npt.NDArray[np.uint8], many: int) -> Integers:
        """Return a row per kind, 0 to `many` - 1, of how many of the instants are in each bin."""
        flat = np.bincount(self.place(at_ns) * many + kinds, minlength=self.count * many)
        return flat.reshape(self.count, many).T

    def level(self, up_ns: Integers, down_ns: Integers) -> Integers:
        """Return how many are there at each scrape of what comes at `up_ns` and goes at `down_ns`."""
        level: Integers = np.cumsum(self.counts(up_ns) - self.counts(down_ns))
        return level

    def last(self, at_ns: Integers, values: Integers) -> Integers:
        """Return what the latest of `values` was at each scrape, 0 before the first; instants in order."""
        ends = self.ends_ns
        ends[-1] += 1  # the end of the run is part of the last bin
        places = np.searchsorted(at_ns, ends, side="left")
        return np.concatenate(([0], values))[places]


def metrics(result: WorldResult | FleetResult, every_s: float = 1.0, costs: Costs = None) -> Metrics:
    """Return what a monitoring system would have read from a run.

    Of a fleet, counted since the scrape before: `arrived` (requests), and how those that ended did so: `served`,
    `error`, `refused`, `cut`, `timeout`, `no_route`; `failed` is the sum of the last five, `failed_share` its share of
    what ended, not a number where nothing did. `sent`: requests that arrived, with all their retries. `restarts`:
    starts of a life after an instance's first one.

    Levels: `instances` (a process exists), `ready` (in `ready` or `running`), `routed` (the balancer believes in
    them), `in_flight` (requests that have come and not ended; one that waits for its retry is among them), `owners`
    (a process exists that has been ready in this life: two at a time are one too many for a singleton).

    `restarts_per_min`: restarts in the last 60 s. Since the beginning: `start_cpu_s` and `log_lines`, what all
    starts have cost.

    Of a queue: `arrived`, `done`, `dead_lettered` and `done_twice` (counted when first done) since the scrape before,
    and the level `backlog`: jobs that have come and are neither done nor dead-lettered. Of a dependency: `up`, 1 or 0.

    Args:
        result: of a run.
        every_s: between two scrapes, seconds.
        costs: the world or the fleets that were run, for what a start costs; without them 1 s of CPU and 20 lines.

    Raises:
        ValueError: if `every_s` is not greater than 0.
    """
    if not every_s > 0:
        raise ValueError(f"every_s must be greater than 0, got {every_s}")
    bins = Bins(every_ns=max(1, ns(every_s)), until_ns=result.until_ns)
    fleets = {result.name: result} if isinstance(result, FleetResult) else result.fleets
    described = fleets_of(costs, fleets)
    columns = {name: _fleet(fleet, bins, described.get(name)) for name, fleet in fleets.items()}
    if isinstance(result, WorldResult):
        columns |= {name: _queue(jobs, bins) for name, jobs in result.jobs.items()}
        columns |= {name: {"up": _up(downs, bins)} for name, downs in result.downs.items()}
    states = {name: MappingProxyType(_standing(fleet.log, bins)) for name, fleet in fleets.items()}
    frozen = {name: MappingProxyType(each) for name, each in columns.items()}
    return Metrics(bins.ends_ns / NS_PER_S, every_s, MappingProxyType(frozen), MappingProxyType(states))


def fleets_of(costs: Costs, results: Mapping[str, FleetResult]) -> Mapping[str, Fleet]:
    """Return the described fleets by name; a fleet on its own describes the only result."""
    if costs is None:
        return {}
    if isinstance(costs, World):
        return costs.fleets
    return dict.fromkeys(results, costs) if isinstance(costs, Fleet) else costs


def moves_of(log: Log) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return where each move leaves and where it leads, as places in `STATES`."""
    return log.move // len(STATES), log.move % len(STATES)


def cost_of(fleet: Fleet | None) -> tuple[float, int]:
    """Return what a start of a fleet costs: seconds of CPU, and lines of log."""
    return (1.0, 20) if fleet is None else (float(fleet.start_cpu_s), fleet.start_log_lines)


def _fleet(result: FleetResult, bins: Bins, fleet: Fleet | None) -> dict[str, Column]:
    columns = _levels(result, bins) | _requests(result, bins)
    source, target = moves_of(result.log)
    begins = target == STATES.index(State.STARTING)
    again = begins & (source != STATES.index(State.CREATED))
    restarts = bins.counts(result.log.at_ns[again])
    starts = np.cumsum(bins.counts(result.log.at_ns[begins]))
    cpu_s, lines = cost_of(fleet)
    return columns | {
        "restarts": restarts,
        "restarts_per_min": _recent(restarts, max(1, math.floor(_MINUTE_S * NS_PER_S / bins.every_ns))),
        "start_cpu_s": starts * cpu_s,
        "log_lines": starts * lines,
    }


def _levels(result: FleetResult, bins: Bins) -> dict[str, Column]:
    standing = _standing(result.log, bins)
    routes = np.array([at for at, _ in result.routes], np.int64)
    routed = np.array([len(names) for _, names in result.routes], np.int64)
    return {
        "instances": _sum(standing, HAS_PROCESS),
        "ready": _sum(standing, READY),
        "routed": bins.last(routes, routed),
        "owners": bins.level(*owning(result.log)),
    }


def _requests(result: FleetResult, bins: Bins) -> dict[str, Column]:
    requests: Requests = result.requests
    over = requests.outcome > 0
    ended_at = requests.ended_ns[over]
    ends = bins.by_kind(ended_at, requests.outcome[over], len(OUTCOMES))
    named = {word.replace("-", "_"): ends[place] for place, word in enumerate(OUTCOMES) if place}
    failed, ended = ends[2:].sum(axis=0), ends[1:].sum(axis=0)
    share = np.full(bins.count, np.nan)
    np.divide(failed, ended, out=share, where=ended > 0)
    arrived = bins.counts(requests.at_ns)
    in_flight: Integers = np.cumsum(arrived - ended)
    sent = arrived if result.sent_ns is None else bins.counts(result.sent_ns)
    return {"in_flight": in_flight, "arrived": arrived, **named, "failed": failed, "failed_share": share, "sent": sent}


def _standing(log: Log, bins: Bins) -> dict[State, Integers]:
    source, target = moves_of(log)
    come = bins.by_kind(log.at_ns, target, len(STATES))
    known = source != STATES.index(State.CREATED)  # nobody has counted it in `created`
    gone = bins.by_kind(log.at_ns[known], source[known], len(STATES))
    return dict(zip(STATES, np.cumsum(come - gone, axis=1), strict=True))


def _sum(standing: Mapping[State, Integers], states: frozenset[State]) -> Integers:
    total: Integers = np.sum([standing[state] for state in states], axis=0)
    return total


def owning(log: Log) -> tuple[Integers, Integers]:
    """Return when instances became owners and when they ceased to be: ready once in this life, and its end."""
    source, target = moves_of(log)
    order = np.argsort(log.who, kind="stable")
    source, target, at = source[order], target[order], log.at_ns[order]
    # A life begins in `starting`; the second term keeps apart what one instance did from what the next one does.
    lives = np.cumsum(target == STATES.index(State.STARTING)) + log.who[order].astype(np.int64) * (len(log) + 1)
    able = among(target, READY)
    owned, first = np.unique(lives[able], return_index=True)
    ends = among(source, HAS_PROCESS) & ~among(target, HAS_PROCESS) & np.isin(lives, owned)
    return np.sort(at[able][first]), np.sort(at[ends])


def among(places: npt.NDArray[np.uint8], states: frozenset[State]) -> npt.NDArray[np.bool_]:
    """Return which places in `STATES` are those of `states`."""
    wanted = np.array([state in states for state in STATES])
    return wanted[places]


def _recent(counts: Integers, many: int) -> Integers:
    total = np.cumsum(counts)
    total[many:] -= total[:-many].copy()
    return total


def _queue(jobs: Jobs, bins: Bins) -> dict[str, Column]:
    over = jobs.end > 0
    ends = bins.by_kind(jobs.ended_ns[over], jobs.end[over], len(JOB_ENDS))
    arrived = bins.counts(jobs.at_ns)
    twice = (jobs.completions > 1) & over
    backlog: Integers = np.cumsum(arrived - ends.sum(axis=0))
    return {
        "backlog": backlog,
        "arrived": arrived,
        "done": ends[JOB_ENDS.index("done")],
        "dead_lettered": ends[JOB_ENDS.index("dead-lettered")],
        "done_twice": bins.counts(jobs.ended_ns[twice]),
    }


def _up(downs: object, bins: Bins) -> Integers:
    spans = np.array(downs, np.int64).reshape(-1, 2)
    ends = bins.ends_ns[:, None] - 1  # just before the scrape
    down = (spans[:, 0] <= ends) & (ends < spans[:, 1])
    up: Integers = np.where(down.any(axis=1), 0, 1)
    return up
