"""What follows an end before the policy is asked, watchdogs, extended deadlines, and what is left running."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit.drain import Phase, StopPlan, Until, term_then_kill
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.instance import Instance, Readiness, Unit, create
from lifecycle_kit.machine import step
from lifecycle_kit.restart import Decision, Memory, PlainPolicy
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import broken_rules
from lifecycle_kit.units import ns
from tests.walks import walk_trace

START = ev.Request(at=0, request="start")
STOP = ev.Request(at=ns(1), request="stop")
BORN = ev.Spawned(at=0, life=1)
CRASH = ev.Exited(at=ns(2), life=1, code=1, u=0.5)
FINISH = StopPlan(
    phases=(
        Phase(name="finish", until=Until.HOOK, limit_s=5),
        Phase(name="sweep", signal="SIGTERM", until=Until.EMPTY, limit_s=3),
        Phase(name="kill", signal="SIGKILL", until=Until.EMPTY, limit_s=3),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness(PlainPolicy):
    """A policy that keeps the ends it is asked about."""

    seen: list[tuple[int, Exit, float]] = field(default_factory=list)

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Note the end and decide as plain policies do."""
        self.seen.append((at, exit, u))
        return PlainPolicy.on_exit(self, memory, exit, at, u)


def finishing(**more: Any) -> tuple[Unit, list[tuple[int, Exit, float]]]:
    """Return a unit with a finish plan, and the ends that its policy will have seen."""
    witness = Witness()
    return Unit(policy=witness, after_end=lambda *_: FINISH, **more), witness.seen


def after(unit: Unit, *events: ev.Event) -> tuple[Instance, list[ev.Command]]:
    """Return the instance after these events, and the commands of the last one."""
    instance, commands = create(unit), tuple[ev.Command, ...]()
    for event in events:
        instance, commands = step(instance, event)
    return instance, list(commands)


def fired(unit: Unit, *events: ev.Event) -> ev.TimerFired:
    """Return the firing of the timer that was set last, at its time."""
    instance, commands = after(unit, *events)
    timer = [command for command in commands if isinstance(command, ev.SetTimer)][-1]
    at = instance.due[timer.name]
    return ev.TimerFired(at=at, life=timer.life, name=timer.name, serial=timer.serial)


# --- after the end


def test_a_hook_runs_after_an_end_and_only_then_the_policy_is_asked() -> None:
    unit, seen = finishing()
    instance, commands = after(unit, START, BORN, CRASH)
    assert instance.state is State.DRAINING
    assert ev.RunHook(life=1, hook="finish") in commands
    assert not seen
    instance, _ = after(unit, START, BORN, CRASH, ev.HookDone(at=ns(4), life=1, code=125))
    assert instance.state is State.BACKOFF
    ((at, end, u),) = seen
    assert (at, end.code, end.uptime_ns, end.hook_code, end.cause, u) == (ns(4), 1, ns(2), 125, Cause.SELF, 0.5)


def test_a_hook_that_takes_too_long_is_left_behind_and_the_end_says_so() -> None:
    witness = Witness()
    seen = witness.seen
    unit = Unit(policy=witness, after_end=lambda *_: StopPlan(phases=FINISH.phases[:1]))
    late = fired(unit, START, BORN, CRASH)
    assert late.at == ns(7)
    assert after(unit, START, BORN, CRASH, late)[0].state is State.BACKOFF
    assert [(end.lingered, end.late, end.hook_code) for _, end, _ in seen] == [(True, False, None)]


def test_what_remains_of_the_group_is_swept_and_then_killed() -> None:
    unit, seen = finishing()
    story: list[ev.Event] = [
        START,
        BORN,
        ev.Exited(at=ns(2), life=1, code=0, remains=True),
        ev.HookDone(at=ns(2), life=1),
    ]
    instance, commands = after(unit, *story)
    assert ev.Signal(life=1, signal="SIGTERM") in commands
    assert instance.life.remains
    kill = fired(unit, *story)
    assert ev.Signal(life=1, signal="SIGKILL") in after(unit, *story, kill)[1]
    gone = ev.Emptied(at=ns(5), life=1)
    assert after(unit, *story, kill, gone)[0].state is State.TERMINATED
    assert [end.lingered for _, end, _ in seen] == [True]
    assert after(unit, *story, ev.Emptied(at=ns(3), life=1))[0].state is State.TERMINATED
    assert [end.lingered for _, end, _ in seen] == [True, False]


