"""The quick engine: the same fleet as the step engine's, to the last move, in a fraction of the time.

Only real events are on its heap, probes are arithmetic, draws come in blocks, and requests are dealt with in bulk.
What it cannot do exactly it does not do: `plain_of` says so in words.
"""

from __future__ import annotations

from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.draws import address
from lifecycle_kit.simulate.fleet.plain import Plain, Version, plain_of
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.quick_luck import Luck
from lifecycle_kit.simulate.fleet.quick_outcomes import no_requests, requests_of
from lifecycle_kit.simulate.fleet.quick_policy import judge_of
from lifecycle_kit.simulate.fleet.quick_replica import Replica
from lifecycle_kit.simulate.fleet.quick_trace import BookTrace
from lifecycle_kit.simulate.fleet.quick_traffic import Beliefs, Traffic
from lifecycle_kit.simulate.fleet.quick_update import Stage, rollout_of
from lifecycle_kit.simulate.fleet.result import FleetResult
from lifecycle_kit.simulate.fleet.rollout import Rollout
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.units import ns, seconds

__all__ = ["run"]


def run(fleet: Fleet, until_ns: int, seed: int, name: str) -> FleetResult | str:
    """Return what comes of a fleet, or in words what in it cannot be run quickly."""
    plain = plain_of(fleet)
    return plain if isinstance(plain, str) else Run(plain, until_ns, seed, name).result()


class Run:
    """One run of a fleet."""

    def __init__(self, plain: Plain, until_ns: int, seed: int, name: str) -> None:
        fleet = plain.fleet
        self._plain, self._seed, self._name = plain, seed, name
        self._line = line = Line(until_ns)
        self._beliefs = Beliefs(fleet.route_on, ns(fleet.spread_s))
        line.look = self._beliefs.look
        self._replicas: list[Replica] = []
        make_old = self._maker(plain.old, name)
        for number in range(fleet.replicas):
            line.push(0, Replica.on_request, make_old(number), "start")
        for at_s, number, request in fleet.requests:
            line.push(ns(at_s), Run.on_asked, self, (number, request))
        self._stage, self._rollout = self._plan_update()
        if fleet.load is not None:
            line.serial += 1
            line.traffic = Traffic(fleet.load, until_ns, seed, name, self._beliefs, line.serial)

    def _maker(self, version: Version, family: str) -> _Maker:
        return _Maker(self._line, version, family, self._seed, self._replicas)

    def _plan_update(self) -> tuple[Stage | None, Rollout | None]:
        fleet, new, line = self._plain.fleet, self._plain.new, self._line
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
        gone = self._stage is not None and self._stage.seats[number].name in self._stage.unwanted
        if not (gone and request in ("start", "restart")):
            self._replicas[number].on_request(now, request)

    def result(self) -> FleetResult:
        """Run, and return what came of it."""
        line, rollout = self._line, self._rollout
        line.run()
        count = self._plain.fleet.replicas
        seats = [] if self._stage is None else self._stage.seats[count:]
        names = [*(f"{self._name}-{number}" for number in range(count)), *(seat.name for seat in seats)]
        if line.traffic is not None:
            line.traffic.deal(len(line.traffic.at))
            alive = [replica.served(FOREVER_NS, line.current) for replica in self._replicas if replica.alive]
            requests = requests_of(line.traffic, line.lives + alive, line.until, names)
        else:
            requests = no_requests()
        header = {"made_by": "simulate", "until_ns": line.until, "seed": self._seed}
        alerts = [(at, names[who], kind, text) for at, who, kind, text in line.alerts]
        return FleetResult(
            name=self._name, log=line.book.log(names), requests=requests, until_ns=line.until,
            routes=self._beliefs.routes(line.until, names), engine="quick",
            trace=BookTrace(line.book, names, header, alerts),
            update_done_s=None if rollout is None or rollout.done_ns is None else seconds(rollout.done_ns),
            update_stuck_s=None if rollout is None or rollout.stuck_ns is None else seconds(rollout.stuck_ns),
        )  # fmt: skip


class _Maker:
    """Makes instances of one version."""

    def __init__(self, line: Line, version: Version, family: str, seed: int, made: list[Replica]) -> None:
        self._line, self._version, self._made = line, version, made
        self._judge = judge_of(version.rules.unit.policy, address(seed, family, "exit"))
        wears = {programs[0].wear for programs in version.programs} - {None}
        self._lucks = {
            wear: Luck(seed, family, *wear, len(version.programs), line.until) for wear in wears if wear is not None
        }

    def __call__(self, number: int) -> Replica:
        """Return replica `number`, not started yet."""
        version, who = self._version, len(self._made)
        programs = version.programs[number]
        wear = programs[0].wear
        luck = None if wear is None else self._lucks[wear]
        replica = Replica(self._line, who, number, version.rules, self._judge, programs, luck)
        self._made.append(replica)
        return replica
