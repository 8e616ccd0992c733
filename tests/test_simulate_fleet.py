"""A small fleet: routing, work in flight, drains and rolling updates, in numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import lifecycle_view, like
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fleet, Load, RollingUpdate, Script, backlog, run_fleet, simulate
from lifecycle_kit.simulate.fleet.result import OUTCOMES
from lifecycle_kit.states import State
from lifecycle_kit.trace import broken_rules

PROBED = {"readinessProbe.periodSeconds": 1, "livenessProbe.periodSeconds": 1}
HALF_STARTED = Script(serves_from_s=None, health={"readiness": parse_health("1:fail")})
STEADY = Load(per_s=50, takes_s=0.5, steady=True)


def half_started(rule: Any) -> dict[str, int]:
    """Return the outcomes of three replicas, one of them half started."""
    lives = lambda number: [HALF_STARTED if number == 0 else Script()]  # noqa: E731
    fleet = Fleet(unit=like("kubernetes", PROBED), lives=lives, route_on=rule, load=STEADY)
    return run_fleet(fleet, until_s=30).outcomes


@pytest.mark.parametrize("rule", ["process", "liveness"])
def test_routing_on_liveness_makes_errors_of_a_third_of_the_requests(rule: str) -> None:
    outcomes = half_started(rule)
    assert outcomes["error"] == pytest.approx(500, abs=2)


@pytest.mark.parametrize("rule", ["readiness", "view", lifecycle_view])
def test_routing_on_readiness_makes_none(rule: Any) -> None:
    outcomes = half_started(rule)
    assert set(outcomes) <= {"served", "in-flight", "no-route"}
    assert outcomes["served"] > 1400


def stop_one(on_term: str, spread_s: float, pause: int | None = None) -> dict[str, int]:
    """Return the outcomes when one of three replicas is stopped at 10 s."""
    options = {"lifecycle.preStop.sleep.seconds": pause} if pause else {}
    unit = like("kubernetes", options)
    fleet = Fleet(
        unit=unit, lives=[Script(on_term=on_term)], spread_s=spread_s, load=STEADY, requests=[(10.001, 0, "stop")]
    )
    return run_fleet(fleet, until_s=30).outcomes


def test_without_a_drain_work_in_flight_is_cut() -> None:
    outcomes = stop_one("exit", spread_s=0)
    assert 7 <= outcomes["cut"] <= 9  # a third of 50 a second for half a second
    assert "refused" not in outcomes


def test_a_drain_finishes_what_is_in_flight() -> None:
    assert set(stop_one("drain", spread_s=0)) == {"served", "in-flight", "no-route"} - {"no-route"}


def test_a_route_that_changes_slower_than_the_exit_sends_requests_to_nobody() -> None:
    assert 30 <= stop_one("drain", spread_s=2)["refused"] <= 35


def test_a_pause_before_the_signal_covers_the_slow_route() -> None:
    assert set(stop_one("drain", spread_s=2, pause=3)) <= {"served", "in-flight", "no-route"}


def update(new: Script, unit: Any, **numbers: Any) -> Any:
    """Return the result of a rolling update at 10 s to lives of `new`."""
    fleet = Fleet(
        unit=unit, lives=[Script(on_term="drain")], new_lives=[new], load=STEADY, update_at_s=10,
        update=RollingUpdate(**numbers),
    )  # fmt: skip
    return run_fleet(fleet, until_s=90)


def test_a_rolling_update_with_drain_and_honest_readiness_loses_nothing() -> None:
    slow = Script(on_term="drain", serves_from_s=5, health={"readiness": parse_health("5:fail,1:ok")})
    result = update(slow, like("kubernetes", PROBED))
    assert set(result.outcomes) <= {"served", "in-flight", "no-route"}
    assert result.update_done_s is not None
    assert result.update_done_s >= 25  # three times five seconds, one after the other


def test_superficial_readiness_lets_a_useless_version_through() -> None:
    result = update(Script(serves_from_s=None), like("kubernetes", PROBED))
    assert result.update_done_s is not None
    assert result.outcomes["error"] > 2000


def test_honest_readiness_stops_a_useless_version() -> None:
    result = update(HALF_STARTED, like("kubernetes", PROBED))
    assert result.update_done_s is None
    assert result.outcomes.get("error", 0) == 0


@pytest.mark.parametrize(("surge", "unavailable"), [(1, 0), (0, 1), (2, 1), ("25%", "25%"), ("100%", 0)])
def test_an_update_never_leaves_its_limits(surge: Any, unavailable: Any) -> None:
    slow = Script(on_term="drain", serves_from_s=3, health={"readiness": parse_health("3:fail,1:ok")})
    result = update(slow, like("kubernetes", PROBED), maxSurge=surge, maxUnavailable=unavailable)
    allowed = RollingUpdate(maxSurge=surge, maxUnavailable=unavailable)
    assert result.update_done_s is not None
    ready = state = 0
    stands: dict[str, State] = {}
    least, most = 99, 0
    for move in result.trace.transitions:
        stands[move.instance] = move.target
        if move.at > 2:
            ready = sum(s in (State.READY, State.RUNNING) for s in stands.values())
            state = sum(s in (State.STARTING, State.READY, State.RUNNING, State.BLOCKED) for s in stands.values())
            least, most = min(least, ready), max(most, state)
    from lifecycle_kit.systems.deployment import resolve

    up, down = resolve(3, allowed.maxSurge, allowed.maxUnavailable)
    assert least >= 3 - down
    assert most <= 3 + up


def test_min_ready_seconds_slows_the_update_down() -> None:
    quick, slow = (
        update(Script(on_term="drain"), like("kubernetes", PROBED), minReadySeconds=wait).update_done_s
        for wait in (0, 10)
    )
    assert slow >= quick + 30


def test_a_hung_instance_makes_its_clients_wait() -> None:
    lives = lambda number: [Script(hangs_after_s=5) if number == 0 else Script()]  # noqa: E731
    fleet = Fleet(unit=like("kubernetes"), lives=lives, route_on="process", load=Load(per_s=30, steady=True))
    assert run_fleet(fleet, until_s=20).outcomes["timeout"] > 50


def test_with_nobody_to_route_to_requests_fail_at_once() -> None:
    fleet = Fleet(unit=like("kubernetes", PROBED), lives=[HALF_STARTED], load=Load(per_s=10, steady=True))
    assert set(run_fleet(fleet, until_s=5).outcomes) == {"no-route"}


@given(
    st.integers(0, 999), st.integers(1, 4), st.sampled_from(["process", "liveness", "readiness", "view"]),
    st.sampled_from(["exit", "drain", "deaf"]), st.sampled_from([0, 0.7, 3]),
)  # fmt: skip
def test_every_request_has_exactly_one_outcome(
    seed: int, replicas: int, rule: str, on_term: str, spread_s: float
) -> None:
    script = Script(run_s=7, on_term=on_term, serves_from_s=1, health={"readiness": parse_health("1:fail,3:ok,2:fail")})
    fleet = Fleet(
        unit=like("kubernetes", PROBED), lives=[script], replicas=replicas, route_on=rule, spread_s=spread_s,
        requests=[(4, 0, "stop"), (9, 0, "start")], update_at_s=12,
    )  # fmt: skip
    result = run_fleet(fleet, until_s=30, seed=seed)
    assert {request.outcome for request in result.requests} <= set(OUTCOMES)
    assert sum(result.outcomes.values()) == len(result.requests)
    assert result.failed == sum(n for name, n in result.outcomes.items() if name not in ("served", "in-flight"))
    assert broken_rules(result.trace.transitions) == []
    assert run_fleet(fleet, until_s=30, seed=seed).outcomes == result.outcomes


def test_one_instance_more_does_not_change_the_others_arrivals() -> None:
    three, four = (run_fleet(Fleet(unit=like("kubernetes"), replicas=n), until_s=20, seed=7) for n in (3, 4))
    assert [r.at_ns for r in three.requests] == [r.at_ns for r in four.requests]


def test_requests_can_be_counted_by_the_second() -> None:
    result = run_fleet(Fleet(unit=like("kubernetes"), load=STEADY), until_s=4)
    assert result.per_second("served") == [49, 50, 50, 26]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"replicas": 0}, "replicas must be at least 1, got 0"),
        ({"requests": [(1, 5, "stop")]}, "replica 5 does not exist; there are 0 to 2"),
        ({"route_on": "luck"}, "route_on='luck' is not known; use process, liveness"),
    ],
)
def test_a_fleet_that_makes_no_sense_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        run_fleet(Fleet(unit=like("kubernetes"), **wrong), until_s=1)


@pytest.mark.parametrize("wrong", [{"per_s": 0}, {"takes_s": -1}])
def test_a_load_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        Load(**wrong)  # type: ignore[arg-type]


# --- backlog


def test_a_backlog_grows_while_the_worker_is_in_backoff_and_shrinks_while_it_runs() -> None:
    trace = simulate(like("supervisord", autorestart="true"), [Script(run_s=10), Script(run_s=0), Script()], until_s=40)
    points = backlog(trace, arrive_per_s=5, done_per_s=10)
    assert points[0] == (0.0, 0.0)
    assert (12, 10) in points  # back after 1 s of wait and 1 s of startsecs
    assert points[-1] == (40.0, 0.0)
    assert (14, 0) in points


def test_without_a_worker_everything_piles_up() -> None:
    trace = simulate(like("systemd"), Script(run_s=0), until_s=100)
    assert backlog(trace, arrive_per_s=3, done_per_s=10)[-1] == (100.0, 300.0)


def test_rates_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match="rates must not be negative"):
        backlog(simulate(like("systemd"), Script(), until_s=1), arrive_per_s=-1, done_per_s=1)


def test_a_result_says_in_a_line_what_came_of_it() -> None:
    steady = Fleet(unit=like("kubernetes"), load=Load(per_s=5, steady=True))
    assert str(run_fleet(steady, until_s=10)) == "49 served, 1 in-flight"
    assert str(run_fleet(replace(steady, update_at_s=2, load=None), until_s=10)) == "no requests; update done at 2 s"
