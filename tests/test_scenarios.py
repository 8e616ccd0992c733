"""The scenarios of the package: with the fault it hurts, with a cure it is gone, and the wrong cures do not help.

Each effect is a number, held under several seeds.
"""

from __future__ import annotations

import json
from functools import cache

import pytest

from lifecycle_kit.cli.out import units_of
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import alerts_of, summary
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.scenarios import Scenario, load_scenario, scenario_names
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import Interval, Trace, Transition, broken_rules, intervals

SEEDS = (1, 2, 3)
NAMED_IN_THE_ISSUE = (
    "half-started wrong-credentials restart-storm herd missing-startup-probe flapping-readiness deaf-to-term drain-cut"
    " route-slower-than-exit superficial-readiness leak poison-message two-owners"
).split()

scenario_called = cache(load_scenario)


@cache
def measured(name: str, cure: str | None, seed: int) -> float:
    """Return the number by which a scenario's effect is measured, for one run."""
    measure = scenario_called(name).measure
    assert measure is not None
    return measure.of(run(name, cure) if seed == 1 else scenario_called(name).run(cure, seed=seed))


def changes(kind: str) -> list[tuple[str, str]]:
    """Return every scenario with each of its cures, or each of its wrong ones."""
    return [(name, cure) for name in scenario_names() for cure in getattr(load_scenario(name), kind)]


@cache
def run(name: str, cure: str | None = None) -> WorldResult:
    """Return a run with the first of the seeds; each is made once."""
    return scenario_called(name).run(cure, seed=1)


def fleet(name: str, cure: str | None = None) -> FleetResult:
    """Return the first fleet of a run."""
    return next(iter(run(name, cure).fleets.values()))


def moves(result: FleetResult) -> list[Transition]:
    return list(result.log)


def stands(result: FleetResult, state: State) -> list[Interval]:
    """Return when instances stood in a state."""
    return [part for part in intervals(moves(result), result.until_ns) if part.state is state]


def lasted(parts: list[Interval]) -> list[float]:
    return [(part.end_ns - part.start_ns) / 1e9 for part in parts]


def ends_of_lives(result: FleetResult) -> list[Transition]:
    return [move for move in moves(result) if move.source in HAS_PROCESS and move.target not in HAS_PROCESS]


# --- all of them


def test_every_scenario_that_was_asked_for_is_there() -> None:
    assert set(NAMED_IN_THE_ISSUE) <= set(scenario_names())


@pytest.mark.parametrize(("name", "cure"), changes("cures"))
def test_the_fault_is_worse_by_its_factor_and_the_cure_makes_it_gone(name: str, cure: str) -> None:
    measure = scenario_called(name).measure
    assert measure is not None
    for seed in SEEDS:
        fault, cured = measured(name, None, seed), measured(name, cure, seed)
        assert cured <= measure.gone, f"seed {seed}"
        assert fault >= measure.factor * max(cured, 1), f"seed {seed}"


@pytest.mark.parametrize(("name", "cure"), changes("wrong_cures"))
def test_what_only_looks_like_a_cure_does_not_cure(name: str, cure: str) -> None:
    measure = scenario_called(name).measure
    assert measure is not None
    for seed in SEEDS[:2]:
        changed = measured(name, cure, seed)
        assert changed > measure.gone, f"seed {seed}"
        assert not measure.cures(measured(name, None, seed), changed)


@pytest.mark.parametrize("name", scenario_names())
def test_the_fault_stands_far_above_what_a_cure_may_leave(name: str) -> None:
    measure = scenario_called(name).measure
    assert measure is not None
    assert min(measured(name, None, seed) for seed in SEEDS) > 3 * measure.gone


@pytest.mark.parametrize(("name", "cure"), [*((name, None) for name in scenario_names()), *changes("cures")])
def test_a_trace_is_sound_and_can_be_replayed_from_its_file(name: str, cure: str | None) -> None:
    trace = run(name, cure).trace
    assert broken_rules(trace.transitions) == []
    read = Trace.from_lines(trace.to_lines())
    assert read.header["scenario"] == name
    again = replay(read, units_of(read))
    assert again.transitions == trace.transitions
    assert again.alerts == trace.alerts


