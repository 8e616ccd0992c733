"""`step`: stories of one instance, and what holds on every walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.exits import Cause
from lifecycle_kit.instance import Instance, Readiness, Unit, create
from lifecycle_kit.machine import HOT_LOOP_SPAWNS, step
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.states import HAS_PROCESS, TRANSITIONS, RequestRefused, State, Trigger
from lifecycle_kit.trace import broken_rules
from lifecycle_kit.units import ns
from tests.walks import UNITS, news, walk, walk_trace

START = ev.Request(at=0, request="start")
BORN = ev.Spawned(at=0, life=1)
WORKER = Unit(readiness=Readiness(by="notice"), reports_work=True)


def after(unit: Unit, *events: ev.Event) -> tuple[Instance, list[ev.Command]]:
    """Return the instance after these events, and the commands of the last one."""
    instance, commands = create(unit), tuple[ev.Command, ...]()
    for event in events:
        instance, commands = step(instance, event)
    return instance, list(commands)


def moves(commands: Iterable[ev.Command]) -> list[str]:
    """Return the states that were entered."""
    return [command.target.value for command in commands if isinstance(command, ev.Moved)]


def ready(at: int = 0, life: int = 1) -> ev.Notified:
    """Return the notice of readiness."""
    return ev.Notified(at=at, life=life, notice="ready")


# --- a life


def test_a_start_spawns_a_process_and_its_birth_makes_a_plain_service_run() -> None:
    instance, commands = after(Unit(), START)
    assert (instance.state, instance.number) == (State.STARTING, 1)
    assert commands[-1] == ev.Spawn(life=1)
    instance, commands = after(Unit(), START, BORN)
    assert moves(commands) == ["ready", "running"]
    assert [c for c in commands if isinstance(c, ev.OpenRoute)] == [ev.OpenRoute(life=1)]


def test_a_worker_is_ready_when_it_says_so_and_runs_while_it_has_work() -> None:
    working, idle = ev.Working(at=2, life=1), ev.Idle(at=3, life=1)
    assert after(WORKER, START, BORN)[0].state is State.STARTING
    assert after(WORKER, START, BORN, ready())[0].state is State.READY
    assert after(WORKER, START, BORN, ready(), working)[0].state is State.RUNNING
    assert after(WORKER, START, BORN, ready(), working, idle)[0].state is State.READY


def test_a_lost_dependency_blocks_and_work_in_hand_goes_on_afterwards() -> None:
    story: list[ev.Event] = [START, BORN, ready(), ev.Working(at=1, life=1), ev.Blocked(at=2, life=1, on="queue")]
    instance, commands = after(WORKER, *story)
    assert instance.state is State.BLOCKED
    assert commands[0] == ev.Moved(
        at=2, source=State.RUNNING, target=State.BLOCKED, trigger=Trigger.DEPENDENCY_LOST, cause="waits for queue"
    )
    assert commands[1] == ev.CloseRoute(life=1)
    assert after(WORKER, *story, ev.Unblocked(at=3, life=1))[0].state is State.RUNNING
    idle: list[ev.Event] = [*story, ev.Idle(at=3, life=1), ev.Unblocked(at=4, life=1)]
    assert after(WORKER, *idle)[0].state is State.READY


def test_readiness_lost_blocks_and_readiness_regained_opens_again() -> None:
    lost = ev.Notified(at=1, life=1, notice="not-ready")
    assert after(WORKER, START, BORN, ready(), lost)[0].state is State.BLOCKED
    assert after(WORKER, START, BORN, ready(), lost, ready(at=2))[0].state is State.READY


def test_both_reasons_to_be_blocked_must_go() -> None:
    unready = ev.Notified(at=1, life=1, notice="not-ready")
    story: list[ev.Event] = [START, BORN, ready(), ev.Blocked(at=1, life=1, on="db"), unready]
    assert after(WORKER, *story, ev.Unblocked(at=2, life=1))[0].state is State.BLOCKED
    assert after(WORKER, *story, ready(at=2))[0].state is State.BLOCKED
    assert after(WORKER, *story, ready(at=2), ev.Unblocked(at=3, life=1))[0].state is State.READY


def test_one_that_was_never_ready_stays_blocked_until_it_is() -> None:
    story: list[ev.Event] = [START, BORN, ev.Blocked(at=1, life=1, on="queue"), ev.Unblocked(at=2, life=1)]
    assert after(WORKER, *story)[0].state is State.BLOCKED
    assert after(WORKER, *story, ready(at=3))[0].state is State.READY


def test_readiness_after_seconds_is_a_timer() -> None:
    unit = Unit(readiness=Readiness(by="seconds", after_s=3))
    _, commands = after(unit, START, BORN)
    assert commands == [ev.SetTimer(life=1, name="ready-after", serial=1, after_ns=ns(3))]
    due = ev.TimerFired(at=ns(3), life=1, name="ready-after", serial=1)
    assert after(unit, START, BORN, due)[0].state is State.RUNNING


# --- probes


def test_startup_gates_the_other_probes_and_readiness_is_asked_at_once() -> None:
    unit = like("kubernetes", {"startupProbe": True, "livenessProbe": True, "readinessProbe": True})
    _, commands = after(unit, START, BORN)
    assert commands == [ev.WatchProbe(life=1, probe="startup")]
    instance, commands = after(unit, START, BORN, ev.Probed(at=1, life=1, probe="startup", good=True))
    assert commands == [
        ev.WatchProbe(life=1, probe="liveness"),
        ev.WatchProbe(life=1, probe="readiness", now=True),
    ]
    assert instance.state is State.STARTING


def test_without_a_readiness_probe_ready_is_started() -> None:
    unit = like("kubernetes", {"startupProbe": True})
    assert after(unit, START, BORN)[0].state is State.STARTING
    passed = ev.Probed(at=1, life=1, probe="startup", good=True)
    assert after(unit, START, BORN, passed)[0].state is State.RUNNING


def test_a_failed_readiness_never_restarts_and_a_failed_liveness_does() -> None:
    unit = like("kubernetes", {"livenessProbe": True, "readinessProbe": True})
    good = ev.Probed(at=1, life=1, probe="readiness", good=True)
    instance, commands = after(unit, START, BORN, good, replace(good, at=2, good=False))
    assert instance.state is State.BLOCKED
    assert not [command for command in commands if isinstance(command, ev.Signal)]
    instance, commands = after(unit, START, BORN, good, replace(good, at=2, probe="liveness", good=False))
    assert instance.state is State.DRAINING
    assert ev.Signal(life=1, signal="SIGTERM") in commands
    ended = ev.Exited(at=3, life=1, code=0)
    kill: list[ev.Event] = [START, BORN, replace(good, at=2, probe="liveness", good=False), ended]
    assert moves(after(unit, *kill)[1]) == ["failed", "backoff"]


def test_a_probe_may_bring_its_own_grace_period() -> None:
    unit = like("kubernetes", {"livenessProbe.terminationGracePeriodSeconds": 5})
    _, commands = after(unit, START, BORN, ev.Probed(at=1, life=1, probe="liveness", good=False))
    assert [c.after_ns for c in commands if isinstance(c, ev.SetTimer)] == [ns(5)]


# --- stopping

PLAN = StopPlan(
    phases=(
        Phase(name="hook", until=Until.HOOK, limit_s=5),
        Phase(name="drain", until=Until.DRAINED, limit_s=10),
        Phase(name="term", signal="SIGTERM", limit_s=20),
        Phase(name="kill", signal="SIGKILL"),
    )
)
STOP = ev.Request(at=0, request="stop")


def fired(commands: list[ev.Command], at: int) -> ev.TimerFired:
    """Return the firing of the timer that was set last."""
    timer = [command for command in commands if isinstance(command, ev.SetTimer)][-1]
    return ev.TimerFired(at=at, life=timer.life, name=timer.name, serial=timer.serial)


def test_a_stop_walks_through_the_phases_of_its_plan() -> None:
    unit = Unit(stop=PLAN)
    story: list[ev.Event] = [START, BORN, STOP]
    _, commands = after(unit, *story)
    assert moves(commands) == ["draining"]
    assert ev.CloseRoute(life=1) in commands
    assert ev.RunHook(life=1, hook="hook") in commands
    story.append(ev.HookDone(at=1, life=1))
    assert not [c for c in after(unit, *story)[1] if isinstance(c, ev.Signal)]
    story.append(ev.Drained(at=2, life=1))
    _, commands = after(unit, *story)
    assert ev.Signal(life=1, signal="SIGTERM") in commands
    story.append(fired(commands, at=ns(30)))
    instance, commands = after(unit, *story)
    assert commands == [ev.Signal(life=1, signal="SIGKILL")]
    assert instance.life.late


def test_what_was_asked_to_stop_ends_terminated_however_it_ends() -> None:
    killed = ev.Exited(at=1, life=1, signal="SIGKILL")
    instance, commands = after(Unit(), START, BORN, STOP, killed)
    assert instance.state is State.TERMINATED
    assert moves(commands) == ["terminated"]


def test_a_second_stop_skips_the_rest() -> None:
    _, commands = after(Unit(stop=PLAN), START, BORN, STOP, STOP)
    assert commands == [ev.Signal(life=1, signal="SIGKILL")]


def test_a_stop_during_a_restart_changes_its_purpose_first() -> None:
    restart = ev.Request(at=0, request="restart")
    instance, commands = after(Unit(stop=PLAN), START, BORN, restart, STOP)
    assert commands == []
    assert instance.life.purpose == "stop"
    ended = ev.Exited(at=1, life=1, code=0)
    assert after(Unit(stop=PLAN), START, BORN, restart, STOP, ended)[0].state is State.TERMINATED
    assert after(Unit(stop=PLAN), START, BORN, restart, ended)[0].state is State.BACKOFF


def test_a_stop_while_starting_waits_for_the_exit() -> None:
    assert after(WORKER, START, BORN, STOP)[0].state is State.DRAINING


def test_a_stop_during_backoff_cancels_the_restart() -> None:
    crash = ev.Exited(at=0, life=1, code=1)
    instance, commands = after(Unit(), START, BORN, crash)
    late = fired(commands, at=ns(5))
    instance, commands = after(Unit(), START, BORN, crash, STOP, late)
    assert instance.state is State.TERMINATED
    assert commands == []


def test_a_process_that_leaves_by_itself_gets_the_time_but_no_signal() -> None:
    stopping = ev.Notified(at=1, life=1, notice="stopping")
    instance, commands = after(Unit(stop=PLAN), START, BORN, stopping)
    assert instance.state is State.DRAINING
    assert not [c for c in commands if isinstance(c, ev.Signal)]
    assert [c.after_ns for c in commands if isinstance(c, ev.SetTimer)] == [ns(20)]
    left = ev.Exited(at=2, life=1, code=0)
    assert after(Unit(stop=PLAN), START, BORN, stopping, left)[0].state is State.TERMINATED


def test_kill_is_a_stop_without_manners() -> None:
    instance, commands = after(Unit(stop=PLAN), START, BORN, ev.Request(at=0, request="kill"))
    assert moves(commands) == ["draining"]
    assert [c for c in commands if isinstance(c, ev.Signal)] == [ev.Signal(life=1, signal="SIGKILL")]
    assert instance.life.purpose == "stop"


# --- limits


def test_a_start_that_takes_too_long_is_a_timeout() -> None:
    unit = Unit(readiness=Readiness(by="notice"), start_limit_s=5)
    _, commands = after(unit, START, BORN)
    instance, commands = after(unit, START, BORN, fired(commands, at=ns(5)))
    assert instance.state is State.DRAINING
    assert ev.Signal(life=1, signal="SIGTERM") in commands


def test_a_start_limit_means_nothing_once_it_was_ready() -> None:
    unit = Unit(readiness=Readiness(by="notice"), start_limit_s=5)
    _, commands = after(unit, START, BORN)
    assert after(unit, START, BORN, ready(at=1), fired(commands, at=ns(5)))[0].state is State.RUNNING


def test_a_run_limit_counts_from_readiness() -> None:
    unit = Unit(run_limit_s=7)
    _, commands = after(unit, START, BORN)
    assert [c.after_ns for c in commands if isinstance(c, ev.SetTimer)] == [ns(7)]
    assert after(unit, START, BORN, fired(commands, at=ns(7)))[0].state is State.DRAINING


# --- ends


def test_a_crash_is_followed_by_backoff_even_of_no_length() -> None:
    unit = like("supervisord", startsecs=0, autorestart="true")
    _, commands = after(unit, START, BORN, ev.Exited(at=0, life=1, code=1))
    assert moves(commands) == ["failed", "backoff"]


def test_a_clean_end_that_is_restarted_passes_through_terminated() -> None:
    _, commands = after(like("kubernetes"), START, BORN, ev.Exited(at=0, life=1, code=0))
    assert moves(commands) == ["terminated", "backoff"]


def test_what_never_ran_is_an_end_too() -> None:
    failed = ev.SpawnFailed(at=0, life=1, error="no such program: wrker")
    instance, commands = after(Unit(policy=PlainPolicy(when="never")), START, failed)
    assert instance.state is State.FAILED
    moved = commands[0]
    assert isinstance(moved, ev.Moved)
    assert moved.cause.startswith("could not be started: no such program: wrker")


def test_three_failures_in_a_row_raise_one_alert_and_giving_up_another() -> None:
    unit, alerts = Unit(policy=PlainPolicy(give_up_after=4)), []
    instance, commands = step(create(unit), START)
    for life in range(1, 6):
        at = ns(100 * life)
        for event in (ev.Spawned(at=at, life=life), ev.Exited(at=at, life=life, code=1)):
            instance, commands = step(instance, event)
        alerts += [command.alert for command in commands if isinstance(command, ev.Alert)]
        if life < 5:
            instance, _ = step(instance, fired(list(commands), at=at + ns(60)))
    assert alerts == ["crash-loop", "gave-up"]


def test_a_long_life_starts_the_count_for_the_alert_anew() -> None:
    instance, _ = step(create(Unit()), START)
    for life, lasts_s in enumerate((1, 1, 700, 1, 1), start=1):
        at = ns(10_000 * life)
        instance, _ = step(instance, ev.Spawned(at=at, life=life))
        instance, commands = step(instance, ev.Exited(at=at + ns(lasts_s), life=life, code=1))
        loops = [command for command in commands if isinstance(command, ev.Alert)]
        assert bool(loops) == (life == 5)
        instance, _ = step(instance, fired(list(commands), at=at + ns(5000)))


def test_a_policy_that_spawns_for_ever_at_one_instant_is_a_hot_loop() -> None:
    instance, commands = step(create(like("supervisord", startsecs=0, autorestart="true")), START)
    while isinstance(commands[-1], ev.Spawn):
        instance, _ = step(instance, ev.Spawned(at=0, life=instance.number))
        instance, commands = step(instance, ev.Exited(at=0, life=instance.number, code=1))
        instance, commands = step(instance, fired(list(commands), at=0))
    assert (instance.state, instance.number) == (State.FAILED, HOT_LOOP_SPAWNS)
    assert isinstance(commands[0], ev.Moved)
    assert commands[0].cause == "hot-loop"


def test_a_refused_start_ends_in_failed() -> None:
    unit = like("systemd", Restart="always", StartLimitBurst=1)
    _, commands = after(unit, START, BORN, ev.Exited(at=0, life=1, code=1))
    instance, commands = after(unit, START, BORN, ev.Exited(at=0, life=1, code=1), fired(commands, at=ns(0.1)))
    assert instance.state is State.FAILED
    with pytest.raises(RequestRefused, match="start-limit-hit: wait, or reset the unit first"):
        step(instance, ev.Request(at=ns(0.2), request="start"))
    instance, _ = step(instance, ev.Request(at=ns(0.3), request="reset"))
    assert step(instance, ev.Request(at=ns(0.4), request="start"))[0].state is State.STARTING


@pytest.mark.parametrize(
    ("story", "request_", "why"),
    [
        ([START], "start", "already has a process"), ([], "restrt", "'restrt' is refused while 'created'"),
        ([START, BORN, ev.Exited(at=0, life=1, code=0)], "stop", "it is stopped already; allowed here: start"),
        ([], "kill", "allowed here: start, stop"),
        ([START, BORN, STOP], "restart", "'restart' is refused while 'draining'; allowed here: stop"),
    ],
)  # fmt: skip
def test_a_refused_request_says_what_is_allowed_and_changes_nothing(
    story: list[ev.Event], request_: str, why: str
) -> None:
    instance, _ = after(Unit(), *story)
    with pytest.raises(RequestRefused, match=why):
        step(instance, ev.Request(at=0, request=request_))


def test_the_exit_tells_the_policy_who_brought_it_about() -> None:
    class Witness(PlainPolicy):
        __slots__ = ()

        def on_exit(self, memory, exit, at, u):  # type: ignore[no-untyped-def]
            seen.append((exit.cause, exit.uptime_ns, exit.ready_ns, exit.late))
            return super().on_exit(memory, exit, at, u)

    seen: list[object] = []
    unit = replace(UNITS["plain"], policy=Witness(), start_limit_s=9)
    end = ev.Exited(at=ns(5), life=1, signal="SIGKILL")
    after(unit, START, BORN, ready(at=ns(2)), end)
    after(unit, START, BORN, replace(end, cause=Cause.MEMORY))
    after(unit, START, BORN, STOP, STOP, end)
    after(unit, START, BORN, ev.Probed(at=1, life=1, probe="liveness", good=False), end)
    after(unit, START, BORN, ev.Notified(at=1, life=1, notice="stopping"), replace(end, signal=None, code=3))
    assert seen == [
        (Cause.OUTSIDER, ns(5), ns(3), False),
        (Cause.MEMORY, ns(5), None, False),
        (Cause.REQUEST, ns(5), None, False),
        (Cause.PROBE, ns(5), None, False),
        (Cause.SELF, ns(5), None, False),
    ]


# --- properties


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_random_walks_never_raise_and_keep_every_rule(name: str, seed: int) -> None:
    assert broken_rules(walk_trace(UNITS[name], seed, steps=120).transitions) == []


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_only_requests_are_ever_refused(name: str, seed: int) -> None:
    for _, event, commands in walk(UNITS[name], seed, steps=80):
        assert commands is not None or isinstance(event, ev.Request)


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_stale_news_changes_nothing(name: str, seed: int) -> None:
    import random

    for instance, event, _ in walk(UNITS[name], seed, steps=40):
        for old in news(random.Random(seed), event.at, instance.number - 1):
            assert step(instance, old) == (instance, ())


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_an_exit_is_handled_in_every_state_with_a_process_and_dropped_in_the_others(name: str, seed: int) -> None:
    for instance, event, _ in walk(UNITS[name], seed, steps=60):
        ended, commands = step(instance, ev.Exited(at=event.at, life=instance.number, code=1))
        if instance.state in HAS_PROCESS and instance.number:
            assert ended.state not in HAS_PROCESS
        else:
            assert (ended, commands) == (instance, ())


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_there_is_never_a_second_process_before_the_first_has_ended(name: str, seed: int) -> None:
    alive = False
    for _, event, commands in walk(UNITS[name], seed, steps=120):
        alive = alive and not any(isinstance(c, ev.Moved) and c.target not in HAS_PROCESS for c in commands or ())
        for command in commands or ():
            if isinstance(command, ev.Spawn):
                assert not alive, event
                alive = True


def test_walks_use_every_arrow_of_the_table() -> None:
    used = {
        (command.source, command.trigger)
        for unit in UNITS.values()
        for seed in range(100)
        for _, _, commands in walk(unit, seed, steps=150)
        for command in commands or ()
        if isinstance(command, ev.Moved)
    }
    loops = {arrow for arrow, target in TRANSITIONS.items() if arrow[0] is target}
    assert used == set(TRANSITIONS) - loops
