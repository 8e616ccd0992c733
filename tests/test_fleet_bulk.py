"""Replications in closed form: the very logs that the engines write, and what can be read from the table of lives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.workload import workload
from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.health import parse_health
from lifecycle_kit.instance import Readiness
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.simulate import Fleet, Script, Wear, run_fleet
from lifecycle_kit.simulate.fleet.bulk import replicate
from lifecycle_kit.simulate.fleet.bulk_lives import NEVER
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


# --- by hand

PROBED = {
    "readinessProbe.periodSeconds": 10, "livenessProbe.periodSeconds": 10, "terminationGracePeriodSeconds": 30,
}  # fmt: skip
UNIT = replace(like("kubernetes", PROBED), policy=PlainPolicy(backoff=Backoff(first_s=10, factor=2, cap_s=300)))
SLOW = {kind: parse_health("5:fail,1:ok") for kind in ("readiness", "liveness")}


def in_seconds(column: Any) -> list[float | None]:
    """Return instants in seconds, None for what lies behind every run."""
    return [None if at >= NEVER else at / 1e9 for at in column.tolist()]


def test_a_life_that_hangs_is_found_after_three_probes_and_killed_after_the_grace_period() -> None:
    table = replicate(Fleet(unit=UNIT, lives=[Script(health=SLOW, hangs_after_s=33)], replicas=1), until_s=200)
    assert in_seconds(table.born) == [0, 101]
    assert in_seconds(table.ready) == [10, 110]
    assert in_seconds(table.drains) == [61, 161]  # ticks at 40, 50 and 60, each after a timeout of 1 s
    assert in_seconds(table.ends) == [91, 191]
    assert in_seconds(table.restarts) == [101, 201]  # a life of more than a minute clears the count
    assert in_seconds(table.blocked) == [None, None]


def test_a_policy_that_gives_up_is_seen_in_the_table() -> None:
    policy = PlainPolicy(backoff=Backoff(first_s=1), give_up_after=2)
    fleet = Fleet(unit=Unit(policy=policy), lives=[Script(run_s=4)], replicas=2)
    table = replicate(fleet, until_s=60)
    assert (table.gave_up_ns / 1e9).tolist() == [14, 14]
    assert table.restarts_of.tolist() == [2, 2]
    assert table.time_in()[State.FAILED].tolist() == [46 * 10**9] * 2
    assert table.ready_share.tolist() == [0.2, 0.2]
    assert replicate(replace(fleet, unit=Unit()), until_s=60).gave_up_ns.tolist() == [-1, -1]


def test_runs_have_luck_of_their_own_and_the_same_seed_the_same() -> None:
    fleet = Fleet(unit=Unit(), lives=Wear(mtbf_s=20), replicas=3)
    table, again = (replicate(fleet, 500, runs=4, seed=7) for _ in range(2))
    assert np.array_equal(table.born, again.born)
    assert len({tuple(table.ends[table.who // 3 == run].tolist()) for run in range(4)}) == 4
    assert table.log(2) == replicate(fleet, 500, seed=9).log()
    assert len(table.log(3)) != len(table)
    with pytest.raises(ValueError, match="there is no run 4; there are 0 to 3"):
        table.log(4)


def test_a_longer_backoff_costs_more_time_without_a_process() -> None:
    """The use of it: two policies, a thousand instances each, the same luck."""

    def waits(first_s: float) -> float:
        unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=first_s)))
        return float(replicate(Fleet(unit=unit, lives=Wear(mtbf_s=60), replicas=1000)).time_in()[State.BACKOFF].mean())

    assert waits(10) == pytest.approx(3600e9 * 10 / 70, rel=0.05)
    assert waits(1) == pytest.approx(3600e9 * 1 / 61, rel=0.05)


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"unit": like("kubernetes")}, "its policy"),
        ({"unit": replace(UNIT, start_limit_s=5)}, "a limit on starting or running"),
        ({"unit": replace(UNIT, probes={"startup": ProbeSettings(kind="startup")})}, "a startup probe"),
        ({"unit": replace(UNIT, readiness=Readiness(by="notice"))}, "its way to be ready"),
        ({"unit": replace(UNIT, stop=term_then_kill(5, pre_stop_s=2))}, "its stop plan"),
        ({"lives": [Script(health={"liveness": parse_health("5:ok,5:fail,1:ok")})]}, "health that comes and goes"),
        ({"lives": [Script(says=((1, "ready"),))]}, "words of a process"),
        ({"lives": [Script(fails_to_spawn="no such program")]}, "failing spawns"),
        ({"lives": lambda number: [Script(run_s=number)]}, "lives that differ from replica to replica"),
        ({"requests": [(3, 0, "stop")]}, "requests of people"),
        ({"update_at_s": 5}, "a rolling update"),
        ({"slots": 3}, "slots"),
    ],
)
def test_what_has_no_closed_form_is_refused_by_name(odd: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=f"these lives have no closed form: .*{why}"):
        replicate(replace(Fleet(unit=UNIT, lives=[Script()]), **odd))
