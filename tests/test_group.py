"""Groups: start order, and whom an end takes along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.group import (
    STRATEGIES,
    Group,
    Member,
    Rules,
    Told,
    Work,
    by_cause,
    form,
    group_step,
    start_all,
    stop_all,
    stop_order,
    taken_along,
)
from lifecycle_kit.instance import Readiness, Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.together import Together
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
    with pytest.raises(ValueError, match="'some' is not known; choose never, any_significant, all_significant"):
        Rules(auto_shutdown="some")


def test_a_member_that_the_group_restarts_takes_nobody_along() -> None:
    """Otherwise two members that need time to stop would restart each other for ever."""
    group, _ = group_step(up("one_for_all"), "queue", ev.Exited(at=1, life=1, code=1))
    group, _ = group_step(group, "queue", ev.TimerFired(at=2, life=1, name="restart", serial=1))
    assert group.instances["queue"].state is State.STARTING
    group, told = group_step(group, "db", ev.Exited(at=3, life=1, signal="SIGTERM"))
    assert [name for name, command in told if isinstance(command, ev.Signal)] == []
    assert group.instances["queue"].state is State.STARTING


# --- one by one


AT_ONCE = Unit(policy=PlainPolicy(backoff=Backoff(first_s=0), forget_after_s=None))


@dataclass(frozen=True)
class AtMost:
    """A limit on all restarts there ever are."""

    most: int

    def count(self, times: tuple[int, ...], at: int) -> tuple[tuple[int, ...], bool]:
        return (*times, at), len(times) < self.most


def orderly(strategy: str = "one_for_one", members: dict[str, Member] | None = None, **rules: Any) -> Group:
    """Return three members a, b and c that are stopped and started one by one, all of them started."""
    members = members or {name: Member(unit=AT_ONCE) for name in "abc"}
    group, _ = start_all(form(members, rules=Rules(strategy=strategy, one_by_one=True, **rules)), at=0)
    for name in members:
        group, _ = group_step(group, name, ev.Spawned(at=0, life=1))
    return group


def standing(group: Group) -> str:
    """Return the state of each member in a word."""
    return " ".join(instance.state.value for instance in group.instances.values())


def stops(told: Told) -> str:
    """Return who was signalled, in order."""
    return "".join(name for name, command in told if isinstance(command, ev.Signal))


def spawns(told: Told) -> str:
    """Return who was spawned, in order."""
    return "".join(name for name, command in told if isinstance(command, ev.Spawn))


def test_one_by_one_the_next_member_starts_when_the_one_before_has_come_up() -> None:
    group = form({name: Member(unit=BY_NOTICE) for name in "ab"}, rules=Rules(one_by_one=True))
    group, told = start_all(group, at=0)
    assert (standing(group), spawns(told)) == ("starting created", "a")
    group, told = group_step(group, "a", ev.Spawned(at=0, life=1))
    assert spawns(told) == ""
    group, told = group_step(group, "a", ev.Notified(at=1, life=1, notice="ready"))
    assert spawns(told) == "b"
    assert group.work == Work(purpose="start", to_start=("b",))


def test_one_by_one_those_taken_along_stop_in_reverse_and_start_in_order() -> None:
    group, told = group_step(orderly("one_for_all"), "b", ev.Exited(at=1, life=1, code=1))
    assert (standing(group), stops(told)) == ("running backoff draining", "c")
    group, told = group_step(group, "c", ev.Exited(at=2, life=1, signal="SIGTERM"))
    assert (standing(group), stops(told)) == ("draining backoff terminated", "a")
    group, told = group_step(group, "a", ev.Exited(at=3, life=1, signal="SIGTERM"))
    assert (standing(group), spawns(told)) == ("starting backoff terminated", "a")
    group, told = group_step(group, "a", ev.Spawned(at=3, life=2))
    group, told = group_step(group, "b", ev.Spawned(at=3, life=2))
    group, told = group_step(group, "c", ev.Spawned(at=3, life=2))
    assert standing(group) == "running running running"
    assert group.work == Work()


def test_the_one_that_fell_waits_for_its_turn_instead_of_for_its_timer() -> None:
    group, told = group_step(orderly("one_for_all"), "b", ev.Exited(at=1, life=1, code=1))
    timer = next(command for _, command in told if isinstance(command, ev.SetTimer) and command.name == "restart")
    group, told = group_step(group, "b", ev.TimerFired(at=1, life=1, name="restart", serial=timer.serial))
    assert (standing(group), told) == ("running backoff draining", ())


def test_rest_for_one_leaves_the_earlier_members_alone() -> None:
    group, told = group_step(orderly("rest_for_one"), "b", ev.Exited(at=1, life=1, code=1))
    group, more = group_step(group, "c", ev.Exited(at=1, life=1, signal="SIGTERM"))
    assert (stops(told + more), spawns(more), standing(group)) == ("c", "b", "running starting terminated")


def test_who_does_not_rejoin_is_stopped_with_the_others_and_stays_away() -> None:
    members = {name: Member(unit=AT_ONCE, rejoins=name != "c") for name in "abc"}
    group, told = group_step(orderly("one_for_all", members), "a", ev.Exited(at=1, life=1, code=1))
    for name in "cb":
        group, more = group_step(group, name, ev.Exited(at=1, life=1, signal="SIGTERM"))
        told += more
    for name in "ab":
        group, more = group_step(group, name, ev.Spawned(at=1, life=2))
        told += more
    assert (stops(told), spawns(told), standing(group)) == ("cb", "ab", "running running terminated")


def test_a_member_that_had_ended_comes_back_with_the_others() -> None:
    group, _ = group_step(orderly("rest_for_one"), "c", ev.Exited(at=1, life=1, code=0))
    assert standing(group) == "running running terminated"
    group, told = group_step(group, "b", ev.Exited(at=2, life=1, code=1))
    group, more = group_step(group, "b", ev.Spawned(at=2, life=2))
    assert spawns(told + more) == "bc"


def test_a_start_that_fails_ends_the_group_with_all_that_had_started() -> None:
    members = {name: Member(unit=AT_ONCE) for name in "abc"}
    group, _ = start_all(form(members, rules=Rules(one_by_one=True)), at=0)
    group, _ = group_step(group, "a", ev.Spawned(at=0, life=1))
    group, told = group_step(group, "b", ev.SpawnFailed(at=0, life=1, error="no such program"))
    assert (stops(told), group.over, group.ended) == ("a", "b failed to start", False)
    group, _ = group_step(group, "a", ev.Exited(at=1, life=1, signal="SIGTERM"))
    assert (standing(group), group.ended) == ("terminated terminated created", True)


def test_beyond_its_limit_a_group_ends_its_members_in_reverse() -> None:
    group, _ = group_step(orderly(limit=AtMost(1)), "b", ev.Exited(at=1, life=1, code=1))
    assert group.over is None
    group, _ = group_step(group, "b", ev.TimerFired(at=1, life=1, name="restart", serial=1))
    group, _ = group_step(group, "b", ev.Spawned(at=1, life=2))
    group, told = group_step(group, "b", ev.Exited(at=2, life=2, code=1))
    assert (stops(told), group.over) == ("c", "restart limit reached")
    group, told = group_step(group, "c", ev.Exited(at=2, life=1, signal="SIGTERM"))
    assert stops(told) == "a"


def test_the_restart_of_a_whole_group_counts_once() -> None:
    group, _ = group_step(orderly("one_for_all", limit=AtMost(5)), "b", ev.Exited(at=1, life=1, code=1))
    for name in "ca":
        group, _ = group_step(group, name, ev.Exited(at=1, life=1, signal="SIGTERM"))
    assert group.restarts == (1,)


def test_a_member_that_falls_while_the_group_is_busy_has_its_turn_afterwards() -> None:
    """rest_for_one: b and c are being restarted when a, which has nothing to do with that, falls."""
    group, _ = group_step(orderly("rest_for_one", limit=AtMost(5)), "b", ev.Exited(at=1, life=1, code=1))
    group, _ = group_step(group, "a", ev.Exited(at=2, life=1, code=1))
    assert group.work.fallen == ("a",)
    group, _ = group_step(group, "c", ev.Exited(at=3, life=1, signal="SIGTERM"))
    group, _ = group_step(group, "b", ev.Spawned(at=3, life=2))
    group, told = group_step(group, "c", ev.Spawned(at=3, life=2))
    assert (group.restarts, stops(told), standing(group)) == ((1, 3), "c", "backoff running draining")


def test_one_that_falls_before_its_turn_to_stop_needs_no_stop() -> None:
    group, _ = group_step(orderly("one_for_all", limit=AtMost(5)), "b", ev.Exited(at=1, life=1, code=1))
    group, _ = group_step(group, "a", ev.Exited(at=2, life=1, code=1))
    group, told = group_step(group, "c", ev.Exited(at=3, life=1, signal="SIGTERM"))
    assert (stops(told), spawns(told), group.restarts) == ("", "a", (1,))


@pytest.mark.parametrize(
    ("rule", "after"), [("never", []), ("any_significant", ["a"]), ("all_significant", ["a", "b"])]
)
def test_the_end_of_significant_members_may_end_the_group(rule: str, after: list[str]) -> None:
    members = {name: Member(unit=AT_ONCE, significant=name != "c") for name in "abc"}
    group, gone = orderly("one_for_one", members, auto_shutdown=rule), []
    for name in "ab":
        if group.over is None:
            group, _ = group_step(group, name, ev.Exited(at=1, life=1, code=0))
            gone.append(name)
    assert (gone == after) is (group.over is not None)
    assert (group.instances["c"].state is State.DRAINING) is (rule != "never")


def test_a_group_can_be_ended_in_reverse_or_all_at_once() -> None:
    group, told = stop_all(orderly(), at=5)
    assert stops(told) == "c"
    for name in "cba":
        assert not group.ended
        group, _ = group_step(group, name, ev.Exited(at=6, life=1, signal="SIGTERM"))
    assert group.ended
    group, told = stop_all(up(), at=5)
    assert [name for name, command in told if isinstance(command, ev.Signal)] == ["worker", "queue", "db"]


def test_a_group_that_has_ended_can_be_started_again() -> None:
    group, _ = stop_all(orderly(limit=AtMost(1)), at=5)
    for name in "cba":
        group, _ = group_step(group, name, ev.Exited(at=6, life=1, signal="SIGTERM"))
    group, told = start_all(group, at=9)
    assert (spawns(told), group.over, group.restarts) == ("a", None, ())


def test_a_member_whose_own_policy_allows_no_start_does_not_hold_the_others_up() -> None:
    refuses = Unit(policy=like("systemd", StartLimitBurst=1).policy)
    members = {"a": Member(unit=refuses), "b": Member(unit=AT_ONCE)}
    group = orderly(members=members)
    group, _ = stop_all(group, at=1)
    for name in "ba":
        group, _ = group_step(group, name, ev.Exited(at=1, life=1, signal="SIGTERM"))
    group, told = start_all(group, at=2)
    assert (spawns(told), standing(group)) == ("b", "failed starting")


def test_what_a_group_asks_is_told_apart_from_what_the_event_brought_about() -> None:
    _, told = group_step(orderly("one_for_all"), "b", event := ev.Exited(at=1, life=1, code=1))
    causes = by_cause(told, 1, ("b", event))
    assert [(name, cause) for name, cause, _ in causes] == [("b", event), ("c", ev.Request(at=1, request="stop"))]
    assert [cause for *_, commands in causes for cause in commands] == [command for _, command in told]


@given(
    st.sampled_from(STRATEGIES),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1])), max_size=12),
)
def test_after_a_failure_all_who_belong_together_are_new_and_nobody_else_is(
    strategy: str, one_by_one: bool, ends: list[tuple[str, int]]
) -> None:
    together = Together(
        form(dict.fromkeys("abc", Member(unit=AT_ONCE)), rules=Rules(strategy=strategy, one_by_one=one_by_one))
    )
    together.start()
    together.agenda.run(0)
    for at, (name, code) in enumerate(ends, start=1):
        numbers = {member: one.instance.number for member, one in together.members.items()}
        alive = {member for member, one in together.members.items() if one.alive}
        together.members[name].end(numbers[name], at, code)
        together.agenda.run(at)
        new = {
            member for member, one in together.members.items() if one.alive and one.instance.number > numbers[member]
        }
        scope = {"one_for_one": name, "one_for_all": "abc", "rest_for_one": "abc"["abc".index(name) :]}[strategy]
        belong = set(scope) if one_by_one else alive & set(scope)  # only an ordered restart brings back who had ended
        assert new == (belong if code and name in alive else set())
        assert not together.group.work.purpose