@pytest.mark.parametrize("name", scenario_names())
def test_the_same_seed_gives_the_same_run(name: str) -> None:
    first, second = (scenario_called(name).run(seed=4, until_s=100) for _ in range(2))
    assert list(first.trace.to_lines()) == list(second.trace.to_lines())
    assert all(first.fleets[each].requests == second.fleets[each].requests for each in first.fleets)


@pytest.mark.parametrize("name", scenario_names())
def test_somebody_is_told_but_for_what_flaps_too_quickly(name: str) -> None:
    scenario = scenario_called(name)
    assert bool(alerts_of(scenario.world, run(name))) == (name != "flapping-readiness")


def test_a_header_says_which_scenario_and_which_cure() -> None:
    header = scenario_called("half-started").run("readiness", seed=5, until_s=5).trace.header
    assert (header["scenario"], header["cure"], header["seed"]) == ("half-started", "readiness", 5)
    assert header["instances"]["api-2"]["like"] == "kubernetes"
    assert json.loads(json.dumps(header)) == header


# --- each of them


def test_a_half_started_instance_gets_its_third_of_the_requests_and_fails_them() -> None:
    result = fleet("half-started")
    assert result.failed / len(result.requests) == pytest.approx(1 / 3, abs=0.01)
    assert set(result.outcomes) <= {"served", "error", "in-flight"}
    assert summary(result)["restarts"] == 0


def test_wrong_credentials_loop_at_once_and_the_backlog_is_told_late() -> None:
    scenario = scenario_called("wrong-credentials")
    told = alerts_of(scenario.world, run("wrong-credentials"))
    loop, backlog = (next(each.at_s for each in told if kind in each.kind) for kind in ("crash-loop", "backlog"))
    assert loop < 60
    assert backlog > 240
    assert {move.cause for move in ends_of_lives(fleet("wrong-credentials"))} == {"exit 77"}


def test_waiting_with_wrong_credentials_is_only_quiet() -> None:
    world = scenario_called("wrong-credentials").change("wait-for-it").world
    kinds = {alert.kind for alert in alerts_of(world, run("wrong-credentials", "wait-for-it"))}
    assert kinds == {"backlog above 500"}


def test_a_restart_storm_outlasts_the_outage_by_a_minute() -> None:
    outage_s = 180
    assert summary(fleet("restart-storm"))["longest_without_s"] > outage_s + 60
    assert summary(fleet("restart-storm", "own-liveness"))["longest_without_s"] < outage_s + 10
    ends = {move.cause for move in moves(fleet("restart-storm")) if move.target is State.DRAINING}
    assert ends == {"liveness probe failed"}


def test_a_herd_comes_in_columns_and_brings_the_broker_down_each_time() -> None:
    def columns(result: FleetResult) -> list[int]:
        begun = [move.at_ns for move in moves(result) if move.target is State.STARTING and move.at_ns > 90e9]
        return sorted((begun.count(at) for at in set(begun)), reverse=True)

    assert columns(fleet("herd"))[0] == 40
    assert max(columns(fleet("herd", "jitter")), default=0) <= 2
    assert len(run("herd").downs["broker"]) > 10
    assert len(run("herd", "jitter").downs["broker"]) == 1


def test_without_a_startup_probe_nobody_lives_long_enough_to_be_ready() -> None:
    result = fleet("missing-startup-probe")
    assert not stands(result, State.READY)
    assert max(lasted(stands(result, State.STARTING))) < 60
    assert {move.cause for move in moves(result) if move.target is State.DRAINING} == {"liveness probe failed"}
    assert not ends_of_lives(fleet("missing-startup-probe", "startup-probe"))


def test_flapping_readiness_takes_all_away_at_once_and_ends_no_process() -> None:
    result = fleet("flapping-readiness")
    assert not ends_of_lives(result)
    assert set(result.outcomes) <= {"served", "no-route", "in-flight"}
    assert all(len(names) == 3 for _, names in fleet("flapping-readiness", "patience").routes[3:])


