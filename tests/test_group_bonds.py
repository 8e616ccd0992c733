"""Bonds: who is started, stopped and restarted with whom, and in which order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.group.bonds import Bond, BoundMember, ask_bound, bind
from lifecycle_kit.instance import Unit
from lifecycle_kit.replay import replay
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.bonded import Bonded
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems.systemd_units import BONDS
from lifecycle_kit.trace import broken_rules
from lifecycle_kit.units import ns

PLAIN = Unit(policy=PlainPolicy(when="never"))
AGAIN = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=2)))
NEEDS = Bond(pulls=True, needs=True, stops=True, restarts=True)


def pair(bond: Bond, *, base: Unit = PLAIN, base_life: Script | None = None, after: bool = True, hides: bool = False,
         asked: tuple[tuple[float, str, str], ...] = ()) -> Bonded:  # fmt: skip
    """Return a base and a top that is tied to it, after both were started and more was asked; until 100 s."""
    members = {
        "base": BoundMember(unit=base, hides_restarts=hides),
        "top": BoundMember(unit=PLAIN, bonds={"base": bond}, after=frozenset({"base"} if after else set())),
    }
    bonded = Bonded(bind(members), {"base": (base_life or Script(), Script())})
    for at_s, name, request in ((0.0, "top", "start"), *asked):
        bonded.agenda.at(ns(at_s), lambda name=name, request=request: bonded.ask(name, request))  # type: ignore[misc]
    bonded.agenda.run(ns(100))
    return bonded


def story(bonded: Bonded, since_s: float = 0.0) -> list[tuple[float, str, str]]:
    """Return when a process of whom began or was gone: "up" or "down"."""
    made = []
    for move in bonded.trace.transitions:
        if move.at >= since_s and (move.source in HAS_PROCESS) != (move.target in HAS_PROCESS):
            made.append((move.at, move.instance, "up" if move.target in HAS_PROCESS else "down"))
    return made


def test_a_start_pulls_others_up_and_waits_for_them() -> None:
    assert story(pair(NEEDS)) == [(0, "base", "up"), (0, "top", "up")]
    assert story(pair(Bond())) == [(0, "top", "up")]


def test_a_stop_is_passed_on_and_the_later_one_stops_first() -> None:
    slow = Script(stop_takes_s=3)
    seen = story(pair(NEEDS, base_life=slow, asked=((10, "base", "stop"),)), since_s=10)
    assert seen == [(10, "top", "down"), (13, "base", "down")]
    assert story(pair(Bond(pulls=True), asked=((10, "base", "stop"),)), since_s=10) == [(10, "base", "down")]


def test_a_stop_of_the_dependent_leaves_the_base_alone() -> None:
    assert story(pair(NEEDS, asked=((10, "top", "stop"),)), since_s=10) == [(10, "top", "down")]


def test_a_restart_by_hand_takes_the_dependent_along_in_order() -> None:
    seen = story(pair(NEEDS, asked=((10, "base", "restart"),)), since_s=10)
    assert [(name, what) for _, name, what in seen] == [
        ("top", "down"), ("base", "down"), ("base", "up"), ("top", "up"),
    ]  # fmt: skip


def test_a_crash_is_not_passed_on_but_the_automatic_restart_is() -> None:
    seen = story(pair(NEEDS, base=AGAIN, base_life=Script(run_s=5)), since_s=1)
    assert seen == [(5, "base", "down"), (7, "top", "down"), (7, "base", "up"), (7, "top", "up")]
    assert story(pair(NEEDS, base_life=Script(run_s=5)), since_s=1) == [(5, "base", "down")]


def test_a_hidden_restart_is_seen_by_nobody() -> None:
    falls = BONDS["BindsTo"]
    seen = story(pair(falls, base=AGAIN, base_life=Script(run_s=5), hides=True), since_s=1)
    assert seen == [(5, "base", "down"), (7, "base", "up")]


def test_who_cannot_be_without_the_base_falls_with_it_and_stays_down() -> None:
    falls = BONDS["BindsTo"]
    seen = story(pair(falls, base=AGAIN, base_life=Script(run_s=5)), since_s=1)
    assert seen == [(5, "base", "down"), (5, "top", "down"), (7, "base", "up")]


@pytest.mark.parametrize(("after", "result"), [(True, "dependency"), (False, "done")])
def test_a_start_that_waits_for_a_failed_one_fails_with_it(after: bool, result: str) -> None:
    bonded = pair(NEEDS, base_life=Script(fails_to_spawn="no such program"), after=after)
    assert bonded.bound.results["base"] == ("failed",)
    assert bonded.bound.results["top"] == (result,)
    assert not bonded.bound.jobs


def test_what_must_be_up_already_is_not_started() -> None:
    seen = pair(BONDS["Requisite"])
    assert seen.bound.results["top"] == ("dependency",)
    assert story(seen) == []


def test_a_failure_runs_along_the_whole_chain() -> None:
    members = {
        "a": BoundMember(unit=PLAIN),
        "b": BoundMember(unit=PLAIN, bonds={"a": NEEDS}, after=frozenset({"a"})),
        "c": BoundMember(unit=PLAIN, bonds={"b": NEEDS}, after=frozenset({"b"})),
    }
    bonded = Bonded(bind(members), {"a": (Script(fails_to_spawn="no such program"),)})
    bonded.ask("c", "start")
    bonded.agenda.run(ns(1))
    assert bonded.bound.results == {"a": ("failed",), "b": ("dependency",), "c": ("dependency",)}


def test_members_that_do_not_exist_and_other_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="'top' is tied to 'base', which does not exist; there are top"):
        bind({"top": BoundMember(unit=PLAIN, bonds={"base": NEEDS})})
    with pytest.raises(ValueError, match="'reload' is not asked of bound members; use start, stop or restart"):
        ask_bound(bind({"top": BoundMember(unit=PLAIN)}), "top", "reload", 0)


@given(st.sampled_from(sorted(BONDS)), st.booleans(), st.booleans(), st.integers(0, 10_000))
def test_whatever_is_asked_the_jobs_come_to_an_end_and_no_rule_is_broken(
    kind: str, after: bool, hides: bool, seed: int
) -> None:
    dice = random.Random(seed)
    requests = [
        (dice.uniform(0, 60), dice.choice(["base", "top"]), dice.choice(["start", "stop", "restart"])) for _ in range(6)
    ]
    life = Script(run_s=dice.choice([None, 0.0, 3.0]), stop_takes_s=dice.choice([0, 2]))
    bonded = pair(BONDS[kind], base=AGAIN, base_life=life, after=after, hides=hides, asked=tuple(sorted(requests)))
    assert broken_rules(bonded.trace.transitions) == []
    assert not bonded.bound.jobs


def test_a_trace_of_bound_members_can_be_replayed_member_by_member() -> None:
    bonded = pair(NEEDS, base=AGAIN, base_life=Script(run_s=5), asked=((20, "base", "restart"), (30, "base", "stop")))
    again = replay(bonded.trace, {"base": AGAIN, "top": PLAIN})
    assert again.transitions == bonded.trace.transitions
    assert bonded.bound.instances["top"].state is State.TERMINATED
