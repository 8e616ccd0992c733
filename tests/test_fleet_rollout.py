"""Rolling updates of a simulated fleet, in numbers worked out by hand, and what they never do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fault, Fleet, FleetResult, Node, RollingUpdate, Script, World, run_fleet, run_world
from lifecycle_kit.simulate.fleet.headcount import Headcount
from lifecycle_kit.states import State
from lifecycle_kit.systems.deployment import Status, fenceposts, progressed, resolve, timed_out
from lifecycle_kit.systems.options import OptionError
from lifecycle_kit.trace import broken_rules, starts
from lifecycle_kit.units import ns

PROBED = like("kubernetes", {"readinessProbe.periodSeconds": 1, "readinessProbe.failureThreshold": 1})
NEVER = Script(health={"readiness": parse_health("1:fail")})
READY = frozenset({State.READY, State.RUNNING})


def ready_after(seconds_: int, **more: Any) -> Script:
    """Return a life that is ready so many seconds after its birth."""
    return Script(health={"readiness": parse_health(f"{seconds_}:fail,1:ok")}, **more)


def fleet(replicas: int = 3, life: Script | None = None, new: Script | None = None, **update: Any) -> Fleet:
    """Return a fleet whose instances are ready after three seconds, and that is updated at 10 s."""
    lives, new_lives = [life or ready_after(3)], None if new is None else [new]
    return Fleet(
        unit=PROBED, lives=lives, new_lives=new_lives, replicas=replicas, update_at_s=10,
        update=RollingUpdate(**update), load=None,
    )  # fmt: skip


def begins(result: FleetResult) -> dict[str, list[float]]:
    """Return when lives of each instance began."""
    return {name: starts(result.log, name) for name in result.log.names}


def ends(result: FleetResult) -> dict[str, float]:
    """Return when each instance was terminated."""
    return {move.instance: move.at for move in result.log if move.target is State.TERMINATED}


def asked(result: FleetResult) -> list[tuple[float, str]]:
    """Return who was asked to stop, and when."""
    return [(move.at, move.instance) for move in result.log if move.cause == "stop requested"]


# --- RollingUpdate


def test_with_one_more_the_new_ones_come_one_after_the_other() -> None:
    result = run_fleet(fleet(maxSurge=1, maxUnavailable=0), 60)
    assert begins(result) == {
        "api-0": [0], "api-1": [0], "api-2": [0], "api-new-0": [10], "api-new-1": [13], "api-new-2": [16]
    }  # fmt: skip
    assert ends(result) == {"api-0": 13, "api-1": 16, "api-2": 19}
    assert result.update_done_s == 19
    assert result.update_stuck_s is None


def test_with_one_less_the_old_ones_go_first() -> None:
    result = run_fleet(fleet(maxSurge=0, maxUnavailable=1), 60)
    assert ends(result) == {"api-0": 10, "api-1": 13, "api-2": 16}
    assert result.update_done_s == 19


def test_with_as_many_more_all_come_at_once() -> None:
    result = run_fleet(fleet(maxSurge="100%", maxUnavailable=0), 60)
    assert {name: at for name, at in begins(result).items() if "new" in name} == {
        "api-new-0": [10], "api-new-1": [10], "api-new-2": [10]
    }  # fmt: skip
    assert result.update_done_s == 13


def test_a_quarter_of_ten_is_three_more_and_two_less() -> None:
    result = run_fleet(fleet(replicas=10), 60)
    # 10 s: 13 may exist and 8 must be available, so three come, two go, and two more come in their place
    assert [name for name, at in begins(result).items() if at == [10]] == [f"api-new-{n}" for n in range(5)]
    assert asked(result)[:2] == [(10, "api-0"), (10, "api-1")]
    # 13 s: five more are available; five may go, and as many come, the last five
    assert asked(result)[2:7] == [(13, f"api-{number}") for number in range(2, 7)]
    assert result.update_done_s == 16


def test_the_next_step_waits_until_the_new_one_has_been_ready_for_long_enough() -> None:
    result = run_fleet(fleet(maxSurge=1, maxUnavailable=0, minReadySeconds=5), 60)
    # 10 + 3 ready + 5 available
    assert [begins(result)[f"api-new-{number}"] for number in range(3)] == [[10], [18], [26]]
    assert result.update_done_s == 34


def test_a_break_in_readiness_begins_that_time_anew() -> None:
    flaps = Script(health={"readiness": parse_health("3:fail,4:ok,2:fail,1:ok")})
    result = run_fleet(fleet(replicas=1, new=flaps, maxSurge=1, maxUnavailable=0, minReadySeconds=5), 60)
    assert result.update_done_s == 10 + 9 + 5


def test_those_that_were_ready_before_the_update_need_not_wait_again() -> None:
    result = run_fleet(fleet(maxSurge=0, maxUnavailable=1, minReadySeconds=5), 60)
    assert asked(result)[0] == (10, "api-0")


def test_those_that_were_not_ready_for_long_enough_are_no_loss() -> None:
    # 10 s: ready since 6 s with 20 s to go, so nobody is available, and all old ones may go at once
    result = run_fleet(fleet(life=ready_after(6), maxSurge=0, maxUnavailable=3, minReadySeconds=20), 60)
    assert asked(result) == [(10, "api-0"), (10, "api-1"), (10, "api-2")]


def test_those_that_are_not_available_go_first() -> None:
    plan = fleet(maxSurge=0, maxUnavailable=1)
    lives = lambda number: [NEVER if number == 1 else ready_after(3)]  # noqa: E731
    result = run_fleet(Fleet(**{**as_dict(plan), "lives": lives, "new_lives": [ready_after(3)]}), 60)
    assert asked(result) == [(10, "api-1"), (13, "api-0"), (16, "api-2")]


def as_dict(plan: Fleet) -> dict[str, Any]:
    """Return the values of a fleet by name."""
    return {name: getattr(plan, name) for name in Fleet.__dataclass_fields__}


def test_it_is_done_when_the_last_old_one_has_ended() -> None:
    result = run_fleet(fleet(life=ready_after(3, stop_takes_s=8), maxSurge=1, maxUnavailable=0), 60)
    assert ends(result) == {"api-0": 21, "api-1": 24, "api-2": 27}
    assert result.update_done_s == 27


def test_who_was_asked_to_go_no_longer_counts_though_it_is_still_there() -> None:
    result = run_fleet(fleet(life=ready_after(3, stop_takes_s=8), maxSurge=1, maxUnavailable=0), 60)
    processes, most = set[str](), 0
    for move in result.log:
        (processes.discard if move.target is State.TERMINATED else processes.add)(move.instance)
        most = max(most, len(processes))
    assert most == 6  # three new ones, and three old ones on their way out


# --- Recreate


def test_recreate_stops_all_before_it_starts_any() -> None:
    result = run_fleet(fleet(life=ready_after(3, stop_takes_s=4), strategy="Recreate"), 60)
    assert ends(result) == {"api-0": 14, "api-1": 14, "api-2": 14}
    assert [at for name, at in begins(result).items() if "new" in name] == [[14], [14], [14]]
    assert result.update_done_s == 17


def test_recreate_waits_for_the_slowest() -> None:
    lives = lambda number: [ready_after(3, stop_takes_s=2 + 9 * (number == 1))]  # noqa: E731
    plan = Fleet(**{**as_dict(fleet(strategy="Recreate")), "lives": lives})
    assert begins(run_fleet(plan, 60))["api-new-0"] == [10 + 11]


def test_recreate_does_not_wait_for_what_waits_for_a_restart() -> None:
    result = run_fleet(fleet(life=Script(run_s=1), new=ready_after(3), strategy="Recreate"), 60)
    assert begins(result)["api-new-0"] == [10]


# --- the deadline


def test_a_version_that_is_never_ready_gets_stuck_and_does_no_harm() -> None:
    result = run_fleet(fleet(new=NEVER, maxSurge=1, maxUnavailable=0, progressDeadlineSeconds=60), 300)
    assert result.update_stuck_s == 10 + 60 + 1
    assert result.update_done_s is None
    assert ends(result) == {}
    assert list(begins(result)) == ["api-0", "api-1", "api-2", "api-new-0"]


def test_ten_minutes_are_the_default() -> None:
    assert run_fleet(fleet(new=NEVER), 2000).update_stuck_s == 611


@pytest.mark.parametrize("deadline", [None, 2_147_483_647])
def test_without_a_deadline_it_is_never_called_stuck(deadline: float | None) -> None:
    assert run_fleet(fleet(new=NEVER, progressDeadlineSeconds=deadline), 2000).update_stuck_s is None


def test_what_counts_is_the_time_since_the_last_progress() -> None:
    # stopped at 10 s, gone and replaced at 11.5 s by what is never ready
    plan = fleet(1, ready_after(3, stop_takes_s=1.5), new=NEVER, strategy="Recreate", progressDeadlineSeconds=5)
    assert run_fleet(plan, 60).update_stuck_s == 11.5 + 5 + 1


@pytest.mark.parametrize(("deadline", "stuck"), [(60, None), (49, None), (48.5, 59.5)])
def test_progress_begins_the_deadline_anew(deadline: float, stuck: float | None) -> None:
    # progress at 10 s (created), 60 s (ready, the next one created) and 110 s
    plan = fleet(2, new=ready_after(50), maxSurge=1, maxUnavailable=0, progressDeadlineSeconds=deadline)
    result = run_fleet(plan, 300)
    assert result.update_stuck_s == stuck
    assert result.update_done_s == 110  # to be called stuck stops nothing


@pytest.mark.parametrize(
    ("now", "progress"),
    [
        (Status(updated=2, old=2, ready=3, available=3), True),
        (Status(updated=1, old=1, ready=3, available=3), True),
        (Status(updated=1, old=2, ready=4, available=3), True),
        (Status(updated=1, old=2, ready=3, available=4), True),
        (Status(updated=1, old=2, ready=3, available=3), False),
        (Status(updated=1, old=2, ready=2, available=2), False),
    ],
)
def test_what_counts_as_progress(now: Status, progress: bool) -> None:
    assert progressed(Status(updated=1, old=2, ready=3, available=3), now) is progress


def test_exactly_the_deadline_is_in_time() -> None:
    assert not timed_out(60, 60)
    assert timed_out(60, 60.5)


# --- again


def test_an_update_during_an_update_makes_old_ones_of_all() -> None:
    plan = fleet(new=NEVER, maxSurge=1, maxUnavailable=0)
    again = Fault(at_s=30, on="api", what="update")
    result = run_world(World(fleets={"api": plan}, faults=[again]), 60).fleets["api"]
    assert asked(result) == [(30, "api-new-0")]  # of no use to anybody, so it goes first
    assert begins(result)["api-new2-0"] == [30]


def test_a_rollout_restart_keeps_the_version() -> None:
    plan = Fleet(**{**as_dict(fleet(new=NEVER, maxSurge=1, maxUnavailable=0)), "update_at_s": None})
    restart = Fault(at_s=10, on="api", what="rollout-restart")
    result = run_world(World(fleets={"api": plan}, faults=[restart]), 60).fleets["api"]
    assert result.update_done_s == 19
    assert begins(result)["api-new-2"] == [16]


def test_a_rollout_restart_after_an_update_keeps_the_new_version() -> None:
    plan = fleet(1, new=ready_after(5), maxSurge=1, maxUnavailable=0)
    restart = Fault(at_s=50, on="api", what="rollout-restart")
    result = run_world(World(fleets={"api": plan}, faults=[restart]), 90).fleets["api"]
    assert begins(result)["api-new2-0"] == [50]
    assert result.update_done_s == 55


def test_a_lost_instance_is_replaced_by_one_of_its_own_version() -> None:
    plan = Fleet(**{**as_dict(fleet(new=NEVER, maxSurge=1, maxUnavailable=0)), "memory_mb": 100})
    nodes = [Node(name="a", memory_mb=300, lost_at_s=20, notice_s=10), Node(name="b", memory_mb=500)]
    result = run_world(World(fleets={"api": plan}, nodes=nodes), 60).fleets["api"]
    assert [(name, node) for _, name, node in result.placed] == [
        ("api-0", "b"), ("api-1", "b"), ("api-2", "a"), ("api-new-0", "b"), ("api-2-b", "b")
    ]  # fmt: skip
    assert begins(result)["api-2-b"] == [30]
    assert asked(result) == [(30, "api-2")]  # written off; the three old ones and the new one stand as before


def test_a_new_one_that_is_lost_on_the_way_must_become_available_again() -> None:
    plan = fleet(maxSurge=1, maxUnavailable=0, minReadySeconds=20)
    api = Fleet(**{**as_dict(plan), "memory_mb": 100})
    filler = Fleet(unit=PROBED, replicas=1, memory_mb=200, load=None)  # leaves only node "a" to api-new-0
    nodes = [Node(name="a", memory_mb=100, lost_at_s=40, notice_s=5), Node(name="b", memory_mb=550)]
    stop = Fault(at_s=20, on="filler", what="stop")
    result = run_world(World(fleets={"filler": filler, "api": api}, nodes=nodes, faults=[stop]), 120).fleets["api"]
    assert [name for _, name, node in result.placed if node == "a"] == ["api-new-0"]
    # available: new-0 at 33 s, new-1 at 56 s, the replacement at 45 + 3 + 20 s, new-2 23 s after that
    assert {name: at for name, at in begins(result).items() if "new" in name} == {
        "api-new-0": [10], "api-new-1": [33], "api-new-0-b": [45], "api-new-2": [68]
    }  # fmt: skip
    assert asked(result) == [(33, "api-0"), (45, "api-new-0"), (68, "api-1"), (91, "api-2")]
    assert result.update_done_s == 91


def test_one_that_was_told_to_go_while_nobody_knew_of_its_loss_is_not_replaced() -> None:
    plan = Fleet(**{**as_dict(fleet(1, maxSurge=1, maxUnavailable=0)), "memory_mb": 100})
    nodes = [Node(name="a", memory_mb=150, lost_at_s=5), Node(name="b", memory_mb=100)]
    result = run_world(World(fleets={"api": plan}, nodes=nodes), 60).fleets["api"]
    assert begins(result) == {"api-0": [0], "api-new-0": [10]}
    assert result.update_done_s == 45  # forty seconds after the loss


@pytest.mark.parametrize("what", ["start", "restart"])
@pytest.mark.parametrize("at_s", [15, 30])
def test_nobody_starts_again_what_an_update_has_told_to_go(what: str, at_s: float) -> None:
    plan = fleet(1, life=ready_after(3, stop_takes_s=8), maxSurge=1, maxUnavailable=0)
    result = run_fleet(Fleet(**{**as_dict(plan), "requests": [(at_s, 0, what)]}), 60)
    assert begins(result)["api-0"] == [0]
    assert result.update_done_s == 21


def test_a_stop_of_the_fleet_is_no_second_stop_for_those_that_are_leaving() -> None:
    plan = fleet(1, life=ready_after(3, stop_takes_s=8), new=ready_after(3), maxSurge=1, maxUnavailable=0)
    stop, kill = (Fault(at_s=15, on="api", what=what) for what in ("stop", "kill"))
    assert ends(run_world(World(fleets={"api": plan}, faults=[stop]), 60).fleets["api"])["api-0"] == 21
    assert ends(run_world(World(fleets={"api": plan}, faults=[kill]), 60).fleets["api"])["api-0"] == 15


def test_an_update_of_no_fleet_is_refused() -> None:
    with pytest.raises(ValueError, match="what='update' on='web': no such fleet; there are api"):
        run_world(World(fleets={"api": fleet()}, faults=[Fault(at_s=1, on="web", what="update")]), 1)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"strategy": "BlueGreen"}, "strategy=BlueGreen: choose one of RollingUpdate, Recreate"),
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 5}, "progressDeadlineSeconds=5: it must be greater than"),
    ],
)
def test_numbers_that_kubernetes_refuses_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(OptionError, match=why):
        RollingUpdate(**wrong)


# --- always


def at_rest(result: FleetResult) -> Iterator[tuple[int, dict[str, State], dict[str, int]]]:
    """Yield the states at the end of each instant, and since when those that are ready have been."""
    stands, since = dict[str, State](), dict[str, int]()
    for at, moves in groupby(result.log, key=lambda move: move.at_ns):
        for move in moves:
            stands[move.instance] = move.target
            if move.target not in READY:
                since.pop(move.instance, None)
            else:
                since.setdefault(move.instance, at)
        yield at, stands, since


@given(
    st.integers(1, 8), st.sampled_from([0, 1, 2, "25%", "50%", "100%"]), st.sampled_from([0, 1, 3, "25%", "60%"]),
    st.integers(0, 6), st.integers(0, 4), st.sampled_from([0, 0.5, 4, 11]),
)  # fmt: skip
def test_while_nothing_fails_an_update_keeps_its_limits_and_comes_to_its_end(
    replicas: int, surge: int | str, unavailable: int | str, ready_s: int, min_ready_s: int, stop_s: float
) -> None:
    life = ready_after(ready_s, stop_takes_s=stop_s) if ready_s else Script(stop_takes_s=stop_s)
    plan = fleet(replicas, life, maxSurge=surge, maxUnavailable=unavailable, minReadySeconds=min_ready_s)
    result = run_fleet(Fleet(**{**as_dict(plan), "update_at_s": 20}), 400)
    more, less = resolve(replicas, surge, unavailable)
    for at, stands, since in at_rest(result):
        if at >= ns(12):  # all are up, and have been for long enough
            staying = [name for name, state in stands.items() if state not in (State.DRAINING, State.TERMINATED)]
            available = [name for name, ready in since.items() if at - ready >= ns(min_ready_s)]
            assert len(staying) <= replicas + more
            assert len(available) >= replicas - less
    assert result.update_done_s is not None
    assert result.update_stuck_s is None
    assert set(stands) - set(ends(result)) == {f"api-new-{number}" for number in range(replicas)}
    assert broken_rules(result.log) == []


@given(st.integers(1, 12), st.integers(0, 100), st.integers(0, 100))
def test_both_limits_are_never_nothing(replicas: int, surge: int, unavailable: int) -> None:
    assert sum(fenceposts(replicas, f"{surge}%", f"{unavailable}%")) > 0


@given(st.integers(1, 5), st.sampled_from([0, 2, 7.5]), st.integers(1, 5))
def test_recreate_never_has_two_versions_at_once(replicas: int, stop_s: float, ready_s: int) -> None:
    plan = fleet(replicas, ready_after(ready_s, stop_takes_s=stop_s), strategy="Recreate")
    result = run_fleet(plan, 60)
    for _, stands, _ in at_rest(result):
        versions = {"new" in name for name, state in stands.items() if state is not State.TERMINATED}
        assert len(versions) <= 1
    assert result.update_done_s == 10 + stop_s + ready_s


def test_the_cost_of_an_update_grows_with_its_size_and_not_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    for name in ("see", "status", "first_to_go"):
        plain = getattr(Headcount, name)

        def counted(*args: Any, plain: Any = plain) -> Any:
            nonlocal looks
            looks += 1
            return plain(*args)

        monkeypatch.setattr(Headcount, name, counted)
    needed = []
    for replicas in (50, 200):
        looks = 0
        assert run_fleet(fleet(replicas, maxSurge=1, maxUnavailable=0), 700).update_done_s == 10 + 3 * replicas
        needed.append(looks)
    assert needed[1] <= 4 * needed[0] + 10
