"""The quick engine: the same fleet as the step engine's, to the last move, in a fraction of the time.

Only real events are on its heap, probes are arithmetic, draws come in blocks, and requests are dealt with in bulk.
What it cannot do exactly it does not do: `plain_of` says so in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.bulk_course import course_of
from lifecycle_kit.simulate.fleet.draws import address
from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.simulate.fleet.plain import Plain, Program, Version, plain_of
from lifecycle_kit.simulate.fleet.quick_beliefs import Beliefs, LateRoutes
from lifecycle_kit.simulate.fleet.quick_calm import Calm, calm_of
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.quick_luck import FAR, Luck
from lifecycle_kit.simulate.fleet.quick_outcomes import no_requests, requests_of
from lifecycle_kit.simulate.fleet.quick_policy import PlainJudge, judge_of
from lifecycle_kit.simulate.fleet.quick_replica import Replica
from lifecycle_kit.simulate.fleet.quick_trace import LateTrace
from lifecycle_kit.simulate.fleet.quick_traffic import Traffic
from lifecycle_kit.simulate.fleet.quick_update import Stage, rollout_of
from lifecycle_kit.simulate.fleet.result import FleetResult, Requests
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.units import ns, seconds

__all__ = ["run"]


def run(fleet: Fleet, until_ns: int, seed: int, name: str) -> FleetResult | str:
    """Return what comes of a fleet, or in words what in it cannot be run quickly."""
    plain = plain_of(fleet)
    return plain if isinstance(plain, str) else Run(plain, until_ns, seed, name).result()


class Run:
    """One run of a fleet.

    Args:
        plain: the fleet.
        until_ns: end of the run.
        seed: of every draw.
        name: of the fleet.
        calm: compute lives at once where that can be done; without it the moves are written as they happen.
    """

    def __init__(self, plain: Plain, until_ns: int, seed: int, name: str, *, calm: bool = True) -> None:
        fleet = plain.fleet
        self._plain, self._seed, self._name, self._calm = plain, seed, name, calm and _stays_calm(plain)
        self.line = line = Line(until_ns)
        self._beliefs = Beliefs(fleet.route_on, ns(fleet.spread_s), line)
        line.look, line.seen_draining = self._beliefs.look, fleet.route_on == "process"
        self._replicas: list[Replica] = []
        make_old = self._maker(plain.old, name, calm=self._calm)
        for number in range(fleet.replicas):
            line.push(0, Replica.on_first_start, make_old(number), None)
        self._plan_requests()
        self._stage, self._rollout = self._plan_update()
        if fleet.load is not None:
            line.serial += 1
            line.traffic = Traffic(fleet.load, until_ns, seed, name, self._beliefs, line.serial)

    def _plan_requests(self) -> None:
        fleet = self._plain.fleet
        self._due: list[list[int]] = [[FAR] for _ in range(fleet.replicas)]
        for at_s, number, request in fleet.requests:
            self.line.push(ns(at_s), Run.on_asked, self, (number, request))
            self._due[number].append(ns(at_s))
        for replica, due in zip(self._replicas, self._due, strict=True):
            due.sort(reverse=True)
            replica.calm_until = due[-1]

    def _maker(self, version: Version, family: str, *, calm: bool = False) -> _Maker:
        return _Maker(self.line, version, family, self._seed, self._replicas, calm)

    def _plan_update(self) -> tuple[Stage | None, Rollout | None]:
        fleet, new, line = self._plain.fleet, self._plain.new, self.line
        if new is None or fleet.update_at_s is None:
            return None, None
        make = self._maker(new, f"{self._name}-new")
        stage = Stage(line, self._name, fleet, list(self._replicas), make)
        rollout = rollout_of(stage, self._name)
        line.look = stage.watched(rollout, line.look)
        line.push(ns(fleet.update_at_s), lambda update, *_: update.begin(), rollout, None)
        return stage, rollout

    def on_asked(self, now: int, argument: tuple[int, str]) -> None:
        """Hand in a request of a person; one that an update has told to go is not started again."""
        number, request = argument
        self._due[number].pop()
        self._replicas[number].calm_until = self._due[number][-1]
        gone = self._stage is not None and self._stage.seats[number].name in self._stage.unwanted
        if not (gone and request in ("start", "restart")):
            self._replicas[number].on_request(now, request)

    def names(self) -> list[str]:
        """Return the names of all instances, in order of creation."""
        count = self._plain.fleet.replicas
        seats = [] if self._stage is None else self._stage.seats[count:]
        return [*(f"{self._name}-{number}" for number in range(count)), *(seat.name for seat in seats)]

    def result(self) -> FleetResult:
        """Run, and return what came of it."""
        line, rollout = self.line, self._rollout
        line.run()
        names = self.names()
        header = {"made_by": "simulate", "until_ns": line.until, "seed": self._seed}
        told = sorted(alert for alert in line.alerts if alert[0] <= line.until)
        alerts = [(at, names[who], kind, text) for at, who, kind, text in told]
        moves = partial(_moves, self._plain, line.until, self._seed, self._name)
        return FleetResult(
            name=self._name, log=line.book.log(names, line.until), requests=self._requests(names),
            routes=LateRoutes(self._beliefs.changes(), names), until_ns=line.until, engine="quick",
            trace=LateTrace(moves, header, alerts),
            update_done_s=None if rollout is None or rollout.done_ns is None else seconds(rollout.done_ns),
            update_stuck_s=None if rollout is None or rollout.stuck_ns is None else seconds(rollout.stuck_ns),
        )  # fmt: skip

    def _requests(self, names: list[str]) -> Requests:
        line, traffic = self.line, self.line.traffic
        if traffic is None:
            return no_requests()
        traffic.deal()
        alive = [replica.served(FOREVER_NS, line.current) for replica in self._replicas if replica.alive]
        serves = [replica.program.serves for replica in self._replicas]
        ages = np.array([FOREVER_NS if age is None else age for age in serves], np.int64)
        return requests_of(traffic, line.lives + alive, line.book.table(), ages, line.until, names)


def _moves(plain: Plain, until: int, seed: int, name: str) -> Log:
    """Run without computing lives at once, and return the moves in the order in which they happened."""
    run = Run(plain, until, seed, name, calm=False)
    run.line.run()
    return run.line.book.log(run.names(), until, as_it_happened=True)


def _stays_calm(plain: Plain) -> bool:
    """Tell whether lives may be computed at once: nothing looks at instances or waits for work in the meantime."""
    drains = any(one.script.on_term == "drain" for programs in plain.old.programs for one in programs)
    fleet = plain.fleet
    return plain.new is None and isinstance(fleet.route_on, str) and not (fleet.load is not None and drains)


class _Maker:
    """Makes instances of one version."""

    def __init__(self, line: Line, version: Version, family: str, seed: int, made: list[Replica], calm: bool) -> None:
        self._line, self._version, self._made = line, version, made
        self._judge = judge_of(version.rules.unit.policy, address(seed, family, "exit"))
        wears = {programs[0].wear for programs in version.programs} - {None}
        self._lucks = {
            wear: Luck(seed, family, *wear, len(version.programs), line.until) for wear in wears if wear is not None
        }
        self._calms: dict[int, Calm | None] | None = {} if calm else None

    def __call__(self, number: int) -> Replica:
        """Return replica `number`, not started yet."""
        version, who = self._version, len(self._made)
        programs = version.programs[number]
        wear = programs[0].wear
        luck = None if wear is None else self._lucks[wear]
        calm = self._calm(programs)
        replica = Replica(self._line, who, number, version.rules, self._judge, programs, luck, calm)
        self._made.append(replica)
        return replica

    def _calm(self, programs: Sequence[Program]) -> Calm | None:
        calms, judge = self._calms, self._judge
        if calms is None or len(programs) > 1 or not isinstance(judge, PlainJudge):
            return None
        if id(programs) not in calms:
            course = course_of(self._version.rules, programs[0])
            calms[id(programs)] = None if isinstance(course, str) else calm_of(self._line, course, judge)
        return calms[id(programs)]
