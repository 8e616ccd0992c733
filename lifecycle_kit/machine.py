"""One step of one instance: `step(instance, event) -> (instance, commands)`.

The same function runs real children and simulated ones: a driver hands in what happened and carries out the
commands, in order. The instance is a frozen value; whatever depends on time or chance came with the event.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.ending import exited, plan_used_up
from lifecycle_kit.exits import Cause
from lifecycle_kit.instance import Instance, Life, Readiness, Unit, create
from lifecycle_kit.restart import Refuse
from lifecycle_kit.states import HAS_PROCESS, TRANSITIONS, RequestRefused, State, Trigger
from lifecycle_kit.stopping import begin_stop, draining_news, killed_by_hand, next_phase, stop_asked
from lifecycle_kit.turn import WORKING_STATES, Turn
from lifecycle_kit.units import ns, span

__all__ = ["HOT_LOOP_SPAWNS", "Instance", "Life", "Readiness", "Unit", "create", "step"]

# So many spawns at one and the same instant are no policy but a mistake; a run would never get past it.
HOT_LOOP_SPAWNS = 1000

Stepped = tuple[Instance, tuple[ev.Command, ...]]


def step(instance: Instance, event: ev.Event) -> Stepped:
    """Return the instance after `event`, and what the driver must now do, in order.

    Raises:
        RequestRefused: only for a request that the state does not allow; nothing has changed then.
    """
    turn = Turn(instance, event.at)
    if isinstance(event, ev.Request):
        _request(turn, event.request)
    elif event.life == instance.number:  # anything else is news of a life that is over
        _news(turn, event)
    return turn.instance, tuple(turn.commands)


def _request(turn: Turn, request: str) -> None:
    state = turn.instance.state
    match request:
        case "start":
            if state in HAS_PROCESS:
                raise RequestRefused(state, "start", "it already has a process; allowed here: restart, stop")
            _start(turn, Trigger.START, manual=True)
        case "stop":
            stop_asked(turn)
        case "restart" if state in WORKING_STATES:
            begin_stop(turn, Trigger.RESTART, "restart", "restart requested", turn.stop_plan)
        case "restart" if state is not State.DRAINING:
            _start(turn, Trigger.START, manual=True)
        case "kill" if state in HAS_PROCESS:
            killed_by_hand(turn, state)
        case "reset":
            turn.note("reset")
        case _:
            raise RequestRefused(state, request)


def _start(turn: Turn, trigger: Trigger, manual: bool) -> None:
    memory, answer = turn.instance.unit.policy.on_start(turn.instance.memory, turn.at, manual)
    spawns = turn.instance.spawns_at_once + 1 if turn.instance.spawn_ns == turn.at else 1
    if spawns > HOT_LOOP_SPAWNS:
        answer = Refuse("hot-loop")
    if isinstance(answer, Refuse):
        if (turn.instance.state, Trigger.START_REFUSED) not in TRANSITIONS:
            raise RequestRefused(turn.instance.state, "start", f"{answer.reason}: wait, or reset the unit first")
        turn.remember(memory)
        turn.instance = replace(turn.instance, answer=answer)
        turn.go(Trigger.START_REFUSED, answer.reason)
        turn.alert("gave-up", answer.reason)
        return
    number = turn.instance.number + 1
    turn.instance = replace(
        turn.instance, memory=memory, number=number, life=Life(), timers=MappingProxyType({}),
        spawn_ns=turn.at, spawns_at_once=spawns,
    )  # fmt: skip
    turn.go(trigger, "start requested" if manual else "restart due")
    turn.commands.append(ev.Spawn(life=number))


def _spawned(turn: Turn) -> None:
    unit = turn.instance.unit
    started = "startup" not in unit.probes
    turn.facts(spawned_ns=turn.at, started=started)
    if unit.start_limit_s is not None:
        turn.timer("start-limit", ns(unit.start_limit_s))
    if unit.readiness.by == "seconds":
        turn.timer("ready-after", ns(unit.readiness.after_s))
    if started:
        _watch_working_probes(turn, now=False)
    else:
        turn.commands.append(ev.WatchProbe(life=turn.instance.number, probe="startup"))
    if unit.readiness.by == "spawn":
        turn.facts(ready=True)
    _ready_by_probe(turn)
    turn.settle("ready at spawn")


def _watch_working_probes(turn: Turn, now: bool) -> None:
    for kind in ("liveness", "readiness"):
        if kind in turn.instance.unit.probes:
            at_once = now and kind == "readiness"
            turn.commands.append(ev.WatchProbe(life=turn.instance.number, probe=kind, now=at_once))


def _ready_by_probe(turn: Turn) -> None:
    unit, life = turn.instance.unit, turn.instance.life
    if unit.readiness.by == "probe" and life.started and "readiness" not in unit.probes:
        turn.facts(ready=True)


def _news(turn: Turn, event: ev.Event) -> None:
    state = turn.instance.state
    if isinstance(event, ev.TimerFired):
        _fired(turn, event)
    elif state not in HAS_PROCESS:
        return
    elif isinstance(event, ev.Exited):
        exited(turn, event)
    elif isinstance(event, ev.SpawnFailed):
        exited(
            turn, ev.Exited(at=event.at, life=event.life, code=event.code, u=event.u, cause=Cause.SPAWN), event.error
        )
    elif state is State.DRAINING:
        if not draining_news(turn, event):
            plan_used_up(turn)
    else:
        _working_news(turn, event)


def _working_news(turn: Turn, event: ev.Event) -> None:
    match event:
        case ev.Spawned():
            _spawned(turn)
        case ev.Notified(notice="stopping"):
            begin_stop(turn, Trigger.STOPPING, "self", "says that it is stopping", turn.instance.unit.stop)
        case ev.Notified(notice="alive") if "watchdog" in turn.instance.timers:
            turn.timer("watchdog", ns(turn.instance.unit.watchdog_s or 0))
        case ev.Notified(notice="unwell") if "watchdog" in turn.instance.timers:
            _watchdog(turn, "says that it is unwell")
        case ev.Notified(notice="alive" | "unwell"):
            pass
        case ev.Extended(by_ns=by_ns):
            turn.extend(by_ns)
        case ev.Notified(notice=notice) if turn.instance.unit.readiness.by == "notice":
            turn.facts(ready=notice == "ready")
            turn.settle(f"says that it is {notice}")
        case ev.Probed():
            _probed(turn, event.probe, event.good)
        case ev.Blocked(on=on):
            turn.facts(blocked_on=on)
            turn.settle(f"waits for {on}")
        case ev.Unblocked():
            turn.facts(blocked_on=None)
            turn.settle("no longer waits")
        case ev.Working() | ev.Idle():
            turn.facts(busy=isinstance(event, ev.Working))
            turn.settle("took work" if isinstance(event, ev.Working) else "no work left")


def _watchdog(turn: Turn, cause: str) -> None:
    unit = turn.instance.unit
    begin_stop(turn, Trigger.LIVENESS_FAILED, "watchdog", cause, unit.watchdog_stop or unit.stop)


def _probed(turn: Turn, probe: str, good: bool) -> None:
    unit = turn.instance.unit
    if probe == "readiness":
        turn.facts(ready=good)
        turn.settle(f"readiness probe {'passed' if good else 'failed'}")
    elif not good:
        plan = unit.probe_stops.get(probe, unit.stop)
        begin_stop(turn, Trigger.LIVENESS_FAILED, "probe", f"{probe} probe failed", plan)
    elif probe == "startup" and not turn.instance.life.started:
        turn.facts(started=True)
        _watch_working_probes(turn, now=True)
        _ready_by_probe(turn)
        turn.settle("startup probe passed")


def _fired(turn: Turn, event: ev.TimerFired) -> None:
    if turn.instance.timers.get(event.name) != event.serial:
        return
    state, life = turn.instance.state, turn.instance.life
    match event.name:
        case "restart" if state is State.BACKOFF:
            _start(turn, Trigger.RESTART_DUE, manual=False)
        case "ready-after" if state in WORKING_STATES:
            turn.facts(ready=True)
            turn.settle(f"up for {span(ns(turn.instance.unit.readiness.after_s))}")
        case "start-limit" if state in WORKING_STATES and life.ready_ns is None:
            begin_stop(turn, Trigger.TIMED_OUT, "timeout", "start took too long", turn.stop_plan)
        case "run-limit" if state in WORKING_STATES:
            begin_stop(turn, Trigger.TIMED_OUT, "timeout", "run limit reached", turn.instance.unit.stop)
        case "watchdog" if state in WORKING_STATES:
            _watchdog(turn, f"no sign of life for {span(ns(turn.instance.unit.watchdog_s or 0))}")
        case "stop" if state is State.DRAINING:
            if not next_phase(turn, late=True):
                plan_used_up(turn)
