"""Predictions for situations of which the atlas has no open case: options and events that it only has apart."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle_kit.fidelity import predictor

CRASH = {"run_s": 0.5, "exit": 1}
LIMITED = {"Restart": "on-failure", "RestartSec_s": 0.5, "StartLimitBurst": 3, "StartLimitIntervalSec_s": 60}


def predicted(sort: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is predicted for a situation of this "system/kind/family"."""
    return predictor(*sort.split("/"))(given)


def restarts(sort: str, policy: dict[str, Any], lives: int, *actions: tuple[float, str, int]) -> dict[str, Any]:
    """Return what is predicted for crashes and `(t, do, after_life)`."""
    done = [{"t": t, "do": do, "after_life": life} for t, do, life in actions]
    return predicted(
        sort, {"policy": policy, "lives": [CRASH] * lives, "repeat_last": False, "until_s": 90, "actions": done}
    )


# --- what a person does between two lives


def test_a_start_by_hand_long_after_the_limit_does_not_come_before_it() -> None:
    seen = restarts("systemd/restart/start-limit", {**LIMITED, "StartLimitIntervalSec_s": 5}, 6, (20, "start", 3))
    assert seen["starts_s"] == [0, 1, 2, 20, 21, 22]
    assert seen["gave_up_times_s"] == [3, 23]


def test_a_start_by_hand_within_the_window_is_refused_until_the_limit_is_reset() -> None:
    actions = [(10, "start", 3), (12, "reset-failed", 3), (13, "start", 3)]
    seen = restarts("systemd/restart/start-limit", LIMITED, 6, *actions)
    assert seen["starts_s"] == [0, 1, 2, 13, 14, 15]
    assert seen["gave_up_times_s"] == [3, 10, 16]
    assert seen["starts_total"] == 6


def test_a_program_stopped_between_two_tries_is_started_when_it_is_asked_for() -> None:
    sort = "supervisord/restart/start-retries-manual"
    seen = restarts(sort, {"startretries": 8}, 4, (2.6, "stop", 2), (30, "start", 2))
    assert seen["starts_s"][:4] == [0, 1.5, 30, 33.5]
    assert seen["delays_s"][:3] == [1, None, 3]


def test_a_stop_that_seems_to_come_after_the_next_start_comes_before_it() -> None:
    seen = restarts("supervisord/restart/start-retries-manual", {}, 4, (1.9, "stop", 1))
    assert (seen["starts_s"], seen["final"]) == ([0], "STOPPED")


# --- supervisord


def a_move(before: str, event: str, **facts: Any) -> dict[str, Any]:
    """Return what is predicted for one event in one of supervisord's states."""
    return predicted("supervisord/state/process-state", {"from": before, "event": event, **facts})


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "STOPPING"])
def test_what_has_a_process_is_not_started_once_more(state: str) -> None:
    assert a_move(state, "start-request") == {"to": state, "signals": []}


@pytest.mark.parametrize("state", ["STOPPED", "EXITED", "STOPPING"])
def test_what_does_not_run_is_not_stopped_once_more(state: str) -> None:
    assert a_move(state, "stop-request") == {"to": state, "signals": []}


@pytest.mark.parametrize(("startsecs", "run_s", "reached"), [(0, 0, True), (1, 1, True), (1, 0.999, False)])
def test_a_program_that_lives_exactly_startsecs_has_been_running(startsecs: int, run_s: float, reached: bool) -> None:
    given = {"policy": {"startsecs": startsecs}, "lives": [{"run_s": run_s, "exit": 0}], "until_s": None}
    assert predicted("supervisord/restart/exitcodes", given)["reached_running"][0] is reached


def test_stopping_a_group_leaves_alone_what_does_not_run() -> None:
    children = [{"id": state, "state": state} for state in ("EXITED", "FATAL", "STOPPING", "RUNNING")]
    seen = predicted("supervisord/group/stop-all", {"children": children, "events": []})
    assert [name for name, called in seen["stop_called"].items() if called] == ["RUNNING"]
    assert seen["states_after"] == {}
