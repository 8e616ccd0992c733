"""Start order: who waits for whom, and for how long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fleet, Node, Script, World, WorldResult, run_world
from lifecycle_kit.simulate.fleet.order import replica_of, start_order
from lifecycle_kit.simulate.fleet.world import Fault
from lifecycle_kit.trace import starts

PROBED = like("kubernetes", {"readinessProbe.periodSeconds": 1})


def ready_after(seconds: int) -> Script:
    """Return a life that is ready so many seconds after its birth."""
    return Script(health={"readiness": parse_health(f"{seconds}:fail,1:ok")})


def fleet(ready_s: int, after: tuple[str, ...] = (), replicas: int = 2, memory_mb: int = 0) -> Fleet:
    """Return a fleet whose replica n is ready n seconds later than its first one."""
    return Fleet(
        unit=PROBED, lives=lambda number: [ready_after(ready_s + number)], replicas=replicas, after=after, load=None,
        memory_mb=memory_mb,
    )  # fmt: skip


def begins(result: WorldResult, instance: str) -> list[float]:
    """Return when lives of an instance began."""
    return starts(result.trace.transitions, instance)


def test_a_fleet_waits_until_all_replicas_of_another_are_ready() -> None:
    world = World(fleets={"api": fleet(1, after=("database",)), "database": fleet(5)})
    result = run_world(world, 30)
    assert begins(result, "database-0") == begins(result, "database-1") == [0]
    assert begins(result, "api-0") == begins(result, "api-1") == [6]  # database-1 is ready a second after database-0


def test_waiting_goes_on_from_fleet_to_fleet() -> None:
    world = World(
        fleets={
            "web": fleet(1, after=("api", "cache")),
            "api": fleet(2, after=("database",)),
            "cache": fleet(20, replicas=1),
            "database": fleet(5, replicas=1),
        }
    )
    result = run_world(world, 60)
    assert begins(result, "api-0") == [5]
    assert begins(result, "web-1") == [20]


def test_what_waits_is_still_created() -> None:
    never = Fleet(unit=PROBED, lives=[Script(health={"readiness": parse_health("1:fail")})], load=None)
    result = run_world(World(fleets={"api": fleet(1, after=("database",)), "database": never}), 60)
    assert len(result.fleets["api"].log) == 0


def test_one_that_becomes_ready_only_in_its_second_life_counts() -> None:
    unlucky = Fleet(
        unit=like("systemd", {"Restart": "always", "RestartSec": "2s", "Type": "notify"}),
        lives=[Script(run_s=1), Script(says=((3, "ready"),))], replicas=1, load=None,
    )  # fmt: skip
    result = run_world(World(fleets={"api": fleet(1, after=("database",)), "database": unlucky}), 30)
    assert begins(result, "database-0") == [0, 3]
    assert begins(result, "api-0") == [6]


def test_once_up_is_enough() -> None:
    world = World(
        fleets={"api": fleet(1, after=("database",)), "database": fleet(5, replicas=1)},
        faults=[Fault(at_s=10, on="database", what="stop"), Fault(at_s=12, on="api", what="restart")],
    )
    assert begins(run_world(world, 30), "api-0") == [5, 12]


def test_a_start_by_hand_does_not_jump_the_queue() -> None:
    world = World(
        fleets={"api": fleet(1, after=("database",)), "database": fleet(5, replicas=1)},
        faults=[Fault(at_s=2, on="api", what="start")],
    )
    assert begins(run_world(world, 30), "api-0") == [5]


def test_one_that_is_stopped_while_it_waits_is_not_started_later() -> None:
    world = World(
        fleets={"api": fleet(1, after=("database",)), "database": fleet(5, replicas=1)},
        faults=[Fault(at_s=2, on="api-0", what="stop")],
    )
    result = run_world(world, 30)
    assert begins(result, "api-0") == []
    assert begins(result, "api-1") == [5]


def test_what_waits_for_another_fleet_takes_no_room_yet() -> None:
    world = World(
        fleets={"api": fleet(1, ("database",), memory_mb=600), "database": fleet(5, replicas=1, memory_mb=600)},
        nodes=[Node(name="node-a", memory_mb=1200)],
    )
    result = run_world(world, 30)
    assert result.fleets["database"].placed == ((0, "database-0", "node-a"),)
    assert result.fleets["api"].placed == ((5_000_000_000, "api-0", "node-a"),)


@pytest.mark.parametrize(
    ("after", "circle"),
    [
        ({"api": ["api"]}, "api after api"),
        (
            {"api": ["database"], "database": ["api"]},
            "(api after database after api|database after api after database)",
        ),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "(b after c after b|c after b after c)"),
    ],
)
def test_a_circle_is_refused_by_name(after: dict[str, list[str]], circle: str) -> None:
    with pytest.raises(ValueError, match=f"^fleets wait for each other: {circle}; take one"):
        start_order(after)


def test_a_world_with_a_circle_does_not_run() -> None:
    world = World(fleets={"api": fleet(1, after=("web",)), "web": fleet(1, after=("api",))})
    with pytest.raises(ValueError, match="fleets wait for each other"):
        run_world(world, 1)


def test_a_fleet_that_does_not_exist_cannot_be_waited_for() -> None:
    with pytest.raises(ValueError, match=re.escape("after='databse' of 'api' is no fleet; there are api, database")):
        start_order({"api": ["databse"], "database": []})


@given(st.permutations(range(6)), st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_everybody_stands_behind_those_it_waits_for(ranks: list[int], pairs: set[tuple[int, int]]) -> None:
    after: dict[str, list[str]] = {f"f{number}": [] for number in range(6)}
    for one, other in sorted(pairs):
        if ranks[one] > ranks[other]:  # so there is no circle
            after[f"f{one}"].append(f"f{other}")
    order = start_order(after)
    assert sorted(order) == sorted(after)
    assert all(order.index(other) < order.index(name) for name, others in after.items() for other in others)


@pytest.mark.parametrize(
    ("name", "fleet_name", "number"),
    [("api-0", "api", 0), ("api-new-12", "api", 12), ("api-new2-3-c", "api", 3), ("web-2-7", "web-2", 7)],
)
def test_the_replica_is_read_from_the_name(name: str, fleet_name: str, number: int) -> None:
    assert replica_of(name, fleet_name) == number
