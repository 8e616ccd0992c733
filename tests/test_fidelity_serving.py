"""Servers under load: gunicorn, nginx and uvicorn, and what becomes of the requests in flight and of new ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.atlas import Case, load
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.fidelity.serving import phases
from lifecycle_kit.states import State
from lifecycle_kit.systems import OptionError, gunicorn, haproxy, honcho, nginx, uvicorn
from lifecycle_kit.systems.options import System

REQUESTS = [{"sent_s": -0.5, "duration_s": 2.5}, {"sent_s": -0.5, "duration_s": 8.0}]
WORDS = st.lists(st.sampled_from(["ok", "full", "hangs", "refused"]), min_size=1, max_size=8)


def served(system: str, *signals: str | tuple[float, str], to: str = "master", **situation: Any) -> dict[str, Any]:
    """Return what becomes of requests at these signals or commands, the first one at 0."""
    listed = [(0.0, signal) if isinstance(signal, str) else signal for signal in signals]
    actions = [
        {"t": t, "do": "signal", "signal": word, "to": to}
        if word.startswith("SIG")
        else {"t": t, "do": "command", "command": word}
        for t, word in listed
    ]
    given_ = {"policy": {}, "in_flight": REQUESTS, "new_request_every_s": 0.25, "actions": actions, **situation}
    return predictor(system, "stop", "graceful-stop")(given_)


def fates(seen: dict[str, Any]) -> list[tuple[str, float]]:
    """Return how and when each request ended."""
    return [(request["outcome"], round(request["done_s"], 3)) for request in seen["in_flight"]]


def words(seen: dict[str, Any]) -> list[tuple[float, str]]:
    """Return from when on new connections met what, after the first phase."""
    return [(round(at, 3), word) for at, word in seen["new_request_phases"][1:]]


def refusal(system: System, **options: Any) -> str:
    """Return what the system says to a wrong option."""
    with pytest.raises(OptionError) as caught:
        system.unit(options)
    return str(caught.value)


# --- phases


def test_a_phase_that_takes_no_time_is_left_out() -> None:
    assert phases([(0, "ok"), (5, "hangs"), (5, "refused")]) == [[0, "ok"], [5, "refused"]]


def test_connections_that_wait_for_a_busy_worker_are_served_unless_it_leaves() -> None:
    assert phases([(0, "ok"), (1, "full"), (3, "ok")]) == [[0, "ok"]]
    assert phases([(0, "ok"), (1, "full"), (3, "hangs")]) == [[0, "ok"], [1, "hangs"]]


@given(WORDS)
def test_no_phase_follows_one_of_the_same_name(listed: list[str]) -> None:
    made = [word for _, word in phases([(float(at), word) for at, word in enumerate(listed)])]
    assert all(word != later for word, later in pairwise(made))
    assert "full" not in made


# --- gunicorn


def test_gunicorn_defaults() -> None:
    assert {option.name: option.default for option in gunicorn.OPTIONS} == {
        "workers": 1, "worker_class": "sync", "threads": 1, "timeout": 30, "graceful_timeout": 30,
    }  # fmt: skip
    assert "allowed are sync, gthread" in refusal(gunicorn.SYSTEM, worker_class="tornado")


SYNC = {"workers": 2, "worker_class": "sync", "graceful_timeout_s": 4, "timeout_s": 30}
GTHREAD = {"workers": 2, "worker_class": "gthread", "threads": 4, "graceful_timeout_s": 4, "timeout_s": 30}


@pytest.mark.parametrize(("policy", "signal"), [(SYNC, "SIGTERM"), (GTHREAD, "SIGTERM"), (GTHREAD, "SIGQUIT")])
def test_gunicorn_lets_requests_finish_within_graceful_timeout(policy: dict[str, Any], signal: str) -> None:
    seen = served("gunicorn", signal, policy=policy)
    assert fates(seen) == [("200", 2.0), ("cut", 4.0)]
    assert (seen["exit"], seen["final"]) == (0, "exited")
    assert words(seen)[-1] == (4.0, "refused")
    assert seen["exit_s"] == pytest.approx(4, abs=1.3)


def test_gunicorn_keeps_its_socket_while_workers_leave() -> None:
    assert words(served("gunicorn", "SIGTERM", policy=GTHREAD))[0] == (0.0, "hangs")
    assert words(served("gunicorn", "SIGTERM", policy=SYNC))[0] == (-0.5, "hangs"), "all sync workers were busy"
    assert words(served("gunicorn", "SIGTERM", policy=GTHREAD, in_flight=[])) == [(0.0, "refused")]


def test_gunicorn_what_waits_for_a_sync_worker_is_served_later_or_cut_with_the_last_one() -> None:
    queue = [
        {"sent_s": -2.0, "duration_s": 1.5},
        {"sent_s": -1.9, "duration_s": 1.0},
        {"sent_s": -1.8, "duration_s": 3},
    ]
    one = {**SYNC, "workers": 1}
    assert fates(served("gunicorn", policy=one, in_flight=queue)) == [("200", -0.5), ("200", 0.5), ("200", 3.5)]
    assert fates(served("gunicorn", "SIGTERM", policy=one, in_flight=queue)) == [
        ("200", -0.5), ("200", 0.5), ("cut", 0.5),
    ]  # fmt: skip


def test_gunicorn_quit_makes_a_sync_worker_answer_500_at_once() -> None:
    seen = served("gunicorn", "SIGQUIT", policy=SYNC)
    assert fates(seen) == [("500", 0.0), ("500", 0.0)]


def test_gunicorn_reload_loses_nothing_however_long_it_takes() -> None:
    seen = served("gunicorn", "SIGHUP", policy=GTHREAD)
    assert (fates(seen), words(seen), seen["exit"]) == ([("200", 2.0), ("200", 7.5)], [], None)


@pytest.mark.parametrize(("policy", "fate"), [(SYNC, "500"), (GTHREAD, "200")])
def test_gunicorn_a_silent_sync_worker_is_killed_and_a_threaded_one_is_never_silent(
    policy: dict[str, Any], fate: str
) -> None:
    seen = served("gunicorn", policy={**policy, "timeout_s": 3}, in_flight=[{"sent_s": 0, "duration_s": 9}])
    ((outcome, done_s),) = fates(seen)
    assert outcome == fate
    assert done_s == pytest.approx(3.5 if fate == "500" else 9)
    assert (words(seen), seen["final"]) == ([], "running")


def test_gunicorn_a_worker_that_dies_takes_only_its_own_request_along() -> None:
    doomed = {"sent_s": 0, "duration_s": 0, "ends_worker": True}
    actions = [{"t": 0, "do": "worker-exit", "exit": 9}]
    seen = served("gunicorn", policy=SYNC, in_flight=[REQUESTS[1], doomed], actions=actions)
    assert fates(seen) == [("200", 7.5), ("cut", 0.0)]


@pytest.mark.parametrize(
    ("cause", "code", "worker", "master"),
    [
        ("exception-at-load", None, 3, 3), ("system-exit-at-load", 7, 7, None), ("system-exit-at-load", None, 0, None),
        ("system-exit-at-load", 4, 4, 4),
    ],
)  # fmt: skip
def test_gunicorn_gives_up_only_on_a_worker_that_could_not_boot(
    cause: str, code: int | None, worker: int, master: int | None
) -> None:
    given_ = {"policy": SYNC, "cause": cause, "system_exit_code": code}
    seen = predictor("gunicorn", "decision", "boot-failure")(given_)
    assert seen == {
        "restarted": master is None, "gave_up": master is not None, "worker_exit": worker, "master_exit": master,
        "final": "master-runs" if master is None else "master-exits",
    }  # fmt: skip


def test_gunicorn_with_threads_is_no_sync_worker() -> None:
    assert gunicorn.works_alone("sync", 1)
    assert not gunicorn.works_alone("sync", 2)
    assert not gunicorn.works_alone("gthread", 1)


# --- nginx


def test_nginx_defaults_and_times() -> None:
    assert {option.name: option.default for option in nginx.OPTIONS} == {"worker_shutdown_timeout": None}
    assert nginx.SYSTEM.unit({"worker_shutdown_timeout": "1m 30s"}).stop.phases[0].limit_s == 90
    assert "give a time such as 10s" in refusal(nginx.SYSTEM, worker_shutdown_timeout="soon")


def test_nginx_quit_finishes_and_stop_does_not() -> None:
    patient = served("nginx", "nginx-quit")
    assert (fates(patient), words(patient), patient["exit_s"]) == (
        [("200", 2.0), ("200", 7.5)], [(0.0, "refused")], pytest.approx(7.5),
    )  # fmt: skip
    for word in ("nginx-stop", "SIGTERM", "SIGINT"):
        seen = served("nginx", word)
        assert (fates(seen), seen["exit"], seen["exit_s"]) == ([("cut", 0.0), ("cut", 0.0)], 0, 0)


@pytest.mark.parametrize(("word", "exit_"), [("nginx-quit", 0), ("SIGQUIT", 0), ("nginx-reload", None)])
def test_nginx_worker_shutdown_timeout_limits_quit_and_reload(word: str, exit_: int | None) -> None:
    seen = served("nginx", word, policy={"worker_shutdown_timeout_s": 3})
    assert (fates(seen), seen["exit"]) == ([("200", 2.0), ("cut", 3.0)], exit_)


def test_nginx_reload_serves_on_and_closes_idle_connections() -> None:
    seen = served("nginx", "nginx-reload", idle_keepalive_used_s=[0.5])
    assert (words(seen), seen["final"], seen["idle_keepalive"]) == ([], "running", ["closed"])


def test_nginx_replaces_a_dead_worker_without_its_requests() -> None:
    seen = served("nginx", "SIGKILL", to="worker")
    assert (fates(seen), words(seen), seen["exit"]) == ([("cut", 0.0), ("cut", 0.0)], [], None)


def test_nginx_makes_no_stop_of_another_word() -> None:
    with pytest.raises(ValueError, match="nginx makes no stop of 'SIGUSR1'"):
        nginx.meaning("SIGUSR1")


# --- uvicorn


def test_uvicorn_defaults() -> None:
    assert {option.name: option.default for option in uvicorn.OPTIONS} == {
        "workers": 1, "timeout_graceful_shutdown": None,
    }  # fmt: skip


def test_uvicorn_finishes_without_any_limit_and_dies_of_the_signal() -> None:
    seen = served("uvicorn", "SIGTERM")
    assert (fates(seen), words(seen)) == ([("200", 2.0), ("200", 7.5)], [(0.0, "refused")])
    assert (seen["app_events"], seen["exit"]) == (["shutdown-hook"], "SIGTERM")
    assert seen["exit_s"] == pytest.approx(7.6)


def test_uvicorn_answers_500_at_its_limit_and_waits_for_the_hook() -> None:
    seen = served("uvicorn", "SIGTERM", policy={"timeout_graceful_shutdown_s": 3}, shutdown_hook_takes_s=2)
    assert fates(seen) == [("200", 2.0), ("500", 3.0)]
    assert seen["app_events"] == ["request-cancelled", "shutdown-hook"]
    assert seen["exit_s"] == pytest.approx(5.1)


@pytest.mark.parametrize(
    ("second", "exit_", "events"),
    [("SIGINT", 0, ["request-cancelled"] * 2), ("SIGTERM", "SIGTERM", ["shutdown-hook"])],
)
def test_uvicorn_a_second_int_skips_the_rest_and_a_second_term_changes_nothing(
    second: str, exit_: Any, events: list[str]
) -> None:
    seen = served("uvicorn", second, (1.0, second))
    assert fates(seen) == ([("500", 1.0), ("500", 1.0)] if second == "SIGINT" else [("200", 2.0), ("200", 7.5)])
    assert (seen["exit"], seen["app_events"]) == (exit_, events)


def test_uvicorn_a_parent_of_several_keeps_the_socket_and_exits_0() -> None:
    seen = served("uvicorn", "SIGTERM", policy={"workers": 2})
    (hangs_s, hangs), (refused_s, refused) = words(seen)
    assert (hangs, refused, seen["exit"]) == ("hangs", "refused", 0)
    assert hangs_s == pytest.approx(0, abs=0.5)
    assert refused_s == pytest.approx(7.5)
    assert seen["app_events"] == ["shutdown-hook"] * 2
    assert not uvicorn.forces(["SIGINT", "SIGINT"], workers=2)


# --- all of them


@pytest.mark.parametrize("room", [gunicorn, nginx, uvicorn, haproxy, honcho])
def test_a_room_names_every_state_says_what_is_lost_and_where_its_rules_are_written(room: Any) -> None:
    assert set(room.SYSTEM.native) == set(State)
    assert room.SYSTEM.loses
    assert room.SYSTEM.source
    assert room.SYSTEM.unit({}).stop.phases[0].signal


@pytest.mark.parametrize("case", load(system=["gunicorn", "nginx", "uvicorn"], level="rule"), ids=lambda case: case.id)
def test_what_the_servers_did_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason


@given(st.floats(0, 10), st.floats(0.1, 20), st.floats(0.1, 20))
def test_a_request_ends_once_and_not_after_the_limit(before_s: float, duration_s: float, limit_s: float) -> None:
    requests = [{"sent_s": -before_s, "duration_s": duration_s}]
    policy = {"worker_shutdown_timeout_s": round(limit_s, 3)}
    seen = served("nginx", "nginx-quit", policy=policy, in_flight=requests)
    ((outcome, done_s),) = fates(seen)
    assert outcome in ("200", "cut")
    needed_s = duration_s - before_s
    assert done_s == pytest.approx(min(needed_s, limit_s), abs=0.002)
    assert (outcome == "200") == (needed_s < limit_s) or needed_s == pytest.approx(limit_s, abs=0.002)
