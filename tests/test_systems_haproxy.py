"""HAProxy: rise and fall, what an administrator sets, and which signal lets requests finish."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.atlas import Case, load
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.systems import OptionError
from lifecycle_kit.systems.haproxy import OPTIONS, SYSTEM, Backend, time

OUTCOMES = st.sampled_from(["ok", "500", "404", "timeout", "refused"])


def after(server: Backend, *outcomes: str) -> list[str]:
    """Return the states of a server, check by check."""
    return [str(server := server.checked(outcome)) for outcome in outcomes]


def predicted(kind: str, family: str, **situation: Any) -> dict[str, Any]:
    """Return what the predictor of HAProxy says."""
    return predictor("haproxy", kind, family)(situation)


def administered(*actions: dict[str, Any], **situation: Any) -> dict[str, Any]:
    """Return what becomes of a server to which all this is done."""
    policy = {"rise": 2, "fall": 3, "inter_s": 1, **situation.pop("policy", {})}
    return predicted("stop", "drain", policy=policy, actions=list(actions), **situation)


def state(t: float, word: str) -> dict[str, Any]:
    """Return the action of setting a state."""
    return {"t": t, "do": "set-state", "server": "s1", "state": word}


def test_the_defaults_are_haproxys_own() -> None:
    assert {option.name: option.default for option in OPTIONS} == {
        "inter": 2, "fastinter": None, "downinter": None, "rise": 2, "fall": 3, "timeout check": None,
        "http-check disable-on-404": False, "on-marked-down": "", "hard-stop-after": None,
    }  # fmt: skip


def test_a_bare_time_is_milliseconds() -> None:
    probe = SYSTEM.unit({"inter": 500, "timeout check": "3s"}).probes["readiness"]
    assert (probe.period_s, probe.timeout_s, time("1m")) == (0.5, 3, 60)
    with pytest.raises(OptionError, match="haproxy inter=soon: give a time such as 2s"):
        SYSTEM.unit({"inter": "soon"})


def test_a_server_is_up_before_any_check() -> None:
    assert str(Backend()) == "UP"
    assert Backend().takes_new


def test_one_other_result_clears_the_count() -> None:
    assert after(Backend(), "500", "500", "ok", "500", "500", "500", "ok", "500") == [
        "UP 2/3", "UP 1/3", "UP", "UP 2/3", "UP 1/3", "DOWN", "DOWN 1/2", "DOWN",
    ]  # fmt: skip


def test_fall_1_and_rise_1_change_at_once() -> None:
    assert after(Backend(fall=1, rise=1), "timeout", "ok") == ["DOWN", "UP"]


def test_a_404_takes_a_server_out_without_counting_and_one_good_check_brings_it_back() -> None:
    server = Backend(disable_on_404=True)
    assert after(server, "500", "404", "404", "ok") == ["UP 2/3", "NOLB", "NOLB", "UP"]
    assert after(server, "404", "500", "500", "500", "404") == ["NOLB", "NOLB 2/3", "NOLB 1/3", "DOWN", "DOWN"]
    assert not server.checked("404").takes_new
    assert after(Backend(), "404") == ["UP 2/3"]


@given(st.integers(1, 5), st.integers(1, 5), st.lists(OUTCOMES, max_size=40))
def test_it_changes_only_after_rise_or_fall_equal_results(rise: int, fall: int, outcomes: list[str]) -> None:
    servers = [Backend(rise=rise, fall=fall)]
    for outcome in outcomes:
        servers.append(servers[-1].checked(outcome))
    for number, (before, now) in enumerate(pairwise(servers), start=1):
        needed = rise if now.tally.good else fall
        latest = {outcome == "ok" for outcome in outcomes[:number][-needed:]}
        assert before.tally.good == now.tally.good or (latest == {now.tally.good} and number >= needed)


def test_the_pace_of_checks_follows_the_state() -> None:
    pace = (2.0, 0.5, 4.0)
    server = Backend()
    assert [
        server.interval_s(*pace), server.checked("500").interval_s(*pace),
        Backend(fall=1).checked("500").interval_s(*pace), Backend(fall=1).checked("500").interval_s(2.0, 0.5, None),
    ] == [2, 0.5, 4, 2]  # fmt: skip


def test_drain_and_maint_send_new_requests_elsewhere_or_answer_503() -> None:
    times = [1.0, 6.0]
    alone = administered(state(0, "drain"), state(5, "ready"), new_request_times_s=times)
    assert (alone["states"], alone["new_request_outcomes"]) == ([[0, "DRAIN"], [5, "UP"]], ["503", "200"])
    two = administered(state(0, "maint"), state(5, "ready"), new_request_times_s=times, servers=2)
    assert (two["new_request_outcomes"], two["new_request_servers"]) == (["200", "200"], ["s2", None])


def test_after_maint_a_server_is_up_and_one_bad_check_from_down() -> None:
    back = administered(state(0, "maint"), state(4, "ready"))
    assert back["states"] == [[0, "MAINT"], [4, "UP 1/3"], [5, "UP"]]
    sick = administered({"t": 1, "do": "set-health", "status": "500"}, state(0, "maint"), state(4, "ready"))
    assert sick["states"][-1] == [5, "DOWN"]


def test_down_cuts_what_is_in_flight_only_with_shutdown_sessions() -> None:
    sick = {"t": 0, "do": "set-health", "server": "s1", "status": "500"}
    requests = [{"sent_s": -0.5, "duration_s": 7}, {"sent_s": -0.5, "duration_s": 1}]
    spared = administered(sick, in_flight=requests, first_check_s=0.5)
    assert [request["outcome"] for request in spared["in_flight"]] == ["200", "200"]
    cut = administered(sick, in_flight=requests, first_check_s=0.5, policy={"on_marked_down": "shutdown-sessions"})
    assert cut["in_flight"] == [{"outcome": "cut", "done_s": 2.5}, {"outcome": "200", "done_s": 0.5}]
    assert cut["final"] == "DOWN"


def test_what_goes_to_the_other_server_is_not_cut() -> None:
    requests = [{"sent_s": -0.5, "duration_s": 7, "server": "s2"}]
    seen = administered(
        state(0, "maint"), in_flight=requests, servers=2, policy={"on_marked_down": "shutdown-sessions"}
    )
    assert seen["in_flight"] == [{"outcome": "200", "done_s": 6.5}]


@pytest.mark.parametrize(
    ("signal", "limit_s", "fate", "exit_", "exit_s"),
    [
        ("SIGUSR1", None, {"outcome": "200", "done_s": 5.0}, 0, 5.0),
        ("SIGUSR1", 2, {"outcome": "cut", "done_s": 2.0}, 0, 2.0),
        ("SIGTERM", 30, {"outcome": "cut", "done_s": 0.0}, "SIGTERM", 0.0),
    ],
)
def test_usr1_lets_requests_finish_and_term_does_not(
    signal: str, limit_s: float | None, fate: dict[str, Any], exit_: Any, exit_s: float
) -> None:
    policy = {} if limit_s is None else {"hard_stop_after_s": limit_s}
    actions = [{"t": 0, "do": "signal", "signal": signal, "to": "haproxy"}]
    requests = [{"sent_s": -1, "duration_s": 6}]
    seen = predicted(
        "stop", "process-stop", policy=policy, actions=actions, in_flight=requests, new_request_times_s=[-0.5, 0.5]
    )
    assert (seen["in_flight"], seen["exit"], seen["exit_s"]) == ([fate], exit_, exit_s)
    assert seen["new_request_outcomes"] == ["200", "refused"]


def test_a_request_gets_503_from_a_dead_server_that_still_looks_up() -> None:
    seen = predicted(
        "probe", "health-check", settings={}, checks=[{"t": 0, "outcome": "ok"}], request_times_s=[1.0, 3.0, 5.0],
        actions=[{"t": 2, "do": "kill-server"}, {"t": 4, "do": "start-server"}], other_servers_up=0,
    )  # fmt: skip
    assert (seen["transitions"], seen["request_outcomes"]) == ([], ["200", "503", "200"])


@pytest.mark.parametrize("case", load(system="haproxy", level="rule"), ids=lambda case: case.id)
def test_what_haproxy_did_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason
