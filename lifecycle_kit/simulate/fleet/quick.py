"""The quick engine: the same fleet as the step engine's, to the last move, in a fraction of the time.

Only real events are on its heap, probes are arithmetic, draws come in blocks, and requests are dealt with in bulk.
What it cannot do exactly it does not do: `plain_of` says so in words.
"""

from __future__ import annotations

from lifecycle_kit.simulate.fleet.draws import address
from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.simulate.fleet.plain import Plain, Version, plain_of
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.quick_luck import Luck
from lifecycle_kit.simulate.fleet.quick_policy import judge_of
from lifecycle_kit.simulate.fleet.quick_replica import Replica
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.units import ns

__all__ = ["play"]


def play(plain: Plain, until_ns: int, seed: int, name: str) -> Line:
    """Return everything that happens to the instances of a fleet."""
    line = Line(until_ns)
    replicas = _replicas(line, plain.old, seed, name)
    for replica in replicas:
        line.push(0, Replica.on_request, replica, "start")
    for at_s, number, request in plain.fleet.requests:
        line.push(ns(at_s), Replica.on_request, replicas[number], request)
    line.run()
    return line


def _replicas(line: Line, version: Version, seed: int, family: str) -> list[Replica]:
    judge = judge_of(version.rules.unit.policy, address(seed, family, "exit"))
    lucks: dict[tuple[float, float], Luck] = {}
    made = []
    for number, programs in enumerate(version.programs):
        wear = programs[0].wear
        if wear is not None and wear not in lucks:
            lucks[wear] = Luck(seed, family, *wear, len(version.programs), line.until)
        luck = None if wear is None else lucks[wear]
        made.append(Replica(line, number, number, version.rules, judge, programs, luck))
    return made


def log_of(fleet: Fleet, until_ns: int, seed: int, name: str) -> Log:
    plain = plain_of(fleet)
    assert not isinstance(plain, str), plain
    line = play(plain, until_ns, seed, name)
    return line.book.log([f"{name}-{i}" for i in range(fleet.replicas)])