def test_what_remains_may_be_gone_before_its_turn() -> None:
    unit, _ = finishing()
    story: list[ev.Event] = [
        START,
        BORN,
        ev.Exited(at=ns(2), life=1, code=0, remains=True),
        ev.Emptied(at=ns(2), life=1),
    ]
    assert after(unit, *story)[0].state is State.DRAINING
    assert after(unit, *story, ev.HookDone(at=ns(3), life=1))[0].state is State.TERMINATED


def test_a_plan_with_nothing_to_do_changes_nothing() -> None:
    sweep = StopPlan(phases=FINISH.phases[1:])
    unit = Unit(after_end=lambda *_: sweep)
    assert after(unit, START, BORN, CRASH) == after(Unit(after_end=unit.after_end), START, BORN, CRASH)
    assert after(unit, START, BORN, CRASH)[0].state is State.BACKOFF


def test_the_plan_may_depend_on_the_end_and_on_the_purpose_of_the_stop() -> None:
    asked: list[tuple[str, str | None]] = []

    def plan(end: Exit, purpose: str | None) -> StopPlan | None:
        asked.append((end.how, purpose))
        return None

    unit = Unit(after_end=plan)
    after(unit, START, BORN, CRASH)
    after(unit, START, BORN, STOP, CRASH)
    assert asked == [("exit 1", None), ("exit 1", "stop")]


def test_a_stop_while_an_end_is_finished_calls_the_restart_off() -> None:
    unit, _ = finishing()
    done = ev.HookDone(at=ns(4), life=1)
    stop = ev.Request(at=ns(3), request="stop")
    assert after(unit, START, BORN, CRASH, stop, done)[0].state is State.TERMINATED


def test_an_end_is_taken_in_once() -> None:
    unit, seen = finishing()
    again = ev.Exited(at=ns(3), life=1, code=0)
    assert after(unit, START, BORN, CRASH, again) == (after(unit, START, BORN, CRASH)[0], [])
    assert not seen


def test_a_spawn_that_failed_has_an_end_to_finish_too() -> None:
    unit, seen = finishing()
    failed = ev.SpawnFailed(at=0, life=1, error="no such program")
    after(unit, START, failed, ev.HookDone(at=ns(1), life=1))
    assert [end.cause for _, end, _ in seen] == [Cause.SPAWN]


@given(st.integers(0, 10_000))
def test_random_walks_keep_every_rule_and_never_ask_the_policy_twice(seed: int) -> None:
    unit, seen = finishing(readiness=Readiness(by="notice"), watchdog_s=30, stop=term_then_kill(5))
    trace = walk_trace(unit, seed, steps=150)
    assert broken_rules(trace.transitions) == []
    gone = [move for move in trace.transitions if move.source in HAS_PROCESS and move.target not in HAS_PROCESS]
    assert len(seen) == len(gone)


# --- what is left running


def test_a_plan_that_runs_out_leaves_the_process_to_itself() -> None:
    polite = StopPlan(phases=(Phase(name="term", signal="SIGTERM", limit_s=5),))
    unit = Unit(stop=polite)
    late = fired(unit, START, BORN, STOP)
    instance, _ = after(unit, START, BORN, STOP, late)
    assert instance.state is State.TERMINATED
    assert instance.last is not None
    assert (instance.last.abandoned, instance.last.how) == (True, "left running")


def test_a_kill_without_a_limit_waits_for_the_end() -> None:
    unit = Unit(stop=term_then_kill(5))
    late = fired(unit, START, BORN, STOP)
    instance, commands = after(unit, START, BORN, STOP, late)
    assert instance.state is State.DRAINING
    assert commands == [ev.Signal(life=1, signal="SIGKILL")]


