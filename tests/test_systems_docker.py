"""Docker: which ends are restarted, how late, what a stop by hand means, and what the health check says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.atlas import load
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.health import parse_health
from lifecycle_kit.instance import Unit
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, observe
from lifecycle_kit.restart import Done, GiveUp, Memory, Restart
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.systems import OptionError, system
from lifecycle_kit.systems.docker import DockerPolicy, failing_streak, health, next_delay_s
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns

RUNS = st.floats(0, 100)


def begun(unit: Unit, *runs: float, until_s: float = 400, exit_: int | str = 1, **more: Any) -> list[float]:
    """Return when the lives of a program began whose runs last so long; the last one repeats."""
    lives = [Script(run_s=run_s, exit=exit_) for run_s in runs]
    return starts(simulate(unit, lives, until_s=until_s, **more).transitions)


def test_the_defaults_are_dockers_own() -> None:
    assert {option.name: option.default for option in system("docker").options} == {
        "restart": "no", "stop-signal": "SIGTERM", "stop-timeout": 10, "health-cmd": None, "health-interval": None,
        "health-timeout": None, "health-retries": None, "health-start-period": None, "health-start-interval": None,
    }  # fmt: skip
    check_ = like("docker", {"health-cmd": "curl -f localhost"}).probes["readiness"]
    assert (check_.period_s, check_.timeout_s, check_.failure_threshold, check_.start_period_s) == (30, 30, 3, 0)
    assert like("docker").probes == {}


def test_the_delay_doubles_from_a_tenth_of_a_second_to_a_minute() -> None:
    ladder = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60]
    begins = begun(like("docker", restart="always"), 0, until_s=225)
    assert [round(later - earlier, 6) for earlier, later in pairwise(begins)] == ladder


def test_a_run_of_ten_seconds_takes_the_delay_back_and_a_shorter_one_does_not() -> None:
    assert begun(like("docker", restart="always"), 0, 0, 10, 0, until_s=12) == [0, 0.1, 0.3, 10.4, 10.6, 11, 11.8]
    assert begun(like("docker", restart="always"), 0, 0, 9.9, 0, until_s=12) == [0, 0.1, 0.3, 10.6, 11.4]


@pytest.mark.parametrize(
    ("restart", "exit_", "again"),
    [
        ("no", 1, False), ("always", 0, True), ("always", "SIGKILL", True), ("unless-stopped", 0, True),
        ("on-failure", 0, False), ("on-failure", 3, True), ("on-failure", "SIGTERM", True), ("on-failure:2", 0, False),
    ],
)  # fmt: skip
def test_the_policy_says_which_ends_are_restarted(restart: str, exit_: int | str, again: bool) -> None:
    assert (len(begun(like("docker", restart=restart), 1, exit_=exit_, until_s=5)) > 1) is again


@given(st.integers(1, 9), RUNS)
def test_on_failure_n_gives_n_restarts_however_long_the_runs(most: int, run_s: float) -> None:
    trace = simulate(like("docker", restart=f"on-failure:{most}"), Script(run_s=run_s), until_s=100_000)
    assert len(starts(trace.transitions)) == most + 1
    assert trace.transitions[-1].target is State.FAILED


@given(st.lists(RUNS, max_size=40))
def test_delays_never_leave_their_bounds_and_only_a_long_run_shrinks_them(runs: list[float]) -> None:
    delay = 0.0
    for run_s in runs:
        previous, delay = delay, next_delay_s(delay, run_s)
        assert 0.1 <= delay <= 60
        assert delay >= previous or run_s >= 10


def test_a_stop_or_kill_by_hand_ends_it_and_the_next_start_counts_from_zero() -> None:
    unit = like("docker", restart="on-failure:1")
    assert begun(unit, 5, until_s=50, requests=[(2, "kill"), (20, "start")]) == [0, 20, 25.1]
    always = like("docker", restart="always")
    assert begun(always, 5, until_s=50, requests=[(2, "stop")]) == [0]


def test_a_program_that_ends_by_itself_after_a_stop_by_hand_is_not_restarted_either() -> None:
    policy = like("docker", restart="always").policy
    memory = policy.on_request(Memory(), "stop", 0)
    assert policy.on_exit(memory, Exit(code=1), 0, 0.0)[1] == Done()


@pytest.mark.parametrize(
    ("restart", "code", "stopped", "runs"),
    [
        ("always", 0, True, True), ("unless-stopped", 0, True, False), ("unless-stopped", 0, False, True),
        ("on-failure", 137, False, True), ("on-failure", 0, False, False), ("on-failure", 137, True, False),
        ("no", 137, False, False),
    ],
)  # fmt: skip
def test_a_new_daemon_runs_again_what_the_policy_says(restart: str, code: int, stopped: bool, runs: bool) -> None:
    memory = Memory(starts=int(stopped))
    assert DockerPolicy.of(restart).after_daemon_restart(Exit(code=code), memory) is runs


def test_what_is_given_up_says_why() -> None:
    assert DockerPolicy().on_exit(Memory(), Exit(code=1), 0, 0.0)[1] == GiveUp("restart=no")
    used_up = DockerPolicy(restart="on-failure", most=2).on_exit(Memory(failures=2), Exit(code=1), 0, 0.0)[1]
    assert used_up == GiveUp("on-failure:2 used up")
    assert DockerPolicy(restart="always").on_exit(Memory(), Exit(code=0), 0, 0.0)[1] == Restart(ns(0.1), clean=True)
    assert DockerPolicy(restart="always").on_exit(Memory(), Exit(code=0, cause=Cause.REQUEST), 0, 0.0)[1] == Done()


def test_stop_sequence() -> None:
    plan = like("docker").stop
    assert [(phase.signal, phase.limit_s) for phase in plan.phases] == [("SIGTERM", 10), ("SIGKILL", None)]
    assert like("docker", {"stop-timeout": -1, "stop-signal": "QUIT"}).stop.phases[0].limit_s is None


# --- health


CHECKED = {"health-interval": "1s", "health-timeout": "1s"}


def states(options: dict[str, Any], script: str, until_s: float = 60) -> list[tuple[float, str]]:
    """Return when a container with this health changed its state, and how."""
    unit = like("docker", {**CHECKED, **options})
    trace = simulate(unit, Script(health={"readiness": parse_health(script)}), until_s=until_s)
    return [(move.at, move.target.value) for move in trace.transitions[1:] if move.target is not State.READY]


def test_health_is_checked_one_interval_after_the_start_and_needs_three_failures() -> None:
    assert states({}, "5:ok,9:fail") == [(1, "running"), (7, "blocked")]
    assert states({"health-retries": 1}, "5:ok,9:fail") == [(1, "running"), (5, "blocked")]


def test_an_unhealthy_container_is_never_restarted() -> None:
    unit = like("docker", {**CHECKED, "restart": "always"})
    trace = simulate(unit, Script(health={"readiness": parse_health("1:fail")}), until_s=10_000)
    assert starts(trace.transitions) == [0]


def test_the_first_success_ends_the_start_period() -> None:
    options = {"health-start-period": "20s", "health-retries": 2}
    assert states(options, "3:fail,2:ok,9:fail") == [(3, "running"), (6, "blocked")]


def test_the_start_interval_holds_until_the_first_success_or_the_end_of_the_period() -> None:
    options = {"health-interval": "5s", "health-start-period": "8s", "health-start-interval": "500ms"}
    assert states(options, "2:fail,1:ok,9:fail", until_s=20) == [(2, "running"), (17, "blocked")]


def test_health_has_three_words() -> None:
    check_ = ProbeSettings(failure_threshold=2, carries=False)
    tally, words = Tally.first(check_), []
    for outcome in (Outcome.FAILURE, Outcome.FAILURE, Outcome.SUCCESS, Outcome.FAILURE, Outcome.FAILURE):
        tally = observe(check_, tally, outcome)
        words.append((health(check_, tally), failing_streak(tally)))
    assert words == [("starting", 1), ("unhealthy", 2), ("healthy", 0), ("healthy", 1), ("unhealthy", 2)]


# --- options and the atlas


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"restart": "sometimes"}, "allowed are no, always, unless-stopped, on-failure, on-failure:N"),
        ({"restart": "always:3"}, "restart=always:3"), ({"restart": "on-failure:x"}, "restart=on-failure:x"),
        ({"health-interval": "5 parsecs"}, "give a duration such as 15s, 1m30s or 100ms"),
        ({"health-retries": -1}, "health-retries=-1"), ({"restarts": "no"}, "did you mean 'restart'?"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named_with_what_is_allowed(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError) as error:
        like("docker", options)
    assert named in str(error.value)


def test_a_bare_no_is_read_as_yaml_reads_it() -> None:
    assert like("docker", restart=False).policy == DockerPolicy()


@pytest.mark.parametrize("case", load(system="docker", level="rule"), ids=lambda case: case.id)
def test_the_atlas_agrees(case: Any) -> None:
    verdict = check(case)
    assert verdict.verdict == "agrees", verdict.reason


@pytest.mark.parametrize(
    ("situation", "restarted", "count"),
    [
        ({"policy": {"restart": "always"}, "exit": 137, "cause": "docker-kill", "manually_stopped": True}, False, 0),
        ({"policy": {"restart": "always"}, "exit": 137, "cause": "signal-from-host"}, True, 1),
        ({"policy": {"restart": "on-failure:3"}, "exit": 1, "restarts_so_far": 3}, False, 3),
        ({"policy": {"restart": "no"}, "exit": 1, "restarts_so_far": 4}, False, 4),
    ],
)
def test_decisions_are_predicted_from_the_situation(situation: dict[str, Any], restarted: bool, count: int) -> None:
    observed = predictor("docker", "decision", "restart-policy")(situation)
    assert (observed["restarted"], observed["restarts_count"]) == (restarted, count)
    assert observed["final"] == ("running" if restarted else "exited")


def test_verdicts_of_single_checks_are_predicted_with_their_times() -> None:
    situation = {
        "settings": {"health-retries": 2, "health-start-period_s": 10}, "outcomes": "FEFSFE",
        "check_times_s": [5, 9.9, 10, 11, 12, 13],
    }  # fmt: skip
    observed = predictor("docker", "probe", "healthcheck")(situation)
    assert observed["run_counter"] == [0, 0, 1, 0, 1, 2]
    assert observed["verdicts"] == [*["starting"] * 3, *["healthy"] * 2, "unhealthy"]
