"""The way out: from a request, a failed probe or a timeout through the phases of the stop plan to the kill."""

from __future__ import annotations

from lifecycle_kit import events as ev
from lifecycle_kit.drain import StopPlan, Until
from lifecycle_kit.states import RequestRefused, State, Trigger
from lifecycle_kit.turn import WORKING_STATES, Turn

__all__ = ["begin_stop", "draining_news", "killed_by_hand", "next_phase", "stop_asked"]


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
    if state in (State.TERMINATED, State.FAILED):
        raise RequestRefused(state, "stop", "it is stopped already; allowed here: start")
    turn.note("stop")
    if state in WORKING_STATES:
        begin_stop(turn, Trigger.STOP, "stop", "stop requested", turn.instance.unit.stop)
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
    if phase.signal == "SIGKILL":
        turn.facts(forced=True)
    if phase.signal and not silent:
        turn.send(phase.signal)
    if phase.until is Until.HOOK:
        turn.commands.append(ev.RunHook(life=turn.instance.number, hook=phase.name))
    limit = life.plan.limit_ns(life.phase, turn.at - life.stop_ns)
    if limit is not None:
        turn.timer("stop", limit)


def next_phase(turn: Turn) -> None:
    """Go on to the next part of the stop plan, if there is one."""
    life = turn.instance.life
    if life.plan is not None and life.phase + 1 < len(life.plan.phases):
        turn.go(Trigger.DEADLINE, "next part of the stop plan")
        turn.facts(phase=life.phase + 1)
        _enter_phase(turn)


def draining_news(turn: Turn, event: ev.Event) -> None:
    """Take in news of a life that is on its way out."""
    life = turn.instance.life
    if life.plan is None:
        return
    until = life.plan.phases[life.phase].until
    done = (ev.HookDone, Until.HOOK), (ev.Drained, Until.DRAINED)
    if any(isinstance(event, kind) and until is what for kind, what in done):
        next_phase(turn)
    elif isinstance(event, ev.Spawned):  # asked to stop before the news of its birth arrived
        turn.facts(spawned_ns=turn.at)


def _kill(turn: Turn) -> None:
    plan = turn.instance.life.plan
    index = plan.kill_index if plan is not None else None
    turn.facts(forced=True, phase=turn.instance.life.phase if index is None else index)
    turn.send("SIGKILL")
