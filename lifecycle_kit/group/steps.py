"""One step of a group: `group_step(group, name, event) -> (group, commands by name)` wraps `machine.step`.

Each member is stepped as if it were alone, and the group adds what follows for the others. What takes several turns -
stop these one after the other, then start those - is written down as `Work` and goes on with each news.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause
from lifecycle_kit.group.members import Group, Work, may_start
from lifecycle_kit.group.told import Told
from lifecycle_kit.machine import step
from lifecycle_kit.states import HAS_PROCESS, RequestRefused, State

__all__ = ["group_step", "start_all", "stop_all", "stop_order", "taken_along"]

Grouped = tuple[Group, Told]
WITHOUT_PROCESS_FOR_GOOD = (State.TERMINATED, State.FAILED)


def taken_along(group: Group, name: str) -> list[str]:
    """Return the other members with a process that an end of `name` stops and starts again, in start order."""
    others = [other for other in _scope(group, name) if other != name]
    return [other for other in others if group.instances[other].state in HAS_PROCESS - {State.DRAINING}]


def _scope(group: Group, name: str) -> tuple[str, ...]:
    """Return the members that are started again together; source: Erlang/OTP supervisor.erl, restart strategies."""
    order = tuple(group.members)
    match group.strategy:
        case "one_for_all":
            return order
        case "rest_for_one":
            return order[order.index(name) :]
        case _:
            return (name,)


def stop_order(group: Group) -> list[str]:
    """Return the members with a process in the order in which they are stopped: the reverse of the start order."""
    return [name for name in reversed(list(group.members)) if group.instances[name].state in HAS_PROCESS]


def start_all(group: Group, at: int) -> Grouped:
    """Ask every member to start; those that wait for others, or for their turn, follow."""
    group = replace(group, over=None, restarts=(), work=Work())
    if group.rules.one_by_one:
        return _proceed(replace(group, work=Work(purpose="start", to_start=tuple(group.members))), at)
    return _start_wanted(replace(group, wanted=frozenset(group.members)), at)


def stop_all(group: Group, at: int, why: str = "stop requested") -> Grouped:
    """End the group: stop every member, by the rules one after the other or all at once; `why` is kept in `over`."""
    told: Told = ()
    for name in group.members:
        if group.instances[name].state is State.BACKOFF:
            group, more = _ask(group, name, "stop", at)
            told += more
    work = Work(purpose="end", to_stop=tuple(reversed(list(group.members))))
    group, more = _proceed(replace(group, over=why, wanted=frozenset(), work=work), at)
    return group, told + more


def group_step(group: Group, name: str, event: ev.Event) -> Grouped:
    """Return the group after `event` for member `name`, and the commands, each with the member it is for.

    Raises:
        RequestRefused: as `machine.step` does.
    """
    group, told = _step_one(group, name, event)
    moves = [command for _, command in told if isinstance(command, ev.Moved)]
    by_itself = moves and (last := group.instances[name].last) is not None and last.cause is not Cause.REQUEST
    more: Told = ()
    if by_itself and moves[-1].target is State.BACKOFF:
        group, more = _fell(group, name, event.at)
    elif by_itself and moves[-1].source in HAS_PROCESS and moves[-1].target in WITHOUT_PROCESS_FOR_GOOD:
        group, more = _left(group, name, event.at)
    told += more
    group, more = _proceed(group, event.at)
    told += more
    group, more = _start_wanted(group, event.at)
    return group, told + more


def _step_one(group: Group, name: str, event: ev.Event) -> Grouped:
    instance, commands = step(group.instances[name], event)
    instances = MappingProxyType({**group.instances, name: instance})
    return replace(group, instances=instances), tuple((name, command) for command in commands)


def _ask(group: Group, name: str, request: str, at: int) -> Grouped:
    return _step_one(group, name, ev.Request(at=at, request=request))


def _start_wanted(group: Group, at: int) -> Grouped:
    told: Told = ()
    for name in group.members:
        if name in group.wanted and may_start(group, name):
            group, more = _ask(group, name, "start", at)
            group = replace(group, wanted=group.wanted - {name})
            told += more
    return group, told


# --- a member has ended by itself


def _fell(group: Group, name: str, at: int) -> Grouped:
    """Follow an end, or a start that failed, after which the member itself would be started again."""
    work = group.work
    starting = work.to_start[:1] == (name,) and not work.to_stop
    if starting and work.purpose == "start":
        return stop_all(group, at, f"{name} failed to start")
    if work.purpose and not starting:  # there is no time for it now; if it is to be started anyway, no need either
        later = () if name in (*work.to_stop, *work.to_start) or work.purpose == "end" else (name,)
        return replace(_held(group, name), work=replace(work, fallen=work.fallen + later)), ()
    if group.rules.limit is not None:
        times, within = group.rules.limit.count(group.restarts, at)
        group = replace(group, restarts=times)
        if not within:
            return stop_all(group, at, "restart limit reached")
    return _restart_with(group, name, at)


def _restart_with(group: Group, name: str, at: int) -> Grouped:
    """Start `name` again, with those that the strategy takes along."""
    scope = _scope(group, name)
    if scope == (name,):
        return replace(group, work=Work(fallen=group.work.fallen)), ()  # its own restart timer runs
    if group.rules.one_by_one:
        again = tuple(other for other in scope if group.members[other].rejoins or other == name)
        work = Work(purpose="restart", to_stop=scope[::-1], to_start=again, fallen=group.work.fallen)
        return replace(_held(group, name), work=work), ()
    told: Told = ()
    for other in reversed(taken_along(group, name)):
        request = "restart" if group.members[other].rejoins else "stop"
        group, more = _ask(group, other, request, at)
        told += more
    return group, told


def _held(group: Group, name: str) -> Group:
    """Return the group with a member that waits for its turn instead of for its restart timer."""
    instance = replace(group.instances[name], timers=MappingProxyType({}))
    return replace(group, instances=MappingProxyType({**group.instances, name: instance}))


def _left(group: Group, name: str, at: int) -> Grouped:
    """Follow an end after which the member is not started again."""
    work, rule = group.work, group.rules.auto_shutdown
    if work.purpose == "start" and work.to_start[:1] == (name,):
        return stop_all(group, at, f"{name} failed to start")
    group = replace(group, work=replace(work, to_start=tuple(other for other in work.to_start if other != name)))
    if work.purpose == "end" or rule == "never" or not group.members[name].significant:
        return group, ()
    gone = (State.CREATED, *WITHOUT_PROCESS_FOR_GOOD)
    others = [other for other, member in group.members.items() if member.significant and other != name]
    if rule == "all_significant" and any(group.instances[other].state not in gone for other in others):
        return group, ()
    return stop_all(group, at, f"significant {name} has ended")


# --- what takes several turns


def _proceed(group: Group, at: int) -> Grouped:
    """Go on with the work: what can be done now is done, the rest waits for news."""
    told: Told = ()
    while group.work.purpose:
        before = group
        group, more = _stop_next(group, at) if group.work.to_stop else _start_next(group, at)
        told += more
        if group is before:
            break
    return group, told


def _stop_next(group: Group, at: int) -> Grouped:
    work = group.work
    in_turn = work.to_stop[:1] if group.rules.one_by_one else work.to_stop
    told: Told = ()
    for name in in_turn:
        if group.instances[name].state in HAS_PROCESS - {State.DRAINING}:
            group, more = _ask(group, name, "stop", at)
            told += more
    left = tuple(name for name in work.to_stop if name not in in_turn or group.instances[name].state in HAS_PROCESS)
    return (group if left == work.to_stop else replace(group, work=replace(work, to_stop=left))), told


def _start_next(group: Group, at: int) -> Grouped:
    work = group.work
    if work.purpose == "end":
        return group, ()
    if not work.to_start:
        return _next_fallen(replace(group, work=Work(fallen=work.fallen)), at)
    name = work.to_start[0]
    state = group.instances[name].state
    if state is State.STARTING:
        return group, ()
    told: Told = ()
    if state not in HAS_PROCESS:
        with suppress(RequestRefused):
            group, told = _ask(group, name, "start", at)
        if group.instances[name].state is State.STARTING:
            return group, told
    # It runs, or its own policy allows no other start: the others' turn.
    return replace(group, work=replace(work, to_start=work.to_start[1:])), told


def _next_fallen(group: Group, at: int) -> Grouped:
    """Turn to a member that fell while the group was busy with others."""
    if not group.work.fallen:
        return group, ()
    name, *rest = group.work.fallen
    group = replace(group, work=Work(fallen=tuple(rest)))
    if group.instances[name].state is not State.BACKOFF:
        return _next_fallen(group, at)
    group, told = _fell(group, name, at)
    if group.work.purpose or group.instances[name].state is not State.BACKOFF:
        return group, told
    group, more = _ask(group, name, "start", at)  # its timer was taken from it
    return group, told + more
