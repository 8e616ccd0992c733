"""One simulated instance: births, ends, probes, stops, and that chance has an address."""

from __future__ import annotations

import pytest

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.simulate.script import news_of
from lifecycle_kit.trace import Trace, starts


def path(trace: Trace) -> list[tuple[float, str]]:
    """Return when each state was entered."""
    return [(move.at, move.target.value) for move in trace.transitions]


def test_a_plain_service_runs_until_it_crashes() -> None:
    trace = simulate(like("systemd"), Script(run_s=3), until_s=10)
    assert path(trace) == [(0, "starting"), (0, "ready"), (0, "running"), (3, "failed")]


def test_the_last_life_repeats() -> None:
    lives = [Script(run_s=1), Script(run_s=2)]
    assert starts(simulate(like("supervisord"), lives, until_s=8).transitions) == [0, 1, 3, 5, 7]


def test_a_spawn_may_cost_time() -> None:
    trace = simulate(like("systemd"), Script(run_s=1), until_s=9, spawn_s=0.5)
    assert path(trace) == [(0, "starting"), (0.5, "ready"), (0.5, "running"), (1.5, "failed")]


def test_what_cannot_be_spawned_fails() -> None:
    trace = simulate(like("systemd"), Script(fails_to_spawn="no such program: wrker"), until_s=1)
    assert trace.transitions[-1].cause == "could not be started: no such program: wrker; gave up: exit-code"


def test_at_equal_times_an_exit_comes_before_a_timer() -> None:
    trace = simulate(like("supervisord", autorestart="false"), Script(run_s=1), until_s=9)
    assert path(trace) == [(0, "starting"), (1, "failed")]


def test_a_worker_says_how_it_is() -> None:
    says = ((1, "ready"), (2, "working"), (3, "blocked:queue"), (5, "unblocked"), (6, "idle"), (7, "stopping"))
    unit = like("systemd", Type="notify")
    story = simulate(unit, Script(says=says, run_s=8, exit=0), until_s=9)
    assert path(story) == [
        (0, "starting"), (1, "ready"), (1, "running"), (3, "blocked"), (5, "running"), (6, "ready"), (7, "draining"),
        (8, "terminated"),
    ]  # fmt: skip


def test_a_hung_process_is_found_by_liveness_and_dies_only_of_the_kill() -> None:
    unit = like("kubernetes", {"livenessProbe": True, "terminationGracePeriodSeconds": 5})
    trace = simulate(unit, Script(hangs_after_s=12, run_s=60), until_s=60)
    # Ticks at 20, 30 and 40 fail after the timeout of 1 s; the grace period follows.
    assert path(trace)[3:6] == [(41, "draining"), (46, "failed"), (46, "backoff")]


def test_readiness_comes_and_goes_with_the_probe() -> None:
    unit = like("kubernetes", {"readinessProbe": True})
    health = {"readiness": parse_health("15:fail,40:ok,60:fail,1:ok")}
    trace = simulate(unit, Script(health=health), until_s=200)
    assert path(trace) == [
        (0, "starting"), (20, "ready"), (20, "running"), (80, "blocked"), (120, "running"),
    ]  # fmt: skip


def test_a_missing_startup_probe_kills_a_slow_start_and_one_cures_it() -> None:
    slow = Script(health={"liveness": parse_health("45:fail,1:ok"), "startup": parse_health("45:fail,1:ok")})
    killed = simulate(like("kubernetes", {"livenessProbe": True}), slow, until_s=300)
    assert len(starts(killed.transitions)) > 3
    cured = {"livenessProbe": True, "startupProbe.failureThreshold": 10}
    assert starts(simulate(like("kubernetes", cured), slow, until_s=300).transitions) == [0]


def test_probe_failures_are_counted_across_lives() -> None:
    """Two failures, a crash for another reason, one failure of the new life: the threshold of three is reached."""
    unit = like("kubernetes", {"livenessProbe": True})
    failing = {"liveness": parse_health("5:ok,1:fail")}
    lives = [Script(run_s=25, health=failing), Script(health={"liveness": parse_health("1:fail")})]
    trace = simulate(unit, lives, until_s=60)
    assert (30, "draining") in path(trace)


def test_ticks_go_on_across_lives() -> None:
    unit = like("kubernetes", {"readinessProbe": True})
    trace = simulate(unit, [Script(run_s=13), Script()], until_s=60)
    assert (20, "ready") in path(trace)


def test_a_polite_process_takes_its_time_to_stop_and_a_deaf_one_is_killed() -> None:
    unit = like("supervisord", stopwaitsecs=5)
    polite = simulate(unit, Script(stop_takes_s=2), until_s=30, requests=[(10, "stop")])
    assert path(polite)[-2:] == [(10, "draining"), (12, "terminated")]
    deaf = simulate(unit, Script(on_term="deaf"), until_s=30, requests=[(10, "stop")])
    assert deaf.transitions[-1].at == 15
    twice = simulate(unit, Script(on_term="deaf"), until_s=30, requests=[(10, "stop"), (11, "stop")])
    assert twice.transitions[-1].at == 11


def test_a_hook_may_end_before_its_limit() -> None:
    unit = like("kubernetes", {"lifecycle.preStop.sleep.seconds": 20})
    for takes, ends in ((None, 30), (4, 14)):
        trace = simulate(unit, Script(hook_takes_s=takes), until_s=60, requests=[(10, "stop")])
        assert trace.transitions[-1].at == ends


def test_a_refused_request_ends_nothing() -> None:
    trace = simulate(like("systemd"), Script(run_s=3, exit=0), until_s=9, requests=[(1, "start"), (5, "stop")])
    assert path(trace)[-1] == (3, "terminated")


def test_the_same_seed_gives_the_same_luck_and_another_seed_another() -> None:
    unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=10, factor=2, cap_s=300, jitter="full")))
    runs = [starts(simulate(unit, Script(run_s=0), until_s=999, seed=seed).transitions) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_luck_has_an_address_so_another_name_has_another() -> None:
    unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=10, factor=2, cap_s=300, jitter="full")))
    one, two = (simulate(unit, Script(run_s=0), until_s=99, name=name) for name in ("a-0", "a-1"))
    assert starts(one.transitions) != starts(two.transitions)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"run_s": -1}, "-1 s"), ({"exit": "SIGNOPE"}, "is no exit"), ({"on_term": "sulk"}, "exit, drain, deaf"),
        ({"says": ((1, "hello"),)}, "'hello' is no word of a process"),
    ],
)  # fmt: skip
def test_a_script_that_makes_no_sense_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Script(**wrong)  # type: ignore[arg-type]


def test_a_simulation_needs_a_life() -> None:
    with pytest.raises(ValueError, match="'worker' needs at least one life"):
        simulate(Unit(), [], until_s=1)


def test_every_word_of_a_process_is_an_event() -> None:
    words = ("ready", "not-ready", "working", "idle", "blocked:db", "blocked", "unblocked", "stopping")
    assert len({str(news_of(word, at=0, life=1)) for word in words}) == len(words)
