"""The way out: from a request, a failed probe or a timeout through the phases of the stop plan, and past the end."""

from __future__ import annotations

from lifecycle_kit import events as ev
from lifecycle_kit.drain import StopPlan, Until
from lifecycle_kit.states import RequestRefused, State, Trigger
from lifecycle_kit.turn import WORKING_STATES, Turn

__all__ = ["begin_after_end", "begin_stop", "draining_news", "killed_by_hand", "next_phase", "stop_asked"]


def killed_by_hand(turn: Turn, state: State) -> None:
    """Kill at once, as `docker kill` or an impatient operator does; it counts as a stop."""
    turn.note("kill")
    turn.go(Trigger.STOP, "kill requested")
    if state is not State.DRAINING:
        turn.facts(plan=turn.instance.unit.stop, stop_ns=turn.at)
    turn.facts(purpose="stop")
    _kill(turn)


def stop_asked(turn: Turn) -> None:
    """Begin a stop, skip the rest of one that was asked for before, or end what waits without a process."""
    state = turn.instance.state
    before = turn.instance.memory
    turn.note("stop")
    if state in (State.TERMINATED, State.FAILED):
        if turn.instance.memory == before:  # a policy may well mind that a person wants it to stay down
            raise RequestRefused(state, "stop", "it is stopped already; allowed here: start")
        return
    if state in WORKING_STATES:
        begin_stop(turn, Trigger.STOP, "stop", "stop requested", turn.stop_plan)
    elif state is State.DRAINING:
        turn.go(Trigger.STOP, "stop requested again")
        again = turn.instance.life.purpose == "stop"
        turn.facts(purpose="stop")
        if again:  # asked twice: skip the rest; a first stop only changes the purpose of a restart's drain
            _kill(turn)
    else:
        turn.go(Trigger.STOP, "stop requested")


def begin_stop(turn: Turn, trigger: Trigger, purpose: str, cause: str, plan: StopPlan) -> None:
    """Enter `draining` for `purpose` and walk into the first phase of `plan`."""
    turn.go(trigger, cause)
    # A process that leaves by itself is given the time of the plan, not its signals: they come at the deadline.
    phase = next((i for i, part in enumerate(plan.phases) if part.signal), 0) if purpose == "self" else 0
    turn.facts(purpose=purpose, stop_ns=turn.at, plan=plan, phase=phase)
    _enter_phase(turn, silent=purpose == "self")


def _enter_phase(turn: Turn, silent: bool = False) -> None:
    life = turn.instance.life
    assert life.plan is not None
    phase = life.plan.phases[life.phase]
    if phase.signal and not silent:
        turn.send(phase.signal, phase.to)
    if phase.until is Until.HOOK:
        turn.commands.append(ev.RunHook(life=turn.instance.number, hook=phase.name))
    limit = life.plan.limit_ns(life.phase, turn.at - life.stop_ns)
    if limit is not None:
        turn.timer("stop", limit)


def begin_after_end(turn: Turn, plan: StopPlan, how: str) -> bool:
    """Walk into what follows the end of the process; return False if there is nothing to do in `plan`."""
    if _following(plan, -1, turn.instance.life.remains) is None:
        return False
    if turn.instance.state is not State.DRAINING:
        turn.go(Trigger.STOPPING, f"{how}; what follows an end")
    turn.facts(plan=plan, phase=-1, stop_ns=turn.at, late=False)
    return next_phase(turn)


def _following(plan: StopPlan, phase: int, remains: bool) -> int | None:
    """Return the next phase that has something to do."""
    later = enumerate(plan.phases[phase + 1 :], start=phase + 1)
    return next((index for index, part in later if remains or part.until is not Until.EMPTY), None)


def next_phase(turn: Turn, late: bool = False) -> bool:
    """Go on to the next part of the stop plan; return False if there is none.

    Args:
        turn: the turn.
        late: because the part before has taken as long as it may.
    """
    life = turn.instance.life
    if late:
        turn.facts(late=True)
        hook_hangs = life.plan is not None and life.end is not None and life.plan.phases[life.phase].until is Until.HOOK
        if hook_hangs:  # it is part of what remains of the group
            turn.facts(remains=True)
            life = turn.instance.life
    if life.plan is None or (index := _following(life.plan, life.phase, life.remains)) is None:
        return False
    turn.go(Trigger.DEADLINE, "next part of the stop plan")
    turn.facts(phase=index)
    _enter_phase(turn)
    return True


def draining_news(turn: Turn, event: ev.Event) -> bool:
    """Take in news of a life that is on its way out; return False if its plan is at its end."""
    life = turn.instance.life
    if life.plan is None:
        return True
    until = life.plan.phases[life.phase].until
    match event:
        case ev.HookDone(code=code) if until is Until.HOOK:
            turn.facts(hook_code=turn.instance.life.hook_code or code)
            return next_phase(turn)
        case ev.Drained() if until is Until.DRAINED:
            return next_phase(turn)
        case ev.Emptied():
            turn.facts(remains=False)
            return until is not Until.EMPTY or next_phase(turn)
        case ev.Extended(by_ns=by_ns):
            turn.extend(by_ns)
        case ev.Spawned():  # asked to stop before the news of its birth arrived
            turn.facts(spawned_ns=turn.at)
    return True


def _kill(turn: Turn) -> None:
    plan = turn.instance.life.plan
    index = plan.kill_index if plan is not None else None
    turn.facts(phase=turn.instance.life.phase if index is None else index)
    turn.send("SIGKILL")
