"""Generated fleets: everything that the reference engine can play, on times so coarse that much happens at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.health import Segment, segments
from lifecycle_kit.instance import Readiness, Unit
from lifecycle_kit.probes import KINDS, ProbeSettings
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.world import Fleet, Wear
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems.deployment import RollingUpdate
from lifecycle_kit.view import lifecycle_view

__all__ = ["crowds", "fleets", "loads", "quiet_fleets"]

SOME_S = st.sampled_from([0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 13])
FEW_S = st.sampled_from([0.5, 1, 1.5, 2, 3, 5])
WORDS = "ready not-ready working idle blocked:queue unblocked alive unwell".split()
ODD_WORDS = ["stopping", "extend:2"]


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return None as often as a value."""
    return st.none() | strategy


@st.composite
def health(draw: Callable[..., Any]) -> tuple[Segment, ...]:
    """Return what probes see in a life."""
    at, parts = 0.0, []
    for _ in range(draw(st.integers(1, 4))):
        outcome = draw(st.sampled_from(["ok", "ok", "fail", "fail", "error"]))
        parts.append((at, outcome, draw(st.sampled_from([0, 0, 0, 0.5, 1, 3]))))
        at += draw(FEW_S)
    return segments(*parts)


def probe(kind: str) -> st.SearchStrategy[ProbeSettings]:
    """Return settings of a probe."""
    return st.builds(
        ProbeSettings,
        kind=st.just(kind),
        initial_delay_s=st.sampled_from([0, 0, 1, 2.5]),
        period_s=FEW_S,
        timeout_s=st.sampled_from([0.5, 1, 2]),
        success_threshold=st.integers(1, 2) if kind == "readiness" else st.just(1),
        failure_threshold=st.integers(1, 3),
        from_end=st.sampled_from([False, False, True]),
        start_period_s=st.sampled_from([0, 0, 3]),
        start_interval_s=st.sampled_from([None, None, 0.5]),
        carries=st.booleans(),
    )


BACKOFFS = st.builds(
    Backoff,
    first_s=st.sampled_from([0.5, 1, 2]),
    factor=st.sampled_from([1, 2]),
    cap_s=st.just(8),
    jitter=st.sampled_from(["none", "full", "equal", "decorrelated"]),
)
POLICIES = st.builds(
    PlainPolicy,
    when=st.sampled_from(["always", "always", "on-failure", "never"]),
    backoff=BACKOFFS,
    give_up_after=maybe(st.integers(3, 5)),
    forget_after_s=maybe(FEW_S),
)
PROBED = {
    "readinessProbe.periodSeconds": 1, "livenessProbe.periodSeconds": 2, "livenessProbe.failureThreshold": 2,
    "terminationGracePeriodSeconds": 3,
}  # fmt: skip
REAL_UNITS = [
    like("kubernetes", PROBED),
    like("kubernetes", {**PROBED, "lifecycle.preStop.sleep.seconds": 1, "startupProbe.periodSeconds": 1}),
    like("supervisord", autorestart="true", stopwaitsecs=2),
    like("docker", restart="always"),
    like("erlang"),
    like("nomad"),
]
ODD_UNITS = [
    like("systemd", Restart="always", RestartSec="1s", TimeoutStopSec="2s", ExecStopPost="clean-up"),
    like("runit"),
]


def units(odd: bool) -> st.SearchStrategy[Unit]:
    """Return rules of supervision, the kit's own and those of real systems."""
    readiness = st.sampled_from(["spawn", "seconds", "probe", "probe", "notice"])
    own = st.builds(
        Unit,
        policy=POLICIES,
        readiness=st.builds(Readiness, by=readiness, after_s=FEW_S),
        probes=st.fixed_dictionaries({}, optional={kind: probe(kind) for kind in KINDS}),
        stop=st.builds(term_then_kill, st.sampled_from([1, 2, 5]), pre_stop_s=maybe(st.sampled_from([1, 2]))),
        start_limit_s=maybe(FEW_S),
        run_limit_s=maybe(SOME_S),
        watchdog_s=maybe(FEW_S) if odd else st.none(),
        steady_s=st.just(5),
    )
    return own | st.sampled_from(REAL_UNITS + (ODD_UNITS if odd else []))


