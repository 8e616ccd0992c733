"""Corners of predictions: what a service is told twice, what is missing, and what no rule covers."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle_kit.fidelity import NotModelled, predictor

USR1 = {"t": 0, "do": "signal", "signal": "SIGUSR1", "to": "haproxy"}
LEAF = {"strategy": "one_for_one", "intensity": 1, "period": 5, "children": [{"id": "leaf", "restart": "permanent"}]}


def predicted(sort: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is predicted for a situation of this "system/kind/family"."""
    return predictor(*sort.split("/"))(given)


def told(policy: dict[str, Any], *commands: tuple[float, str], **more: Any) -> dict[str, Any]:
    """Return the situation of a service that is told something; more: of every command."""
    actions = [{"t": t, "do": do, **more} for t, do in commands]
    return {"policy": policy, "actions": actions, "ready_after_s": 2}


# --- runit and s6


def test_a_restart_that_takes_no_time_is_no_change_of_state() -> None:
    seen = predicted("runit/state/control", told({}, (1, "sv-term")))
    assert (seen["states"], seen["starts_s"]) == ([[0, "run"]], [0, 1])


def test_sv_start_waits_for_the_check_of_the_life_that_it_begins() -> None:
    given = told({"check": "passes-when-ready"}, (1, "sv-down"), (3, "sv-start"), wait_s=7)
    assert predicted("runit/state/readiness", given)["command_returns"][1] == {"t": 5, "rc": 0}


def test_sv_start_waits_7_s_where_nothing_else_is_said() -> None:
    given = told({"check": "always-fails"}, (1, "sv-start"), wait_s=None)
    assert predicted("runit/state/readiness", given)["command_returns"] == [{"t": 8, "rc": 1}]


@pytest.mark.parametrize(("system", "down", "up"), [("runit", "sv-down", "sv-up"), ("s6", "svc-down", "svc-up")])
def test_a_start_asked_for_while_finish_runs_is_not_modelled(system: str, down: str, up: str) -> None:
    policy = {"finish": {"takes_s": 2, "exit": 0}}
    with pytest.raises(NotModelled, match=r"while \./finish runs"):
        predicted(f"{system}/state/control", told(policy, (1, down), (2, up)))
    assert predicted(f"{system}/state/control", told(policy, (1, down), (4, up)))["starts_s"] == [0, 4]


@pytest.mark.parametrize(("system", "command"), [("runit", "sv-stop"), ("s6", "s6-svc-down")])
def test_a_stop_is_one_command(system: str, command: str) -> None:
    given = told({}, (0, "command"), (1, "command"), command=command)
    with pytest.raises(NotModelled, match="2 commands"):
        predicted(f"{system}/stop/stop-clean", given)


# --- HAProxy, nginx


def test_an_immediate_stop_cuts_a_soft_one_short() -> None:
    given = {"policy": {}, "actions": [USR1, {**USR1, "t": 1, "signal": "SIGTERM"}]}
    given["in_flight"] = [{"sent_s": -1, "duration_s": 8}]
    seen = predicted("haproxy/stop/process-stop", given)
    assert seen["in_flight"] == [{"outcome": "cut", "done_s": 1}]
    assert (seen["exit"], seen["exit_s"]) == ("SIGTERM", 1)


def test_a_signal_that_comes_too_late_changes_nothing() -> None:
    seen = predicted("haproxy/stop/process-stop", {"policy": {}, "actions": [USR1, {**USR1, "t": 1}]})
    assert (seen["exit"], seen["exit_s"]) == (0, 0)


def test_haproxy_checks_every_2_s_by_default() -> None:
    actions = [{"t": 0, "do": "set-health", "server": "s1", "status": "500"}]
    seen = predicted("haproxy/stop/drain", {"policy": {}, "actions": actions, "first_check_s": 0.5})
    assert seen["states"] == [[0.5, "UP 2/3"], [2.5, "UP 1/3"], [4.5, "DOWN"]]


def test_checks_without_a_pause_are_not_modelled() -> None:
    with pytest.raises(NotModelled, match="without a pause"):
        predicted("haproxy/stop/drain", {"policy": {"inter_s": 0}, "first_check_s": 0})


def test_a_process_that_is_told_nothing_makes_no_stop() -> None:
    with pytest.raises(NotModelled, match="nothing tells HAProxy"):
        predicted("haproxy/stop/process-stop", {"policy": {}, "actions": []})


def test_workers_without_a_master_are_not_modelled() -> None:
    given = {"policy": {}, "actions": [{"t": 0, "do": "signal", "signal": "SIGKILL", "to": "master"}]}
    with pytest.raises(NotModelled, match="without a master"):
        predicted("nginx/stop/graceful-stop", given)


# --- Erlang, honcho, AWS


def test_a_supervisor_over_its_intensity_is_one_crash_of_the_one_above() -> None:
    inner = {"id": "inner", "restart": "permanent", "supervisor": LEAF}
    events = [{"t": 0, "do": "crash-loop", "child": "leaf", "every_s": 0.1}]
    given = {"policy": {"intensity": 1, "period": 5}, "children": [inner, {"id": "side"}], "events": events}
    seen = predicted("erlang/group/escalation", given)
    assert (seen["leaf_crashes"], seen["leaf_starts"], seen["supervisor_exits"]) == (4, 4, True)
    assert seen["terminated_in_order"] == ["side"]


def test_a_loop_of_crashes_ends_with_a_child_that_is_gone_for_good() -> None:
    events = [{"t": 0, "do": "crash-loop", "child": "once"}]
    given = {"policy": {}, "children": [{"id": "once", "restart": "temporary"}], "events": events}
    assert predicted("erlang/group/escalation", given)["leaf_crashes"] == 1


def test_a_child_that_nobody_knows_cannot_crash() -> None:
    events = [{"t": 0, "do": "crash-loop", "child": "nobody"}]
    with pytest.raises(NotModelled, match="'nobody'"):
        predicted("erlang/group/escalation", {"policy": {}, "children": [{"id": "a"}], "events": events})


def test_measured_crashes_go_on_with_the_last_life() -> None:
    lives = {"lives": [{"run_s": 0.2, "exit": "crash"}], "repeat_last": True, "until_s": 5}
    given = {"policy": {"intensity": 2, "period": 5}, "crash_times_s": [0.5, 1.5, 3], **lives}
    seen = predicted("erlang/restart/intensity", given)
    assert (seen["gave_up_s"], seen["restarts_count"]) == (3, 2)


def test_processes_that_never_end_stop_nobody() -> None:
    with pytest.raises(NotModelled, match="ends by itself"):
        predicted("honcho/group/one-exits-all-stop", {"policy": {}, "children": [{"id": "web"}], "events": []})


def test_decorrelated_jitter_begins_at_the_base() -> None:
    given = {"formula": "decorrelated-jitter", "base_s": 5, "cap_s": 2000, "previous_s": None}
    assert predicted("aws-backoff/backoff/jitter", given) == {"delays_s": [[5, 15]]}
