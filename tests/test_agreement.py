"""One policy, two clocks: generated lives, simulated and real, go through the same states.

The lives are drawn so that no two things happen close together: what real time adds to them - a
start of Python, a busy machine - must not change their order.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from lifecycle_kit import PlainPolicy, ProbeSettings, Readiness, State, Trace, Unit
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import Phase, StopPlan, Until, term_then_kill
from lifecycle_kit.health import segments
from lifecycle_kit.live.puppetry import puppet
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.trace import broken_rules, starts
from tests.process_table import PATIENCE_S, own_children

pytestmark = pytest.mark.live

UNTIL_S = 4.0
GAP_S = 0.28  # between any two instants of a drawn life
TRIES = 3
STAGGER_S = 0.1  # between the starts of two supervisors: forty starts of Python at once take long
PER_KIND = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One instance to be run twice: its unit, its lives, and what is asked of it."""

    kind: str
    unit: Unit
    lives: tuple[Script, ...]
    requests: tuple[tuple[float, str], ...] = ()

    def simulated(self) -> Trace:
        """Return what happens in virtual time."""
        return simulate(self.unit, self.lives, UNTIL_S, requests=self.requests, name=self.kind)


ALWAYS = PlainPolicy(when="always", backoff=Backoff(first_s=0.4, factor=1, cap_s=0.4))
BASE = Unit(
    policy=ALWAYS,
    readiness=Readiness(by="notice"),
    stop=term_then_kill(0.5),
)
LIVENESS = {
    "liveness": ProbeSettings(kind="liveness", period_s=0.1, timeout_s=0.3, failure_threshold=3, initial_delay_s=0.1)
}
READINESS = {"readiness": ProbeSettings(kind="readiness", period_s=0.1, timeout_s=0.3)}
STARTUP = {"startup": ProbeSettings(kind="startup", period_s=0.1, timeout_s=0.3, failure_threshold=12)}


def crash(draw: random.Random) -> Case:
    ends: list[int | str] = ["SIGKILL", "SIGSEGV", 0, 1, 77]
    lives = tuple(Script(run_s=at(draw, 0.7, 1.2), exit=draw.choice(ends), says=((0.3, "ready"),)) for _ in range(3))
    policy = replace(ALWAYS, when=draw.choice(["always", "on-failure", "never"]))
    return Case(kind="crash", unit=replace(BASE, policy=policy), lives=lives)


def crash_loop(draw: random.Random) -> Case:
    policy = PlainPolicy(backoff=Backoff(first_s=0.3, factor=2, cap_s=5), give_up_after=draw.choice([1, 2]))
    ends: list[int | str] = [1, "SIGABRT"]
    life = Script(run_s=at(draw, 0.3, 0.5), exit=draw.choice(ends))
    return Case(kind="crash loop", unit=replace(BASE, policy=policy), lives=(life,))


def hang(draw: random.Random) -> Case:
    lives = Script(hangs_after_s=at(draw, 0.7, 1.1), says=((0.3, "ready"),)), Script()
    return Case(kind="hang", unit=replace(BASE, probes=LIVENESS), lives=lives)


def slow_start(draw: random.Random) -> Case:
    slow = at(draw, 0.4, 0.8)
    lives = Script(says=((2.0, "ready"),)), Script(says=((slow, "ready"),))
    return Case(kind="slow start", unit=replace(BASE, start_limit_s=1.2), lives=lives)


def slow_startup_probe(draw: random.Random) -> Case:
    well = at(draw, 0.32, 0.58)
    never, soon = segments((0, "fail")), segments((0, "fail"), (well, "ok"))
    lives = Script(health={"startup": never}), Script(health={"startup": soon})
    unit = replace(BASE, probes=STARTUP, readiness=Readiness(by="probe"))
    return Case(kind="slow startup probe", unit=unit, lives=lives)


def readiness_lost(draw: random.Random) -> Case:
    back = at(draw, 1.2, 1.6)
    health = segments((0, "fail"), (0.25, "ok"), (0.75, "fail"), (back, "ok"))
    unit = replace(BASE, probes=READINESS, readiness=Readiness(by="probe"))
    return Case(kind="readiness lost", unit=unit, lives=(Script(health={"readiness": health}),))


