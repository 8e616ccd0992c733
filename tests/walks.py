"""Random walks through `step`: a driver that does anything at any time, for the property tests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.instance import Instance, Readiness, Unit, create
from lifecycle_kit.machine import step
from lifecycle_kit.replay import record
from lifecycle_kit.restart import Go, Memory, PlainPolicy, Refuse
from lifecycle_kit.states import RequestRefused
from lifecycle_kit.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(PlainPolicy):
    """A policy that allows no start, as an admission check may."""

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Refuse every start."""
        return memory, Refuse("not-admitted")


UNITS: dict[str, Unit] = {
    "kubernetes": like(
        "kubernetes",
        {"livenessProbe": True, "readinessProbe": True, "startupProbe": True, "lifecycle.preStop.sleep.seconds": 5},
    ),
    "kubernetes-never": like("kubernetes", restartPolicy="Never"),
    "systemd": like("systemd", Restart="always", RuntimeMaxSec=50),
    "systemd-notify": like("systemd", Restart="on-failure", Type="notify", StartLimitBurst=2),
    "supervisord": like("supervisord", autorestart="true"),
    "not-admitted": Unit(policy=Closed()),
    "plain": Unit(
        reports_work=True,
        readiness=Readiness(by="notice"),
        stop=StopPlan(
            phases=(
                Phase(name="drain", until=Until.DRAINED, limit_s=5),
                Phase(name="term", signal="SIGTERM", limit_s=5),
                Phase(name="kill", signal="SIGKILL"),
            )
        ),
    ),
}


def news(dice: random.Random, at: int, life: int) -> list[ev.Event]:
    """Return one piece of news of each kind about `life`."""
    return [
        ev.Spawned(at=at, life=life),
        ev.SpawnFailed(at=at, life=life, error="no such program", u=dice.random()),
        ev.Exited(at=at, life=life, code=dice.choice([0, 1, 137]), u=dice.random()),
        ev.Exited(at=at, life=life, signal=dice.choice(["SIGTERM", "SIGKILL", "SIGSEGV"]), u=dice.random()),
        ev.Notified(
            at=at, life=life, notice=dice.choice(["ready", "ready", "not-ready", "stopping", "alive", "unwell"])
        ),
        ev.Emptied(at=at, life=life),
        ev.Extended(at=at, life=life, by_ns=dice.choice([0, 10**9, 10**11])),
        ev.Probed(at=at, life=life, probe=dice.choice(["startup", "readiness", "liveness"]), good=dice.random() < 0.8),
        ev.Blocked(at=at, life=life, on="queue"),
        ev.Unblocked(at=at, life=life),
        ev.Working(at=at, life=life),
        ev.Idle(at=at, life=life),
        ev.Drained(at=at, life=life),
        ev.HookDone(at=at, life=life),
    ]


def any_event(dice: random.Random, instance: Instance, at: int, timers: list[ev.SetTimer]) -> ev.Event:
    """Return a request, a timer of this or an earlier moment, or news of this or an earlier life."""
    kind = dice.random()
    if kind < 0.25:
        return ev.Request(at=at, request=dice.choice(["start", "start", "stop", "restart", "kill", "reset"]))
    if kind < 0.5 and timers:
        timer = timers[-1] if dice.random() < 0.8 else dice.choice(timers)
        return ev.TimerFired(at=at, life=timer.life, name=timer.name, serial=timer.serial)
    life = instance.number if dice.random() < 0.9 else dice.randrange(instance.number + 1)
    return dice.choice(news(dice, at, life))


def walk(unit: Unit, seed: int, steps: int) -> Iterator[tuple[Instance, ev.Event, tuple[ev.Command, ...] | None]]:
    """Yield `(instance before, event, commands)`; commands are None where a request was refused."""
    dice, instance, at = random.Random(seed), create(unit), 0
    timers: list[ev.SetTimer] = []
    for _ in range(steps):
        at += dice.choice([0, 1, 10**9, 10**11])
        event = any_event(dice, instance, at, timers)
        try:
            after, commands = step(instance, event)
        except RequestRefused:
            yield instance, event, None
            continue
        yield instance, event, commands
        timers += [command for command in commands if isinstance(command, ev.SetTimer)]
        instance = after


def walk_trace(unit: Unit, seed: int, steps: int) -> Trace:
    """Return the trace of a walk."""
    trace = Trace()
    for _, event, commands in walk(unit, seed, steps):
        if commands is not None:
            record(trace, "unit", event, commands)
    return trace
