"""The quick engine against the step engine: the same moves, routes, requests and alerts on generated fleets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.drain import Phase, StopPlan, Until, term_then_kill
from lifecycle_kit.exits import Cause
from lifecycle_kit.health import Segment
from lifecycle_kit.instance import Readiness
from lifecycle_kit.probes import Outcome, ProbeSettings
from lifecycle_kit.restart import RestartPolicy
from lifecycle_kit.simulate import Fleet, Load, RollingUpdate, Script, Wear, run_fleet
from lifecycle_kit.simulate.fleet import quick
from lifecycle_kit.units import ns
from tests import fleets_in_closed_form

UNTIL_S = 150.0
# Round numbers meet at the same instants, which is where engines come apart.
SHORT = st.sampled_from([0, 0, 0.5, 1, 2, 3, 5, 7.5, 10, 20])
LENGTH = st.sampled_from([0, 0.5, 1, 2, 5, 10, 17, 30, 31, 45, 60.25])
EXIT: st.SearchStrategy[int | str] = st.sampled_from([0, 1, 2, 143, "SIGSEGV", "SIGTERM"])


@st.composite
def probes(draw: st.DrawFn) -> dict[str, ProbeSettings]:
    made = {}
    for kind in draw(st.sets(st.sampled_from(["startup", "readiness", "liveness"]))):
        holds = draw(st.sampled_from([True, True, False]))
        single = kind != "readiness" and holds
        made[kind] = ProbeSettings(
            kind=kind,
            initial_delay_s=draw(SHORT),
            period_s=draw(st.sampled_from([1, 2, 2.5, 5, 10])),
            timeout_s=draw(st.sampled_from([0.5, 1, 1, 2, 6])),
            success_threshold=1 if single else draw(st.integers(1, 3)),
            failure_threshold=draw(st.integers(1, 4)),
            from_end=draw(st.sampled_from([False, False, False, True])),
            start_period_s=draw(st.sampled_from([0, 0, 0, 7])),
            initially_good=draw(st.sampled_from([None, None, True, False])),
            holds=holds,
            carries=draw(st.sampled_from([True, True, False])),
        )
    return made


@st.composite
def healths(draw: st.DrawFn) -> tuple[Segment, ...]:
    starts = [0, *sorted(draw(st.sets(st.sampled_from([1, 3, 5, 10, 11.5, 20, 40]), max_size=4)))]
    outcome = st.sampled_from([Outcome.SUCCESS, Outcome.SUCCESS, Outcome.FAILURE, Outcome.FAILURE, Outcome.ERROR])
    latency = st.sampled_from([0, 0, 0, 0.25, 0.5, 1.5, 8])
    return tuple(Segment(ns(start), draw(outcome), ns(draw(latency))) for start in starts)


@st.composite
def stops(draw: st.DrawFn, kills: bool = False) -> StopPlan:
    if kills or draw(st.booleans()):
        pause = draw(st.sampled_from([None, None, 2, 5]))
        return term_then_kill(draw(st.sampled_from([0, 1, 5, 10])), pre_stop_s=pause)
    phases = tuple(
        Phase(
            name=f"part {number}",
            signal=draw(st.sampled_from([None, "SIGTERM", "SIGINT", "SIGKILL"])),
            until=draw(st.sampled_from([Until.EXIT, Until.EXIT, Until.HOOK, Until.DRAINED, Until.EMPTY])),
            limit_s=draw(st.sampled_from([None, 0, 1, 2, 5])),
        )
        for number in range(draw(st.integers(1, 3)))
    )
    return StopPlan(phases=phases, budget_s=draw(st.sampled_from([None, None, 4])))


SYSTEMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kubernetes", {}), ("kubernetes", {"restartPolicy": "OnFailure"}), ("systemd", {"Restart": "always"}),
    ("systemd", {"Restart": "on-failure", "RestartSec": 2}), ("supervisord", {}), ("docker", {"restart": "always"}),
    ("nomad", {}), ("pm2", {}), ("runit", {}),
)  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> RestartPolicy:
    if draw(st.integers(0, 3)) == 0:
        name, options = draw(st.sampled_from(SYSTEMS))
        return like(name, options).policy
    first, factor = draw(st.sampled_from([0, 1, 2.5, 10])), draw(st.sampled_from([1, 2]))
    jitter = draw(st.sampled_from(["none", "none", "full", "equal", "decorrelated"]))
    return PlainPolicy(
        when=draw(st.sampled_from(["always", "always", "on-failure", "never"])),
        backoff=Backoff(first_s=first, factor=factor, cap_s=draw(st.sampled_from([10, 40, math.inf])), jitter=jitter),
        give_up_after=draw(st.sampled_from([None, None, 1, 3])),
        forget_after_s=draw(st.sampled_from([None, 0, 10, 30, 60])),
    )


@st.composite
def units(draw: st.DrawFn, kills: bool = False) -> Unit:
    return Unit(
        policy=draw(policies()),
        readiness=Readiness(
            by=draw(st.sampled_from(["spawn", "seconds", "notice", "probe", "probe", "probe"])), after_s=draw(SHORT)
        ),
        probes=draw(probes()),
        stop=draw(stops(kills)),
        early_stop=draw(st.none() | stops(kills)),
        probe_stops=draw(st.dictionaries(st.sampled_from(["startup", "liveness"]), stops(kills), max_size=1)),
        start_limit_s=draw(st.sampled_from([None, None, None, 5, 10])),
        run_limit_s=draw(st.sampled_from([None, None, None, 20])),
        reports_work=draw(st.booleans()),
        alert_after=draw(st.integers(1, 3)),
        steady_s=draw(st.sampled_from([10, 600])),
    )


WORDS = ("ready", "ready", "not-ready", "working", "idle", "blocked:queue", "unblocked", "alive", "unwell")


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    return Script(
        run_s=draw(st.none() | LENGTH),
        exit=draw(EXIT),
        health=draw(st.dictionaries(st.sampled_from(["startup", "readiness", "liveness"]), healths())),
        hangs_after_s=draw(st.none() | st.none() | LENGTH),
        says=tuple(draw(st.lists(st.tuples(SHORT, st.sampled_from(WORDS)), max_size=4))),
        on_term=draw(st.sampled_from(["exit", "drain", "deaf"])),
        stop_takes_s=draw(st.sampled_from([0, 0, 1, 5, 12])),
        serves_from_s=draw(st.sampled_from([0, 0, 0, 1, 3, None])),
        stop_exit=draw(st.sampled_from([None, None, 0, 3])),
        ignores=draw(st.sampled_from([frozenset(), frozenset({"SIGINT"})])),
        hook_takes_s=draw(st.sampled_from([None, 0, 1, 5])),
        cause=draw(st.sampled_from([None, None, None, Cause.MEMORY, Cause.REQUEST])),
        dumps_core=draw(st.booleans()),
        fails_to_spawn=draw(st.sampled_from(["", "", "", "", "no such program"])),
    )


WHAT = st.sampled_from(["start", "stop", "restart", "kill", "reset"])


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Return a fleet of the kind that the quick engine runs, without requests to it."""
    replicas = draw(st.integers(1, 3))
    several = draw(st.lists(st.lists(scripts(), min_size=1, max_size=3), min_size=replicas, max_size=replicas))
    wear = Wear(mtbf_s=draw(st.sampled_from([5, 30])), hangs=draw(st.sampled_from([0, 0.5, 1])), script=draw(scripts()))
    lives: Any = draw(st.sampled_from([several[0], several.__getitem__, wear]))
    asked = st.tuples(SHORT.map(lambda at: at * 3), st.integers(0, replicas - 1), WHAT)
    return Fleet(
        unit=draw(units()), lives=lives, replicas=replicas, load=None, requests=draw(st.lists(asked, max_size=5)),
        route_on=draw(st.sampled_from(["process", "liveness", "readiness", "view"])),
        spread_s=draw(st.sampled_from([0, 0, 1, 2.5])),
    )  # fmt: skip