@dataclass(frozen=True)
class ByNumber:
    """Other lives for each replica."""

    lives: tuple[Lives, ...]

    def __call__(self, number: int) -> Lives:
        return self.lives[number % len(self.lives)]


@dataclass(frozen=True)
class ByBirth:
    """Another life for each second of birth."""

    scripts: tuple[Script, ...]

    def __call__(self, born_s: float) -> Script:
        return self.scripts[int(born_s) % len(self.scripts)]


def scripts(hangs: bool, odd: bool) -> st.SearchStrategy[Script]:
    """Return lives that may hang, or that may take their time to stop; both together are not decided yet."""
    return st.builds(
        Script,
        run_s=maybe(SOME_S),
        exit=st.sampled_from([0, 1, "SIGSEGV"]),
        health=st.fixed_dictionaries({}, optional={kind: health() for kind in KINDS}),
        hangs_after_s=maybe(SOME_S) if hangs else st.none(),
        says=st.lists(st.tuples(SOME_S, st.sampled_from(WORDS + (ODD_WORDS if odd else []))), max_size=3).map(tuple),
        on_term=st.sampled_from(["exit", "drain", "drain", "deaf"]),
        stop_takes_s=st.just(0) if hangs else st.sampled_from([0, 0, 1, 3] if odd else [0, 0, 1.03, 3.07]),
        stop_exit=st.sampled_from([None, 0, 1]),
        ignores=st.sampled_from([frozenset(), frozenset(), frozenset({"SIGTERM"})]),
        hook_takes_s=maybe(st.sampled_from([0.5, 1])),
        serves_from_s=maybe(SOME_S),
        fails_to_spawn=st.sampled_from(["", "", "", "", "no such file"]),
    )


def lives(hangs: bool, odd: bool) -> st.SearchStrategy[Any]:
    """Return what all replicas do: the same lives, or what chance makes of one."""
    shares = st.sampled_from([0, 0.5, 1]) if hangs else st.just(0)
    one_life = scripts(hangs, odd)
    wear = st.builds(Wear, mtbf_s=st.sampled_from([3, 10]), hangs=shares, script=one_life)
    return st.lists(one_life, min_size=1, max_size=3) | wear


def lives_by_number(hangs: bool, odd: bool) -> st.SearchStrategy[ByNumber]:
    """Return lives of which the odd replicas have others than the even ones."""
    listed = st.lists(scripts(hangs, odd), min_size=1, max_size=3)
    return st.builds(ByNumber, st.tuples(listed, st.builds(ByBirth, listed.map(tuple)) if odd else listed))


ASKED = st.lists(
    st.tuples(
        st.sampled_from([0.25, 1, 2, 3, 5, 8, 13]),
        st.integers(0, 1),
        st.sampled_from(["stop", "restart", "start", "kill", "reset"]),
    ),
    max_size=3,
    unique_by=lambda asked: asked[:2],
)


STEPS = st.lists(st.tuples(SOME_S, st.sampled_from([0, 0.5, 2, 5])), max_size=3).map(lambda steps: tuple(sorted(steps)))
RECORDED = st.lists(SOME_S, min_size=1, max_size=20).map(lambda instants: tuple(sorted(instants)))


def loads(retries: bool = True) -> st.SearchStrategy[Load]:
    """Return what comes in."""
    return st.builds(
        Load,
        per_s=st.sampled_from([0.5, 2, 5]),
        takes_s=st.sampled_from([0, 0.25, 0.5, 1, 2, 4]),
        steady=st.booleans(),
        from_s=st.sampled_from([0, 0, 2]),
        until_s=st.sampled_from([None, None, 15]),
        timeout_s=st.sampled_from([0.5, 1, 2, 5]),
        steps=st.just(()) | STEPS,
        recorded=st.just(()) | RECORDED,
        varies=st.booleans(),
        retries=st.sampled_from([0, 0, 1, 3]) if retries else st.just(0),
        retry=BACKOFFS,
    )


