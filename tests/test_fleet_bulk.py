"""Replications in closed form: the very logs that the engines write, and what can be read from the table of lives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.workload import workload
from lifecycle_kit.simulate import Fleet, run_fleet
from lifecycle_kit.simulate.fleet.bulk import replicate
from lifecycle_kit.states import State
from lifecycle_kit.trace import intervals, starts, time_in
from tests.fleets_in_closed_form import fleets

UNTIL_S = 200.0


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


def test_a_large_fleet_has_the_corners_that_generated_ones_miss() -> None:
    """A failure of the first life must be forgotten when lives computed at once lie between."""
    fleet = workload(3000)
    assert replicate(fleet, 3600, seed=5).log() == run_fleet(fleet, 3600, seed=5, engine="quick").log
