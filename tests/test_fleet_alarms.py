"""Alarms: raised once a bound has been crossed for long enough, and how late that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifecycle_kit import Unit
from lifecycle_kit.simulate.fleet.alarms import Raised, alerts_of, first_trouble_ns, rule_of
from lifecycle_kit.simulate.fleet.result import FleetResult
from lifecycle_kit.simulate.fleet.world import Alarm, Fleet, World
from tests import made_results as made


def watched(*alarms: Alarm) -> World:
    """Return a world with these alarms."""
    return World(fleets={"api": Fleet(unit=Unit())}, alarms=alarms)


def ready_from(*spans: tuple[float, float], until_s: float = 100) -> FleetResult:
    """Return the result of one instance that is ready in these spans."""
    moves = [(0.0, "api-0", "starting")]
    for start, end in spans:
        moves += [(start, "api-0", "ready"), (end, "api-0", "blocked")]
    return made.fleet(moves, until_s)


NOBODY = Alarm(on="api", metric="ready", below=1, for_s=10)


def raised_at(result: FleetResult, alarm: Alarm = NOBODY, every_s: float = 1.0) -> list[float]:
    return [alert.at_s for alert in alerts_of(watched(alarm), result, every_s)]


def test_an_alarm_waits_until_its_bound_has_been_crossed_for_long_enough() -> None:
    assert raised_at(ready_from((0, 29.5))) == [40]  # the scrape at 30 is the first that sees it


def test_a_dip_that_ends_in_time_raises_nothing() -> None:
    assert raised_at(ready_from((0, 29.5), (39.5, 100))) == []
    assert raised_at(ready_from((0, 29.5), (40.5, 100))) == [40]


def test_an_alarm_can_be_raised_again_once_it_was_over() -> None:
    assert raised_at(ready_from((0, 20), (40, 60))) == [31, 71]


def test_with_no_time_to_wait_the_first_scrape_raises_it() -> None:
    assert raised_at(ready_from((0, 29.5)), replace(NOBODY, for_s=0)) == [30]


def test_rarer_scrapes_notice_later() -> None:
    assert raised_at(ready_from((0, 29.5)), every_s=15) == [45]
    assert raised_at(ready_from((0, 30.5)), every_s=15) == [60]


def test_what_would_be_raised_after_the_end_is_not() -> None:
    assert raised_at(ready_from((0, 95))) == []


def test_a_share_of_nothing_crosses_no_bound() -> None:
    lonely = made.requests((1, 1.5, "refused"), (8, 8.5, "refused"))
    alarm = Alarm(on="api", metric="failed_share", above=0.5, for_s=2)
    assert raised_at(made.fleet(asked=lonely), alarm) == []
    steady = made.requests(*((at / 2, at / 2, "refused") for at in range(20)))
    assert raised_at(made.fleet(asked=steady), alarm) == [3]


def test_an_alarm_can_watch_a_queue() -> None:
    jobs = made.jobs(*((at, 0, "waiting", 0) for at in range(9)))
    alarm = Alarm(on="jobs", metric="backlog", above=3, for_s=1)
    (alert,) = alerts_of(watched(alarm), made.world(made.fleet(), queues={"jobs": jobs}))
    assert alert == Raised(at_s=5, late_s=None, on="jobs", kind="backlog above 3", text="for 1 s; it is 5")


def test_alerts_of_step_and_alarms_stand_in_order_of_time() -> None:
    told = [(50, "api-0", "crash-loop", "3 failures in a row"), (7, "api-0", "gave-up", "why")]
    result = made.fleet([(0, "api-0", "starting")], 60, alerts=told)
    assert [alert.kind for alert in alerts_of(watched(NOBODY), result)] == ["gave-up", "ready below 1", "crash-loop"]
    assert [alert.kind for alert in alerts_of(None, result)] == ["gave-up", "crash-loop"]


LOOP = [(0, "api-0", "starting"), (12, "api-0", "failed"), (12, "api-0", "backoff")]


def test_how_late_counts_from_the_first_fault() -> None:
    told = [(5, "api-0", "crash-loop", ""), (50, "api-0", "crash-loop", "")]
    result = made.world(made.fleet(LOOP, 60, alerts=told), fault_s=20)
    assert [alert.late_s for alert in alerts_of(None, result)] == [None, 30]


def test_without_a_fault_it_counts_from_the_first_failure_of_a_request_or_an_instance() -> None:
    told = [(50, "api-0", "crash-loop", "")]
    asked = made.requests((1, 9, "timeout"), (2, 2.5, "served"), (3, 8, "timeout"))
    assert alerts_of(None, made.fleet(LOOP, 60, alerts=told))[0].late_s == 38
    assert alerts_of(None, made.fleet(LOOP, 60, alerts=told, asked=asked))[0].late_s == 42
    assert alerts_of(None, made.world(made.fleet(LOOP, 60, alerts=told, asked=asked)))[0].late_s == 42


def test_without_any_trouble_nothing_is_late() -> None:
    assert first_trouble_ns(made.fleet([(0, "api-0", "starting")])) is None


def test_an_alert_says_in_a_line_what_it_is() -> None:
    alert = Raised(at_s=40, late_s=10.5, on="api", kind="ready below 1", text="it is 0")
    assert str(alert) == "40 s, 10.5 s late: api: ready below 1 (it is 0)"
    assert str(replace(alert, late_s=None)) == "40 s: api: ready below 1 (it is 0)"
    assert rule_of(Alarm(on="api", metric="failed_share", above=0.05)) == "failed_share above 0.05"


def test_an_alarm_on_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="an alarm is on 'web', which does not exist; there are api"):
        alerts_of(watched(replace(NOBODY, on="web")), made.fleet())
    with pytest.raises(ValueError, match="'api' has no metric 'speed'; it has instances, ready"):
        alerts_of(watched(replace(NOBODY, metric="speed")), made.fleet())
