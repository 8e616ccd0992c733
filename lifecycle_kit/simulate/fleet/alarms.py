"""Alarms: what told a person that something is wrong, and how late.

Two kinds are raised: by `step`, which counts failures in a row (crash-loop) and says when it has given up, and by the
world's alarms, which look at metrics once a scrape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.metrics import Costs, Metrics, metrics, moves_of
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.world import Alarm, World
from lifecycle_kit.states import State
from lifecycle_kit.units import seconds

__all__ = ["Raised", "alerts_of", "first_trouble_ns", "rule_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert.

    Attributes:
        at_s: when it was raised, seconds.
        late_s: how long after the trouble began, seconds; None if it came before or there was none.
        on: instance, fleet or queue.
        kind: "crash-loop", "gave-up", or the rule of an alarm.
        text: what was seen.
    """

    at_s: float
    late_s: float | None
    on: str
    kind: str
    text: str

    def __str__(self) -> str:
        late = "" if self.late_s is None else f", {round(self.late_s, 3):g} s late"
        return f"{round(self.at_s, 3):g} s{late}: {self.on}: {self.kind} ({self.text})"


def alerts_of(world: Costs, result: WorldResult | FleetResult, every_s: float = 1.0) -> list[Raised]:
    """Return every alert of a run, in order of time.

    An alarm looks at its metric once a scrape. It is raised when its bound has been crossed at every scrape for
    `for_s` seconds, and can be raised again when a scrape in between has found it not crossed. A scrape that finds no
    number (a share of nothing) finds it not crossed.

    How late an alert is, counts from the first fault of the world; in a run without one from the first request that
    failed or the first instance that did, whichever came first.

    Args:
        world: what was run, with its alarms; None: only what `step` raised.
        result: of the run.
        every_s: between two scrapes, seconds.

    Raises:
        ValueError: naming an alarm whose fleet, queue or metric does not exist.
    """
    began = first_trouble_ns(result)

    def raised(at_s: float, on: str, kind: str, text: str) -> Raised:
        late_s = None if began is None or at_s < seconds(began) else at_s - seconds(began)
        return Raised(at_s=at_s, late_s=late_s, on=on, kind=kind, text=text)

    found = [raised(seconds(at), on, kind, text) for at, on, kind, text in result.trace.alerts]
    if isinstance(world, World) and world.alarms:
        measured = metrics(result, every_s, world)
        for alarm in world.alarms:
            found += [raised(at, alarm.on, rule_of(alarm), text) for at, text in _crossed(alarm, measured)]
    return sorted(found, key=lambda alert: alert.at_s)


def rule_of(alarm: Alarm) -> str:
    """Return the rule of an alarm in words.

    >>> rule_of(Alarm(on="api", metric="failed_share", above=0.05))
    'failed_share above 0.05'
    """
    return f"{alarm.metric} {'below' if alarm.above is None else 'above'} {_bound(alarm):g}"


def _bound(alarm: Alarm) -> float:
    bound = alarm.below if alarm.above is None else alarm.above
    assert bound is not None  # exactly one of them is given
    return bound


def _crossed(alarm: Alarm, measured: Metrics) -> Iterator[tuple[float, str]]:
    column = _column(alarm, measured)
    with np.errstate(invalid="ignore"):  # a comparison with no number is false
        over = column < _bound(alarm) if alarm.above is None else column > _bound(alarm)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], over.astype(np.int8), [0]))))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        due = measured.times_s[first] + alarm.for_s
        place = int(np.searchsorted(measured.times_s, due - 1e-9))
        if place < end:
            lasting = f"for {alarm.for_s:g} s; " if alarm.for_s else ""
            yield float(measured.times_s[place]), f"{lasting}it is {_shown(float(column[place]))}"


def _shown(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.3g}"


def _column(alarm: Alarm, measured: Metrics) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    known: Mapping[str, Mapping[str, object]] = measured.columns
    if alarm.on not in known:
        raise ValueError(f"an alarm is on {alarm.on!r}, which does not exist; there are {', '.join(known)}")
    if alarm.metric not in known[alarm.on]:
        names = ", ".join(known[alarm.on])
        raise ValueError(f"{alarm.on!r} has no metric {alarm.metric!r}; it has {names}")
    return measured[alarm.on][alarm.metric].astype(np.float64)


def first_trouble_ns(result: WorldResult | FleetResult) -> int | None:
    """Return when the trouble began: the first fault, else the first request or instance that failed; None: never."""
    if isinstance(result, WorldResult):
        if result.first_fault_ns is not None:
            return result.first_fault_ns
        fleets = list(result.fleets.values())
    else:
        fleets = [result]
    instants: list[int] = []
    for fleet in fleets:
        _, target = moves_of(fleet.log)
        instants += fleet.log.at_ns[target == STATES.index(State.FAILED)][:1].tolist()
        failed = fleet.requests.ended_ns[fleet.requests.outcome > 1]
        instants += [int(failed.min())] if len(failed) else []
    return min(instants, default=None)
