"""The three systems: their defaults, their ladders, their limits, and how they answer a wrong option."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.restart import Done, GiveUp, Memory, Restart
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.systems import SYSTEMS, OptionError, system
from lifecycle_kit.systems.deployment import RollingUpdate, may_add, may_remove, resolve
from lifecycle_kit.systems.kubernetes import KubernetesPolicy
from lifecycle_kit.systems.supervisord import SupervisordPolicy
from lifecycle_kit.systems.systemd import RESTART_TABLE, SystemdPolicy
from lifecycle_kit.trace import Trace, starts
from lifecycle_kit.units import ns

# Written out once more on purpose: a default changed by accident must not go unnoticed.
DEFAULTS: dict[str, dict[str, Any]] = {
    "systemd": {
        "Type": "simple", "Restart": "no", "RestartSec": 0.1, "RestartSteps": 0, "RestartMaxDelaySec": math.inf,
        "StartLimitIntervalSec": 10, "StartLimitBurst": 5, "SuccessExitStatus": frozenset(),
        "RestartPreventExitStatus": frozenset(), "RestartForceExitStatus": frozenset(), "TimeoutStartSec": None,
        "TimeoutStopSec": 90, "RuntimeMaxSec": math.inf, "KillSignal": "SIGTERM", "SendSIGKILL": True,
        "RestartMode": "normal", "RemainAfterExit": False, "WatchdogSec": 0, "ExecStop": None, "ExecStopPost": None,
        "TimeoutAbortSec": None, "TimeoutStopFailureMode": "terminate", "KillMode": "control-group",
    },
    "supervisord": {
        "autorestart": "unexpected", "exitcodes": frozenset({0}), "startsecs": 1, "startretries": 3,
        "stopsignal": "SIGTERM", "stopwaitsecs": 10,
    },
}  # fmt: skip


def run(unit: Any, run_s: float | list[float], exit_: int | str = 1, until_s: float = 2000, **more: Any) -> Trace:
    """Return the trace of a program whose runs last so long."""
    lengths = run_s if isinstance(run_s, list) else [run_s]
    return simulate(unit, [Script(run_s=length, exit=exit_) for length in lengths], until_s=until_s, **more)


def begun(unit: Any, run_s: float | list[float], **more: Any) -> list[float]:
    """Return when its lives began."""
    return starts(run(unit, run_s, **more).transitions)


def last(trace: Trace) -> tuple[float, str, str]:
    """Return the last move: when, to which state, and why."""
    move = trace.transitions[-1]
    return move.at, move.target.value, move.cause


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_the_defaults_are_the_systems_own(name: str) -> None:
    assert {option.name: option.default for option in system(name).options} == DEFAULTS[name]


def test_the_policies_alone_have_the_same_defaults() -> None:
    assert like("kubernetes").policy == KubernetesPolicy()
    assert like("systemd").policy == SystemdPolicy()
    assert like("supervisord").policy == SupervisordPolicy()


@pytest.mark.parametrize(
    ("option", "least"),
    [
        ("readinessProbe.initialDelaySeconds", 0), ("readinessProbe.periodSeconds", 1),
        ("readinessProbe.timeoutSeconds", 1), ("readinessProbe.successThreshold", 1),
        ("readinessProbe.failureThreshold", 1), ("livenessProbe.terminationGracePeriodSeconds", 1),
        ("crashLoopBackOff.maxContainerRestartPeriod", 1), ("terminationGracePeriodSeconds", 0),
    ],
)  # fmt: skip
def test_kubernetes_options_have_a_least_value(option: str, least: int) -> None:
    like("kubernetes", {option: least})
    with pytest.raises(OptionError, match=f"at least {least}"):
        like("kubernetes", {option: least - 1})


# --- kubernetes


def test_kubernetes_first_restart_is_free_and_the_ladder_doubles_to_300_s() -> None:
    assert begun(like("kubernetes"), 0, until_s=1600) == [0, 0, 10, 30, 70, 150, 310, 610, 910, 1210, 1510]


def test_kubernetes_counts_the_back_off_from_the_end_of_a_run() -> None:
    expected = [0, 10, 30, 60, 110, 200, 370, 680, 990, 1300, 1610]
    assert begun(like("kubernetes"), 10, until_s=1900) == expected


def test_kubernetes_with_the_reduced_back_off_begins_at_1_s_and_ends_at_60_s() -> None:
    unit = like("kubernetes", ReduceDefaultCrashLoopBackOffDecay=True)
    assert begun(unit, 0, until_s=250) == [0, 0, 1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_kubernetes_maximum_can_be_lowered_and_takes_the_initial_with_it() -> None:
    option = "crashLoopBackOff.maxContainerRestartPeriod"
    assert begun(like("kubernetes", {option: 20}), 0, until_s=60) == [0, 0, 10, 30, 50]
    assert begun(like("kubernetes", {option: 2}), 0, until_s=5) == [0, 0, 2, 4]
    for wrong in (0.5, 301):
        with pytest.raises(OptionError, match="maxContainerRestartPeriod"):
            like("kubernetes", {option: wrong})


@pytest.mark.parametrize(("good_run", "waits"), [(600, 40), (600.1, 0)])
def test_kubernetes_forgets_when_an_end_comes_more_than_600_s_after_the_last_start(good_run: float, waits: int) -> None:
    lives = begun(like("kubernetes"), [0, 0, 0, 0, good_run, 0])
    restart = lives.index(70) + 1
    assert lives[restart] == pytest.approx(70 + good_run + (80 if waits else 0))
    # Either way the entry has expired by the next start, so the ladder begins again with 10 s.
    assert lives[restart + 1] - lives[restart] == pytest.approx(10)


def test_kubernetes_restarts_a_clean_end_too_and_never_gives_up() -> None:
    trace = run(like("kubernetes"), 0, exit_=0, until_s=100_000)
    assert last(trace)[1] == "backoff"
    assert trace.transitions[4].source is State.TERMINATED


@pytest.mark.parametrize(
    ("policy", "code", "ends"),
    [("OnFailure", 0, "terminated"), ("OnFailure", 1, "backoff"), ("Never", 0, "terminated"), ("Never", 1, "failed")],
)
def test_kubernetes_restart_policy_decides_by_the_exit_code(policy: str, code: int, ends: str) -> None:
    assert last(run(like("kubernetes", restartPolicy=policy), 1, exit_=code, until_s=9))[1] == ends


def test_kubernetes_replaces_a_container_killed_by_a_probe_whatever_it_returned() -> None:
    killed = Exit(code=0, cause=Cause.PROBE)
    assert isinstance(KubernetesPolicy(restart_policy="OnFailure").on_exit(Memory(), killed, 0, 0)[1], Restart)
    assert isinstance(KubernetesPolicy(restart_policy="Never").on_exit(Memory(), killed, 0, 0)[1], Done)


def test_kubernetes_looks_at_the_end_before_its_own_probe_kill() -> None:
    """The kubelet looks at the status from before its own kill: at the end of the instance before, if there was one."""
    policy, memory, waits = KubernetesPolicy(), Memory(), []
    for at_s in (100, 110, 120, 130):
        memory, decision = policy.on_exit(memory, Exit(signal="SIGKILL", cause=Cause.PROBE), ns(at_s), 0)
        assert isinstance(decision, Restart)
        waits.append(decision.after_ns / 1e9)
        memory, _ = policy.on_start(memory, ns(at_s) + decision.after_ns, manual=False)
    assert waits == [0, 0, 0, 20]


def test_kubernetes_grace_periods() -> None:
    plan = like("kubernetes").stop
    assert [phase.signal for phase in plan.phases] == ["SIGTERM", "SIGKILL"]
    assert plan.limit_ns(0, 0) == ns(30)
    assert like("kubernetes", terminationGracePeriodSeconds=1).stop.limit_ns(0, 0) == ns(2)
    own = like("kubernetes", {"livenessProbe.terminationGracePeriodSeconds": 60}).probe_stops["liveness"]
    assert own.limit_ns(0, 0) == ns(60)


def test_kubernetes_pays_the_pre_stop_pause_from_the_grace_period() -> None:
    unit = like("kubernetes", {"lifecycle.preStop.sleep.seconds": 10, "terminationGracePeriodSeconds": 15})
    trace = simulate(unit, Script(on_term="deaf"), until_s=60, requests=[(20, "stop")])
    assert last(trace) == (35, "terminated", "signal SIGKILL")


def test_kubernetes_charges_only_whole_seconds_of_a_pause_that_ends_early() -> None:
    unit = like("kubernetes", {"lifecycle.preStop.sleep.seconds": 10})
    trace = simulate(unit, Script(on_term="deaf", hook_takes_s=4.6), until_s=60, requests=[(20, "stop")])
    assert last(trace)[0] == pytest.approx(20 + 4.6 + 26)


def test_kubernetes_without_a_grace_period_there_is_no_pause_and_two_seconds_are_left() -> None:
    unit = like("kubernetes", {"lifecycle.preStop.sleep.seconds": 10, "terminationGracePeriodSeconds": 0})
    trace = simulate(unit, Script(on_term="deaf"), until_s=60, requests=[(20, "stop")])
    assert last(trace)[0] == 22


def test_kubernetes_probe_defaults_and_names() -> None:
    assert not like("kubernetes").probes
    assert not like("kubernetes", {"livenessProbe": False, "livenessProbe.periodSeconds": 5}).probes
    probe = like("kubernetes", {"livenessProbe": True}).probes["liveness"]
    assert (probe.initial_delay_s, probe.period_s, probe.timeout_s) == (0, 10, 1)
    assert (probe.success_threshold, probe.failure_threshold) == (1, 3)
    unit = like(
        "kubernetes",
        {f"readinessProbe.{name}": value for name, value in {
            "initialDelaySeconds": 1, "periodSeconds": 2, "timeoutSeconds": 3, "successThreshold": 4,
            "failureThreshold": 5,
        }.items()},
    )  # fmt: skip
    probe = unit.probes["readiness"]
    assert (probe.initial_delay_s, probe.period_s, probe.timeout_s) == (1, 2, 3)
    assert (probe.success_threshold, probe.failure_threshold) == (4, 5)
    with pytest.raises(OptionError, match="kubernetes livenessProbe: success_threshold must be 1"):
        like("kubernetes", {"livenessProbe.successThreshold": 2})


# --- systemd


def test_systemd_gives_up_at_the_sixth_start_within_ten_seconds() -> None:
    trace = run(like("systemd", Restart="always"), 0)
    assert starts(trace.transitions) == [0, 0.1, 0.2, 0.3, 0.4]
    assert last(trace) == (0.5, "failed", "start-limit-hit")


@pytest.mark.parametrize(("run_s", "gives_up"), [(1, 5.5), (1.9, 10.0), (1.91, None), (5, None)])
def test_systemd_gives_up_only_if_five_rounds_fit_into_the_interval(run_s: float, gives_up: float | None) -> None:
    at, state, _ = last(run(like("systemd", Restart="always"), run_s, until_s=100))
    assert (at if state == "failed" else None) == gives_up


def test_systemd_start_limit_of_3_in_300_ms_is_exact() -> None:
    unit = like("systemd", Restart="always", StartLimitBurst=3, StartLimitIntervalSec="300ms")
    assert last(run(unit, 0)) == (0.3, "failed", "start-limit-hit")


def test_systemd_counts_starts_by_hand_and_reset_failed_clears_them() -> None:
    unit = like("systemd")
    requests = [(second, "start") for second in (1, 2, 3, 4, 5)]
    assert len(begun(unit, 0, until_s=20, requests=requests)) == 5
    assert len(begun(unit, 0, until_s=20, requests=[*requests[:4], (4.5, "reset"), (5, "start")])) == 6


@pytest.mark.parametrize(
    ("first", "steps", "longest", "delays"),
    [
        ("10s", 4, "160s", [10, 20, 40, 80, 160, 160]),
        ("100ms", 5, "60s", [0.1, 0.359, 1.292, 4.644, 16.692, 60, 60]),
        (5, 5, "2min", [5, 9.44, 17.83, 33.66, 63.55, 120]),
        (1, 0, "32s", [1, 1, 1]),
        (1, 5, "infinity", [1, 1, 1]),
        (0, 5, "32s", [0, 0, 0]),
        (40, 5, "32s", [40, 40, 40]),
    ],
)
def test_systemd_restart_steps(first: Any, steps: int, longest: str, delays: list[float]) -> None:
    unit = like("systemd", Restart="always", RestartSec=first, RestartSteps=steps, RestartMaxDelaySec=longest)
    assert isinstance(unit.policy, SystemdPolicy)
    made = [unit.policy.delay_s(nth) for nth in range(1, len(delays) + 1)]
    assert made == pytest.approx(delays, abs=0.006)
    assert unit.policy.delay_s(10_000) in (made[-1], delays[-1])


def test_systemd_no_good_run_takes_the_steps_back_but_a_start_by_hand_does() -> None:
    unit = like("systemd", Restart="always", RestartSec=1, RestartSteps=2, RestartMaxDelaySec=4, StartLimitBurst=0)
    assert begun(unit, [0, 0, 0, 9999, 0], until_s=10_020) == [0, 1, 3, 7, 10_010, 10_014, 10_018]
    assert begun(unit, 0, until_s=9, requests=[(4, "start")]) == [0, 1, 3, 4, 5, 7]


# systemd.service(5), the table of exit causes and Restart= settings, once more.
WRITTEN = {
    "success": "always on-success",
    "exit-code": "always on-failure",
    "signal": "always on-failure on-abnormal on-abort",
    "core-dump": "always on-failure on-abnormal on-abort",
    "timeout": "always on-failure on-abnormal",
    "watchdog": "always on-failure on-abnormal on-watchdog",
    "oom-kill": "always on-failure on-abnormal",
    "protocol": "always on-failure on-abnormal",
}
ENDS = {
    "success": Exit(signal="SIGTERM"),
    "exit-code": Exit(code=1),
    "signal": Exit(signal="SIGSEGV"),
    "core-dump": Exit(signal="SIGSEGV", core=True),
    "timeout": Exit(signal="SIGTERM", cause=Cause.TIMEOUT),
    "watchdog": Exit(signal="SIGABRT", cause=Cause.WATCHDOG),
    "oom-kill": Exit(signal="SIGKILL", cause=Cause.MEMORY),
}


@pytest.mark.parametrize("setting", sorted(RESTART_TABLE))
@pytest.mark.parametrize("result", sorted(ENDS))
def test_systemd_restart_table(setting: str, result: str) -> None:
    policy = SystemdPolicy(restart=setting)
    assert policy.result(ENDS[result]) == result
    assert policy.shall_restart(ENDS[result]) == (setting in WRITTEN[result].split())


def test_systemd_restart_table_has_no_other_row() -> None:
    held = {result: {setting for setting, row in RESTART_TABLE.items() if result in row} for result in WRITTEN}
    assert held == {result: set(settings.split()) for result, settings in WRITTEN.items()}
    assert set().union(*RESTART_TABLE.values()) == set(WRITTEN)


@pytest.mark.parametrize("signal", ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"])
def test_systemd_calls_four_signals_clean_except_for_a_oneshot(signal: str) -> None:
    assert SystemdPolicy().result(Exit(signal=signal)) == "success"
    assert SystemdPolicy(type="oneshot").result(Exit(signal=signal)) == "signal"


def test_systemd_prevent_beats_force_and_force_beats_the_table() -> None:
    assert SystemdPolicy(force=frozenset({1})).shall_restart(Exit(code=1))
    assert not SystemdPolicy(force=frozenset({1}), prevent=frozenset({1})).shall_restart(Exit(code=1))
    assert not SystemdPolicy(restart="always", prevent=frozenset({"SIGKILL"})).shall_restart(Exit(signal="SIGKILL"))
    assert not SystemdPolicy(type="oneshot", force=frozenset({0})).shall_restart(Exit(code=0))


def test_systemd_success_exit_status_makes_an_end_clean() -> None:
    policy = like("systemd", SuccessExitStatus="3 SIGUSR1").policy
    assert isinstance(policy, SystemdPolicy)
    assert policy.result(Exit(code=3)) == policy.result(Exit(signal="SIGUSR1")) == "success"


def test_systemd_notify_that_exits_before_it_is_ready_breaks_the_protocol() -> None:
    unit = like("systemd", Type="notify", Restart="on-failure", StartLimitBurst=0)
    assert begun(unit, 1, exit_=0, until_s=3) == pytest.approx([0, 1.1, 2.2])


def test_systemd_oneshot_is_done_when_it_ends() -> None:
    trace = run(like("systemd", Type="oneshot"), 1, exit_=0)
    assert [move.target.value for move in trace.transitions] == ["starting", "terminated"]
    with pytest.raises(OptionError, match="not allowed with Type=oneshot; use no or on-failure"):
        like("systemd", Type="oneshot", Restart="always")


def test_systemd_timeouts() -> None:
    slow = simulate(like("systemd", Type="notify", TimeoutStartSec=5), Script(), until_s=200)
    assert last(slow) == (5, "failed", "signal SIGTERM; gave up: timeout")
    assert last(simulate(like("systemd", Type="notify"), Script(), until_s=200))[0] == 90
    assert last(simulate(like("systemd", Type="oneshot"), Script(), until_s=999))[1] == "starting"
    assert last(simulate(like("systemd", RuntimeMaxSec=7), Script(), until_s=99))[0] == 7


def test_systemd_stop_sequence() -> None:
    deaf = Script(on_term="deaf")
    killed = simulate(like("systemd", TimeoutStopSec=5), deaf, until_s=99, requests=[(1, "stop")])
    assert last(killed) == (6, "failed", "signal SIGKILL; gave up: timeout")
    assert last(simulate(like("systemd"), deaf, until_s=99, requests=[(1, "stop")]))[0] == 91
    spared = simulate(like("systemd", SendSIGKILL=False), deaf, until_s=999, requests=[(1, "stop")])
    assert last(spared) == (181, "failed", "did not end and is left to itself; gave up: timeout")
    patient = simulate(like("systemd", TimeoutStopSec=0), deaf, until_s=9999, requests=[(1, "stop")])
    assert last(patient)[1] == "draining"
    unclean = simulate(like("systemd"), Script(stop_exit=1), until_s=9, requests=[(1, "stop")])
    assert last(unclean) == (1, "failed", "exit 1; gave up: exit-code")
    signals = [c for c in like("systemd", KillSignal="INT").stop.phases if c.signal]
    assert [phase.signal for phase in signals] == ["SIGINT", "SIGKILL"]


# --- supervisord


def test_supervisord_waits_1_2_3_s_and_is_fatal() -> None:
    trace = run(like("supervisord"), 0)
    assert starts(trace.transitions) == [0, 1, 3, 6]
    assert last(trace) == (6, "failed", "exit 1; gave up: FATAL, startretries used up")


def test_supervisord_with_half_second_runs_is_fatal_at_8_s() -> None:
    trace = run(like("supervisord"), 0.5)
    assert (starts(trace.transitions), last(trace)[0]) == ([0, 1.5, 4, 7.5], 8)


@pytest.mark.parametrize("autorestart", ["true", "false", "unexpected"])
def test_supervisord_retries_a_failed_start_whatever_the_exit_and_autorestart(autorestart: str) -> None:
    unit = like("supervisord", autorestart=autorestart, startretries=1)
    assert begun(unit, 0.1, exit_=0, until_s=99) == pytest.approx([0, 1.1])


def test_supervisord_restarts_a_slow_crash_loop_at_once_and_for_ever() -> None:
    assert begun(like("supervisord"), 1, until_s=10) == list(range(11))


@pytest.mark.parametrize(
    ("autorestart", "code", "ends"),
    [("true", 0, 6), ("unexpected", 0, 1), ("unexpected", 1, 6), ("false", 1, 1), ("false", 0, 1)],
)
def test_supervisord_autorestart_judges_what_had_been_running(autorestart: str, code: int, ends: int) -> None:
    unit = like("supervisord", autorestart=autorestart)
    assert len(begun(unit, 2, exit_=code, until_s=11)) == ends


def test_supervisord_takes_every_signal_as_unexpected() -> None:
    assert len(begun(like("supervisord"), 2, exit_="SIGTERM", until_s=5)) == 3
    assert len(begun(like("supervisord", exitcodes="0,2"), 2, exit_=2, until_s=5)) == 1


def test_supervisord_a_stop_in_backoff_keeps_the_count_and_fatal_clears_it() -> None:
    unit = like("supervisord")
    assert begun(unit, 0, until_s=9, requests=[(1.5, "stop"), (2, "start")]) == [0, 1, 2, 5]
    assert begun(unit, 0, until_s=14, requests=[(7, "start")]) == [0, 1, 3, 6, 7, 8, 10, 13]


def test_supervisord_running_clears_the_count() -> None:
    assert begun(like("supervisord"), [0, 0, 2, 0, 0, 0, 0], until_s=99) == [0, 1, 3, 5, 6, 8, 11]


def test_supervisord_running_clears_the_count_even_if_it_is_stopped_by_hand() -> None:
    unit = like("supervisord")
    assert begun(unit, [0, 99, 0], until_s=9, requests=[(4, "stop"), (5, "start")]) == [0, 1, 5, 6, 8]


def test_supervisord_a_program_that_cannot_be_spawned_is_a_failed_start_even_without_startsecs() -> None:
    policy = like("supervisord", startsecs=0).policy
    assert policy.on_exit(Memory(), Exit(code=127, cause=Cause.SPAWN), 0, 0)[1] == Restart(ns(1))


def test_supervisord_stop_sequence() -> None:
    deaf = simulate(like("supervisord"), Script(on_term="deaf"), until_s=99, requests=[(5, "stop")])
    assert last(deaf) == (15, "terminated", "signal SIGKILL")
    assert like("supervisord", stopsignal="QUIT").stop.phases[0].signal == "SIGQUIT"


def test_supervisord_hot_loop_ends() -> None:
    trace = run(like("supervisord", startsecs=0, autorestart=True), 0)
    assert last(trace) == (0, "failed", "hot-loop")


def test_supervisord_counts_a_new_supervisor_from_zero() -> None:
    policy = like("supervisord").policy
    assert policy.on_request(Memory(failures=2), "supervisor-restarted", 0) == Memory()
    assert policy.on_request(Memory(failures=2), "stop", 0) == Memory(failures=2)
    assert isinstance(policy.on_exit(Memory(failures=3), Exit(code=1), 0, 0)[1], GiveUp)


# --- all of them


@given(st.sampled_from(sorted(SYSTEMS)), st.lists(st.floats(0, 50), min_size=1, max_size=8), st.integers(0, 255))
def test_the_next_life_never_begins_before_the_last_one_ended(name: str, lengths: list[float], code: int) -> None:
    trace = run(like(name), lengths, exit_=code, until_s=500)
    alive = 0
    for _, event in trace.events:
        alive += isinstance(event, ev.Spawned) - isinstance(event, ev.Exited)
        assert alive in (0, 1)


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_every_system_names_all_nine_states_and_its_source(name: str) -> None:
    room = system(name)
    assert set(room.native) == set(State)
    assert room.loses
    assert room.source


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("systemd", {"Restrt": "no"}, "systemd has no option 'Restrt' here; did you mean 'Restart'?"),
        ("systemd", {"xyz": 1}, "it has Type, Restart"),
        ("systemd", {"Restart": "sometimes"}, "systemd Restart=sometimes: allowed are no, always"),
        ("systemd", {"RestartSec": "5 parsecs"}, "RestartSec=5 parsecs: unit 'parsecs' is not known"),
        ("systemd", {"StartLimitBurst": -1}, "StartLimitBurst=-1: give a whole number, at least 0"),
        ("systemd", {"SendSIGKILL": "maybe"}, "SendSIGKILL=maybe: allowed are yes, no"),
        ("systemd", {"SuccessExitStatus": "300"}, "SuccessExitStatus=300: '300' is no exit"),
        ("supervisord", {"startsecs": -1}, "startsecs=-1: give a number of seconds, at least 0"),
        ("supervisord", {"startretries": "many"}, "startretries=many: give a whole number"),
        ("supervisord", {"stopsignal": "1000"}, "stopsignal=1000"),
        ("kubernetes", {"readinessProbe.periodSeconds": 0}, "periodSeconds=0: give a whole number, at least 1"),
        ("upstart", {}, "no system is called 'upstart' here; choose one of kubernetes, systemd, supervisord"),
    ],
)
def test_a_wrong_option_is_told_with_what_is_allowed(name: str, options: dict[str, Any], why: str) -> None:
    with pytest.raises(OptionError) as caught:
        like(name, options)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), (7, 7), ("1min 30s", 90), ("1h30min", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("2 d", 172_800)],
)
def test_time_spans_are_read_as_systemd_reads_them(text: str, seconds: float) -> None:
    policy = like("systemd", RestartSec=text).policy
    assert isinstance(policy, SystemdPolicy)
    assert policy.restart_sec == seconds


# --- deployments


def test_surge_is_rounded_up_and_unavailable_down() -> None:
    assert [resolve(n) for n in (1, 3, 4, 10)] == [(1, 0), (1, 0), (1, 1), (3, 2)]
    assert resolve(10, "0%", 0) == (0, 1)
    assert resolve(2, 1, 5) == (1, 2)


@pytest.mark.parametrize("wrong", ["some", "25.5%", -1, True])
def test_a_share_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(OptionError, match="give a whole number or a per cent such as 25%"):
        RollingUpdate(maxSurge=wrong)


def test_a_rolling_update_stays_within_its_limits() -> None:
    assert may_add(3, 1, total=3, new=0) == 1
    assert may_add(3, 1, total=4, new=1) == 0
    assert may_remove(3, 0, total=4, new_unavailable=1) == 0
    assert may_remove(3, 0, total=4, new_unavailable=0) == 1
    assert (RollingUpdate().maxSurge, RollingUpdate().maxUnavailable, RollingUpdate().minReadySeconds) == (
        "25%", "25%", 0,
    )  # fmt: skip
