"""What fleets need: what an outage does to requests, probes and processes, and what comes after it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.events import Probed
from lifecycle_kit.health import Segment, Watch, segments, walk
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally
from lifecycle_kit.simulate import Dependency, Fault, Fleet, Load, Need, Script, World, WorldResult, run_world
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns, seconds

PLAIN = like("systemd")
PROBED = like("kubernetes", {"readinessProbe.periodSeconds": 1, "livenessProbe.periodSeconds": 1})
EVERY_SECOND = Load(per_s=1, takes_s=0.1, steady=True)
RESTARTED = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=1)))
HEALTHY = (Script(),)
DOWN_10_TO_20 = Dependency(outages=((10, 20),))


def world(
    *needs: Need, unit: Unit = PLAIN, lives: Any = HEALTHY, replicas: int = 1, load: Load | None = EVERY_SECOND,
    database: Dependency = DOWN_10_TO_20, **more: Any,
) -> World:  # fmt: skip
    """Return a world of one fleet and a database."""
    fleet = Fleet(unit=unit, lives=lives, replicas=replicas, load=load, needs=needs, route_on="process")
    return World(fleets={"api": fleet}, dependencies={"database": database}, **more)


def run(*needs: Need, until_s: float = 60, **more: Any) -> WorldResult:
    """Return what comes of it."""
    return run_world(world(*needs, **more), until_s)


def moves(result: WorldResult, name: str = "api-0") -> list[tuple[float, str]]:
    """Return when an instance entered which state."""
    return [(move.at, move.target.value) for move in result.trace.transitions if move.instance == name]


def when(result: WorldResult, outcome: str) -> list[float]:
    """Return the arrivals of the requests that ended in this way."""
    return [seconds(r.at_ns) for r in result.fleets["api"].requests if r.outcome == outcome]


# --- requests


def test_without_its_database_a_request_ends_in_an_error_at_once() -> None:
    result = run(Need(on="database"))
    assert when(result, "error") == [float(at) for at in range(10, 20)]
    assert result.downs == {"database": ((ns(10), ns(20)),)}
    assert result.first_fault_ns == ns(10)


def test_requests_may_wait_for_the_database_as_long_as_their_clients_do() -> None:
    result = run(Need(on="database", requests="wait"))
    assert when(result, "timeout") == [10, 11, 12, 13, 14, 15]  # the clients wait for five seconds
    late = {seconds(r.ended_ns) for r in result.fleets["api"].requests if 16 <= seconds(r.at_ns) < 20}
    assert late == {20.1}


def test_waiting_requests_hold_their_slots() -> None:
    slow = world(Need(on="database", requests="wait"), load=Load(per_s=1, takes_s=0.1, steady=True, timeout_s=4))
    narrow = World(
        fleets={"api": Fleet(unit=PLAIN, replicas=1, load=slow.fleets["api"].load, needs=[
            Need(on="database", requests="wait")], slots=2)},
        dependencies=slow.dependencies,
    )  # fmt: skip
    # The requests of 18 and 19 s find both slots held by those of 16 and 17 s, which go on at 20 s.
    ends = {seconds(r.at_ns): seconds(r.ended_ns) for r in run_world(narrow, 60).fleets["api"].requests}
    assert [ends[at] for at in (17.0, 18.0, 19.0)] == pytest.approx([20.1, 20.2, 20.2])


def test_requests_that_do_not_ask_are_not_affected() -> None:
    assert set(run(Need(on="database", requests="none")).fleets["api"].outcomes) == {"served", "in-flight"}


def test_work_that_has_begun_is_done() -> None:
    result = run(Need(on="database"), load=Load(recorded=(9.0,), takes_s=3))
    assert when(result, "served") == [9.0]


# --- probes


def test_readiness_that_asks_the_database_takes_the_instance_out_and_nothing_else_happens() -> None:
    result = run(Need(on="database", readiness=True), unit=PROBED)
    assert moves(result)[-2:] == [(12.0, "blocked"), (20.0, "running")]  # three probes fail, one is enough to be back
    assert starts(result.trace.transitions) == [0]


def test_liveness_that_asks_the_database_kills_what_a_restart_cannot_repair() -> None:
    asks = run(Need(on="database", liveness=True), unit=PROBED, replicas=3, until_s=300)
    does_not = run(Need(on="database"), unit=PROBED, replicas=3, until_s=300)
    assert len(starts(asks.trace.transitions)) >= 6
    assert len(starts(does_not.trace.transitions)) == 3


def test_probes_that_do_not_ask_notice_nothing() -> None:
    assert len(moves(run(Need(on="database", readiness=False), unit=PROBED))) == 3


def test_an_outage_shorter_than_the_threshold_is_counted_and_forgotten() -> None:
    blink = Dependency(outages=((10.5, 12.5),))
    assert len(moves(run(Need(on="database"), unit=PROBED, database=blink))) == 3


@given(
    st.lists(st.integers(0, 400), max_size=8, unique=True).map(sorted),
    st.sampled_from([0.7, 1.0, 3.0]), st.integers(1, 3), st.integers(1, 3), st.floats(0, 1.5),
    st.sampled_from([(0.0, "ok", 0.0), (0.0, "ok", 0.4), (0.0, "error", 0.0)]), st.booleans(),
)  # fmt: skip
def test_verdicts_that_are_planned_anew_are_those_of_probes_made_one_by_one(
    changes: list[int], period_s: float, good: int, bad: int, delay_s: float, first: tuple[float, str, float],
    unhealthy_later: bool,
) -> None:  # fmt: skip
    probe = ProbeSettings(
        kind="readiness", period_s=period_s, success_threshold=good, failure_threshold=bad, initial_delay_s=delay_s
    )
    edges = [at / 10 for at in changes]
    downs = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))
    own = segments(first, (17.3, "fail")) if unhealthy_later else segments(first)
    unit = Unit(probes={"readiness": probe})
    result = run(
        Need(on="database"), unit=unit, lives=[Script(health={"readiness": own})], load=None,
        database=Dependency(outages=downs), until_s=50,
    )  # fmt: skip
    told = [(e.at, e.good) for _, e in result.trace.events if isinstance(e, Probed)]

    def seen(at: int) -> Segment:
        part = [part for part in own if part.from_ns <= at][-1]
        down = any(ns(a) <= at < ns(b) for a, b in downs)
        return Segment(at, Outcome.FAILURE if down else part.outcome, part.latency_ns)

    marks = sorted({0, ns(17.3), *(ns(edge) for edge in edges)})
    watch = Watch.begin(probe, Tally.first(probe), 0, 0, 0)
    verdict, expected = watch.tally.good, []
    for _, end, _, after in walk(watch, [seen(at) for at in marks], ns(50)):
        if after.tally.good != verdict:
            verdict = after.tally.good
            expected.append((end, verdict))
    assert told == expected


# --- loss


def test_a_process_that_exits_when_it_loses_its_database_does_not_lose_it_again_in_the_next_life() -> None:
    result = run(Need(on="database", loss="exit"), unit=RESTARTED)
    assert starts(result.trace.transitions) == [0, 11]
    ends = [move.cause for move in result.trace.transitions if move.target.value == "failed"]
    assert ends == ["exit 1"]


def test_a_process_that_blocks_says_so_and_goes_on_later() -> None:
    result = run(Need(on="database", loss="block"))
    assert moves(result)[3:] == [(10.0, "blocked"), (20.0, "running")]
    assert [m.cause for m in result.trace.transitions][3:] == ["waits for database", "no longer waits"]


def test_one_that_is_born_in_the_outage_blocks_from_birth() -> None:
    result = run(Need(on="database", loss="block"), lives=[Script(run_s=12), Script()], unit=RESTARTED)
    assert moves(result)[-3:] == [(13.0, "running"), (13.0, "blocked"), (20.0, "running")]


def test_one_that_waits_for_two_goes_on_when_both_are_back() -> None:
    fleet = Fleet(unit=PLAIN, replicas=1, needs=[Need(on=name, loss="block") for name in ("database", "broker")])
    broker = Dependency(outages=((15, 30),))
    result = run_world(World(fleets={"api": fleet}, dependencies={"database": DOWN_10_TO_20, "broker": broker}), 60)
    assert moves(result)[3:] == [(10.0, "blocked"), (30.0, "running")]


# --- connecting


def knocks(replicas: int, jitter: str, until_s: float = 120, **more: Any) -> WorldResult:
    """Return a herd that must connect at start and exits if it may not."""
    unit = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=8, jitter=jitter)))
    database = Dependency(outages=((10, 20),), **more)
    need = Need(on="database", connects=True, loss="exit")
    return run(need, unit=unit, replicas=replicas, load=None, database=database, until_s=until_s)


def test_a_process_that_may_not_connect_exits_with_its_code() -> None:
    unit = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=4)))
    need = Need(on="database", connects=True, connects_at_s=0.5, exit_code=77, loss="exit")
    result = run(need, unit=unit)
    assert starts(result.trace.transitions) == [0, 14, 18.5, 23]
    assert [m.cause for m in result.trace.transitions if m.target.value == "failed"] == ["exit 1", "exit 77", "exit 77"]


def test_one_that_tries_again_stays_and_serves_when_it_is_connected() -> None:
    need = Need(on="database", connects=True, connects_at_s=1, refused="retry", retry_s=4)
    result = run(need, database=Dependency(outages=((0, 7),)))
    assert when(result, "error") == list(range(1, 10))  # tries at 1, 5 and 9, after the clients of those instants
    assert starts(result.trace.transitions) == [0]


def test_a_lost_connection_is_made_again() -> None:
    need = Need(on="database", connects=True, refused="exit", retry_s=3)
    result = run(need)
    assert when(result, "error") == [float(at) for at in range(10, 23)]  # tries at 13, 16, 19 and 22
    assert starts(result.trace.transitions) == [0]


def test_until_it_is_connected_it_is_not_ready() -> None:
    need = Need(on="database", connects=True, connects_at_s=4.5)
    result = run(need, unit=PROBED, database=Dependency())
    assert moves(result)[1] == (5.0, "ready")


def test_wrong_credentials_are_refused_however_well_the_database_is() -> None:
    unit = like("supervisord")
    need = Need(on="database", connects=True, connects_at_s=0.2, credentials=False, exit_code=77)
    result = run(need, unit=unit, database=Dependency())
    assert moves(result)[-1][1] == "failed"  # it gave up
    assert result.trace.alerts
    mild = run(Need(on="database", credentials=False), database=Dependency())
    assert set(mild.fleets["api"].outcomes) == {"error"}


def test_a_limit_on_connections_lets_a_herd_in_bit_by_bit() -> None:
    need = Need(on="database", connects=True, refused="retry", retry_s=1)
    result = run(need, replicas=20, load=None, unit=PROBED, database=Dependency(connects_per_s=5), until_s=30)
    ready = sorted(move.at for move in result.trace.transitions if move.target.value == "ready")
    assert [sum(at <= second for at in ready) for second in (0, 1, 2, 3, 4)] == [5, 10, 15, 20, 20]


def test_a_slow_recovery_refuses_most_of_a_herd_at_first() -> None:
    def back(recovery_s: float) -> float:
        return max(starts(knocks(30, "none", recovery_s=recovery_s, until_s=300).trace.transitions))

    assert back(0) < 30 < 60 < back(200)


def test_with_a_limit_it_is_the_limit_that_recovers() -> None:
    need = Need(on="database", connects=True, refused="retry", retry_s=1)
    slow = Dependency(outages=((10, 20),), connects_per_s=10, recovery_s=20)
    result = run(need, replicas=40, load=None, unit=PROBED, database=slow, until_s=60)
    back = sorted(
        at for name in range(40) for at, state in moves(result, f"api-{name}") if at > 20 and state == "running"
    )
    # 10 a second growing over 20 s: t * t / 4 connections in the first t seconds.
    assert [sum(at <= second for at in back) for second in (22, 24, 28, 32)] == [1, 4, 16, 36]


def test_a_herd_keeps_down_what_a_spread_crowd_lets_up() -> None:
    def down_s(jitter: str) -> float:
        result = knocks(40, jitter, falls_over_at=25, falls_for_s=4, until_s=200)
        return sum(seconds(until - since) for since, until in result.downs["database"])

    assert down_s("none") > 90
    assert down_s("full") < 40


def test_what_falls_over_under_its_clients_is_down_for_as_long_as_it_says() -> None:
    need = Need(on="database", connects=True, connects_at_s=3, refused="retry", retry_s=60)
    fragile = Dependency(falls_over_at=3, falls_for_s=5)
    result = run(need, replicas=3, database=fragile, until_s=30)
    assert result.downs["database"] == ((ns(3), ns(8)),)


def test_a_breakdown_within_an_outage_does_not_end_it() -> None:
    need = Need(on="database", connects=True, refused="retry", retry_s=60)
    fragile = Dependency(outages=((2, 20),), falls_over_at=3, falls_for_s=5)
    result = run(need, replicas=3, database=fragile, until_s=30)
    assert result.downs["database"] == ((ns(0), ns(20)),)


# --- faults and other fleets


def test_an_outage_can_be_a_fault_of_the_world() -> None:
    faults = [Fault(at_s=30, on="database", what="outage", for_s=4), Fault(at_s=50, on="database", what="outage")]
    result = run(Need(on="database"), database=Dependency(), faults=faults)
    assert when(result, "error") == [30, 31, 32, 33, *range(50, 61)]
    assert result.downs["database"] == ((ns(30), ns(34)), (ns(50), ns(60)))


def test_another_fleet_is_up_while_one_of_its_instances_is_ready() -> None:
    back = Fleet(unit=RESTARTED, replicas=2, lives=lambda n: [Script(run_s=10 + 3 * n), Script()], load=None)
    front = Fleet(unit=PLAIN, replicas=1, load=EVERY_SECOND, needs=[Need(on="back", loss="block")])
    both = run_world(World(fleets={"back": back, "api": front}), 30)
    assert when(both, "error") == []
    alone = Fleet(unit=RESTARTED, replicas=1, lives=[Script(run_s=10), Script()], load=None)
    single = run_world(World(fleets={"back": alone, "api": front}), 30)
    assert moves(single)[-2:] == [(10.0, "blocked"), (11.0, "running")]
    assert when(single, "error") == [11.0]  # at 10 and 11 s the clients come first


def test_a_fleet_that_needs_another_waits_for_its_first_readiness() -> None:
    slow = Fleet(unit=like("systemd", Type="notify"), replicas=1, lives=[Script(says=((7, "ready"),))], load=None)
    front = Fleet(unit=PROBED, replicas=1, load=None, needs=[Need(on="back")])
    result = run_world(World(fleets={"api": front, "back": slow}), 30)
    assert moves(result)[1] == (7.0, "ready")


def test_what_does_not_exist_cannot_be_needed() -> None:
    with pytest.raises(ValueError, match="nothing is called 'databse' that could be needed; there are database"):
        run(Need(on="databse"))
