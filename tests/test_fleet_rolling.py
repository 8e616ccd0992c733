"""Restarts one by one, in place: who is next, and what holds the row up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fault, Fleet, FleetResult, Node, Script, World, run_world
from lifecycle_kit.states import State
from lifecycle_kit.trace import broken_rules, starts

PROBED = like("kubernetes", {"readinessProbe.periodSeconds": 1})
READY = frozenset({State.READY, State.RUNNING})
NEVER = Script(health={"readiness": parse_health("1:fail")})
ROLL = Fault(at_s=10, on="api", what="roll")


def ready_after(seconds: int, **more: Any) -> Script:
    """Return a life that is ready so many seconds after its birth, and that takes a second to stop."""
    return Script(**{"health": {"readiness": parse_health(f"{seconds}:fail,1:ok")}, "stop_takes_s": 1, **more})


def roll(*faults: Fault, lives: Any = None, nodes: Any = (), until_s: float = 60, **more: Any) -> FleetResult:
    """Return what comes of a roll at 10 s through three instances that are ready after three seconds."""
    fleet = Fleet(**{"unit": PROBED, "lives": lives or [ready_after(3)], "load": None, "replicas": 3, **more})
    return run_world(World(fleets={"api": fleet}, faults=[ROLL, *faults], nodes=nodes), until_s).fleets["api"]


def begins(result: FleetResult) -> list[list[float]]:
    """Return when the lives of each instance began."""
    return [starts(result.log, name) for name in result.log.names]


def test_each_is_restarted_once_the_one_before_is_ready_again() -> None:
    result = roll()
    # one second to stop and three to become ready, three times
    assert begins(result) == [[0, 11], [0, 15], [0, 19]]
    assert list(result.log)[-1].at == 22


def test_it_is_in_place() -> None:
    assert roll().log.names == ("api-0", "api-1", "api-2")


def test_one_that_is_never_ready_again_holds_up_all_that_come_after_it() -> None:
    lives = lambda number: [ready_after(3), NEVER if number == 1 else ready_after(3)]  # noqa: E731
    assert begins(roll(lives=lives, until_s=500)) == [[0, 11], [0, 15], [0]]


def test_one_that_crashes_on_the_way_is_waited_for_until_it_is_ready() -> None:
    lives = lambda number: [ready_after(3), Script(run_s=0), ready_after(3)] if number == 0 else [ready_after(3)]  # noqa: E731
    # restarted at 11 s, dead at once, back at once (the first restart is free), ready at 14 s
    assert begins(roll(lives=lives)) == [[0, 11, 11], [0, 15], [0, 19]]


def test_one_that_is_on_its_way_out_is_waited_for_and_then_left_out() -> None:
    lives = lambda number: [ready_after(3, stop_takes_s=6 if number == 0 else 1)]  # noqa: E731
    result = roll(Fault(at_s=8, on="api-0", what="stop"), lives=lives)
    assert begins(result) == [[0], [0, 15], [0, 19]]


def test_one_that_is_killed_by_a_probe_just_then_is_restarted_once_more() -> None:
    unit = like("kubernetes", {"livenessProbe.periodSeconds": 1, "readinessProbe.periodSeconds": 1})
    bad = Script(
        health={"liveness": parse_health("7:ok,1:fail"), "readiness": parse_health("3:fail,1:ok")}, stop_takes_s=4
    )
    result = roll(unit=unit, lives=lambda number: [bad, ready_after(3)] if number == 0 else [ready_after(3)])
    # its probe fails for the third time at 9 s, it ends and starts again at 13 s, and is restarted then by request
    assert begins(result)[0] == [0, 13, 14]
    assert begins(result)[1] == [0, 18]


def test_one_that_is_stopped_while_it_is_waited_for_holds_up_nobody() -> None:
    assert begins(roll(Fault(at_s=12, on="api-0", what="stop"))) == [[0, 11], [0, 14], [0, 18]]


def test_one_in_backoff_is_restarted_at_once() -> None:
    lives = lambda number: [Script(run_s=4), Script(run_s=1), ready_after(3)] if number == 1 else [ready_after(3)]  # noqa: E731
    # api-1 ends at 4 s and 5 s and would start again at 15 s by itself; its turn comes at 14 s
    assert begins(roll(lives=lives))[1] == [0, 4, 14]


def test_one_that_was_never_started_is_left_out() -> None:
    result = roll(nodes=[Node(name="a", memory_mb=200)], memory_mb=100)
    assert begins(result) == [[0, 11], [0, 15], []]


def test_one_that_an_update_has_told_to_go_is_left_out_at_once() -> None:
    more: dict[str, Any] = {"update_at_s": 5, "new_lives": [ready_after(3)], "replicas": 1}
    result = roll(lives=[ready_after(3, stop_takes_s=20)], **more)
    assert begins(result) == [[0], [5, 11]]  # though api-0 is there until 28 s


def test_a_lost_one_is_waited_for_until_its_loss_is_noticed() -> None:
    nodes = [Node(name="a", memory_mb=250, lost_at_s=12, notice_s=20), Node(name="b", memory_mb=200)]
    result = roll(nodes=nodes, memory_mb=100)
    assert [name for _, name, node in result.placed if node == "a"] == ["api-0", "api-2"]
    # api-1 is asked at 32 s; api-2 is lost too; the replacement of api-0 has room, that of api-2 has not
    assert begins(result) == [[0, 11], [0, 33], [0], [32], []]


def test_two_rolls_go_through_the_fleet_side_by_side() -> None:
    again = Fault(at_s=30, on="api", what="roll")
    assert begins(roll(again)) == [[0, 11, 31], [0, 15, 35], [0, 19, 39]]


def test_a_roll_of_no_fleet_is_refused() -> None:
    with pytest.raises(ValueError, match="what='roll' on='web': no such fleet; there are api"):
        roll(Fault(at_s=1, on="web", what="roll"))


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=6), st.integers(6, 30),
    st.sampled_from(["exit", "drain"]),
)  # fmt: skip
def test_never_more_than_one_is_missing_while_nothing_fails(
    times: list[tuple[int, int]], at_s: int, on_term: str
) -> None:
    def lives(number: int) -> list[Script]:
        ready_s, stop_s = times[number]
        return [ready_after(ready_s, stop_takes_s=stop_s, on_term=on_term)]

    fleet = Fleet(unit=PROBED, lives=lives, replicas=len(times), load=None)
    world = World(fleets={"api": fleet}, faults=[Fault(at_s=at_s, on="api", what="roll")])
    result = run_world(world, 120).fleets["api"]
    ready = set[str]()
    for move in result.log:
        (ready.add if move.target in READY else ready.discard)(move.instance)
        if move.at >= at_s:
            assert len(ready) >= len(times) - 1
    assert all(len(lives_of) == 2 for lives_of in begins(result))
    assert list(result.log)[-1].at == at_s + sum(map(sum, times))
    assert broken_rules(result.log) == []
