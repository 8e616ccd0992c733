"""Groups: start order, and whom an end takes along."""

from __future__ import annotations

import pytest

from lifecycle_kit import events as ev
from lifecycle_kit.group import Group, Member, form, group_step, start_all, stop_order, taken_along
from lifecycle_kit.instance import Readiness, Unit
from lifecycle_kit.states import State

BY_NOTICE = Unit(readiness=Readiness(by="notice"))
CHAIN = {
    "db": Member(unit=BY_NOTICE),
    "queue": Member(unit=BY_NOTICE, after=("db",)),
    "worker": Member(unit=BY_NOTICE, after=("db", "queue")),
}


def up(strategy: str = "one_for_one") -> Group:
    """Return the chain with every member ready."""
    group, _ = start_all(form(CHAIN, strategy), at=0)
    for name in CHAIN:
        group, _ = group_step(group, name, ev.Spawned(at=0, life=1))
        group, _ = group_step(group, name, ev.Notified(at=0, life=1, notice="ready"))
    return group


def states(group: Group) -> list[str]:
    """Return the members' states in start order."""
    return [group.instances[name].state.value for name in CHAIN]


def test_members_start_when_those_they_wait_for_are_ready() -> None:
    group, _ = start_all(form(CHAIN), at=0)
    assert states(group) == ["starting", "created", "created"]
    group, _ = group_step(group, "db", ev.Spawned(at=0, life=1))
    group, told = group_step(group, "db", ev.Notified(at=0, life=1, notice="ready"))
    assert states(group) == ["running", "starting", "created"]
    assert ("queue", ev.Spawn(life=1)) in told


@pytest.mark.parametrize(
    ("strategy", "others"), [("one_for_one", []), ("one_for_all", ["db", "worker"]), ("rest_for_one", ["worker"])]
)
def test_the_strategy_says_whom_an_end_takes_along(strategy: str, others: list[str]) -> None:
    group = up(strategy)
    assert taken_along(group, "queue") == others
    group, told = group_step(group, "queue", ev.Exited(at=1, life=1, code=1))
    signalled = [name for name, command in told if isinstance(command, ev.Signal)]
    assert signalled == others[::-1]  # stopped in reverse start order
    assert group.instances["queue"].state is State.BACKOFF


def test_what_was_taken_along_starts_again() -> None:
    group, _ = group_step(up("one_for_all"), "queue", ev.Exited(at=1, life=1, code=1))
    group, _ = group_step(group, "db", ev.Exited(at=2, life=1, code=0))
    assert group.instances["db"].state is State.BACKOFF


def test_members_stop_in_reverse_order() -> None:
    assert stop_order(up()) == ["worker", "queue", "db"]
    assert stop_order(form(CHAIN)) == []


def test_a_group_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="'worker' waits for 'db', which must be listed before it"):
        form({"worker": Member(unit=BY_NOTICE, after=("db",))})
    with pytest.raises(ValueError, match="choose one of one_for_one"):
        form(CHAIN, "all_for_one")