def test_who_is_deaf_to_term_takes_the_whole_grace_period() -> None:
    assert set(lasted(stands(fleet("deaf-to-term"), State.DRAINING))) == {30.0}
    assert max(lasted(stands(fleet("deaf-to-term", "hear"), State.DRAINING))) < 1
    longer = fleet("deaf-to-term", "longer-grace").update_done_s
    usual, cured = fleet("deaf-to-term").update_done_s, fleet("deaf-to-term", "hear").update_done_s
    assert longer is not None
    assert usual is not None
    assert cured is not None
    assert longer == usual + 90
    assert cured < usual - 25


def test_a_drain_is_cut_after_exactly_the_grace_period() -> None:
    result = fleet("drain-cut")
    assert set(lasted(stands(result, State.DRAINING))) == {10.0}
    assert "refused" not in result.outcomes
    cured = lasted(stands(fleet("drain-cut", "grace"), State.DRAINING))
    assert 10 < max(cured) <= 20
    assert fleet("drain-cut", "grace").failed == 0


def test_requests_are_refused_only_while_a_route_change_spreads() -> None:
    result = fleet("route-slower-than-exit")
    stops = [move.at_ns for move in moves(result) if move.target is State.DRAINING]
    refused = [request for request in result.requests if request.outcome == "refused"]
    assert all(any(0 <= request.at_ns - stop <= 5e9 for stop in stops) for request in refused)
    assert result.outcomes.keys() <= {"served", "refused", "in-flight"}
    assert fleet("route-slower-than-exit", "pre-stop").failed == 0


def test_a_superficial_rollout_is_complete_and_an_honest_one_stops() -> None:
    green, stopped = fleet("superficial-readiness"), fleet("superficial-readiness", "honest-readiness")
    assert green.update_done_s is not None
    assert green.update_done_s < 120
    assert stopped.update_done_s is None
    late = [request.outcome for request in green.requests if request.at_ns > 120e9]
    assert set(late) == {"error"}
    assert stopped.failed == 0


def test_a_leak_gives_equal_lives_and_growing_gaps() -> None:
    result = fleet("leak")
    ends = ends_of_lives(result)
    lives = {name: [0.0, *(move.at for move in ends if move.instance == name)] for name in result.log.names}
    gaps = lasted([part for part in stands(result, State.BACKOFF) if part.instance == "api-0"])
    assert len({tuple(instants) for instants in lives.values()}) == 1, "all of them together"
    assert (
        len(
            {
                round(end - begin - gap, 3)
                for begin, end, gap in zip(lives["api-0"], lives["api-0"][1:], [0, *gaps], strict=False)
            }
        )
        == 1
    )
    assert gaps == sorted(gaps)
    assert gaps[-1] > 100


def test_a_poison_message_is_delivered_until_it_is_put_aside() -> None:
    jobs, cured = run("poison-message").jobs["jobs"], run("poison-message", "dead-letters").jobs["jobs"]
    assert jobs.deliveries.max() > 20
    assert cured.deliveries.max() == 3
    assert summary(run("poison-message", "dead-letters"))["dead_lettered"] == 3


def test_two_owners_overlap_for_as_long_as_the_stop_takes_and_recreate_leaves_a_gap() -> None:
    assert summary(run("two-owners"))["two_owners_s"] == 25
    assert summary(run("two-owners", "recreate"))["longest_without_s"] > 25
    assert summary(run("two-owners", "quick-stop"))["two_owners_s"] == 1


def test_replacements_without_room_stay_created() -> None:
    result = fleet("node-lost")
    started = {move.instance for move in moves(result)}
    assert len(result.placed) == 6
    assert len([name for name in result.log.names if name not in started]) == 2
    spare = fleet("node-lost", "spare-node")
    assert len(spare.placed) == len(spare.log.names) == 7


def test_a_retry_storm_goes_on_after_its_cause_is_over() -> None:
    def late(cure: str | None) -> tuple[int, float]:
        requests = [request for request in fleet("retry-storm", cure).requests if 120e9 < request.at_ns < 220e9]
        served = sum(request.outcome == "served" for request in requests)
        return served * 100 // len(requests), sum(request.tries for request in requests) / len(requests)

    share, tries = late(None)
    assert share == 0
    assert tries > 5
    assert late("no-retries") == (100, 1.0)
    assert late("one-retry")[0] == 100


def test_a_scenario_can_be_run_shorter() -> None:
    scenario: Scenario = scenario_called("half-started")
    assert scenario.run(until_s=30).until_ns == 30 * 10**9
