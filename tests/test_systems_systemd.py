"""systemd's stop sequence, sub-states, results and dependencies; restarts are tested with the other systems."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.fidelity.driving import Watched, since, watch
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems import OptionError
from lifecycle_kit.systems.systemd import ACTIVE_STATE, PASSED, SUBSTATES, SystemdPolicy, result_of, substate
from lifecycle_kit.systems.systemd_units import BONDS, member, seen_by_others, substates
from lifecycle_kit.trace import starts

ASKED_S = 10.0


def stopped(script: Script | None = None, **options: Any) -> Watched:
    """Return a service that was up for 10 s and then asked to stop."""
    unit = like("systemd", {"TimeoutStopSec": 2, **options})
    return watch(unit, script or Script(), 1000, requests=[(ASKED_S, "stop")], native=substate, passed=PASSED)


def states(run: Watched) -> list[list[Any]]:
    """Return the sub-states since the request."""
    return since(run.states, ASKED_S)


DEAF = Script(ignores=frozenset({"SIGTERM"}))


@pytest.mark.parametrize(
    ("options", "script", "expected"),
    [
        ({}, Script(), [[0, "stop-sigterm"], [0, "dead"]]),
        ({}, Script(stop_takes_s=1.5, stop_exit=0), [[0, "stop-sigterm"], [1.5, "dead"]]),
        ({}, DEAF, [[0, "stop-sigterm"], [2, "stop-sigkill"], [2, "failed"]]),
        ({"TimeoutStopFailureMode": "abort"}, DEAF, [[0, "stop-sigterm"], [2, "stop-watchdog"], [2, "failed"]]),
        ({"SendSIGKILL": False}, DEAF, [[0, "stop-sigterm"], [2, "final-sigterm"], [4, "failed"]]),
        (
            {"ExecStop": "/bin/stop", "ExecStopPost": "/bin/post"},
            Script(hooks={"stop": (1, 0), "stop-post": (0.5, 0)}),
            [[0, "stop"], [1, "stop-sigterm"], [1, "stop-post"], [1.5, "dead"]],
        ),
        ({"ExecStop": "/bin/stop"}, Script(hooks={"stop": (9, 0)}), [[0, "stop"], [2, "stop-sigterm"], [2, "failed"]]),
    ],
)
def test_a_stop_goes_through_the_states_that_its_options_say(
    options: dict[str, Any], script: Script, expected: list[Any]
) -> None:
    assert states(stopped(script, **options)) == expected


@pytest.mark.parametrize(
    ("mode", "expected", "left"),
    [
        ("control-group", ["stop-sigterm", "final-sigterm", "final-sigkill", "failed"], False),
        ("mixed", ["stop-sigterm", "final-sigkill", "dead"], False),
        ("process", ["stop-sigterm", "dead"], True),
    ],
)
def test_kill_mode_says_what_becomes_of_a_deaf_child(mode: str, expected: list[str], left: bool) -> None:
    run = stopped(Script(leaves_child="deaf"), KillMode=mode)
    assert [state for _, state in states(run)] == expected
    assert run.remains is left


def test_a_child_that_obeys_dies_of_the_same_signal() -> None:
    assert states(stopped(Script(leaves_child="exit"))) == [[0, "stop-sigterm"], [0, "dead"]]


@pytest.mark.parametrize(("mode", "to"), [("control-group", "group"), ("mixed", "main"), ("process", "main")])
def test_kill_mode_says_who_gets_the_first_signal(mode: str, to: str) -> None:
    assert stopped(DEAF, KillMode=mode).signals[0][1:] == ["SIGTERM", to]


def test_without_sigkill_the_process_is_left_running_and_the_unit_failed() -> None:
    run = stopped(DEAF, SendSIGKILL=False)
    assert run.alive
    assert result_of(run.instance) == "timeout"
    assert [signal for _, signal, _ in run.signals] == ["SIGTERM", "SIGTERM"]


def test_after_a_crash_exec_stop_is_left_out_and_after_a_clean_end_it_is_not() -> None:
    hooks = {"ExecStop": "/bin/stop", "ExecStopPost": "/bin/post"}
    for code, names in ((1, ["stop-post"]), (0, ["stop", "stop-post"])):
        script = Script(run_s=1, exit=code, hooks={"stop": (1, 0), "stop-post": (1, 0)})
        run = watch(like("systemd", hooks), script, 100, native=substate)
        assert [hook for _, hook, what in run.hooks if what == "start"] == names


def test_a_failing_hook_makes_a_clean_end_a_failure() -> None:
    script = Script(run_s=1, exit=0, hooks={"stop-post": (0.1, 3)})
    run = watch(like("systemd", ExecStopPost="/bin/post"), script, 100, native=substate)
    assert (result_of(run.instance), run.states[-1][1]) == ("exit-code", "failed")


@pytest.mark.parametrize(
    ("end", "result"),
    [
        (Exit(signal="SIGABRT", core=True), "core-dump"),
        (Exit(code=1, cause=Cause.SKIPPED), "exec-condition"),
        (Exit(code=0, lingered=True), "timeout"),
        (Exit(code=1, lingered=True), "exit-code"),  # what went wrong first counts
        (Exit(signal="SIGKILL", cause=Cause.REQUEST, late=True), "timeout"),
        (Exit(cause=Cause.REQUEST, abandoned=True), "timeout"),
        (Exit(code=0, hook_code=1), "exit-code"),
    ],
)
def test_the_result_of_an_end(end: Exit, result: str) -> None:
    assert SystemdPolicy(success=frozenset({"SIGABRT"})).result(end) == result


def test_a_oneshot_may_remain_active_until_it_is_stopped() -> None:
    unit = like("systemd", Type="oneshot", RemainAfterExit=True)
    run = watch(unit, Script(run_s=1, exit=0), 100, requests=[(5, "stop"), (9, "stop")], native=substate)
    assert run.states == [[0, "start"], [1, "exited"], [5, "dead"]]
    assert len(run.refusals) == 1


def test_a_watchdog_wants_a_sign_of_life_every_so_often() -> None:
    says = ((1.0, "ready"), (2.5, "alive"), (4.0, "alive"))
    unit = like("systemd", Type="notify", WatchdogSec=2, Restart="on-watchdog", RestartSec=1)
    run = watch(unit, Script(says=says), 7, native=substate, passed=PASSED)
    assert run.states == [
        [0, "start"], [1, "running"], [6, "stop-watchdog"], [6, "failed-before-auto-restart"], [6, "auto-restart"],
        [7, "auto-restart-queued"], [7, "start"],
    ]  # fmt: skip


@pytest.mark.parametrize(("abort_s", "killed_s"), [(None, 4), (1, 2)])
def test_a_deaf_process_is_killed_some_time_after_the_abort(abort_s: float | None, killed_s: float) -> None:
    options = {"Type": "notify", "WatchdogSec": 1, "TimeoutStopSec": 3}
    unit = like("systemd", options | ({} if abort_s is None else {"TimeoutAbortSec": abort_s}))
    deaf = Script(says=((0.0, "ready"),), ignores=frozenset({"SIGABRT"}))
    assert watch(unit, deaf, 100, native=substate).ends == [killed_s]


def test_a_start_can_ask_for_more_time() -> None:
    unit = like("systemd", Type="notify", TimeoutStartSec=2)
    patient = Script(says=((1.5, "extend:2"), (3.0, "ready")))
    assert watch(unit, patient, 100, native=substate).states == [[0, "start"], [3, "running"]]
    hasty = Script(says=((3.0, "ready"),))
    assert watch(unit, hasty, 100, native=substate).states[1] == [2, "stop-sigterm"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("KillMode", "none"), ("TimeoutStopFailureMode", "shrug"), ("ExecStop", " "), ("WatchdogSec", "x")],
)  # fmt: skip
def test_a_wrong_stop_option_is_told(option: str, value: str) -> None:
    with pytest.raises(OptionError, match=f"systemd {option}={value}"):
        like("systemd", {option: value})


def test_every_sub_state_has_an_active_state() -> None:
    plan = like("systemd", ExecStop="x", ExecStopPost="y", TimeoutStopFailureMode="abort", SendSIGKILL=False).stop
    names = {phase.name for phase in plan.phases} | set(SUBSTATES.values()) | set(PASSED.values())
    assert names <= set(ACTIVE_STATE)


@given(st.floats(0, 30), st.floats(0.001, 90))
def test_a_kill_comes_exactly_when_the_timeout_is_over_or_not_at_all(takes_s: float, timeout_s: float) -> None:
    run = stopped(Script(stop_takes_s=takes_s, stop_exit=0), TimeoutStopSec=timeout_s)
    killed = [signal for _, signal, _ in run.signals] == ["SIGTERM", "SIGKILL"]
    assert run.ends[0] - ASKED_S == pytest.approx(min(takes_s, timeout_s), abs=1e-5)
    assert killed == (takes_s > timeout_s) or abs(takes_s - timeout_s) < 1e-5


@given(st.integers(1, 6), st.floats(0.01, 10), st.floats(1, 60), st.floats(0, 5))
def test_no_window_of_the_start_limit_holds_more_starts_than_allowed(
    burst: int, restart_s: float, interval_s: float, run_s: float
) -> None:
    options: dict[str, Any] = {"StartLimitBurst": burst, "StartLimitIntervalSec": interval_s, "RestartSec": restart_s}
    trace = simulate(like("systemd", Restart="always", **options), Script(run_s=run_s), until_s=200)
    began = starts(trace.transitions)
    first = began[0]
    for count, at in enumerate(began, start=1):
        if count <= burst:
            continue
        assert at - first > interval_s - 1e-5  # the window of the very first start is closed by then


# --- dependencies


def test_every_dependency_says_what_it_passes_on() -> None:
    table = {
        name: " ".join(
            key for key in ("pulls", "needs", "requires_up", "stops", "restarts", "falls") if getattr(bond, key)
        )
        for name, bond in BONDS.items()
    }
    assert table == {
        "Wants": "pulls",
        "Requires": "pulls needs stops restarts",
        "Requisite": "needs requires_up stops restarts",
        "BindsTo": "pulls needs stops restarts falls",
        "PartOf": "stops restarts",
    }


def test_restart_mode_direct_hides_restarts_from_others() -> None:
    direct = member(like("systemd", RestartMode="direct"), {"db": "BindsTo"}, after=["db"])
    assert (direct.hides_restarts, direct.after) == (True, frozenset({"db"}))
    assert not member(like("systemd")).hides_restarts


@pytest.mark.parametrize("direct", [False, True])
def test_what_others_see_of_a_crash_and_its_restart(direct: bool) -> None:
    mode = "direct" if direct else "normal"
    trace = simulate(like("systemd", Restart="always", RestartMode=mode), [Script(run_s=1), Script()], until_s=9)
    seen = [move.target.value for move in seen_by_others(trace.transitions, direct=direct)]
    assert ("failed" in seen) is not direct
    flat = [state for part in substates(trace.transitions, "simple", direct=direct) for state in part]
    assert ("failed-before-auto-restart" in flat) is not direct
    assert flat[-3:] == ["running", "running", "running"]
    assert "auto-restart-queued" in flat
    assert "failed" not in flat
