"""Groups as values: the members in start order, how each stands, and the rules that tie them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from lifecycle_kit.instance import Instance, Unit, create
from lifecycle_kit.states import State

__all__ = ["AUTO_SHUTDOWNS", "STRATEGIES", "Group", "Limit", "Member", "Rules", "Work", "form", "may_start"]

# Erlang/OTP's names (supervisor.erl): what the end of one member means for the others.
STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
AUTO_SHUTDOWNS = ("never", "any_significant", "all_significant")


class Limit(Protocol):
    """How many restarts a group allows itself before it ends; Erlang calls it the restart intensity."""

    def count(self, times: tuple[int, ...], at: int) -> tuple[tuple[int, ...], bool]:
        """Return the restarts still remembered, this one at `at` nanoseconds among them, and whether it is allowed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member.

    Attributes:
        unit: how it is supervised.
        after: the members that must be ready before it starts.
        rejoins: it is started again with others that took it along; if not, it is only stopped with them.
        significant: its end may end the group, see `Rules.auto_shutdown`.
    """

    unit: Unit
    after: tuple[str, ...] = ()
    rejoins: bool = True
    significant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What ties the members of a group together, beside who waits for whom.

    Attributes:
        strategy: whom an end takes along, one of `STRATEGIES`.
        one_by_one: members are stopped and started one after the other; otherwise all at once.
        limit: restarts of members that the group allows itself; None: any number.
        auto_shutdown: whether the end of "any" significant member, or that of the last ("all"), ends the group.
    """

    strategy: str = "one_for_one"
    one_by_one: bool = False
    limit: Limit | None = None
    auto_shutdown: str = "never"

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy {self.strategy!r} is not known; choose one of {', '.join(STRATEGIES)}")
        if self.auto_shutdown not in AUTO_SHUTDOWNS:
            raise ValueError(f"auto_shutdown {self.auto_shutdown!r} is not known; choose {', '.join(AUTO_SHUTDOWNS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a group is busy with.

    Attributes:
        purpose: "start", "restart" or "end"; "" if it is not busy.
        to_stop: members that are to be stopped first, in order.
        to_start: members that are to be started then, in order.
        fallen: members that fell meanwhile and have to wait.
    """

    purpose: str = ""
    to_stop: tuple[str, ...] = ()
    to_start: tuple[str, ...] = ()
    fallen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group and how it stands.

    Attributes:
        members: by name, in start order; each comes after those it waits for.
        instances: how each member stands.
        rules: what ties them together.
        wanted: members that were asked to start and still wait for others.
        work: what it is busy with.
        restarts: instants of restarts that its limit still looks at.
        over: why the group has been ended; None while it has not.
    """

    members: Mapping[str, Member]
    instances: Mapping[str, Instance]
    rules: Rules = field(default_factory=Rules)
    wanted: frozenset[str] = frozenset()
    work: Work = field(default_factory=Work)
    restarts: tuple[int, ...] = ()
    over: str | None = None

    @property
    def strategy(self) -> str:
        """Whom an end takes along."""
        return self.rules.strategy

    @property
    def ended(self) -> bool:
        """Whether it has been ended and nothing of it is left."""
        return self.over is not None and not self.work.to_stop


def form(members: Mapping[str, Member], strategy: str = "one_for_one", rules: Rules | None = None) -> Group:
    """Return a group that has not been started.

    Args:
        members: by name, in start order.
        strategy: whom an end takes along; for a group with no other rules.
        rules: all rules; `strategy` is not looked at then.

    Raises:
        ValueError: if the strategy is unknown, or a member waits for one that does not come before it.
    """
    seen: set[str] = set()
    for name, member in members.items():
        if late := [other for other in member.after if other not in seen]:
            raise ValueError(f"{name!r} waits for {late[0]!r}, which must be listed before it")
        seen.add(name)
    return Group(
        members=MappingProxyType(dict(members)),
        instances=MappingProxyType({name: create(member.unit) for name, member in members.items()}),
        rules=rules or Rules(strategy=strategy),
    )


def may_start(group: Group, name: str) -> bool:
    """Tell whether all members that this one waits for are ready."""
    usable = (State.READY, State.RUNNING)
    return all(group.instances[other].state in usable for other in group.members[name].after)
