"""The slow reference engine and the fast ones come to the same, to the last move and the last request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from benchmarks import simpy_peer
from benchmarks.workload import workload
from lifecycle_kit.simulate import Fleet, FleetResult, replicate, run_fleet
from lifecycle_kit.simulate.fleet.clients import arrivals
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.units import ns
from tests.reference_engine_fleet import Played, play
from tests.reference_engine_given import crowds, fleets, loads, quiet_fleets
from tests.reference_engine_requests import arrivals as arrivals_one_by_one

UNTIL_S = 30
MANY = 2 * settings().max_examples
SEEDS = st.integers(0, 9)


def equal(one: Iterable[Any], other: Iterable[Any]) -> None:
    """Show the first difference, with what led to it."""
    first, second = list(map(str, one)), list(map(str, other))
    pairs = enumerate(zip(first, second, strict=False))
    at = next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(first), len(second)))
    assert first[max(0, at - 6) : at + 3] == second[max(0, at - 6) : at + 3]


def same(played: Played, result: FleetResult) -> None:
    """Hold everything that came of a fleet against what the reference engine says."""
    equal(played.log, result.log)
    equal(played.routes, result.routes)
    equal(played.requests, result.requests)
    assert played.log == result.log
    assert played.requests == result.requests
    assert (played.update_done_s, played.update_stuck_s) == (result.update_done_s, result.update_stuck_s)
    if result.sent_ns is not None:
        assert played.sent == result.sent_ns.tolist()


@given(quiet_fleets(), SEEDS)
@settings(max_examples=MANY)
def test_every_probe_an_event_comes_to_the_same_as_arithmetic(fleet: Fleet, seed: int) -> None:
    same(play(fleet, UNTIL_S, seed=seed), run_fleet(fleet, UNTIL_S, seed=seed, engine="step"))


@given(fleets(), SEEDS)
@settings(max_examples=MANY)
def test_every_request_an_event_comes_to_the_same_with_routes_retries_and_updates(fleet: Fleet, seed: int) -> None:
    played = play(fleet, UNTIL_S, seed=seed)
    event(f"update {'none' if fleet.update_at_s is None else 'done' if played.update_done_s else 'not done'}")
    same(played, run_fleet(fleet, UNTIL_S, seed=seed, engine="step"))


@pytest.mark.parametrize(("odd", "share"), [(False, 0.7), (True, 0.1)])
def test_the_quick_engine_comes_to_the_same_on_all_fleets_that_it_takes(odd: bool, share: float) -> None:
    taken: list[bool] = []

    @given(crowds() | quiet_fleets(odd) | fleets(odd), SEEDS)
    @settings(max_examples=MANY)
    def hold(fleet: Fleet, seed: int) -> None:
        try:
            result = run_fleet(fleet, UNTIL_S, seed=seed, engine="quick")
        except ValueError:  # it says what it does not do
            taken.append(False)
        else:
            taken.append(True)
            assert result.engine == "quick"
            same(play(fleet, UNTIL_S, seed=seed), result)

    hold()
    assert sum(taken) >= share * len(taken)


def test_replications_in_closed_form_come_to_the_same() -> None:
    taken: list[bool] = []

    @given(crowds(), SEEDS)
    @settings(max_examples=MANY)
    def hold(fleet: Fleet, seed: int) -> None:
        try:
            table = replicate(fleet, UNTIL_S, runs=2, seed=seed)
        except ValueError:  # it says what has no closed form
            taken.append(False)
        else:
            taken.append(True)
            for run in range(2):
                equal(play(fleet, UNTIL_S, seed=seed + run).log, table.log(run))

    hold()
    assert sum(taken) >= 0.3 * len(taken)


@given(loads(), SEEDS)
@settings(max_examples=MANY)
def test_arrivals_one_by_one_are_those_drawn_in_one_go(load: Load, seed: int) -> None:
    assert arrivals_one_by_one(load, ns(UNTIL_S), seed, "api") == arrivals(load, ns(UNTIL_S), seed, "api").tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_simpy_tells_the_same_story_of_the_workload(seed: int) -> None:
    played = play(workload(20), 3600, seed=seed).log
    assert played == simpy_peer.to_log(simpy_peer.run(simpy_peer.lucks(20, seed), 3600))
    assert played == run_fleet(workload(20), 3600, seed=seed).log
    assert len(played) > 400


# --- luck


@given(quiet_fleets(), SEEDS)
@settings(max_examples=MANY // 4)
def test_one_instance_more_does_not_change_the_others_luck(fleet: Fleet, seed: int) -> None:
    more = replace(fleet, replicas=fleet.replicas + 1)
    others = [move for move in run_fleet(more, UNTIL_S, seed=seed).log if move.instance != f"api-{fleet.replicas}"]
    equal(run_fleet(fleet, UNTIL_S, seed=seed).log, others)


@given(fleets(), SEEDS)
@settings(max_examples=MANY // 4)
def test_the_same_seed_gives_the_same_run(fleet: Fleet, seed: int) -> None:
    one, other = (run_fleet(fleet, UNTIL_S, seed=seed) for _ in range(2))
    assert one.log == other.log
    assert one.requests == other.requests


@given(SEEDS, SEEDS)
@settings(max_examples=MANY // 10)
def test_another_seed_gives_another_run(one: int, other: int) -> None:
    assume(one != other)
    assert run_fleet(workload(5), 3600, seed=one).log != run_fleet(workload(5), 3600, seed=other).log