def queue_lost(draw: random.Random) -> Case:
    lost, back = at(draw, 0.9, 1.0), at(draw, 1.4, 1.6)
    words = (0.3, "ready"), (0.6, "working"), (lost, "blocked:queue"), (back, "unblocked")
    unit = replace(BASE, reports_work=True)
    end = 2.2 if draw.random() < 0.5 else None
    return Case(kind="queue lost", unit=unit, lives=(Script(says=words, run_s=end), Script()))


def stop_while_starting(draw: random.Random) -> Case:
    life = Script(says=((2.5, "ready"),), stop_takes_s=at(draw, 0.3, 0.4), stop_exit=0)
    requests = (at(draw, 0.4, 0.8), "stop"), (2.0, draw.choice(["start", "stop"]))
    return Case(kind="stop while starting", unit=BASE, lives=(life,), requests=requests)


def second_stop(draw: random.Random) -> Case:
    """The first stop asks, the second one does not wait for the end of the grace period."""
    life = Script(says=((0.3, "ready"),), on_term="deaf")
    first = at(draw, 0.8, 1.0)
    unit = replace(BASE, stop=term_then_kill(2))
    requests = (first, "stop"), (first + at(draw, 0.4, 0.9), "stop")
    return Case(kind="second stop", unit=unit, lives=(life,), requests=requests)


def deaf(draw: random.Random) -> Case:
    life = Script(says=((0.3, "ready"),), on_term="deaf")
    request = draw.choice(["stop", "restart"])
    lives = (life, Script(says=((0.3, "ready"),)))
    requests = ((at(draw, 0.8, 1.2), request),)
    return Case(kind="deaf", unit=BASE, lives=lives, requests=requests)


def stop_in_backoff(draw: random.Random) -> Case:
    policy = PlainPolicy(backoff=Backoff(first_s=1.5, factor=1, cap_s=1.5))
    life = Script(run_s=0.5, exit=1)
    requests = (at(draw, 1.0, 1.2), "stop"), (1.6, draw.choice(["start", "reset"]))
    return Case(kind="stop in backoff", unit=replace(BASE, policy=policy), lives=(life,), requests=requests)


def leaves_by_itself(draw: random.Random) -> Case:
    """Either within the grace period or not."""
    says = at(draw, 0.7, 0.9)
    words = (0.3, "ready"), (says, "stopping")
    life = Script(says=words, run_s=says + draw.choice([0.3, 5]), exit=0)
    return Case(kind="leaves by itself", unit=BASE, lives=(life, Script()))


def killed_by_hand(draw: random.Random) -> Case:
    life = Script(says=((0.3, "ready"),))
    requests = (at(draw, 0.8, 1.2), "kill"), (1.6, "start"), (2.6, "restart")
    return Case(kind="killed by hand", unit=BASE, lives=(life,), requests=requests)


def stop_hook(draw: random.Random) -> Case:
    plan = StopPlan(
        phases=(
            Phase(name="preStop", until=Until.HOOK, limit_s=1.0),
            Phase(name="term", signal="SIGTERM", limit_s=0.8),
            Phase(name="kill", signal="SIGKILL"),
        )
    )
    life = Script(
        says=((0.3, "ready"),), stop_takes_s=0.4, stop_exit=0,
        hook_takes_s=draw.choice([None, at(draw, 0.3, 0.6)]),
    )  # fmt: skip
    requests = ((at(draw, 0.7, 1.2), "stop"),)
    unit = replace(BASE, stop=plan)
    return Case(kind="stop hook", unit=unit, lives=(life,), requests=requests)


def slow_answers(draw: random.Random) -> Case:
    """Answers that come too late are failures; they come in time again later."""
    slow = at(draw, 0.5, 0.8)
    health = segments((0, "ok"), (slow, "ok", 5.0), (slow + 1.7, "ok"))
    unit = replace(BASE, probes=READINESS, readiness=Readiness(by="probe"))
    return Case(kind="slow answers", unit=unit, lives=(Script(health={"readiness": health}),))


KINDS: tuple[Callable[[random.Random], Case], ...] = (
    crash, crash_loop, hang, slow_start, slow_startup_probe, readiness_lost, queue_lost,
    stop_while_starting, second_stop, deaf, stop_in_backoff, leaves_by_itself, killed_by_hand,
    stop_hook, slow_answers,
)  # fmt: skip


def at(draw: random.Random, earliest: float, latest: float) -> float:
    """Return an instant in seconds, in steps of a hundredth."""
    return draw.randint(round(earliest * 100), round(latest * 100)) / 100


