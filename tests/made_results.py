"""Results of runs that nobody ran: made by hand, to the second, for tests of what reads results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lifecycle_kit.simulate.fleet.log import Recorder, code_of
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, OUTCOMES, FleetResult, Jobs, Requests, WorldResult
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns

Moves = Sequence[tuple[float, str, str]]
Alerts = Sequence[tuple[float, str, str, str]]


def requests(*ended: tuple[float, float, str] | tuple[float, float, str, int]) -> Requests:
    """Return requests from `(arrived_s, ended_s, outcome[, tries])`."""
    rows = [(*row, 1)[:4] for row in ended]
    return Requests(
        at_ns=np.array([ns(at) for at, *_ in rows], np.int64),
        who=np.full(len(rows), -1, np.int32),
        outcome=np.array([OUTCOMES.index(str(word)) for _, _, word, _ in rows], np.uint8),
        ended_ns=np.array([ns(end) for _, end, _, _ in rows], np.int64),
        tries=np.array([tries for *_, tries in rows], np.uint8),
        names=(),
    )


def fleet(
    moves: Moves = (),
    until_s: float = 10,
    *,
    name: str = "api",
    asked: Requests | None = None,
    routes: Iterable[tuple[float, tuple[str, ...]]] = (),
    alerts: Alerts = (),
) -> FleetResult:
    """Return a fleet's result from `(at_s, instance, state it moved to)`; each begins in `created`."""
    recorder, stood = Recorder(), dict[str, State]()
    for at_s, who, word in moves:
        state = State(word)
        code = code_of(stood.get(who, State.CREATED), state)
        recorder.add(ns(at_s), recorder.instance(who), code, recorder.reason("because"))
        stood[who] = state
    log = recorder.log()
    told = [(ns(at), who, kind, text) for at, who, kind, text in alerts]
    return FleetResult(
        name=name,
        log=log,
        requests=requests() if asked is None else asked,
        routes=[(ns(at), names) for at, names in routes],
        until_ns=ns(until_s),
        trace=Trace(header={"until_ns": ns(until_s)}, entries=list(log), alerts=told),
    )


def jobs(*ended: tuple[float, float, str, int]) -> Jobs:
    """Return jobs from `(arrived_s, ended_s, end, how often it was done)`."""
    return Jobs(
        at_ns=np.array([ns(at) for at, *_ in ended], np.int64),
        ended_ns=np.array([ns(end) for _, end, _, _ in ended], np.int64),
        end=np.array([JOB_ENDS.index(word) for _, _, word, _ in ended], np.uint8),
        deliveries=np.ones(len(ended), np.int32),
        completions=np.array([done for *_, done in ended], np.uint8),
    )


def world(
    *fleets: FleetResult,
    queues: dict[str, Jobs] | None = None,
    downs: dict[str, list[tuple[float, float]]] | None = None,
    fault_s: float | None = None,
) -> WorldResult:
    """Return a world's result of these parts."""
    until = max(each.until_ns for each in fleets)
    entries = sorted((move for each in fleets for move in each.log), key=lambda move: move.at_ns)
    return WorldResult(
        fleets={each.name: each for each in fleets},
        trace=Trace(
            header={"until_ns": until}, entries=list(entries), alerts=[a for each in fleets for a in each.trace.alerts]
        ),
        until_ns=until,
        jobs=queues or {},
        downs={name: [(ns(a), ns(b)) for a, b in spans] for name, spans in (downs or {}).items()},
        first_fault_ns=None if fault_s is None else ns(fault_s),
    )
