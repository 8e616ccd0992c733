"""Nodes: where instances are placed, who waits for room, and what a lost node means for whom and when."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.events import Exited
from lifecycle_kit.exits import Cause
from lifecycle_kit.simulate import Fault, Fleet, Load, Node, RollingUpdate, Script, World, WorldResult, run_world
from lifecycle_kit.simulate.fleet.nodes import choose
from lifecycle_kit.states import State
from lifecycle_kit.trace import broken_rules, starts
from lifecycle_kit.units import ns, seconds

PLAIN = like("systemd")  # ready at once, not restarted
KUBERNETES = like("kubernetes")
TWO = (Node(name="a", memory_mb=1000), Node(name="b", memory_mb=1000))


def world(*nodes: Node, replicas: int = 3, memory_mb: int = 500, faults: Any = (), **more: Any) -> World:
    """Return a world of one fleet on these nodes."""
    fleet = Fleet(**{"unit": KUBERNETES, "load": None, "memory_mb": memory_mb, "replicas": replicas, **more})
    return World(fleets={"api": fleet}, nodes=nodes, faults=faults)


def placed(result: WorldResult, fleet: str = "api") -> list[tuple[float, str, str]]:
    """Return who was placed where and when, in seconds."""
    return [(seconds(at), name, node) for at, name, node in result.fleets[fleet].placed]


def moves(result: WorldResult, name: str) -> list[tuple[float, str]]:
    """Return when an instance entered which state."""
    return [(move.at, move.target.value) for move in result.trace.transitions if move.instance == name]


# --- admission


def test_instances_are_spread_by_free_memory() -> None:
    result = run_world(world(Node(name="a", memory_mb=1600), Node(name="b", memory_mb=1000), replicas=5), 1)
    # free before each: 1600/1000, 1100/1000, 600/1000, 600/500, 100/500
    assert [node for _, _, node in placed(result)] == ["a", "a", "b", "a", "b"]


def test_of_equal_nodes_the_first_is_taken() -> None:
    assert choose({"b": 700, "a": 700}, 700) == "b"


def test_without_nodes_nobody_is_placed_and_all_run() -> None:
    result = run_world(world(memory_mb=10**9), 1)
    assert placed(result) == []
    assert moves(result, "api-2")[-1] == (0, "running")


def test_what_fits_nowhere_stays_created() -> None:
    result = run_world(world(*TWO, replicas=5), 100)
    assert len(placed(result)) == 4
    assert moves(result, "api-4") == []


def test_who_asks_for_less_passes_one_that_does_not_fit() -> None:
    big, small = (Fleet(unit=PLAIN, load=None, memory_mb=size, replicas=1) for size in (1200, 900))
    result = run_world(World(fleets={"big": big, "small": small}, nodes=TWO), 1)
    assert placed(result, "big") == []
    assert placed(result, "small") == [(0, "small-0", "a")]


def test_those_that_wait_are_tried_in_the_order_in_which_they_came() -> None:
    lives = lambda number: [Script(run_s=10 + number, exit=0) if number < 2 else Script()]  # noqa: E731
    result = run_world(world(Node(name="a", memory_mb=1000), replicas=4, unit=PLAIN, lives=lives), 20)
    assert placed(result)[2:] == [(10, "api-2", "a"), (11, "api-3", "a")]
    assert starts(result.trace.transitions, "api-2") == [10]


def test_an_instance_in_backoff_keeps_its_room() -> None:
    lives = lambda number: [Script(run_s=5) if number == 0 else Script()]  # noqa: E731
    result = run_world(world(Node(name="a", memory_mb=500), replicas=2, lives=lives), 300)
    assert moves(result, "api-0")[-1][1] == "backoff"
    assert moves(result, "api-1") == []


def test_one_that_is_draining_keeps_its_room_until_it_has_ended() -> None:
    slow = Script(stop_takes_s=7)
    result = run_world(
        world(Node(name="a", memory_mb=500), replicas=2, lives=[slow], faults=[Fault(at_s=5, on="api-0", what="stop")]),
        30,
    )
    assert placed(result) == [(0, "api-0", "a"), (12, "api-1", "a")]


def test_one_that_has_given_its_room_back_must_find_another_before_it_starts_again() -> None:
    stop_and_start = [Fault(at_s=at, on="api-0", what=what) for at, what in ((5, "stop"), (6, "start"))]
    stop_other = [Fault(at_s=20, on="api-1", what="stop")]
    result = run_world(world(Node(name="a", memory_mb=500), replicas=2, faults=stop_and_start + stop_other), 30)
    assert placed(result) == [(0, "api-0", "a"), (5, "api-1", "a"), (20, "api-0", "a")]
    assert starts(result.trace.transitions, "api-0") == [0, 20]


def test_a_surge_needs_room_too() -> None:
    update = RollingUpdate(maxSurge=1, maxUnavailable=0, progressDeadlineSeconds=60)
    full = run_world(world(*TWO, replicas=4, update_at_s=10, update=update), 200).fleets["api"]
    assert full.update_done_s is None
    assert full.update_stuck_s == 10 + 60 + 1
    roomy = run_world(world(*TWO, Node(name="c", memory_mb=500), replicas=4, update_at_s=10, update=update), 200)
    assert roomy.fleets["api"].update_done_s == 10


def test_without_a_surge_the_new_ones_take_the_room_of_the_old() -> None:
    update = RollingUpdate(maxSurge=0, maxUnavailable=1)
    result = run_world(world(*TWO, replicas=4, update_at_s=10, update=update), 200).fleets["api"]
    assert result.update_done_s == 10
    assert Counter(node for _, _, node in result.placed) == {"a": 4, "b": 4}


# --- loss


LOST = (Node(name="a", memory_mb=1000, lost_at_s=100), Node(name="b", memory_mb=2000))


def test_a_lost_node_is_noticed_late() -> None:
    result = run_world(world(*LOST), 200)
    assert placed(result)[:3] == [(0, "api-0", "b"), (0, "api-1", "b"), (0, "api-2", "a")]
    assert moves(result, "api-2")[-1] == (140, "terminated")
    assert [at for at, _ in moves(result, "api-2") if 0 < at < 140] == []


def test_its_instances_are_replaced_elsewhere_under_names_of_their_own() -> None:
    result = run_world(world(*LOST), 200)
    assert placed(result)[3:] == [(140, "api-2-b", "b")]
    assert moves(result, "api-2-b")[-1] == (140, "running")
    assert starts(result.trace.transitions, "api-2") == [0]


def test_the_end_of_a_lost_instance_is_an_outsiders_work() -> None:
    ends = [event for name, event in run_world(world(*LOST), 200).trace.events if isinstance(event, Exited)]
    assert [(event.at, event.signal, event.cause) for event in ends] == [(ns(140), "SIGKILL", Cause.OUTSIDER)]


def test_until_then_requests_to_it_time_out() -> None:
    load = Load(per_s=3, steady=True, timeout_s=5)
    result = run_world(world(*LOST, load=load), 200)
    api = result.fleets["api"]
    late = [request for request in api.requests if request.outcome == "timeout"]
    assert {request.instance for request in late} == {"api-2"}
    assert len(late) == pytest.approx(40, abs=1)  # a third of three a second, for forty seconds
    assert all(ns(99) < request.at_ns <= ns(140) for request in late)
    assert set(api.outcomes) <= {"served", "timeout", "in-flight"}


@pytest.mark.parametrize("rule", ["process", "liveness", "readiness", "view"])
def test_the_balancer_believes_in_it_for_as_long_whatever_it_looks_at(rule: str) -> None:
    routes = run_world(world(*LOST, route_on=rule), 200).fleets["api"].routes
    believed = [seconds(at) for at, names in routes if "api-2" in names]
    assert max(believed) < 100
    assert next(seconds(at) for at, names in routes if at > 0 and "api-2" not in names and seconds(at) > 50) == 140


def test_a_replacement_that_fits_nowhere_waits() -> None:
    result = run_world(world(Node(name="a", memory_mb=1000, lost_at_s=100), TWO[1], replicas=4), 300)
    assert moves(result, "api-0-b") == moves(result, "api-2-b") == []


def test_a_node_that_is_back_is_empty_and_has_room() -> None:
    back = Node(name="a", memory_mb=1000, lost_at_s=100, back_at_s=200)
    result = run_world(world(back, TWO[1], replicas=4), 300)
    assert placed(result)[4:] == [(200, "api-0-b", "a"), (200, "api-2-b", "a")]
    assert moves(result, "api-0")[-1] == (140, "terminated")


def test_a_node_that_is_back_early_tells_of_its_loss_itself() -> None:
    back = Node(name="a", memory_mb=1000, lost_at_s=100, back_at_s=110)
    result = run_world(world(back, TWO[1], replicas=4), 300)
    assert placed(result)[4:] == [(110, "api-0-b", "a"), (110, "api-2-b", "a")]
    assert moves(result, "api-0")[-1] == (110, "terminated")


def test_the_scheduler_believes_in_a_lost_node_too() -> None:
    extra = Fault(at_s=105, on="api", what="update")
    update = RollingUpdate(maxSurge=1, maxUnavailable=0)
    lost = Node(name="a", memory_mb=3000, lost_at_s=100)
    result = run_world(world(lost, TWO[1], replicas=1, update=update, faults=[extra]), 300)
    # api-0 is on "a" and so is its successor, which cannot start there; from 140 s on it is tried elsewhere
    assert placed(result)[:2] == [(0, "api-0", "a"), (105, "api-new-0", "a")]
    assert (140, "api-new-0", "b") in placed(result)
    assert starts(result.trace.transitions, "api-new-0") == [140]
    assert result.fleets["api"].update_done_s == 140


def test_one_that_was_told_to_go_is_not_replaced() -> None:
    slow = Script(stop_takes_s=25)
    stop = Fault(at_s=90, on="api-2", what="stop")
    result = run_world(world(*LOST, lives=[slow], faults=[stop]), 200)
    assert moves(result, "api-2")[-1] == (140, "terminated")  # nobody sees that it would have ended at 115 s
    assert len(placed(result)) == 3


def test_one_in_backoff_is_replaced_without_another_wait() -> None:
    lives = lambda number: [Script(run_s=90) if number == 2 else Script(), Script(run_s=1), Script()]  # noqa: E731
    result = run_world(world(*LOST, lives=lives), 120)
    assert moves(result, "api-2")[-1] == (91, "backoff")
    result = run_world(world(*LOST, lives=lives), 145)
    assert moves(result, "api-2")[-1] == (140, "terminated")
    assert starts(result.trace.transitions, "api-2-b") == [140]


def test_a_second_loss_makes_a_second_replacement() -> None:
    nodes = [Node(name="a", memory_mb=500), Node(name="b", memory_mb=500), Node(name="c", memory_mb=500)]
    losses = [Fault(at_s=10, on="a", what="lose"), Fault(at_s=100, on="b", what="lose")]
    result = run_world(world(*nodes, replicas=1, faults=losses), 200)
    assert placed(result) == [(0, "api-0", "a"), (50, "api-0-b", "b"), (140, "api-0-c", "c")]


def test_a_loss_can_be_a_fault_that_passes() -> None:
    loss = Fault(at_s=10, on="a", what="lose", for_s=60)
    result = run_world(world(Node(name="a", memory_mb=500), replicas=1, faults=[loss]), 200)
    assert placed(result) == [(0, "api-0", "a"), (70, "api-0-b", "a")]


def test_a_lost_instance_cannot_be_started_by_hand() -> None:
    start = Fault(at_s=150, on="api-2", what="start")
    result = run_world(world(*LOST, faults=[start]), 200)
    assert starts(result.trace.transitions, "api-2") == [0]


def test_a_loss_of_no_node_is_refused() -> None:
    with pytest.raises(ValueError, match="what='lose' on='c': no such node; there are a, b"):
        run_world(world(*TWO, faults=[Fault(at_s=1, on="c", what="lose")]), 1)


# --- always


DONE = ("stop", "start", "restart", "update", "roll")
EXISTS = frozenset({State.STARTING, State.READY, State.RUNNING, State.BLOCKED, State.DRAINING, State.BACKOFF})


@given(
    st.lists(st.integers(300, 2000), min_size=1, max_size=3), st.lists(st.integers(0, 900), min_size=1, max_size=3),
    st.integers(0, 99),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), st.integers(1, 100)), max_size=3),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(DONE)), max_size=4),
)  # fmt: skip
def test_a_node_never_promises_more_memory_than_it_has(
    sizes: list[int], asks: list[int], seed: int, losses: list[tuple[int, int, int]], done: list[tuple[int, str]]
) -> None:
    nodes = [Node(name=f"n{number}", memory_mb=size) for number, size in enumerate(sizes)]
    lives = [Script(run_s=20, exit=0, stop_takes_s=3), Script(run_s=50)]
    fleets = {
        f"f{number}": Fleet(unit=KUBERNETES, lives=lives, replicas=3, load=None, memory_mb=ask)
        for number, ask in enumerate(asks)
    }
    faults = [
        Fault(at_s=at, on=f"n{number}", what="lose", for_s=lasts) for at, number, lasts in losses if number < len(nodes)
    ]
    faults += [Fault(at_s=at, on="f0", what=what) for at, what in done]
    result = run_world(World(fleets=fleets, nodes=nodes, faults=faults), 300, seed=seed)
    assert broken_rules(result.trace.transitions) == []
    assert most_promised(result, fleets) <= Counter(dict(zip([n.name for n in nodes], sizes, strict=True)))


def most_promised(result: WorldResult, fleets: dict[str, Fleet]) -> Counter[str]:
    """Return the most memory that the instances on each node asked for together, at the end of an instant."""
    rows: dict[int, list[tuple[str, str, str]]] = {}
    for fleet, one in result.fleets.items():
        for at, name, node in one.placed:
            rows.setdefault(at, []).append((name, node, fleet))
    for move in result.trace.transitions:
        if move.target not in EXISTS:
            rows.setdefault(move.at_ns, [])
    where, most, stands = dict[str, str](), Counter[str](), dict[str, State]()
    ask = {name: fleets[fleet].memory_mb for one in rows.values() for name, _, fleet in one}
    by_instant: dict[int, list[tuple[str, State]]] = {}
    for move in result.trace.transitions:
        by_instant.setdefault(move.at_ns, []).append((move.instance, move.target))
    for at in sorted(rows):
        where |= {name: node for name, node, _ in rows[at]}
        for earlier in [instant for instant in by_instant if instant <= at]:
            stands |= dict(by_instant.pop(earlier))
        used = Counter[str]()
        for name, node in where.items():
            used[node] += ask[name] if stands.get(name) in EXISTS else 0
        most |= used
    return most
