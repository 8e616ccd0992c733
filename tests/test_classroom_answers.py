"""The reference answers, held against the package's own rules and against what the exercises promise."""

from __future__ import annotations

import itertools
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.classroom import answers, records
from lifecycle_kit.units import seconds
from lifecycle_kit.view import VIEWS

WHOLE_SECONDS = some.integers(0, 5)


@given(some.integers(1, 10_000), some.sampled_from([0.1, 0.5, 1.0, 7.0]), some.sampled_from([1.0, 1.5, 2.0, 10.0]))
def test_the_delay_is_the_packages_own_curve(nth: int, first_s: float, factor: float) -> None:
    curve = Backoff(first_s=first_s, factor=factor, cap_s=60.0)
    assert math.isclose(answers.next_delay(nth, first_s, factor, 60.0), seconds(curve.plain_ns(nth)), rel_tol=1e-6)


def test_every_view_has_an_action_of_its_own_and_a_vague_word_has_another() -> None:
    assert len({answers.operator_action(word) for word in (*VIEWS, "running")}) == len(VIEWS) + 1


def test_wrong_credentials_are_given_up_at_once_and_a_timeout_is_tried_again() -> None:
    refused = records.failure("worker: invalid credentials for queue 'jobs'")
    timeout = records.failure("worker: connection to the queue timed out")
    assert answers.decide([refused], records.policy())["action"] == "give-up"
    assert answers.decide([timeout], records.policy())["action"] == "restart"


@some.composite
def stories(draw: some.DrawFn) -> list[dict[str, Any]]:
    """Draw events in the order of time; pieces arrive once, and may be finished at any time, or twice."""
    events, at = [], 0.0
    for number in range(draw(some.integers(1, 25))):
        at += draw(WHOLE_SECONDS)
        events.append(
            draw(
                some.sampled_from(
                    [
                        records.work(f"job-{number}", at=at),
                        records.finished(f"job-{draw(some.integers(0, 25))}", at=at),
                        records.stop(at=at, grace_s=float(draw(WHOLE_SECONDS))),
                        records.tick(at=at),
                    ]
                )
            )
        )
    return events


@given(stories(), some.booleans())
def test_a_drain_loses_nothing_and_keeps_to_one_deadline(story: list[dict[str, Any]], can_requeue: bool) -> None:
    state = records.serving(can_requeue=can_requeue)
    arrived: list[str] = []
    deadlines: set[float] = set()
    actions: list[str] = []
    for event in story:
        before = state
        step = answers.drain_next(state, event)
        state, actions = step["state"], [*actions, *step["actions"]]
        arrived += [event["work"]] if event["kind"] == "work" else []
        deadlines |= {state["deadline"]} - {None}
        assert answers.lost_work(arrived, state) == []
        assert not set(state["in_flight"]) & state["outcomes"].keys()
        assert before["outcomes"].items() <= state["outcomes"].items()
        if "kill" in step["actions"] and event["kind"] == "tick":
            assert event["at"] >= state["deadline"]
    assert len(deadlines) <= 1
    assert len([action for action in actions if action in ("exit", "kill")]) <= 1
    assert (state["ended"] is None) == (state["phase"] != "terminated")


@given(stories())
def test_a_drain_step_leaves_its_arguments_as_they_were(story: list[dict[str, Any]]) -> None:
    states = [records.serving("early")]
    for event in story:
        states.append(answers.drain_next(states[-1], event)["state"])
    replayed = records.serving("early")
    for event, state in zip(story, states[1:], strict=True):
        replayed = answers.drain_next(replayed, event)["state"]
        assert replayed == state


def test_all_sixteen_signals_have_one_of_the_five_views() -> None:
    found = {answers.lifecycle_view(*signals) for signals in itertools.product((True, False), repeat=4)}
    assert found == set(VIEWS)
