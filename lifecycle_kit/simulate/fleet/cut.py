"""A run as it stood at an instant: nothing of what came later is left in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from lifecycle_kit.simulate.fleet.log import STATES, Log
from lifecycle_kit.simulate.fleet.metrics import moves_of
from lifecycle_kit.simulate.fleet.result import FleetResult, Jobs, Requests, WorldResult
from lifecycle_kit.states import HAS_PROCESS
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import ns, seconds

__all__ = ["cut_off"]

Result = TypeVar("Result", WorldResult, FleetResult)


def cut_off(result: Result, at_s: float) -> Result:
    """Return a result as if the run had ended at `at_s`, that instant included.

    What had not ended then is in flight or waits. Of a job that was done twice it is not known when it was done for
    the second time; both count from the first.

    Args:
        result: of a run.
        at_s: instant, seconds; if the run was shorter it stays as it is.
    """
    end = ns(at_s)
    if end >= result.until_ns:
        return result
    if isinstance(result, FleetResult):
        return _fleet(result, end)
    return replace(
        result,
        fleets={name: _fleet(fleet, end) for name, fleet in result.fleets.items()},
        trace=_trace(result.trace, end),
        until_ns=end,
        jobs={name: _jobs(jobs, end) for name, jobs in result.jobs.items()},
        downs={name: tuple((a, min(b, end)) for a, b in downs if a <= end) for name, downs in result.downs.items()},
        first_fault_ns=None if (result.first_fault_ns or 0) > end else result.first_fault_ns,
    )


def _fleet(result: FleetResult, end: int) -> FleetResult:
    def past(at_s: float | None) -> float | None:
        return at_s if at_s is not None and at_s <= seconds(end) else None

    return replace(
        result,
        log=_log(result.log, end),
        requests=_requests(result.requests, end),
        routes=[route for route in result.routes if route[0] <= end],
        until_ns=end,
        trace=_trace(result.trace, end),
        update_done_s=past(result.update_done_s),
        update_stuck_s=past(result.update_stuck_s),
        placed=[place for place in result.placed if place[0] <= end],
        sent_ns=None if result.sent_ns is None else result.sent_ns[result.sent_ns <= end],
    )


def _log(log: Log, end: int) -> Log:
    count = int(np.searchsorted(log.at_ns, end, side="right"))
    _, target = moves_of(log)
    stands = dict(zip(log.who[:count].tolist(), target[:count].tolist(), strict=True))
    places = {name: place for place, name in enumerate(log.names)}
    kept = [place for place, name in enumerate(log.names) if place in stands or _waits(name, places, stands)]
    renumbered = np.zeros(len(log.names), np.int32)
    renumbered[kept] = np.arange(len(kept))
    return replace(
        log,
        at_ns=log.at_ns[:count],
        who=renumbered[log.who[:count]],
        move=log.move[:count],
        cause=log.cause[:count],
        names=tuple(log.names[place] for place in kept),
    )


def _waits(name: str, places: Mapping[str, int], stands: Mapping[int, int]) -> bool:
    """Tell whether an instance that has not moved is there already.

    A replica is there from the beginning. One in place of another ("api-0-b" of "api-0", "api-0-c" of "api-0-b") is
    once the other has ended; one of a new version once it is started.
    """
    stem, _, last = name.rpartition("-")
    if len(last) == 1 and last.isalpha():
        before = stem if last == "b" else f"{stem}-{chr(ord(last) - 1)}"
        ended = stands.get(places.get(before, -1))
        return ended is not None and STATES[ended] not in HAS_PROCESS
    return "-new-" not in name


def _requests(requests: Requests, end: int) -> Requests:
    count = int(np.searchsorted(requests.at_ns, end, side="right"))
    over = requests.ended_ns[:count] <= end
    return replace(
        requests,
        at_ns=requests.at_ns[:count],
        who=requests.who[:count],
        outcome=np.where(over, requests.outcome[:count], 0).astype(np.uint8),
        ended_ns=np.where(over, requests.ended_ns[:count], 0),
        tries=requests.tries[:count],
    )


def _jobs(jobs: Jobs, end: int) -> Jobs:
    count = int(np.searchsorted(jobs.at_ns, end, side="right"))
    over = jobs.ended_ns[:count] <= end
    return replace(
        jobs,
        at_ns=jobs.at_ns[:count],
        ended_ns=np.where(over, jobs.ended_ns[:count], 0),
        end=np.where(over, jobs.end[:count], 0).astype(np.uint8),
        deliveries=jobs.deliveries[:count],
        completions=np.where(over, jobs.completions[:count], 0).astype(np.uint8),
    )


def _trace(trace: Trace, end: int) -> Trace:
    entries = [e for e in trace.entries if (e.at_ns if isinstance(e, Transition) else e[1].at) <= end]
    alerts = [alert for alert in trace.alerts if alert[0] <= end]
    return Trace(header={**trace.header, "until_ns": end}, entries=entries, alerts=alerts)