def test_signals_go_to_whom_the_phase_says() -> None:
    main = StopPlan(phases=(Phase(name="term", signal="SIGTERM", to="main"),))
    assert ev.Signal(life=1, signal="SIGTERM", to="main") in after(Unit(stop=main), START, BORN, STOP)[1]


# --- watchdog and extension

WATCHED = Unit(readiness=Readiness(by="notice"), watchdog_s=10, start_limit_s=20, watchdog_stop=term_then_kill(1))


def said(notice: str, at_s: float) -> ev.Notified:
    """Return a notice of the first life."""
    return ev.Notified(at=ns(at_s), life=1, notice=notice)


def test_a_watchdog_counts_from_readiness_and_from_each_sign_of_life() -> None:
    assert fired(WATCHED, START, BORN, said("ready", 3)).at == ns(13)
    assert fired(WATCHED, START, BORN, said("ready", 3), said("alive", 12)).at == ns(22)


@pytest.mark.parametrize("notice", ["alive", "unwell"])
def test_before_readiness_nothing_is_asked_of_a_watchdog(notice: str) -> None:
    starting = after(WATCHED, START, BORN)[0]
    assert after(WATCHED, START, BORN, said(notice, 1)) == (starting, [])


def test_without_a_sign_of_life_it_is_stopped_as_the_watchdog_says() -> None:
    story: list[ev.Event] = [START, BORN, said("ready", 3)]
    late = fired(WATCHED, *story)
    instance, commands = after(WATCHED, *story, late)
    assert (instance.state, instance.life.purpose) == (State.DRAINING, "watchdog")
    assert ev.Signal(life=1, signal="SIGTERM") in commands
    ended, _ = after(WATCHED, *story, late, ev.Exited(at=ns(14), life=1, code=0))
    assert ended.last is not None
    assert ended.last.cause is Cause.WATCHDOG
    assert ended.state is State.TERMINATED  # a plain policy does not mind who killed what returned 0


def test_one_that_says_it_is_unwell_is_stopped_at_once() -> None:
    instance, _ = after(WATCHED, START, BORN, said("ready", 3), said("unwell", 4))
    assert instance.life.purpose == "watchdog"


def test_an_older_watchdog_timer_means_nothing_after_a_sign_of_life() -> None:
    story: list[ev.Event] = [START, BORN, said("ready", 3)]
    late = fired(WATCHED, *story)
    assert after(WATCHED, *story, said("alive", 5), late)[0].state is State.RUNNING


def test_deadlines_can_be_pushed_back_but_never_brought_forward() -> None:
    def due(*asked: tuple[float, float]) -> int:
        extended = [ev.Extended(at=ns(at), life=1, by_ns=ns(by)) for at, by in asked]
        return after(WATCHED, START, BORN, *extended)[0].due["start-limit"]

    assert due() == ns(20)
    assert due((5, 10)) == ns(20)
    assert due((15, 10)) == ns(25)
    assert due((15, 10), (16, 3)) == ns(25)


def test_a_stop_can_be_extended_as_well() -> None:
    extended = ev.Extended(at=ns(5), life=1, by_ns=ns(30))
    instance, _ = after(Unit(stop=term_then_kill(10)), START, BORN, STOP, extended)
    assert instance.due["stop"] == ns(35)


# --- requests that a policy may mind


@dataclass(frozen=True, slots=True, kw_only=True)
class Minds(PlainPolicy):
    """A policy that remembers a stop."""

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Note a stop once."""
        return Memory(failures=7) if request == "stop" else memory


def test_a_stop_of_what_has_ended_is_refused_unless_the_policy_minds_it() -> None:
    ended: list[ev.Event] = [START, BORN, ev.Exited(at=0, life=1, code=0)]
    with pytest.raises(ValueError, match="it is stopped already"):
        after(Unit(), *ended, STOP)
    instance, commands = after(Unit(policy=Minds()), *ended, STOP)
    assert (instance.state, instance.memory.failures, commands) == (State.TERMINATED, 7, [])
    with pytest.raises(ValueError, match="it is stopped already"):
        after(Unit(policy=Minds()), *ended, STOP, STOP)