@st.composite
def loads(draw: st.DrawFn) -> Load:
    """Return requests that come at odd instants, or at the very instants at which everything else happens."""
    return Load(
        per_s=draw(st.sampled_from([0.5, 1, 2, 7])), takes_s=draw(st.sampled_from([0, 0.2, 1, 5, 10, 25])),
        steady=draw(st.booleans()), from_s=draw(SHORT), until_s=draw(st.sampled_from([None, None, 100])),
        timeout_s=draw(st.sampled_from([0, 1, 5, 5, 10, 30])),
        steps=draw(st.sampled_from([(), ((20, 0), (40, 3))])), varies=draw(st.booleans()),
        recorded=draw(st.sampled_from([(), (), tuple(range(149)), (0, 1, 1, 1, 5, 10, 10, 30, 45, 45, 60)])),
    )  # fmt: skip


@st.composite
def updates(draw: st.DrawFn) -> RollingUpdate:
    some: st.SearchStrategy[int | str] = st.sampled_from(["25%", 0, 1, 3])
    return RollingUpdate(
        strategy=draw(st.sampled_from(["RollingUpdate", "RollingUpdate", "Recreate"])),
        maxSurge=draw(some), maxUnavailable=draw(some),
        minReadySeconds=draw(SHORT), progressDeadlineSeconds=draw(st.sampled_from([600, 21])),
    )  # fmt: skip


