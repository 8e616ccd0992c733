"""Predictions for situations of which the atlas has no open case: options and events that it only has apart."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle_kit.fidelity import NotModelled, predictor

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


# --- systemd: one run


def a_run(policy: dict[str, Any], *events: tuple[float, str, Any], **more: Any) -> dict[str, Any]:
    """Return what is predicted for one run in which the program does or says `(t, event, exit code)`."""
    said = [{"t": t, "event": event, "exit": exit_} for t, event, exit_ in events]
    return predicted("systemd/state/notify", {"policy": policy, "program_events": said, **more})


HOOKS = {"ExecStop": {"takes_s": 0.5, "exit": 0}, "ExecStopPost": {"takes_s": 0.5, "exit": 0}}


@pytest.mark.parametrize("how", [0, "SIGTERM", "SIGHUP"])
def test_a_service_that_ends_clean_without_having_been_ready_broke_the_protocol(how: int | str) -> None:
    seen = a_run({"Type": "notify"}, (1, "main-exits", how))
    assert (seen["states"], seen["result"]) == ([[0, "start"], [1, "failed"]], "protocol")
    assert seen["start_job"] == {"t": 1, "result": "failed"}


def test_a_start_that_takes_too_long_is_ended_without_exec_stop() -> None:
    seen = a_run({"Type": "notify", "TimeoutStartSec_s": 2}, hooks=HOOKS)
    assert [state for _, state in seen["states"]] == ["start", "stop-sigterm", "stop-post", "failed"]


def test_a_run_that_takes_too_long_is_ended_with_exec_stop_which_is_told_why() -> None:
    seen = a_run({"RuntimeMaxSec_s": 2}, hooks=HOOKS)
    assert [state for _, state in seen["states"]] == ["running", "stop", "stop-sigterm", "stop-post", "failed"]
    assert seen["hooks"][0] == {"t": 2, "hook": "ExecStop", "SERVICE_RESULT": "timeout"}


def test_exec_stop_knows_nothing_of_the_end_that_it_brings_about() -> None:
    seen = a_run({"TimeoutStopSec_s": 3}, hooks=HOOKS, actions=[{"t": 2, "do": "stop"}], ignores=["SIGTERM"])
    stop, post = seen["hooks"]
    assert stop == {"t": 2, "hook": "ExecStop", "SERVICE_RESULT": "success"}
    assert (post["SERVICE_RESULT"], post["EXIT_STATUS"]) == ("timeout", "KILL")


def test_the_first_hook_that_fails_decides_and_the_next_one_is_told() -> None:
    hooks = {"ExecStop": {"takes_s": 1, "exit": 3}, "ExecStopPost": {"takes_s": 1, "exit": 0}}
    seen = a_run({}, hooks=hooks, actions=[{"t": 2, "do": "stop"}])
    assert (seen["final"], seen["result"]) == ("failed", "exit-code")
    assert seen["hooks"][1]["SERVICE_RESULT"] == "exit-code"


@pytest.mark.parametrize(("ready_s", "states"), [(None, ["start"]), (2, ["start", "stop-sigterm"])])
def test_stopping_said_during_the_start_waits_for_its_end(ready_s: float | None, states: list[str]) -> None:
    ready = [(ready_s, "ready", None)] if ready_s is not None else []
    seen = a_run({"Type": "notify", "TimeoutStartSec_s": 0, "TimeoutStopSec_s": 0}, (1, "stopping", None), *ready)
    assert [state for _, state in seen["states"]] == states


# --- systemd: stops


def a_stop(policy: dict[str, Any], reaction: str, **more: Any) -> dict[str, Any]:
    """Return what is predicted for `systemctl stop`."""
    given = {"policy": policy, "actions": [{"t": 0, "do": "command"}], "on_stop_signal": {"reaction": reaction}, **more}
    return predicted("systemd/stop/stop-sequence", given)


def test_a_child_that_obeys_ends_with_the_signal_to_all() -> None:
    seen = a_stop({}, "default-action", child={})
    assert (seen["signals"], seen["states"][-1][1]) == ([[0, "SIGTERM", "all"]], "dead")
    assert a_stop({"KillMode": "process"}, "default-action", child={})["process_left_running"] is True


def test_a_child_that_ignores_sigterm_ends_with_an_abort_of_all() -> None:
    policy = {"TimeoutStopSec_s": 2, "TimeoutStopFailureMode": "abort"}
    seen = a_stop(policy, "ignores", child={"ignores": ["SIGTERM"]})
    assert [state for _, state in seen["states"]] == ["stop-sigterm", "stop-watchdog", "failed"]


def test_a_hook_after_the_end_that_hangs_is_killed_like_what_remains() -> None:
    seen = a_stop({"TimeoutStopSec_s": 3}, "default-action", hooks={"ExecStopPost": {"takes_s": 5}})
    assert seen["states"][1:] == [[0, "stop-post"], [3, "final-sigterm"], [3, "failed"]]
    assert [what["what"] for what in seen["hooks"]] == ["start"]
    assert seen["result"] == "timeout"


# --- systemd: decisions


@pytest.mark.parametrize(("cause", "result"), [("watchdog", "watchdog"), ("start-timeout", "timeout")])
def test_an_end_by_a_limit_is_judged_even_if_the_limit_is_not_given(cause: str, result: str) -> None:
    seen = predicted("systemd/decision/restart-override", {"policy": {"Restart": "on-abnormal"}, "cause": cause})
    assert (seen["restarted"], seen["result"]) == (True, result)


def test_a_clean_end_is_clean_for_a_service_that_says_when_it_is_ready() -> None:
    given = {"policy": {"Type": "notify", "Restart": "on-failure"}, "end_class": "clean"}
    assert predicted("systemd/decision/restart-table", given)["restarted"] is False


def test_the_start_limit_is_the_result_only_of_a_unit_that_had_always_ended_well() -> None:
    for exit_, result in ((0, "start-limit-hit"), (1, "exit-code")):
        given = {"policy": {"Restart": "always"}, "lives": [{"run_s": 0, "exit": exit_}], "repeat_last": True}
        seen = predicted("systemd/restart/start-limit", given)
        assert (seen["final"], seen["result"]) == ("failed", result)


# --- kubernetes: what is not given, and what cannot be


def test_a_container_under_a_kubelet_with_default_settings_waits_from_10_s_to_300_s() -> None:
    lives = [{"run_s": 0, "exit": 1}]
    given = {"policy": {}, "lives": lives, "repeat_last": True, "until_s": 1300}
    seen = predicted("kubernetes/restart/crashloop-backoff", given)
    assert seen["delays_s"] == [0, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_container_that_had_no_back_off_yet_is_restarted_at_once() -> None:
    given = {"initial_s": 10, "max_s": 300, "entry_backoff_s": None, "run_s": 1, "count": 3}
    assert predicted("kubernetes/backoff/crashloop-reset", given)["delays_s"] == [0, 10, 20]


def test_nothing_is_cleaned_up_where_more_are_ready_than_there_are() -> None:
    assert predicted("kubernetes/rollout/cleanup-unhealthy-old", {"old": 3, "ready": 5, "max_cleanup": 2}) == {
        "cleaned": 0
    }


def test_a_status_refreshed_without_a_pause_is_not_modelled() -> None:
    given = {"settings": {}, "outcomes": {}, "status_sync_s": 0, "until_s": 1}
    with pytest.raises(NotModelled, match="without a pause"):
        predicted("kubernetes/probe/probe-realtime", given)


def test_a_thousand_million_restarts_ago_says_no_more_than_a_few() -> None:
    given = {"RestartSec_s": 1, "RestartSteps": 5, "RestartMaxDelaySec_s": 32, "restarts_before": 10**9, "count": 2}
    assert predicted("systemd/backoff/restart-steps", given) == {"delays_s": [32, 32]}


def test_exec_stop_of_a_unit_that_merely_remained_active_is_not_modelled() -> None:
    policy = {"Type": "oneshot", "RemainAfterExit": True}
    with pytest.raises(NotModelled, match="active without a process"):
        a_run(policy, (1, "main-exits", 0), hooks=HOOKS, actions=[{"t": 3, "do": "stop"}])
