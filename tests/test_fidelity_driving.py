"""Driving: what is written down of one watched instance, and how lives and actions of a case are led."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle_kit import PlainPolicy, Readiness, Unit, like
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.fidelity.driving import Watched, lead, reaction, restarts, script_of, since, watch
from lifecycle_kit.simulate import Script

STEADY = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=2)))
LIMITED = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=2), give_up_after=2))


def given_lives(*runs: float | None, **more: Any) -> dict[str, Any]:
    """Return the situation of a case with lives of these lengths."""
    lives = [{"run_s": run, "exit": 1} for run in runs]
    return {"lives": lives, "repeat_last": False, "until_s": 100, **more}


def test_it_ends_with_the_first_start_for_which_no_life_is_given() -> None:
    run = lead(STEADY, given_lives(1, 3))
    assert restarts(run) == {
        "starts_s": [0, 3, 8], "starts_total": 3, "delays_s": [2, 2], "gave_up": False, "still_restarting": True,
        "restarts_count": 2,
    }  # fmt: skip


def test_the_last_life_may_repeat_until_the_recording_is_cut() -> None:
    seen = restarts(lead(STEADY, given_lives(1, repeat_last=True, until_s=7)))
    assert (seen["starts_s"], seen["still_restarting"]) == ([0, 3, 6], True)
    endless = restarts(lead(STEADY, given_lives(1, repeat_last=True, until_s=None)))
    assert len(endless["starts_s"]) > 400


def test_a_life_that_goes_on_is_no_restart() -> None:
    seen = restarts(lead(STEADY, given_lives(1, None)))
    assert (seen["starts_s"], seen["still_restarting"]) == ([0, 3], False)


@pytest.mark.parametrize(("limit", "gave_up"), [("in a row", True), ("some other limit", False), ("", False)])
def test_giving_up_counts_only_if_it_was_that_limit(limit: str, gave_up: bool) -> None:
    seen = restarts(lead(LIMITED, given_lives(1, 1, 1)), limit=limit)
    assert seen["gave_up"] is gave_up
    assert seen.get("gave_up_times_s") == ([7] if gave_up else None)


def test_a_start_by_hand_has_no_wait_and_is_no_restart() -> None:
    actions = [{"t": 50, "do": "start", "after_life": 3}]
    seen = restarts(lead(LIMITED, given_lives(1, 1, 1, None, actions=actions)), limit="in a row")
    assert seen["starts_s"] == [0, 3, 6, 50]
    assert seen["delays_s"] == [2, 2, None]
    assert seen["restarts_count"] == 2


def test_what_a_person_does_after_a_life_comes_before_the_next_start_whatever_the_clock_says() -> None:
    for at_s, stopped_s in ((0.5, 1), (2.5, 2.5), (70, 2.999999999)):
        run = lead(STEADY, given_lives(1, 1, actions=[{"t": at_s, "do": "stop", "after_life": 1}]))
        assert run.states[-1] == [stopped_s, "terminated"]


def test_actions_that_are_no_requests_are_left_out() -> None:
    run = lead(STEADY, given_lives(1, 1, actions=[{"t": 0.5, "do": "signal"}, {"t": 0.7, "do": "rest"}]))
    assert not run.refusals
    run = lead(STEADY, given_lives(1, 1, actions=[{"t": 0.5, "do": "halt"}]), requests={"halt": "stop"})
    assert run.states[-1] == [0.5, "terminated"]


def test_signals_hooks_and_planned_waits_are_written_down() -> None:
    unit = Unit(policy=STEADY.policy, stop=term_then_kill(30, pre_stop_s=5))
    run = watch(unit, Script(on_term="deaf", hook_takes_s=1), 60, requests=[(10, "restart")])
    assert since(run.signals, 10) == [[1, "SIGTERM", "group"], [30, "SIGKILL", "group"]]
    assert run.hooks == [(10, "preStop", "start"), (11, "preStop", "exit")]
    assert run.planned == [0]


def test_states_bear_the_names_they_are_given_and_those_passed_through() -> None:
    from lifecycle_kit.states import State

    run = watch(
        STEADY, Script(run_s=1), 4, native=lambda instance: instance.state.value.upper(),
        passed={(State.FAILED, State.BACKOFF): "crashed"},
    )  # fmt: skip
    assert run.states[:4] == [[0, "STARTING"], [0, "RUNNING"], [1, "crashed"], [1, "BACKOFF"]]


def test_lives_that_were_ready_and_restarts_that_fell_due_are_known() -> None:
    unit = like("systemd", Type="notify", Restart="always", StartLimitBurst=2, RestartSec=1)
    run = Watched(unit, [Script(run_s=1), Script(run_s=1, says=((0.5, "ready"),))])
    run.agenda.at(0, lambda: run.ask("start"))
    run.agenda.run(10**11)
    assert (run.ready, run.attempts, len(run.births)) == ({2}, 2, 2)


@pytest.mark.parametrize(
    ("how", "made"),
    [
        ({}, {}),
        ({"reaction": "default-action"}, {}),
        ({"reaction": "exits", "exit": 3, "takes_s": 2}, {"stop_exit": 3, "stop_takes_s": 2}),
    ],
)
def test_a_reaction_to_a_stop_signal_becomes_a_script(how: dict[str, Any], made: dict[str, Any]) -> None:
    assert reaction({"on_stop_signal": how}) == made


def test_what_ignores_stop_signals_still_dies_of_others() -> None:
    ignored = reaction({"on_stop_signal": {"reaction": "ignores"}})["ignores"]
    assert {"SIGTERM", "SIGINT", "SIGQUIT"} <= ignored
    assert not {"SIGKILL", "SIGABRT"} & ignored


def test_a_life_becomes_a_script() -> None:
    script = script_of({"run_s": 2, "exit": None, "ready_after_s": 0.5}, stop_takes_s=1)
    assert (script.run_s, script.exit, script.says, script.stop_takes_s) == (2, 1, ((0.5, "ready"),), 1)
    assert watch(Unit(readiness=Readiness(by="notice"), policy=PlainPolicy(when="never")), script, 9).ready == {1}