ROUTES: Any = ["process", "liveness", "readiness", "view", lambda alive, *_: "ready" if alive else "no"]


@st.composite
def serving(draw: st.DrawFn) -> Fleet:
    """Return a fleet that gets requests, and perhaps an update."""
    plain = draw(fleets())
    several = draw(st.none() | st.lists(scripts(), min_size=1, max_size=2))
    wear = Wear(mtbf_s=30, hangs=0.5, script=draw(scripts()))
    return replace(
        plain, unit=draw(units(kills=True)), load=draw(st.none() | loads() | loads()),
        route_on=draw(st.sampled_from(ROUTES)),
        update_at_s=draw(st.none() | SHORT.map(lambda at: at * 2)), update=draw(updates()),
        new_unit=draw(st.none() | units(kills=True)), new_lives=draw(st.sampled_from([several, several, wear])),
    )  # fmt: skip


def check(fleet: Fleet, seed: int, until_s: float = UNTIL_S) -> None:
    """Hold one engine against the other."""
    found = quick.run(fleet, ns(until_s), seed, "api")
    assert not isinstance(found, str), found
    expected = run_fleet(fleet, until_s, seed=seed, engine="step")
    assert [str(move) for move in found.log] == [str(move) for move in expected.log]
    assert list(found.routes) == list(expected.routes)
    assert list(found.requests) == list(expected.requests)
    assert sorted(found.trace.alerts) == sorted(expected.trace.alerts)
    assert (found.update_done_s, found.update_stuck_s) == (expected.update_done_s, expected.update_stuck_s)


@st.composite
def calm(draw: st.DrawFn) -> Fleet:
    """Return a fleet whose lives can be computed at once, with now and then somebody who interferes."""
    plain = draw(fleets_in_closed_form.fleets())
    asked = st.tuples(SHORT.map(lambda at: at * 6), st.integers(0, plain.replicas - 1), WHAT)
    return replace(
        plain, requests=draw(st.just([]) | st.lists(asked, max_size=3)), load=draw(st.none() | st.none() | loads()),
        route_on=draw(st.sampled_from(ROUTES[:4])), spread_s=draw(st.sampled_from([0, 0, 1, 2.5])),
    )  # fmt: skip


@given(fleets(), st.integers(0, 3))
def test_instances_do_to_the_last_move_what_the_step_engine_has_them_do(fleet: Fleet, seed: int) -> None:
    check(fleet, seed)


@given(serving(), st.integers(0, 3))
def test_requests_routes_and_updates_are_those_of_the_step_engine(fleet: Fleet, seed: int) -> None:
    check(fleet, seed)


@given(calm(), st.integers(0, 3))
def test_lives_computed_at_once_are_those_of_the_step_engine(fleet: Fleet, seed: int) -> None:
    check(fleet, seed)
