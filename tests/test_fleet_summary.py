"""A run in a few numbers."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from lifecycle_kit import Unit
from lifecycle_kit.simulate.fleet.summary import replicas_of, summary
from lifecycle_kit.simulate.fleet.world import Alarm, Fleet, World
from tests import made_results as made

CRASHES = [
    (0, "api-0", "starting"), (0, "api-1", "starting"), (2, "api-0", "ready"), (3, "api-1", "ready"),
    (4.25, "api-0", "failed"), (4.25, "api-0", "backoff"), (5, "api-1", "blocked"), (5.75, "api-1", "ready"),
    (6, "api-0", "starting"),
]  # fmt: skip
ASKED = made.requests(
    (1, 1, "no-route"), (2, 3, "served"), (3, 4, "served"), (4, 4.25, "cut"), (9, 0, "in-flight"),
)  # fmt: skip


def test_requests_are_counted_by_their_ends() -> None:
    numbers = summary(made.fleet(CRASHES, asked=ASKED))
    names = ("arrived", "served", "no_route", "cut", "timeout", "failed", "failed_share")
    assert [numbers[name] for name in names] == [5, 2, 1, 1, 0, 2, 0.5]


def test_what_was_sent_again_counts_as_sent() -> None:
    assert summary(made.fleet(asked=ASKED))["sent"] == 5
    assert summary(replace(made.fleet(asked=ASKED), sent_ns=np.arange(8)))["sent"] == 8


def test_the_longest_time_without_is_exact_and_includes_the_start_up() -> None:
    assert summary(made.fleet(CRASHES))["longest_without_s"] == 2
    assert summary(made.fleet(CRASHES), enough=2)["longest_without_s"] == 10 - 4.25
    assert summary(made.fleet())["longest_without_s"] == 10


def test_passing_from_ready_to_running_is_no_gap() -> None:
    moves = [(0, "a", "starting"), (1, "a", "ready"), (5, "a", "running"), (8, "a", "ready")]
    assert summary(made.fleet(moves))["longest_without_s"] == 1


def test_starts_cost_what_the_fleet_says() -> None:
    assert summary(made.fleet(CRASHES))["restarts"] == 1
    assert summary(made.fleet(CRASHES))["log_lines"] == 60
    dear = Fleet(unit=Unit(), start_cpu_s=4)
    assert summary(made.fleet(CRASHES), dear)["start_cpu_s"] == 12


TWO = [
    (0, "a", "starting"), (1, "a", "ready"), (2, "a", "draining"), (2, "b", "starting"), (3, "b", "ready"),
    (5.5, "a", "terminated"),
]  # fmt: skip


def test_two_owners_count_only_where_there_should_be_one() -> None:
    assert summary(made.fleet(TWO))["two_owners_s"] == 2.5
    assert summary(made.fleet(CRASHES))["two_owners_s"] == 0
    assert summary(made.fleet(TWO), Fleet(unit=Unit(), replicas=2))["two_owners_s"] == 0


def test_a_queue_counts_its_jobs_and_its_highest_backlog() -> None:
    jobs = made.jobs(
        (1, 4, "done", 2), (2, 4, "done", 1), (3, 5, "dead-lettered", 0), (4, 0, "waiting", 0), (6, 0, "waiting", 0)
    )
    numbers = summary(made.world(made.fleet(), queues={"jobs": jobs}))
    names = ("backlog", "backlog_most", "done", "dead_lettered", "done_twice")
    assert [numbers[name] for name in names] == [2, 3, 2, 1, 1]
    assert numbers.keys() == summary(made.fleet()).keys()


def test_several_fleets_are_taken_together_or_one_by_one() -> None:
    web = made.fleet([(0, "web-0", "starting"), (7, "web-0", "ready")], name="web")
    both = made.world(made.fleet(CRASHES, asked=ASKED), web, queues={"jobs": made.jobs((1, 0, "waiting", 0))})
    assert summary(both)["longest_without_s"] == 7
    assert summary(both)["log_lines"] == 80
    assert summary(both, on="api") == summary(made.fleet(CRASHES, asked=ASKED))
    assert summary(both, on="jobs")["backlog"] == 1
    assert summary(both, on="jobs")["arrived"] == 0
    assert isnan(summary(both, on="web")["failed_share"])


def test_the_first_alert_is_that_of_the_fleet_asked_for() -> None:
    api = made.fleet(CRASHES, alerts=[(6, "api-0", "crash-loop", "")])
    web = made.fleet([(0, "web-0", "starting")], name="web")
    both = made.world(api, web, fault_s=4)
    world = World(fleets={}, alarms=[Alarm(on="web", metric="ready", below=1, for_s=0)])
    assert summary(both)["first_alert_s"] == 6
    assert summary(both)["alert_late_s"] == 2
    assert summary(both, world)["first_alert_s"] == 1
    assert isnan(summary(both, world)["alert_late_s"])
    assert summary(both, world, on="api")["first_alert_s"] == 6
    assert isnan(summary(both, on="web")["first_alert_s"])


def test_the_replicas_are_those_that_were_started_first() -> None:
    assert replicas_of(made.fleet(CRASHES).log) == ["api-0", "api-1"]
    assert replicas_of(made.fleet(TWO).log) == ["a"]
    assert replicas_of(made.fleet().log) == []


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no 'web'; there are api"):
        summary(made.fleet(), on="web")
