"""A run in a few numbers: those that people compare when they ask whether a change has helped."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from lifecycle_kit.simulate.fleet.alarms import alerts_of
from lifecycle_kit.simulate.fleet.log import STATES, Log
from lifecycle_kit.simulate.fleet.metrics import (
    FAILURES,
    READY,
    Costs,
    Integers,
    among,
    cost_of,
    fleets_of,
    moves_of,
    owning,
)  # fmt: skip
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, OUTCOMES, FleetResult, Jobs, WorldResult
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.states import State
from lifecycle_kit.units import seconds

__all__ = ["ready_steps", "replicas_of", "summary"]

Numbers = dict[str, float]


def summary(
    result: WorldResult | FleetResult, world: Costs = None, *, on: str | None = None, enough: int = 1
) -> Numbers:
    """Return the numbers of a run that people compare: totals over all fleets and queues, or of one.

    `arrived`, and `sent` with all retries; `served`, then the failures by cause and their sum `failed`;
    `failed_share` of what ended; `restarts`;
    `longest_without_s`: the longest time with fewer than `enough` instances ready, exactly, its start-up included (of
    several fleets the worst); `start_cpu_s` and `log_lines`, burnt by starts; `backlog` at the end, `backlog_most`;
    `done`, `dead_lettered` and `done_twice` of the jobs; `two_owners_s`: how long fleets of one replica had two
    processes that had both been ready; `first_alert_s` and `alert_late_s`, not a number if there was no alert.

    Args:
        result: of a run.
        world: what was run, for its alarms and for what a start costs.
        on: name of a fleet or queue; None: all of them together, alerts too.
        enough: instances that must be ready, at least 1.

    Raises:
        ValueError: if there is no such fleet or queue.
    """
    fleets = {result.name: result} if isinstance(result, FleetResult) else dict(result.fleets)
    queues = dict(result.jobs) if isinstance(result, WorldResult) else {}
    if on is not None and on not in (*fleets, *queues):
        raise ValueError(f"there is no {on!r}; there are {', '.join((*fleets, *queues))}")
    wanted = [name for name in (*fleets, *queues) if on in (None, name)]
    described = fleets_of(world, fleets)
    of_fleets = [_fleet(fleets[name], described.get(name), enough) for name in wanted if name in fleets]
    of_queues = [_queue(queues[name]) for name in wanted if name in queues]
    return _together(of_fleets, _NO_FLEET) | _together(of_queues, _NO_QUEUE) | _alerts(result, world, on)


def _together(parts: Iterable[Numbers], nothing: Numbers) -> Numbers:
    total = dict(nothing)
    for part in parts:
        for name, value in part.items():
            total[name] = max(total[name], value) if name in _WORST else total[name] + value
    if "failed_share" in total:
        ended = total["served"] + total["failed"]
        total["failed_share"] = total["failed"] / ended if ended else math.nan
    return total


def _fleet(result: FleetResult, fleet: Fleet | None, enough: int) -> Numbers:
    log, until = result.log, result.until_ns
    ends = dict(zip(OUTCOMES, np.bincount(result.requests.outcome, minlength=len(OUTCOMES)).tolist(), strict=True))
    source, target = moves_of(log)
    begins = target == STATES.index(State.STARTING)
    starts, again = int(begins.sum()), int((begins & (source != STATES.index(State.CREATED))).sum())
    cpu_s, lines = cost_of(fleet)
    one = (len(replicas_of(log)) if fleet is None else fleet.replicas) == 1
    return {
        "arrived": len(result.requests),
        "sent": len(result.requests) if result.sent_ns is None else len(result.sent_ns),
        "served": ends["served"],
        **{word.replace("-", "_"): ends[word] for word in FAILURES},
        "failed": result.failed,
        "restarts": again,
        "longest_without_s": _longest_below(log, enough, until),
        "start_cpu_s": starts * cpu_s,
        "log_lines": starts * lines,
        "two_owners_s": _time_from(*owning(log), 2, until) if one else 0.0,
    }


def _queue(jobs: Jobs) -> Numbers:
    ends = dict(zip(JOB_ENDS, np.bincount(jobs.end, minlength=len(JOB_ENDS)).tolist(), strict=True))
    _, level = _steps(jobs.at_ns, jobs.ended_ns[jobs.end > 0])
    return {
        "backlog": ends["waiting"],
        "backlog_most": int(level.max()),
        "done": ends["done"],
        "dead_lettered": ends["dead-lettered"],
        "done_twice": int(np.count_nonzero(jobs.completions > 1)),
    }


_WORST = frozenset({"longest_without_s"})
_NO_FLEET: Numbers = {
    "arrived": 0, "sent": 0, "served": 0, **{word.replace("-", "_"): 0 for word in FAILURES}, "failed": 0,
    "failed_share": math.nan, "restarts": 0, "longest_without_s": 0.0, "start_cpu_s": 0.0, "log_lines": 0,
    "two_owners_s": 0.0,
}  # fmt: skip
_NO_QUEUE: Numbers = {"backlog": 0, "backlog_most": 0, "done": 0, "dead_lettered": 0, "done_twice": 0}


def _alerts(result: WorldResult | FleetResult, world: Costs, on: str | None) -> Numbers:
    def concerns(name: str) -> bool:
        return on in (None, name) or name in names

    names = _names(result, on)
    first = next((alert for alert in alerts_of(world, result) if concerns(alert.on)), None)
    late = math.nan if first is None or first.late_s is None else first.late_s
    return {"first_alert_s": math.nan if first is None else first.at_s, "alert_late_s": late}


def _names(result: WorldResult | FleetResult, on: str | None) -> frozenset[str]:
    fleets = {result.name: result} if isinstance(result, FleetResult) else result.fleets
    return frozenset(fleets[on].log.names) if on is not None and on in fleets else frozenset()


def replicas_of(log: Log) -> list[str]:
    """Return the instances that were started first, all at one instant: the replicas, if nothing held some back."""
    first = log.who[log.at_ns == log.at_ns[0]] if len(log) else []
    return [log.names[who] for who in dict.fromkeys(int(who) for who in first)]


def ready_steps(log: Log) -> tuple[Integers, Integers]:
    """Return how many instances were ready, exactly: instants, the first at 0, and the level from each of them on."""
    source, target = moves_of(log)
    was, is_ = among(source, READY), among(target, READY)
    return _steps(log.at_ns[is_ & ~was], log.at_ns[was & ~is_])


def _steps(up_ns: Integers, down_ns: Integers) -> tuple[Integers, Integers]:
    """Return instants and the level from each of them on; the first instant is 0."""
    at = np.concatenate(([0], up_ns, down_ns))
    change = np.concatenate(([0], np.ones(len(up_ns), np.int64), -np.ones(len(down_ns), np.int64)))
    instants, place = np.unique(at, return_inverse=True)
    changes = np.zeros(len(instants), np.int64)
    np.add.at(changes, place, change)
    return instants, np.cumsum(changes)


def _longest_below(log: Log, least: int, until_ns: int) -> float:
    instants, level = ready_steps(log)
    bounds = np.append(instants, max(until_ns, int(instants[-1])))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (level < least).astype(np.int8), [0]))))
    lasted = bounds[edges[1::2]] - bounds[edges[::2]]
    return seconds(int(lasted.max(initial=0)))


def _time_from(up_ns: Integers, down_ns: Integers, many: int, until_ns: int) -> float:
    instants, level = _steps(up_ns, down_ns)
    lasted = np.diff(np.append(instants, max(until_ns, int(instants[-1]))))
    return seconds(int(lasted[level >= many].sum()))
