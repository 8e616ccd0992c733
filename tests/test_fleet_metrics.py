"""Metrics: every count is in exactly one scrape, every level is as it stood just before one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Unit
from lifecycle_kit.simulate.fleet.metrics import FAILURES, metrics
from lifecycle_kit.simulate.fleet.world import Fleet, World
from lifecycle_kit.states import HAS_PROCESS, State
from tests import made_results as made

CRASH_LOOP = [
    (0, "api-0", "starting"), (0, "api-1", "starting"), (1.5, "api-0", "ready"), (1.5, "api-0", "running"),
    (2.0, "api-1", "failed"), (2.0, "api-1", "backoff"), (4.5, "api-1", "starting"), (5.0, "api-1", "ready"),
    (6.0, "api-0", "blocked"), (7.0, "api-1", "failed"), (7.0, "api-1", "backoff"), (7.0, "api-1", "starting"),
]  # fmt: skip


def api(name: str) -> list[float]:
    """Return a column of the crash loop, ten scrapes of one second."""
    return list(metrics(made.fleet(CRASH_LOOP))["api"][name].tolist())


def test_a_level_is_what_stands_just_before_the_scrape() -> None:
    assert api("ready") == [0, 1, 1, 1, 1, 2, 1, 0, 0, 0]
    assert api("instances") == [2, 2, 1, 1, 2, 2, 2, 2, 2, 2]


def test_a_dip_between_two_scrapes_is_not_seen_but_its_restart_is_counted() -> None:
    assert api("instances")[6:8] == [2, 2]
    assert api("restarts") == [0, 0, 0, 0, 1, 0, 0, 1, 0, 0]


def test_a_first_start_costs_as_much_as_a_restart() -> None:
    assert api("start_cpu_s") == [2, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert api("log_lines")[-1] == 80


@pytest.mark.parametrize("as_world", [True, False])
def test_the_described_fleet_says_what_a_start_costs(as_world: bool) -> None:
    dear = Fleet(unit=Unit(), start_cpu_s=2.5, start_log_lines=300)
    costs = World(fleets={"api": dear}) if as_world else dear
    columns = metrics(made.fleet(CRASH_LOOP), costs=costs)["api"]
    assert columns["start_cpu_s"][-1] == 10
    assert columns["log_lines"][-1] == 1200


def test_restarts_per_minute_look_back_a_minute() -> None:
    loop = [(0.0, "w", "starting")]
    for at in range(10, 100, 10):
        loop += [(at, "w", "failed"), (at, "w", "backoff"), (at, "w", "starting")]
    column = metrics(made.fleet(loop, 180), every_s=10)["api"]["restarts_per_min"].tolist()
    assert column == [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 5, 4, 3, 2, 1, 0, 0, 0]


def test_states_are_counted_from_an_instance_s_first_move_on() -> None:
    states = metrics(made.fleet(CRASH_LOOP)).states["api"]
    assert states[State.BACKOFF].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert states[State.CREATED].tolist() == [0] * 10
    assert states[State.BLOCKED].tolist() == [0] * 6 + [1] * 4


ASKED = made.requests(
    (0.1, 0.2, "served"), (0.9, 1.0, "served"), (1.1, 6.1, "timeout", 3), (2.0, 2.0, "no-route"),
    (2.5, 0, "in-flight"), (10.0, 10.0, "refused"), (3.0, 3.2, "error"), (3.0, 3.1, "cut"), (3.0, 3.9, "served"),
)  # fmt: skip


def asked(name: str) -> list[float]:
    return list(metrics(made.fleet(asked=ASKED))["api"][name].tolist())


def test_a_request_counts_where_it_came_and_where_it_ended() -> None:
    assert asked("arrived") == [2, 1, 2, 3, 0, 0, 0, 0, 0, 1]
    assert asked("served") == [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    assert asked("timeout") == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]


def test_the_end_of_the_run_belongs_to_the_last_scrape() -> None:
    assert asked("refused") == [0] * 9 + [1]


def test_in_flight_is_what_came_and_has_not_ended() -> None:
    assert asked("in_flight") == [1, 1, 2, 2, 2, 2, 1, 1, 1, 1]


def test_the_share_of_failures_is_of_what_ended_and_no_number_where_nothing_did() -> None:
    share = metrics(made.fleet(asked=ASKED))["api"]["failed_share"]
    np.testing.assert_array_equal(share, [0, 0, 1, 2 / 3, np.nan, np.nan, 1, np.nan, np.nan, 1])


def test_retries_are_sent_too_and_without_them_everything_is_sent_on_arrival() -> None:
    assert asked("sent") == asked("arrived")
    retried = replace(made.fleet(asked=ASKED, until_s=3), sent_ns=np.array([100, 900, 1_100, 1_900, 2_000]) * 10**6)
    assert metrics(retried)["api"]["sent"].tolist() == [2, 2, 1]


def test_routed_is_what_the_balancer_believed_last() -> None:
    routes = [(1.0, ("api-0",)), (2.2, ("api-0", "api-1")), (2.7, ("api-1",)), (5.0, ())]
    column = metrics(made.fleet(routes=routes, until_s=6))["api"]["routed"].tolist()
    assert column == [0, 1, 1, 1, 1, 0]


def test_a_slow_stop_leaves_two_owners() -> None:
    moves = [
        (0, "a", "starting"), (1, "a", "ready"), (2, "a", "draining"), (2, "b", "starting"), (3, "b", "ready"),
        (5.5, "a", "terminated"),
    ]  # fmt: skip
    assert metrics(made.fleet(moves, 8))["api"]["owners"].tolist() == [0, 1, 1, 2, 2, 1, 1, 1]


def test_a_life_that_was_never_ready_owns_nothing() -> None:
    moves = [
        (0, "a", "starting"), (1, "a", "ready"), (2, "a", "failed"), (2, "a", "backoff"), (3, "a", "starting"),
        (5, "a", "failed"), (5, "a", "backoff"), (6, "a", "starting"), (7, "a", "ready"),
    ]  # fmt: skip
    assert metrics(made.fleet(moves, 8))["api"]["owners"].tolist() == [0, 1, 0, 0, 0, 0, 0, 1]


def test_a_queue_has_a_backlog_and_three_ends() -> None:
    jobs = made.jobs((0.5, 3.5, "done", 1), (1, 0, "waiting", 0), (1.5, 2.5, "done", 2), (2, 3, "dead-lettered", 0))
    columns = metrics(made.world(made.fleet(until_s=4), queues={"jobs": jobs}))["jobs"]
    assert columns["backlog"].tolist() == [1, 3, 3, 1]
    assert columns["done"].tolist() == [0, 0, 1, 1]
    assert columns["dead_lettered"].tolist() == [0, 0, 0, 1]
    assert columns["done_twice"].tolist() == [0, 0, 1, 0]


def test_a_dependency_is_up_or_down() -> None:
    result = made.world(made.fleet(until_s=6), downs={"database": [(1.5, 3.0), (5.0, 6.0)], "cache": []})
    assert metrics(result)["database"]["up"].tolist() == [1, 0, 0, 1, 1, 0]
    assert metrics(result)["cache"]["up"].tolist() == [1] * 6


def test_the_last_scrape_comes_at_the_end_even_if_that_is_early() -> None:
    result = metrics(made.fleet(until_s=2.5, asked=made.requests((2.2, 2.4, "served"))))
    assert result.times_s.tolist() == [1, 2, 2.5]
    assert result["api"]["served"].tolist() == [0, 0, 1]


def test_a_table_has_a_row_per_scrape() -> None:
    rows = metrics(made.fleet(CRASH_LOOP, asked=ASKED), every_s=5).table()
    assert [row["time_s"] for row in rows] == [5, 10]
    assert rows[1]["restarts"] == 1
    assert len(metrics(made.fleet(CRASH_LOOP))) == 10


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(KeyError, match="there are no metrics of 'web'; there are some of api"):
        metrics(made.fleet())["web"]
    with pytest.raises(ValueError, match="every_s must be greater than 0, got 0"):
        metrics(made.fleet(), every_s=0)


WORDS = ("in-flight", "served", *FAILURES)
MANY = st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 900), st.sampled_from(WORDS)), max_size=30)


@given(MANY, st.sampled_from([0.3, 1.0, 7.0]))
def test_counts_add_up_whatever_the_scrapes(rows: list[tuple[int, int, str]], every_s: float) -> None:
    ends = sorted((at / 1e3, (at + takes) / 1e3, word) for at, takes, word in rows)
    columns = metrics(made.fleet(asked=made.requests(*ends)), every_s)["api"]
    for word in ("served", *FAILURES):
        assert columns[word.replace("-", "_")].sum() == sum(end == word for _, _, end in rows)
    assert columns["arrived"].sum() == len(rows)
    assert columns["in_flight"][-1] == sum(end == "in-flight" for _, _, end in rows)
    assert columns["failed"].sum() == sum(end in FAILURES for _, _, end in rows)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from("abc"), st.sampled_from(list(State)))))
def test_every_instance_that_moved_stands_somewhere(rows: list[tuple[int, str, State]]) -> None:
    rows.sort(key=lambda row: row[0])
    moves = [(at / 1e3, who, state.value) for at, who, state in rows if state is not State.CREATED]
    result = metrics(made.fleet(moves))
    total = np.sum(list(result.states["api"].values()), axis=0)
    assert total[-1] == len({who for _, who, _ in moves})
    assert (result["api"]["instances"] == sum(result.states["api"][state] for state in HAS_PROCESS)).all()