def is_clear(case: Case) -> bool:
    """Return whether everything that happens in a case is far enough apart, and from its end."""
    seen = {t.at for t in case.simulated().transitions} | {at_s for at_s, _ in case.requests}
    instants = [0.0, *sorted(seen - {0.0}), UNTIL_S]
    return all(later - earlier >= GAP_S for earlier, later in pairwise(instants))


def drawn() -> list[Case]:
    """Return cases of every kind, the same in every run."""
    cases: list[Case] = []
    for make in KINDS:
        draw = random.Random(make.__name__)
        clear = [case for case in (make(draw) for _ in range(10 * PER_KIND)) if is_clear(case)]
        cases += clear[:PER_KIND]
    return cases


async def lived(number: int, case: Case, folder: Path) -> Trace:
    """Return what happens in real time: no less than the simulator says, and all up to its end."""
    await asyncio.sleep(number * STAGGER_S)
    flags = folder / str(number)
    flags.mkdir()
    program = puppet(case.unit, case.lives, flags)
    requests = [(at_s, case.kind, request) for at_s, request in case.requests]
    expected = len(case.simulated().transitions)

    def is_over(supervisor: Supervisor) -> bool:
        return supervisor.now_s >= UNTIL_S and len(supervisor.trace.transitions) >= expected

    supervisor = Supervisor({case.kind: program})
    with suppress(TimeoutError):  # the comparison will say what is missing
        async with asyncio.timeout(UNTIL_S + PATIENCE_S):
            await supervisor.run(is_over, requests=requests)
    return supervisor.trace


async def all_lived(cases: list[Case], folder: Path) -> list[Trace]:
    """Return what happens to all of them, on one loop, each under its own supervisor."""
    return await asyncio.gather(*(lived(n, case, folder) for n, case in enumerate(cases)))


def story(trace: Trace, length: int | None = None) -> list[str]:
    """Return the moves and why, all or the first so many."""
    moves = trace.transitions[:length]
    return [f"{t.source.value} -> {t.target.value}: {t.cause}" for t in moves]


def difference(case: Case, real: Trace) -> list[str]:
    """Return the moves in real time where they are not those of virtual time; nothing if they agree."""
    expected = story(case.simulated())
    in_time = [t for t in real.transitions if t.at < UNTIL_S]
    agrees = story(real, len(expected)) == expected and len(in_time) <= len(expected)
    return [] if agrees else story(real)


def test_real_and_simulated_lives_go_through_the_same_states_in_the_same_order(
    tmp_path: Path,
) -> None:
    """What differs is lived again, with fewer beside it: a busy machine is late once, a wrong driver each time."""
    cases = drawn()
    for round_ in range(TRIES):
        folder = tmp_path / str(round_)
        folder.mkdir()
        traces = asyncio.run(all_lived(cases, folder))
        for case, real in zip(cases, traces, strict=True):
            assert broken_rules(real.transitions) == []
            assert replay(real, {case.kind: case.unit}).transitions == real.transitions
        assert own_children() == []
        found = {n: difference(case, real) for n, (case, real) in enumerate(zip(cases, traces, strict=True))}
        cases = [cases[n] for n, moves in found.items() if moves]
    for case in cases:
        pytest.fail(f"{case} differs: {[moves for moves in found.values() if moves]}")


def test_the_drawn_lives_are_many_and_of_every_kind() -> None:
    traces = {id(case): (case, case.simulated()) for case in drawn()}.values()
    kinds = Counter(case.kind for case, _ in traces)
    assert set(kinds.values()) == {PER_KIND}
    assert len(kinds) == len(KINDS)
    assert sum(len(starts(trace.transitions)) for _, trace in traces) >= 80
    causes = Counter(t.cause for _, trace in traces for t in trace.transitions)
    for cause in (
        "exit 1", "exit 0", "signal SIGSEGV", "liveness probe failed", "startup probe failed",
        "start took too long", "stop requested", "restart requested", "kill requested",
        "readiness probe failed", "waits for queue", "says that it is stopping",
    ):  # fmt: skip
        assert causes[cause] >= 1, cause
    stopped_while_starting = [
        t
        for _, trace in traces
        for t in trace.transitions
        if (t.source, t.target) == (State.STARTING, State.DRAINING) and t.cause == "stop requested"
    ]
    assert len(stopped_while_starting) >= PER_KIND
