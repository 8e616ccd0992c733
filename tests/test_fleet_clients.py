"""Clients: when requests come, how long they take, who waits, who gives up and who tries again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, like
from lifecycle_kit.simulate import Fault, Fleet, Load, Script, World, run_fleet, run_world
from lifecycle_kit.simulate.fleet.clients import arrivals, service_times
from lifecycle_kit.simulate.fleet.result import FleetResult
from lifecycle_kit.units import ns, seconds

PLAIN = like("systemd")


def come(until_s: float = 10.0, seed: int = 0, **load: Any) -> list[float]:
    """Return when requests arrive, seconds."""
    return [seconds(at) for at in arrivals(Load(**load), ns(until_s), seed, "api").tolist()]


def one(load: Load, until_s: float = 60.0, script: Script | None = None, **more: Any) -> FleetResult:
    """Return what comes of one plain instance."""
    fleet = Fleet(unit=PLAIN, replicas=1, lives=[script or Script()], load=load, **more)
    return run_fleet(fleet, until_s=until_s, engine="step")


def ends(result: FleetResult) -> list[tuple[float, str, float]]:
    """Return arrival, outcome and end of each request."""
    return [(seconds(r.at_ns), r.outcome, seconds(r.ended_ns)) for r in result.requests]


# --- arrivals


def test_steady_arrivals_are_evenly_spaced_and_the_last_instant_counts() -> None:
    assert come(until_s=1, per_s=4, steady=True) == [0.25, 0.5, 0.75, 1.0]


def test_a_stream_begins_and_ends_when_it_is_told() -> None:
    assert come(per_s=2, steady=True, from_s=3, until_s=10) == [3.5 + n / 2 for n in range(14)]
    assert come(until_s=100, per_s=1, steady=True, from_s=1) == [float(at) for at in range(2, 101)]
    stops = arrivals(Load(per_s=1, steady=True, until_s=3), ns(10), 0, "api")
    assert stops.tolist() == [ns(1), ns(2), ns(3)]


def test_poisson_arrivals_are_as_many_as_the_rate_says_and_vary_as_much() -> None:
    gaps = np.diff(come(until_s=1000, per_s=20))
    assert len(gaps) == pytest.approx(20_000, rel=0.03)
    assert np.mean(gaps) == pytest.approx(0.05, rel=0.03)
    assert np.std(gaps) == pytest.approx(0.05, rel=0.05)


def test_ten_thousand_a_second_are_ten_thousand() -> None:
    assert len(come(until_s=20, per_s=10_000)) == pytest.approx(200_000, rel=0.01)


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    assert come(until_s=100, per_s=30)[:50] == come(until_s=1000, per_s=30)[:50]


def test_another_seed_brings_others() -> None:
    assert come(per_s=5, seed=1) != come(per_s=5, seed=2)


def test_a_step_takes_what_is_left_of_a_gap_along() -> None:
    # At 2.5 s half of a gap is over; the other half lasts 0.125 s at the new rate.
    assert come(until_s=3.2, per_s=1, steady=True, steps=((2.5, 4),)) == [1, 2, 2.625, 2.875, 3.125]


def test_a_pause_stretches_the_gap_in_which_it_falls() -> None:
    assert come(until_s=9, per_s=1, steady=True, steps=((2.5, 0), (6, 1))) == [1, 2, 6.5, 7.5, 8.5]


def test_a_step_before_the_stream_begins_holds_from_its_beginning() -> None:
    assert come(until_s=6, per_s=9, steady=True, from_s=5, steps=((1, 3), (2, 4))) == [5.25, 5.5, 5.75, 6.0]


@pytest.mark.parametrize("steady", [True, False])
def test_a_step_to_the_same_rate_changes_next_to_nothing(steady: bool) -> None:
    plain = come(until_s=50, per_s=8, steady=steady)
    stepped = come(until_s=50, per_s=8, steady=steady, steps=((7.3, 8), (20, 8)))
    assert stepped == pytest.approx(plain, abs=2e-6)


def test_by_chance_too_a_burst_is_as_thick_as_it_says() -> None:
    counts = np.histogram(come(until_s=300, per_s=5, steps=((100, 50), (200, 5))), bins=3, range=(0, 300))[0]
    assert counts[1] == pytest.approx(5000, rel=0.06)
    assert counts[0] == pytest.approx(500, rel=0.15)
    assert counts[2] == pytest.approx(500, rel=0.15)


def test_recorded_arrivals_come_when_they_came() -> None:
    assert come(until_s=3, recorded=(0.5, 0.5, 2.0, 3.0, 3.1)) == [0.5, 0.5, 2.0, 3.0]


@given(
    st.integers(0, 999),
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from([0.0, 0.5, 3.0, 40.0])), max_size=4).map(sorted),
    st.booleans(),
)
def test_arrivals_never_run_back(seed: int, steps: list[tuple[float, float]], steady: bool) -> None:
    made = arrivals(Load(per_s=2, steps=tuple(steps), steady=steady), ns(20), seed, "api")
    assert (np.diff(made) >= 0).all()
    assert ((made >= 0) & (made <= ns(20))).all()


# --- service times


def test_service_times_that_vary_have_the_mean_that_was_asked_for() -> None:
    takes = service_times(Load(takes_s=0.2, varies=True), 50_000, 3, "api")
    assert np.mean(takes) / 1e9 == pytest.approx(0.2, rel=0.02)
    assert (takes % 1_000_000 == 0).all()


def test_one_request_more_changes_nobody_elses_service_time() -> None:
    load = Load(takes_s=1, varies=True)
    assert service_times(load, 9, 3, "api").tolist() == service_times(load, 10, 3, "api").tolist()[:9]


# --- timeouts and slots


def test_a_client_gives_up_on_what_takes_too_long() -> None:
    result = one(Load(recorded=(1.0,), takes_s=10, timeout_s=3))
    assert ends(result) == [(1.0, "timeout", 4.0)]


def test_an_answer_at_the_very_timeout_is_in_time() -> None:
    assert ends(one(Load(recorded=(1.0,), takes_s=3, timeout_s=3))) == [(1.0, "served", 4.0)]


def test_with_one_slot_requests_are_worked_on_one_after_the_other() -> None:
    result = one(Load(recorded=(1.0, 1.1, 1.2), takes_s=1), slots=1)
    assert ends(result) == [(1.0, "served", 2.0), (1.1, "served", 3.0), (1.2, "served", 4.0)]


def test_two_slots_work_on_two() -> None:
    result = one(Load(recorded=(1.0, 1.1, 1.2), takes_s=1), slots=2)
    assert [end for *_, end in ends(result)] == [2.0, 2.1, 3.0]


@pytest.mark.parametrize(("slots", "mean_s"), [(1, 1 / (10 - 6)), (2, 0.1 + (2 * 0.36 / 1.6) / (20 - 12))])
def test_queues_are_as_long_as_queueing_theory_says(slots: int, mean_s: float) -> None:
    # M/M/1 and M/M/2 at a load of 0.6: response time 1 / (mu - lambda), and 1 / mu + C / (2 mu - lambda) by Erlang.
    load = Load(per_s=6 * slots, takes_s=0.1, varies=True, timeout_s=1000)
    requests = one(load, until_s=8000 / slots, slots=slots).requests
    ended = requests.outcome == 1
    assert np.mean((requests.ended_ns - requests.at_ns)[ended]) / 1e9 == pytest.approx(mean_s, rel=0.06)


def test_one_that_gives_up_in_the_queue_makes_no_work() -> None:
    result = one(Load(recorded=(1.0, 1.5, 3.0), takes_s=2, timeout_s=2), slots=1)
    # The second would begin at 3.0, when two seconds would not be over before its timeout at 3.5: it begins, and its
    # work goes on for nobody up to 5.0, exactly when the third gives up.
    assert ends(result) == [(1.0, "served", 3.0), (1.5, "timeout", 3.5), (3.0, "timeout", 5.0)]
    left = one(Load(recorded=(1.0, 1.5, 4.5), takes_s=4, timeout_s=3), slots=1)
    assert ends(left) == [(1.0, "timeout", 4.0), (1.5, "timeout", 4.5), (4.5, "timeout", 7.5)]


def test_work_for_clients_that_left_fills_the_slots() -> None:
    crowd = Load(per_s=10, steady=True, takes_s=0.5, timeout_s=1, until_s=20)
    result = one(crowd, until_s=40, slots=4)  # 8 a second could be served
    assert result.outcomes["timeout"] > 0.5 * len(result.requests)
    slow = one(Load(per_s=7, steady=True, takes_s=0.5, timeout_s=1, until_s=20), until_s=40, slots=4)
    assert slow.failed == 0


def test_a_drain_waits_for_work_that_nobody_waits_for() -> None:
    load = Load(recorded=(1.0,), takes_s=5, timeout_s=1)
    result = one(load, script=Script(on_term="drain"), requests=[(3, 0, "stop")])
    assert result.trace.transitions[-1].at == 6.0
    assert ends(result) == [(1.0, "timeout", 2.0)]


def test_a_drain_serves_those_that_wait_in_the_instance_too() -> None:
    load = Load(recorded=(1.0, 1.1), takes_s=2)
    result = one(load, slots=1, script=Script(on_term="drain"), requests=[(1.5, 0, "stop")])
    assert ends(result) == [(1.0, "served", 3.0), (1.1, "served", 5.0)]
    assert result.trace.transitions[-1].at == 5.0


def test_those_that_wait_in_an_instance_are_cut_with_it() -> None:
    result = one(Load(recorded=(1.0, 1.1), takes_s=2), slots=1, script=Script(run_s=2))
    assert ends(result) == [(1.0, "cut", 2.0), (1.1, "cut", 2.0)]


def test_a_process_that_hangs_in_the_middle_of_the_work_does_not_answer() -> None:
    result = one(Load(recorded=(1.0, 1.5), takes_s=1, timeout_s=5), script=Script(hangs_after_s=2.2))
    assert ends(result) == [(1.0, "served", 2.0), (1.5, "timeout", 6.5)]


# --- retries


def test_a_refused_request_is_sent_again() -> None:
    load = Load(recorded=(1.0,), takes_s=0.1, retries=3, retry=Backoff(first_s=1, factor=2))
    # Nobody is routed to for the first 5 seconds; tries at 1, 2, 4 and 8.
    result = one(load, script=Script(serves_from_s=5))
    assert ends(result) == [(1.0, "served", 8.1)]
    assert result.requests.tries.tolist() == [4]
    assert result.sent_ns is not None
    assert result.sent_ns.tolist() == [ns(1), ns(2), ns(4), ns(8)]


def test_the_last_try_is_what_counts() -> None:
    load = Load(recorded=(1.0,), retries=2, retry=Backoff(first_s=1))
    result = one(load, script=Script(serves_from_s=None))
    assert ends(result) == [(1.0, "error", 3.0)]
    assert result.requests.tries.tolist() == [3]


def test_a_try_waits_after_the_timeout_of_the_one_before() -> None:
    load = Load(recorded=(1.0,), takes_s=0.5, timeout_s=2, retries=1, retry=Backoff(first_s=1))
    assert ends(one(load, script=Script(hangs_after_s=0))) == [(1.0, "timeout", 6.0)]


def test_a_request_between_two_tries_at_the_end_of_the_run_is_in_flight() -> None:
    load = Load(recorded=(1.0,), retries=5, retry=Backoff(first_s=100))
    result = one(load, script=Script(serves_from_s=None))
    assert result.outcomes == {"in-flight": 1}
    assert result.requests.ended_ns.tolist() == [0]


def test_without_retries_everything_is_sent_once_on_arrival() -> None:
    result = one(Load(per_s=5, steady=True), until_s=10)
    assert result.sent_ns is None
    assert set(result.requests.tries.tolist()) == {1}


def test_jitter_spreads_the_tries_and_another_client_more_leaves_them_where_they_were() -> None:
    def tries(*clients: float) -> set[int]:
        load = Load(recorded=clients, retries=1, retry=Backoff(first_s=10, jitter="full"))
        result = one(load, script=Script(serves_from_s=None))
        assert result.sent_ns is not None
        return set(result.sent_ns.tolist())

    three, four = tries(1.0, 1.0, 1.0), tries(1.0, 1.0, 1.0, 1.0)
    assert len(three) == 4  # all at 1 s, and then each at an instant of its own
    assert three < four


def test_retries_keep_an_overload_alive_after_its_cause_is_gone() -> None:
    def served_later(retries: int) -> int:
        burst = ((20.0, 20.0), (25.0, 6.0))  # the fleet serves 8 a second
        load = Load(
            per_s=6, steps=burst, steady=True, takes_s=0.5, timeout_s=2, retries=retries, retry=Backoff(first_s=0.1)
        )
        return sum(one(load, until_s=120, slots=4).per_second("served")[40:100])

    assert served_later(0) == 360
    assert served_later(3) < 36


def test_a_client_whose_server_was_lost_hears_nothing() -> None:
    fleet = Fleet(unit=PLAIN, replicas=1, load=Load(recorded=(5.0,), takes_s=4, timeout_s=6))
    world = World(fleets={"api": fleet}, faults=[Fault(at_s=7, on="api-0", what="hang")])
    assert ends(run_world(world, until_s=60).fleets["api"]) == [(5.0, "timeout", 11.0)]


@given(
    st.integers(0, 999), st.integers(0, 3), st.sampled_from([None, 1, 3]), st.sampled_from(["exit", "drain", "deaf"])
)
def test_every_request_ends_once_or_is_in_flight(seed: int, retries: int, slots: int | None, on_term: str) -> None:
    load = Load(per_s=6, takes_s=0.4, varies=True, timeout_s=1, retries=retries, retry=Backoff(jitter="full"))
    fleet = Fleet(
        unit=like("kubernetes"), replicas=2, lives=[Script(run_s=7, on_term=on_term, serves_from_s=1)], load=load,
        slots=slots, requests=[(4, 0, "stop"), (9, 0, "start")], spread_s=0.5,
    )  # fmt: skip
    result = run_fleet(fleet, until_s=20, seed=seed)
    requests = result.requests
    assert sum(result.outcomes.values()) == len(requests)
    over = requests.outcome != 0
    assert (requests.ended_ns[over] >= requests.at_ns[over]).all()
    assert (requests.ended_ns[~over] == 0).all()
    assert (requests.tries >= 1).all()
    assert (requests.tries <= retries + 1).all()
    if result.sent_ns is not None:
        assert len(result.sent_ns) == requests.tries.sum()
        assert (np.diff(result.sent_ns) >= 0).all()
