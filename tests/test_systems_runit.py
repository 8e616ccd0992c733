"""runit: a pause only after a short run, a finish script without a limit, and commands that wait instead of killing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.atlas import Case, load
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.restart import Done, Memory
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems import OptionError
from lifecycle_kit.systems.runit import OPTIONS, RunitPolicy, finish_args, sv_returns
from lifecycle_kit.trace import starts, waits


def lives(run_s: float, finish_s: float | None = None, until_s: float = 30.0) -> list[float]:
    """Return when lives of this length begin, with a ./finish that takes so long."""
    hooks = {} if finish_s is None else {"finish": (finish_s, 0)}
    unit = like("runit", {} if finish_s is None else {"finish": finish_s})
    return starts(simulate(unit, Script(run_s=run_s, hooks=hooks), until_s=until_s).transitions)


def predicted(kind: str, family: str, **situation: Any) -> dict[str, Any]:
    """Return what the predictor of runit says."""
    return predictor("runit", kind, family)(situation)


def stopped(command: str, wait_s: float = 7, **reaction: Any) -> dict[str, Any]:
    """Return what a stop by `sv` looks like."""
    actions = [{"t": 0, "do": "command", "command": command, "wait_s": wait_s}]
    return predicted("stop", "stop-timeout", policy={}, actions=actions, on_stop_signal=reaction)


def controlled(*actions: tuple[float, str], **policy: Any) -> dict[str, Any]:
    """Return what a service looks like to which `sv` does all this."""
    listed = [{"t": t, "do": word} for t, word in actions]
    return predicted("state", "control", policy=policy, actions=listed, ready_after_s=None)


def test_the_defaults_are_those_of_sv_and_runsv() -> None:
    assert {option.name: option.default for option in OPTIONS} == {
        "finish": None, "control/t": None, "sv": "stop", "SVWAIT": 7.0,
    }  # fmt: skip


def test_a_run_of_a_second_is_restarted_at_once_and_a_shorter_one_after_a_full_second() -> None:
    assert lives(1.0, until_s=4) == [0, 1, 2, 3, 4]
    assert lives(0.25, until_s=4) == [0, 1.25, 2.5, 3.75]


def test_what_counts_is_the_time_from_the_start_to_the_end_of_finish() -> None:
    assert lives(0.5, 0.5, until_s=3) == [0, 1, 2, 3]
    assert lives(0.5, 0.25, until_s=4) == [0, 1.75, 3.5]


def test_finish_has_no_time_limit() -> None:
    assert lives(0.5, 600, until_s=1300) == [0, 600.5, 1201]


def test_it_never_gives_up() -> None:
    assert len(lives(0, until_s=1000)) == 1001


@given(st.floats(0, 50), st.floats(0, 50))
def test_the_wait_is_finish_and_one_second_at_most(run_s: float, finish_s: float) -> None:
    unit = like("runit", finish=finish_s)
    trace = simulate(unit, Script(run_s=run_s, hooks={"finish": (finish_s, 0)}), until_s=300)
    pauses = set(waits(trace.transitions))
    assert pauses <= {0.0, 1.0}
    assert all(pause == (run_s + finish_s < 1) for pause in pauses) or abs(run_s + finish_s - 1) < 1e-6


def test_finish_learns_the_code_or_the_signal() -> None:
    assert finish_args(Exit(code=7)) == (7, 0)
    assert finish_args(Exit(signal="SIGTERM")) == (-1, 15)


def test_a_stop_is_no_end_to_restart_after() -> None:
    assert RunitPolicy().on_exit(Memory(), Exit(code=0, cause=Cause.REQUEST), 0, 0.0)[1] == Done()


def test_sv_stop_waits_and_never_kills() -> None:
    seen = stopped("sv-stop", reaction="ignores")
    assert seen["signals"] == [[0, "SIGTERM"]]
    assert (seen["exit"], seen["final"], seen["command_returns_s"], seen["command_rc"]) == (None, "run", 7, 1)


def test_sv_force_stop_kills_after_its_wait_and_returns_1_all_the_same() -> None:
    seen = stopped("sv-force-stop", wait_s=3, reaction="ignores")
    assert seen["signals"] == [[0, "SIGTERM"], [3, "SIGKILL"]]
    assert (seen["exit"], seen["final"], seen["command_returns_s"], seen["command_rc"]) == ("SIGKILL", "down", 3, 1)


def test_sv_force_stop_does_not_kill_what_ends_in_time() -> None:
    seen = stopped("sv-force-stop", reaction="exits", exit=0, takes_s=2)
    assert (seen["signals"], seen["exit"], seen["command_returns_s"], seen["command_rc"]) == ([[0, "SIGTERM"]], 0, 2, 0)


def test_sv_stop_of_one_that_is_too_slow_returns_1_and_it_still_goes_down() -> None:
    seen = stopped("sv-stop", wait_s=2, reaction="exits", exit=0, takes_s=5)
    assert (seen["exit_s"], seen["final"], seen["command_returns_s"], seen["command_rc"]) == (5, "down", 2, 1)


def test_sv_restart_starts_again_at_once_and_returns_then() -> None:
    seen = stopped("sv-restart", reaction="exits", exit=0, takes_s=2)
    assert (seen["restarted"], seen["restart_s"], seen["command_returns_s"], seen["command_rc"]) == (True, 2, 2, 0)
    assert seen["final"] == "run"


def test_sv_restart_of_a_deaf_service_changes_nothing() -> None:
    seen = stopped("sv-restart", reaction="ignores")
    assert (seen["restarted"], seen["exit"], seen["command_rc"]) == (False, None, 1)


def test_sv_returns_at_its_limit() -> None:
    assert (sv_returns(7.0, 7.0), sv_returns(7.01, 7.0)) == ((7.0, 0), (7.0, 1))


def test_sv_down_and_up() -> None:
    seen = controlled((2, "sv-down"), (5, "sv-up"))
    assert seen["states"] == [[0, "run"], [2, "down"], [5, "run"]]
    assert (seen["starts_s"], seen["command_returns"]) == ([0, 5], [{"t": 2, "rc": 0}, {"t": 5, "rc": 0}])


def test_sv_term_is_followed_by_a_restart() -> None:
    assert controlled((2, "sv-term"))["starts_s"] == [0, 2]
    assert controlled((0.5, "sv-term"))["states"] == [[0, "run"], [0.5, "down"], [1.5, "run"]]


@pytest.mark.parametrize(("code", "states"), [(0, ["run", "run-want-down"]), (1, ["run", "down"])])
def test_control_t_replaces_sigterm_only_if_it_exits_0(code: int, states: list[str]) -> None:
    seen = controlled((2, "sv-down"), control_t={"exit": code})
    assert [state for _, state in seen["states"]] == states
    assert seen["control_t_runs_s"] == [2]


def test_a_paused_service_takes_sigterm_when_it_goes_on_but_sv_down_ends_it_at_once() -> None:
    assert controlled((2, "sv-pause"), (3, "sv-term"), (5, "sv-cont"))["starts_s"] == [0, 5]
    assert [state for _, state in controlled((2, "sv-pause"), (3, "sv-down"))["states"]] == [
        "run", "run-paused", "down-paused",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "ready_s", "returns"),
    [
        ({"check": "passes-when-ready"}, 3.0, {"t": 3.0, "rc": 0}),
        ({"check": "passes-when-ready"}, 9.0, {"t": 7.0, "rc": 1}),
        ({"check": "always-fails"}, None, {"t": 7.0, "rc": 1}),
        ({}, None, {"t": 0.0, "rc": 0}),
    ],
)
def test_sv_start_waits_for_check(policy: dict[str, Any], ready_s: float | None, returns: dict[str, Any]) -> None:
    actions = [{"t": 0.0, "do": "sv-start", "wait_s": 7}]
    seen = predicted("state", "readiness", policy={"down": True, **policy}, actions=actions, ready_after_s=ready_s)
    assert (seen["command_returns"], seen["starts_s"]) == ([returns], [0])


def test_a_down_file_keeps_it_down_and_sv_once_lets_the_last_run_end() -> None:
    assert predicted("state", "down-file", policy={"down": True}, event="supervisor-starts") == {
        "starts": 0, "final": "down",
    }  # fmt: skip
    life = {"run_s": 5.0, "exit": 0}
    seen = predicted(
        "restart", "once", policy={}, lives=[life, life], repeat_last=False, until_s=None,
        actions=[{"t": 6.0, "do": "once"}],
    )  # fmt: skip
    assert (seen["starts_s"], seen["final"], seen["still_restarting"]) == ([0, 5], "down", False)


@pytest.mark.parametrize("within_s", [3, 10])
def test_a_missing_run_is_tried_once_a_second(within_s: int) -> None:
    assert predicted("state", "run-missing", policy={}, within_s=within_s) == {"attempts": within_s}


def test_a_wrong_option_is_told_with_what_is_allowed() -> None:
    with pytest.raises(OptionError, match="runit sv=restart: allowed are stop, force-stop, once"):
        like("runit", sv="restart")
    with pytest.raises(OptionError, match="did you mean 'finish'"):
        like("runit", finnish=True)


@pytest.mark.parametrize("case", load(system="runit", level="rule"), ids=lambda case: case.id)
def test_what_runit_did_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason
