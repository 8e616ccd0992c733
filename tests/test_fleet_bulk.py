"""Replications in closed form: the very logs that the engines write, and what can be read from the table of lives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.exits import Cause
from lifecycle_kit.health import segments
from lifecycle_kit.instance import Readiness
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.simulate import Fleet, Script, Wear, run_fleet
from lifecycle_kit.simulate.fleet.bulk import replicate
from lifecycle_kit.states import State
from lifecycle_kit.trace import intervals, starts, time_in

UNTIL_S = 200.0
# Round numbers meet at the same instants.
SHORT = st.sampled_from([0, 0, 0.5, 1, 2, 3, 5, 7.5, 10, 20])
EXIT: st.SearchStrategy[int | str] = st.sampled_from([0, 1, "SIGSEGV", "SIGTERM"])


@st.composite
def probes(draw: st.DrawFn, kind: str) -> ProbeSettings:
    return ProbeSettings(
        kind=kind, initial_delay_s=draw(SHORT), period_s=draw(st.sampled_from([2, 5, 10])),
        timeout_s=draw(st.sampled_from([0.5, 1, 2])), failure_threshold=draw(st.integers(1, 4)),
        carries=draw(st.sampled_from([True, True, False])),
    )  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    kinds = draw(st.sets(st.sampled_from(["readiness", "liveness"])))
    latency = st.sampled_from([0, 0, 0.25, 0.5])
    slow = {kind: segments((0, "fail", draw(latency)), (draw(SHORT) + 1, "ok", draw(latency))) for kind in kinds}
    return Script(
        run_s=draw(st.none() | SHORT.map(lambda at: at * 3)), exit=draw(EXIT), health=slow,
        hangs_after_s=draw(st.none() | SHORT.map(lambda at: at * 4)),
        on_term=draw(st.sampled_from(["exit", "drain", "deaf"])), stop_takes_s=draw(SHORT),
        stop_exit=draw(st.sampled_from([None, 0])), cause=draw(st.sampled_from([None, None, None, Cause.REQUEST])),
    )  # fmt: skip


@st.composite
def units(draw: st.DrawFn) -> Unit:
    readiness = draw(st.none() | probes("readiness"))
    liveness = draw(st.none() | probes("liveness") | probes("liveness"))
    if readiness is not None and draw(st.booleans()):  # as in most fleets, one like the other
        liveness = replace(readiness, kind="liveness")
    made = [probe for probe in (readiness, liveness) if probe is not None]
    by = "probe" if readiness is not None else draw(st.sampled_from(["probe", "spawn", "seconds"]))
    policy = PlainPolicy(
        when=draw(st.sampled_from(["always", "always", "on-failure", "never"])),
        backoff=Backoff(
            first_s=draw(st.sampled_from([1, 2.5, 10])), factor=draw(st.sampled_from([1, 2])), cap_s=40,
            jitter=draw(st.sampled_from(["none", "none", "full", "equal"])),
        ),
        give_up_after=draw(st.sampled_from([None, None, 1, 3])),
        forget_after_s=draw(st.sampled_from([None, 0, 10, 30, 60])),
    )  # fmt: skip
    return Unit(
        policy=policy, readiness=Readiness(by=by, after_s=draw(SHORT)), probes={probe.kind: probe for probe in made},
        stop=term_then_kill(draw(st.sampled_from([0, 1, 5, 10]))), reports_work=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    wear = Wear(
        mtbf_s=draw(st.sampled_from([3, 10, 40])), hangs=draw(st.sampled_from([0, 0.5, 1])), script=draw(scripts())
    )
    lives: Any = draw(st.just(wear) | st.lists(scripts(), min_size=1, max_size=3))
    return Fleet(unit=draw(units()), lives=lives, replicas=draw(st.integers(1, 4)), load=None)


@given(fleets(), st.integers(0, 3), st.sampled_from(["quick", "step"]))
def test_the_table_makes_the_logs_that_the_engines_write(fleet: Fleet, seed: int, engine: str) -> None:
    table = replicate(fleet, UNTIL_S, runs=2, seed=seed)
    for run in range(2):
        expected = run_fleet(fleet, UNTIL_S, seed=seed + run, engine=engine).log
        assert [str(move) for move in table.log(run)] == [str(move) for move in expected]


@given(fleets(), st.integers(0, 3))
def test_times_in_states_are_those_of_the_trace(fleet: Fleet, seed: int) -> None:
    table = replicate(fleet, UNTIL_S, seed=seed)
    spent = table.time_in()
    assert sum(spent.values()).tolist() == [table.until_ns] * fleet.replicas  # type: ignore[union-attr]
    moves = list(table.log())
    for number in range(fleet.replicas):
        mine = [move for move in moves if move.instance == f"api-{number}"]
        parts = intervals(mine, table.until_ns)
        for state, spans in spent.items():
            also = (State.READY,) if state is State.RUNNING else ()
            assert spans[number] / 1e9 == pytest.approx(time_in(parts, state, *also), abs=1e-6)
        assert table.restarts_of[number] == len(starts(mine)) - 1