UPDATES = st.builds(
    RollingUpdate,
    strategy=st.sampled_from(["RollingUpdate", "RollingUpdate", "RollingUpdate", "Recreate"]),
    maxSurge=st.sampled_from([0, 1, 2, "25%", "100%"]),
    maxUnavailable=st.sampled_from([0, 1, 2, "25%", "100%"]),
    minReadySeconds=st.sampled_from([0, 0, 1, 2.5]),
    progressDeadlineSeconds=st.sampled_from([None, 600]),
)
RULES = st.sampled_from(["process", "liveness", "readiness", "view", lifecycle_view])


def quiet_fleets(odd: bool = True) -> st.SearchStrategy[Fleet]:
    """Return fleets to which no request comes; `odd`: also with what only the slower engines do."""
    acts = lives(True, odd) | lives(False, odd) | lives_by_number(True, odd)
    return st.builds(Fleet, unit=units(odd), lives=acts, replicas=st.just(2), load=st.none(), requests=ASKED)


def crowds() -> st.SearchStrategy[Fleet]:
    """Return fleets of independent instances: slow to start, well, and then ending or hanging."""
    kinds = ("liveness", "readiness")
    slow = st.builds(
        lambda start_s: dict.fromkeys(kinds, segments((0, "fail"), (start_s, "ok"))), st.sampled_from([0.5, 2, 3.25])
    )
    script = st.builds(Script, health=slow | st.just({}), on_term=st.sampled_from(["exit", "deaf"]))
    settings = {
        kind: st.builds(ProbeSettings, kind=st.just(kind), period_s=FEW_S, carries=st.booleans()) for kind in kinds
    }
    unit = st.builds(
        Unit,
        policy=POLICIES,
        readiness=st.builds(Readiness, by=st.sampled_from(["spawn", "probe"])),
        probes=st.fixed_dictionaries({}, optional=settings),
        stop=st.builds(term_then_kill, st.sampled_from([1, 2, 5])),
    )
    wear = st.builds(Wear, mtbf_s=st.sampled_from([3, 10]), hangs=st.sampled_from([0, 0.5, 1]), script=script)
    return st.builds(Fleet, unit=unit, lives=wear, replicas=st.just(3), load=st.none())


def fleets(odd: bool = True) -> st.SearchStrategy[Fleet]:
    """Return fleets to which requests come, and of which some are updated."""
    # Who gives up first of two clients, one of which met a process that hung already, is not decided yet.
    return some_fleets(hangs=True, retries=False, odd=odd) | some_fleets(hangs=False, retries=odd, odd=odd)


def some_fleets(hangs: bool, retries: bool, odd: bool) -> st.SearchStrategy[Fleet]:
    """Return fleets in which processes hang or do not, clients try again or do not."""
    return st.builds(
        Fleet,
        unit=units(odd),
        lives=lives(hangs, odd) | lives_by_number(hangs, odd),
        replicas=st.integers(2, 4),
        route_on=RULES,
        spread_s=st.sampled_from([0, 0, 0.5, 2]),
        load=loads(retries),
        requests=ASKED,
        slots=st.sampled_from([None, None, 1, 2]) if odd else st.none(),
        update_at_s=maybe(st.sampled_from([0, 1, 5, 10])),
        update=UPDATES,
        new_unit=maybe(units(odd)),
        new_lives=maybe(lives(hangs, odd)),
    ).map(no_answer_at_the_last_moment)


def no_answer_at_the_last_moment(fleet: Fleet) -> Fleet:
    """Return the fleet with patience that ends between the other instants, where requests wait in line.

    Whether one that waited in line and is answered exactly at its timeout is in time is not decided yet.
    """
    if fleet.slots is None or fleet.load is None:
        return fleet
    return replace(fleet, load=replace(fleet.load, timeout_s=fleet.load.timeout_s + 0.000_017_3))
