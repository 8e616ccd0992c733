"""The end of a life: who brought it about, what still follows it, and what the policy makes of it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause, Exit, blame
from lifecycle_kit.restart import Decision, Done, GiveUp, Restart
from lifecycle_kit.states import Trigger
from lifecycle_kit.stopping import begin_after_end
from lifecycle_kit.turn import Turn
from lifecycle_kit.units import ns, span

__all__ = ["exited", "plan_used_up"]


def exited(turn: Turn, event: ev.Exited, error: str = "") -> None:
    """Take in that the process has ended: do what follows an end, then ask the policy; `error` if it never began."""
    if turn.instance.life.end is not None:
        return
    end = _as_exit(turn, event)
    how = f"could not be started: {error}" if error else end.how
    turn.facts(remains=event.remains)
    follows = turn.instance.unit.after_end
    plan = follows(end, turn.instance.life.purpose) if follows is not None else None
    if plan is not None and begin_after_end(turn, plan, how):
        turn.facts(end=end, end_u=event.u)
    else:
        _judge(turn, end, event.u, how)


def plan_used_up(turn: Turn) -> None:
    """Judge an end once all that follows it is done, or give up waiting for one."""
    life = turn.instance.life
    if life.end is not None:
        end = replace(life.end, lingered=life.late, hook_code=life.hook_code)
        _judge(turn, end, life.end_u, end.how)
    elif life.late:
        end = replace(
            _as_exit(turn, ev.Exited(at=turn.at, life=turn.instance.number, code=0)), code=None, abandoned=True
        )
        _judge(turn, end, 0.0, "did not end and is left to itself")


def _judge(turn: Turn, end: Exit, u: float, how: str) -> None:
    purpose = turn.instance.life.purpose
    policy, memory = turn.instance.unit.policy, turn.instance.memory
    memory, decision = policy.on_exit(memory, end, turn.at, u)
    turn.instance = replace(turn.instance, last=end)
    if purpose == "restart":  # asked for, so the policy is not asked: start again at once
        _ended(turn, Trigger.EXIT_FAILED, how, Restart(0), counts=False)
        return
    turn.remember(memory)
    if purpose == "stop":
        decision = decision if isinstance(decision, GiveUp) else Done()
        _ended(
            turn,
            Trigger.EXIT_FAILED if isinstance(decision, GiveUp) else Trigger.EXIT_STOPPED,
            how,
            decision,
        )
    else:
        # A kill that ends in a restart is a failure, however politely the process left.
        polite = isinstance(decision, Restart) and decision.clean and purpose in (None, "self")
        clean = isinstance(decision, Done) or polite
        _ended(turn, Trigger.EXIT_CLEAN if clean else Trigger.EXIT_FAILED, how, decision)


def _as_exit(turn: Turn, event: ev.Exited) -> Exit:
    life = turn.instance.life
    by_purpose = {
        "stop": Cause.REQUEST,
        "restart": Cause.REQUEST,
        "probe": Cause.PROBE,
        "watchdog": Cause.WATCHDOG,
        "timeout": Cause.TIMEOUT,
    }
    who = event.cause or by_purpose.get(life.purpose or "") or blame(event.signal)
    if life.purpose == "self" and life.late:
        who = Cause.TIMEOUT
    born = turn.at if life.spawned_ns is None else life.spawned_ns
    ready = None if life.ready_ns is None else turn.at - life.ready_ns
    return Exit(
        code=event.code,
        signal=event.signal,
        cause=who,
        uptime_ns=turn.at - born,
        ready_ns=ready,
        late=life.late,
        core=event.core,
        hook_code=life.hook_code,
    )


def _ended(turn: Turn, trigger: Trigger, how: str, decision: Decision, counts: bool = True) -> None:
    turn.go(trigger, f"{how}; gave up: {decision.reason}" if isinstance(decision, GiveUp) else how)
    born = turn.instance.life.spawned_ns
    turn.instance = replace(turn.instance, timers=MappingProxyType({}), answer=decision)
    if isinstance(decision, Restart):
        if counts:
            _count_failure(turn, trigger, born, how)
        turn.go(Trigger.RESTART_PLANNED, f"restart in {span(decision.after_ns)}")
        turn.timer("restart", decision.after_ns)
    elif isinstance(decision, GiveUp):
        turn.alert("gave-up", f"{how}; {decision.reason}")


def _count_failure(turn: Turn, trigger: Trigger, born: int | None, how: str) -> None:
    unit = turn.instance.unit
    steady = born is not None and turn.at - born >= ns(unit.steady_s)
    failures = (0 if steady else turn.instance.failures) + (trigger is Trigger.EXIT_FAILED)
    turn.instance = replace(turn.instance, failures=failures)
    if failures == unit.alert_after and trigger is Trigger.EXIT_FAILED:
        turn.alert("crash-loop", f"{failures} failures in a row, the last: {how}")
