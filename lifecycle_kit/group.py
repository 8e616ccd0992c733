"""Several instances that depend on each other: who starts after whom, and whom an end takes along.

`group_step(group, name, event) -> (group, commands by name)` wraps `machine.step`: each member is stepped as if it were
alone, and the group adds what follows for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.machine import Instance, Unit, create, step
from lifecycle_kit.states import HAS_PROCESS, State

__all__ = [
    "STRATEGIES",
    "Group",
    "Member",
    "form",
    "group_step",
    "start_all",
    "stop_order",
    "taken_along",
]

# Erlang/OTP's names (supervisor.erl): what the end of one member means for the others.
STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")

Told = tuple[tuple[str, ev.Command], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member: its unit, and the members that must be ready before it starts."""

    unit: Unit
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Members in start order, how each stands, and the strategy that ties them together.

    Attributes:
        members: by name, in start order; each comes after those it waits for.
        instances: how each member stands.
        strategy: one of `STRATEGIES`.
        wanted: members that were asked to start and still wait for others.
    """

    members: Mapping[str, Member]
    instances: Mapping[str, Instance]
    strategy: str = "one_for_one"
    wanted: frozenset[str] = frozenset()


def form(members: Mapping[str, Member], strategy: str = "one_for_one") -> Group:
    """Return a group that has not been started.

    Raises:
        ValueError: if the strategy is unknown, or a member waits for one that does not come before it.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy {strategy!r} is not known; choose one of {', '.join(STRATEGIES)}")
    seen: set[str] = set()
    for name, member in members.items():
        if late := [other for other in member.after if other not in seen]:
            raise ValueError(f"{name!r} waits for {late[0]!r}, which must be listed before it")
        seen.add(name)
    instances = {name: create(member.unit) for name, member in members.items()}
    return Group(
        members=MappingProxyType(dict(members)),
        instances=MappingProxyType(instances),
        strategy=strategy,
    )


def taken_along(group: Group, name: str) -> list[str]:
    """Return the other members that an end of `name` stops and starts again, in start order.

    Source: Erlang/OTP supervisor.erl, restart strategies.
    """
    order = list(group.members)
    match group.strategy:
        case "one_for_all":
            others = [other for other in order if other != name]
        case "rest_for_one":
            others = order[order.index(name) + 1 :]
        case _:
            others = []
    return [other for other in others if group.instances[other].state in HAS_PROCESS - {State.DRAINING}]


def stop_order(group: Group) -> list[str]:
    """Return the members with a process in the order in which they are stopped: the reverse of the start order."""
    return [name for name in reversed(list(group.members)) if group.instances[name].state in HAS_PROCESS]


def start_all(group: Group, at: int) -> tuple[Group, Told]:
    """Ask every member to start; those that wait for others follow when these become ready."""
    return _start_wanted(replace(group, wanted=frozenset(group.members)), at)


def group_step(group: Group, name: str, event: ev.Event) -> tuple[Group, Told]:
    """Return the group after `event` for member `name`, and the commands, each with the member it is for.

    Raises:
        RequestRefused: as `machine.step` does.
    """
    group, told = _step_one(group, name, event)
    if any(isinstance(command, ev.Moved) and command.target is State.BACKOFF for _, command in told):
        for other in reversed(taken_along(group, name)):
            group, more = _step_one(group, other, ev.Request(at=event.at, request="restart"))
            told += more
    group, more = _start_wanted(group, event.at)
    return group, told + more


def _step_one(group: Group, name: str, event: ev.Event) -> tuple[Group, Told]:
    instance, commands = step(group.instances[name], event)
    instances = MappingProxyType({**group.instances, name: instance})
    return replace(group, instances=instances), tuple((name, command) for command in commands)


def _start_wanted(group: Group, at: int) -> tuple[Group, Told]:
    told: Told = ()
    for name in group.members:
        if name in group.wanted and _may_start(group, name):
            group, more = _step_one(group, name, ev.Request(at=at, request="start"))
            group = replace(group, wanted=group.wanted - {name})
            told += more
    return group, told


def _may_start(group: Group, name: str) -> bool:
    usable = (State.READY, State.RUNNING)
    return all(group.instances[other].state in usable for other in group.members[name].after)
