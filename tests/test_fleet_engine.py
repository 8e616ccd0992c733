"""The step engine: worlds of several fleets, faults, chance with addresses, and traces that replay."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.health import parse_health
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import (
    Dependency,
    Fault,
    Fleet,
    Load,
    Need,
    Node,
    Script,
    Wear,
    World,
    WorldResult,
    run_fleet,
    run_world,
)
from lifecycle_kit.simulate.dice import draw_of, exponential_ns
from lifecycle_kit.simulate.fleet.engine import Engine
from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.trace import broken_rules, starts
from lifecycle_kit.units import ns

PLAIN = like("systemd")
PROBED = like("kubernetes", {"readinessProbe.periodSeconds": 1, "livenessProbe.periodSeconds": 1})
RESTARTED = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=1)))


def moves(result: WorldResult, name: str) -> list[tuple[float, str]]:
    """Return when an instance entered which state."""
    return [(move.at, move.target.value) for move in result.trace.transitions if move.instance == name]


def faulty(*faults: Fault, unit: Unit = RESTARTED, until_s: float = 30, **more: Any) -> WorldResult:
    """Return what comes of a fleet of two and its faults."""
    fleet = Fleet(unit=unit, replicas=2, load=None, **more)
    return run_world(World(fleets={"api": fleet}, faults=faults), until_s)


# --- worlds


def test_fleets_of_a_world_live_side_by_side_and_each_result_holds_its_own() -> None:
    api = Fleet(unit=PROBED, replicas=2, load=Load(per_s=5, steady=True))
    worker = Fleet(unit=RESTARTED, replicas=3, lives=[Script(run_s=4)], load=None)
    result = run_world(World(fleets={"api": api, "worker": worker}), 20)
    assert set(result.fleets["api"].log.names) == {"api-0", "api-1"}
    assert set(result.fleets["worker"].trace.instances) == {"worker-0", "worker-1", "worker-2"}
    assert len(result.fleets["worker"].requests) == 0
    alone = run_fleet(api, until_s=20, engine="step")
    assert alone.log == result.fleets["api"].log
    assert alone.requests == result.fleets["api"].requests
    assert alone.routes == result.fleets["api"].routes


def test_the_log_holds_every_move_in_order_of_time_and_creation() -> None:
    result = faulty(Fault(at_s=5, on="api", what="restart"), lives=[Script(run_s=7)])
    log = result.fleets["api"].log
    assert isinstance(log, Log)
    assert sorted(map(str, log)) == sorted(map(str, result.trace.transitions))
    keys = list(zip(log.at_ns.tolist(), log.who.tolist(), strict=True))
    assert keys == sorted(keys)
    assert log.names == ("api-0", "api-1")


def test_a_name_may_not_stand_for_two_things() -> None:
    with pytest.raises(ValueError, match="'db' is the name of two things"):
        run_world(World(fleets={"db": Fleet(unit=PLAIN)}, dependencies={"db": Dependency()}), 1)


def test_simulating_one_instance_needs_no_numpy() -> None:
    code = "import sys, lifecycle_kit.simulate as s; print('numpy' in sys.modules, s.run_fleet, 'numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert (said[0], said[-1]) == ("False", "True")


def test_a_name_that_the_room_does_not_have_is_said_so() -> None:
    import lifecycle_kit.simulate as room

    with pytest.raises(AttributeError, match="has no 'Flet'; it has Alarm"):
        _ = room.Flet
    assert all(hasattr(room, name) for name in room.__all__)


@pytest.mark.parametrize("engine", ["fast", ""])
def test_an_unknown_engine_is_refused(engine: str) -> None:
    with pytest.raises(ValueError, match="use auto, step or quick"):
        run_fleet(Fleet(unit=PLAIN), until_s=1, engine=engine)


# --- faults


def test_a_fault_on_a_fleet_happens_to_all_its_instances_one_on_an_instance_to_that_one() -> None:
    result = faulty(Fault(at_s=5, on="api", what="crash"), Fault(at_s=9, on="api-1", what="crash"))
    assert starts(result.trace.transitions, "api-0") == [0, 6]
    assert starts(result.trace.transitions, "api-1") == [0, 6, 10]
    assert (5.0, "failed") in moves(result, "api-0")
    assert result.first_fault_ns == ns(5)


def test_requests_can_come_from_a_world_as_well() -> None:
    asked = ("stop", 5), ("start", 8), ("restart", 12), ("kill", 15)
    result = faulty(*(Fault(at_s=at, on="api-0", what=what) for what, at in asked))
    assert [(at, state) for at, state in moves(result, "api-0") if state in ("draining", "starting", "terminated")] == [
        (0, "starting"), (5, "draining"), (5, "terminated"), (8, "starting"), (12, "draining"), (12, "starting"),
        (15, "draining"), (15, "terminated"),
    ]  # fmt: skip
    assert result.first_fault_ns == ns(15)  # a stop is no harm, a kill is


def test_a_refused_request_ends_nothing() -> None:
    result = faulty(Fault(at_s=5, on="api", what="start"))
    assert len(moves(result, "api-0")) == 3


def test_a_process_that_was_made_to_hang_is_found_by_its_liveness_probe_and_only_by_that() -> None:
    result = faulty(Fault(at_s=10.5, on="api-0", what="hang"), unit=PROBED, lives=[Script(run_s=20)], until_s=40)
    # Probes at 11, 12 and 13 s find no answer within 1 s; TERM does nothing, KILL comes after the grace of 30 s.
    assert (14.0, "draining") in moves(result, "api-0")
    assert not any(14 < at < 40 for at, _ in moves(result, "api-0"))
    assert (20.0, "failed") in moves(result, "api-1") or (20.0, "backoff") in moves(result, "api-1")
    blind = faulty(Fault(at_s=10.5, on="api-0", what="hang"), lives=[Script(run_s=20)], until_s=40)
    assert moves(blind, "api-0")[-1] == (0.0, "running")


def test_a_process_that_hangs_says_nothing_more() -> None:
    says = ((5.0, "ready"), (10.0, "blocked:queue"))
    unit = like("systemd", Type="notify")
    result = faulty(Fault(at_s=7, on="api-0", what="hang"), unit=unit, lives=[Script(says=says)])
    assert moves(result, "api-0")[-1] == (5.0, "running")
    assert moves(result, "api-1")[-1] == (10.0, "blocked")


def test_a_crash_of_a_process_that_hangs_does_not_happen_but_a_kill_does() -> None:
    hang, crash = Fault(at_s=3, on="api-0", what="hang"), Fault(at_s=5, on="api-0", what="crash")
    assert moves(faulty(hang, crash), "api-0")[-1] == (0.0, "running")
    assert moves(faulty(hang, Fault(at_s=5, on="api-0", what="kill")), "api-0")[-1] == (5.0, "terminated")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault(at_s=1, on="apy", what="crash"), "on='apy': no such fleet or instance; there are api"),
        (Fault(at_s=1, on="api", what="outage"), "on='api': no such dependency; there are none"),
    ],
)
def test_a_fault_must_be_about_something_that_exists(fault: Fault, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        faulty(fault)


# --- chance


def test_wear_ends_lives_when_their_draws_say() -> None:
    fleet = Fleet(unit=RESTARTED, replicas=2, lives=Wear(mtbf_s=50), load=None)
    result = run_fleet(fleet, until_s=300, seed=4, engine="step")
    for number in (0, 1):
        name, at, expected = f"api-{number}", 0, []
        for life in range(1, 20):
            at += exponential_ns(50, draw_of(4, name, "run", life))
            expected.append(at)
            at += ns(1)
        ends = [move.at_ns for move in result.log if move.instance == name and move.target.value == "failed"]
        assert ends == [end for end in expected if end <= ns(300)]


def test_wear_lives_as_long_as_it_says_on_average_and_hangs_as_often() -> None:
    unit = like("kubernetes", {"livenessProbe.periodSeconds": 1, "terminationGracePeriodSeconds": 1})
    fleet = Fleet(unit=unit, replicas=100, lives=Wear(mtbf_s=60, hangs=0.25), load=None)
    log = run_fleet(fleet, until_s=1000, engine="step").log
    ends = [move for move in log if move.target.value == "failed"]
    share = sum(move.cause == "signal SIGKILL" for move in ends) / len(ends)
    assert share == pytest.approx(0.25, abs=0.05)


def test_an_instance_more_changes_nobody_elses_luck() -> None:
    fleet = Fleet(unit=RESTARTED, replicas=3, lives=Wear(mtbf_s=20), load=Load(per_s=1, varies=True))
    few, many = (run_fleet(replace(fleet, replicas=n), until_s=200, seed=9, engine="step") for n in (3, 5))
    of_all = [move for move in many.log if move.instance in ("api-0", "api-1", "api-2")]
    assert list(few.log) == of_all
    assert few.requests.at_ns.tolist() == many.requests.at_ns.tolist()


def test_another_name_has_other_luck() -> None:
    fleet = Fleet(unit=RESTARTED, replicas=1, lives=Wear(mtbf_s=20), load=None)
    one, other = (run_fleet(fleet, until_s=200, name=name, engine="step") for name in ("api", "web"))
    assert one.log.at_ns.tolist() != other.log.at_ns.tolist()


# --- losing instances without news


def lost(until_s: float = 60, notice_s: float = 20) -> WorldResult:
    """Return what comes of a world whose first node is lost at 10 s."""
    fleet = Fleet(unit=PROBED, replicas=2, memory_mb=3000, load=Load(per_s=4, steady=True, takes_s=0.1, timeout_s=3))
    nodes = [Node(name="a", lost_at_s=10.1, notice_s=notice_s), Node(name="b"), Node(name="c")]
    return run_world(World(fleets={"api": fleet}, nodes=nodes), until_s)


def test_a_lost_instance_is_believed_in_until_the_loss_is_noticed() -> None:
    result = lost()
    between = [r for r in result.fleets["api"].requests if ns(10.1) < r.at_ns < ns(30.1)]
    assert {r.outcome for r in between if r.instance == "api-0"} == {"timeout"}
    assert {r.outcome for r in between if r.instance == "api-1"} == {"served"}
    assert [at for at, _ in moves(result, "api-0") if at > 10] == [30.1, 30.1]
    assert result.first_fault_ns == ns(10.1)


def test_its_replacement_has_the_next_name_and_starts_elsewhere() -> None:
    result = lost()
    assert moves(result, "api-0-b")[0] == (30.1, "starting")
    assert result.fleets["api"].outcomes["served"] > 150


def test_replacements_of_replacements_get_the_next_letter() -> None:
    engine = Engine(World(fleets={"api": Fleet(unit=PLAIN)}), ns(1))
    first = engine.replica("api", 0)
    second = engine.replace(first)
    assert (second.name, engine.replace(second).name) == ("api-0-b", "api-0-c")


# --- held back


def test_what_is_held_back_stays_created_until_somebody_looks_again() -> None:
    engine = Engine(World(fleets={"api": Fleet(unit=PLAIN)}), ns(10))
    held = True
    engine.holds.append(lambda _: held)
    server = engine.replica("api", 0)
    engine.start(server)
    engine.agenda.run(ns(1))
    assert (server.instance.state.value, engine.held) == ("created", [server])
    held = False
    engine.look_again()
    engine.agenda.run(ns(2))
    assert (server.instance.state.value, engine.held) == ("running", [])


# --- replay


@given(
    st.integers(0, 9999), st.sampled_from(["kubernetes", "systemd", "supervisord", "nomad", "docker"]),
    st.sampled_from(["stay", "block", "exit"]), st.booleans(), st.booleans(),
    st.sampled_from(["exit", "drain", "deaf"]),
)  # fmt: skip
def test_the_trace_of_a_world_replays_to_itself(
    seed: int, system: str, loss: str, connects: bool, nodes: bool, on_term: str
) -> None:
    options = {"livenessProbe": True, "readinessProbe": True} if system == "kubernetes" else {}
    unit = like(system, options)
    wear = Wear(mtbf_s=15, hangs=0.3, script=Script(on_term=on_term, health={"readiness": parse_health("2:fail,1:ok")}))
    needs = [Need(on="database", loss=loss, connects=connects, liveness=True, refused="retry")]
    api = Fleet(unit=unit, lives=wear, needs=needs, load=Load(per_s=2, retries=1), update_at_s=30, memory_mb=1000)
    back = Fleet(unit=RESTARTED, replicas=2, lives=[Script(run_s=9)], load=None, after=["api"])
    world = World(
        fleets={"api": api, "back": back},
        dependencies={"database": Dependency(outages=((20, 25),), recovery_s=10, connects_per_s=2)},
        nodes=[Node(name="a", memory_mb=2500, lost_at_s=35, notice_s=5), Node(name="b")] if nodes else [],
        faults=[Fault(at_s=at, on="api-1", what=what) for at, what in ((8, "hang"), (12, "kill"), (14, "start"))],
    )  # fmt: skip
    result = run_world(world, 60, seed=seed)
    units = {name: unit if name.startswith("api") else RESTARTED for name in result.trace.instances}
    again = replay(result.trace, units)
    assert again.entries == result.trace.entries
    assert again.alerts == result.trace.alerts
    assert broken_rules(result.trace.transitions) == []
    assert sum(len(fleet.log) for fleet in result.fleets.values()) == len(result.trace.transitions)
    twice = run_world(world, 60, seed=seed)
    assert all(twice.fleets[name].log == fleet.log for name, fleet in result.fleets.items())
    assert all((np.diff(fleet.log.at_ns) >= 0).all() for fleet in result.fleets.values())
