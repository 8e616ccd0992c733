"""s6: a second after every end, unless it had been ready; a finish script with a limit, and deaths that are counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.atlas import Case, load
from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems import OptionError
from lifecycle_kit.systems.s6 import OPTIONS, PERMANENT_FAILURE, Permafailon, finish_args, permafailon, wait_returns
from lifecycle_kit.trace import Trace, starts


def run(options: dict[str, Any], until_s: float = 60, **script: Any) -> Trace:
    """Return the trace of lives that all do the same."""
    return simulate(like("s6", options), Script(**script), until_s=until_s)


def begun(options: dict[str, Any], until_s: float = 60, **script: Any) -> list[float]:
    """Return when its lives began."""
    return starts(run(options, until_s, **script).transitions)


def predicted(kind: str, family: str, **situation: Any) -> dict[str, Any]:
    """Return what the predictor of s6 says."""
    return predictor("s6", kind, family)(situation)


def stopped(
    command: str, wait_s: float | None = None, policy: dict[str, Any] | None = None, **how: Any
) -> dict[str, Any]:
    """Return what a stop by `s6-svc` looks like."""
    actions = [{"t": 0, "do": "command", "command": command, "wait_s": wait_s}]
    return predicted("stop", "stop-timeout", policy=policy or {}, actions=actions, on_stop_signal=how)


def controlled(*actions: tuple[float, str], ready_s: float | None = None, **policy: Any) -> dict[str, Any]:
    """Return what a service looks like to which all this is done; waits take 3 s at most."""
    listed = [{"t": t, "do": word, "wait_s": 3} for t, word in actions]
    return predicted("state", "control", policy=policy, actions=listed, ready_after_s=ready_s)


def test_the_defaults_are_those_of_s6_supervise() -> None:
    assert {option.name: option.default for option in OPTIONS} == {
        "notification-fd": None, "finish": None, "timeout-finish": 5000, "s6-permafailon": None,
        "max-death-tally": 100, "down-signal": "SIGTERM", "timeout-kill": 0, "s6-svc": "-d",
    }  # fmt: skip


@pytest.mark.parametrize("run_s", [0, 0.5, 10, 86_400])
def test_without_a_notification_every_pause_is_a_second(run_s: float) -> None:
    assert begun({}, until_s=2 * run_s + 2, run_s=run_s) == [0, run_s + 1, 2 * run_s + 2]


@pytest.mark.parametrize(("ready_s", "pause_s"), [(0, 0), (1, 0), (1.75, 0.75), (2.5, 1)])
def test_the_pause_ends_a_second_after_readiness_was_notified(ready_s: float, pause_s: float) -> None:
    says = ((ready_s, "ready"),)
    assert begun({"notification-fd": 3}, until_s=5, run_s=2, says=says)[1] == 2 + pause_s


def test_a_long_run_that_never_said_it_was_ready_earns_nothing() -> None:
    assert begun({"notification-fd": 3}, until_s=12, run_s=10) == [0, 11]


def test_finish_comes_before_the_pause_and_is_killed_at_its_limit() -> None:
    slow = {"hooks": {"finish": (9, 0)}}
    assert begun({"finish": 2}, until_s=20, run_s=1) == [0, 4, 8, 12, 16, 20]
    assert begun({"finish": 9}, until_s=20, run_s=1, hooks={"finish": (2, 0)}) == [0, 4, 8, 12, 16, 20]
    assert begun({"finish": 9}, until_s=15, run_s=1, **slow) == [0, 7, 14]
    assert begun({"finish": 9, "timeout-finish": 500}, until_s=6, run_s=1, **slow) == [0, 2.5, 5]
    assert begun({"finish": 9, "timeout-finish": 0}, until_s=12, run_s=1, **slow) == [0, 11]


@given(st.floats(0, 20), st.floats(0, 20), st.one_of(st.none(), st.floats(0, 20)))
def test_a_pause_is_never_longer_than_a_second(run_s: float, finish_s: float, ready_s: float | None) -> None:
    says = () if ready_s is None else ((ready_s, "ready"),)
    options = {"finish": finish_s, "notification-fd": 3}
    second = begun(options, until_s=60, run_s=run_s, hooks={"finish": (finish_s, 0)}, says=says)[1]
    assert run_s + min(finish_s, 5) <= second + 1e-6
    assert second <= run_s + min(finish_s, 5) + 1 + 1e-6


def test_finish_that_exits_125_is_a_permanent_failure_but_not_if_it_was_killed() -> None:
    trace = run({"finish": 2}, run_s=1, hooks={"finish": (2, 125)})
    assert (starts(trace.transitions), trace.transitions[-1].at) == ([0], 3)
    assert PERMANENT_FAILURE in trace.transitions[-1].cause
    assert len(begun({"finish": 9}, until_s=20, run_s=1, hooks={"finish": (9, 125)})) > 1


@pytest.mark.parametrize(("run_s", "given_up_after"), [(0.2, 3), (0.99, 3), (1.0, None), (3.0, None)])
def test_permafailon_counts_deaths_within_its_seconds(run_s: float, given_up_after: int | None) -> None:
    begins = begun({"s6-permafailon": "4 3 1"}, until_s=100, run_s=run_s, exit=1)
    assert len(begins) == given_up_after or (given_up_after is None and len(begins) > 20)


def test_permafailon_counts_only_deaths_of_its_kind_that_are_remembered() -> None:
    assert len(begun({"s6-permafailon": "60 2 SIGSEGV"}, until_s=20, run_s=1, exit=1)) == 11
    assert len(begun({"s6-permafailon": "60 2 1,SIGSEGV"}, until_s=20, run_s=1, exit="SIGSEGV")) == 2
    assert len(begun({"s6-permafailon": "60 2 1", "max-death-tally": 1}, until_s=20, run_s=1, exit=1)) == 11


def test_permafailon_is_read_as_it_is_written() -> None:
    kind = Permafailon(seconds=60, deaths=5, match=frozenset({1, "SIGSEGV"}))
    assert permafailon("60 5 1,SIGSEGV") == kind
    with pytest.raises(OptionError, match="s6-permafailon=often: give seconds, deaths and what counts"):
        like("s6", {"s6-permafailon": "often"})


def test_what_cannot_be_spawned_is_tried_again_after_a_minute() -> None:
    assert begun({}, until_s=130, fails_to_spawn="no ./run") == [0, 60, 120]


def test_finish_learns_the_code_or_256_and_the_signal() -> None:
    assert finish_args(Exit(code=7)) == (7, 0)
    assert finish_args(Exit(signal="SIGTERM")) == (256, 15)


def test_a_stop_never_kills_unless_timeout_kill_is_set() -> None:
    deaf = stopped("s6-svc-down", reaction="ignores")
    assert (deaf["signals"], deaf["exit"], deaf["final"]) == ([[0, "SIGTERM"]], None, "up")
    assert "command_rc" not in deaf, "it waits for ever"
    killed = stopped("s6-svc-down", policy={"timeout_kill_s": 2.5}, reaction="ignores")
    assert killed["signals"] == [[0, "SIGTERM"], [2.5, "SIGKILL"]]
    assert (killed["exit"], killed["final"], killed["command_rc"]) == ("SIGKILL", "down", 0)


def test_a_command_that_waits_too_long_returns_99() -> None:
    late = stopped("s6-svc-down", wait_s=2, reaction="exits", exit=0, takes_s=3)
    assert (late["exit_s"], late["final"], late["command_returns_s"], late["command_rc"]) == (3, "down", 2, 99)
    assert wait_returns(2.0, 2.0) == (2.0, 0)


def test_a_restart_is_a_signal_and_the_usual_pause_and_no_kill_follows_it() -> None:
    seen = stopped("s6-svc-restart", reaction="exits", exit=0, takes_s=2)
    assert (seen["signals"], seen["exit_s"], seen["restart_s"], seen["command_returns_s"]) == (
        [[0, "SIGTERM"]], 2, 3, 3,
    )  # fmt: skip
    deaf = stopped("s6-svc-restart", wait_s=5, policy={"timeout_kill_s": 1}, reaction="ignores")
    assert (deaf["signals"], deaf["restarted"], deaf["command_rc"]) == ([[0, "SIGTERM"]], False, 99)


def test_svc_down_keeps_it_down_until_svc_up() -> None:
    seen = controlled((2, "svc-down"), (9, "svc-up"))
    assert seen["starts_s"] == [0, 9]
    assert [state for _, state in seen["states"]] == [
        "up-wantup-notready", "up-wantdown-notready", "down-wantdown-notready", "up-wantup-notready",
    ]  # fmt: skip


def test_readiness_is_only_what_was_said_on_the_notification_fd() -> None:
    actions = (0.5, "svwait-up"), (0.5, "svwait-ready")
    ready = controlled(*actions, ready_s=2.0, notification_fd=3)
    assert ready["states"] == [[0, "up-wantup-notready"], [2, "up-wantup-ready"]]
    assert ready["command_returns"] == [{"t": 0.5, "rc": 0}, {"t": 2.0, "rc": 0}]
    mute = controlled(*actions, ready_s=2.0)
    assert mute["command_returns"] == [{"t": 0.5, "rc": 0}, {"t": 3.5, "rc": 99}]


def test_svwait_on_a_ready_service_returns_at_once() -> None:
    seen = controlled((5, "svwait-ready"), ready_s=2.0, notification_fd=3)
    assert seen["command_returns"] == [{"t": 5, "rc": 0}]


@pytest.mark.parametrize("case", load(system="s6", level="rule"), ids=lambda case: case.id)
def test_what_s6_did_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason
