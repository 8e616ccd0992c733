"""Fleets: the engines beside SimPy on the workload W(n, T), and a fleet that serves requests."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from benchmarks import fingerprint, simpy_peer
from benchmarks.fingerprint import Fingerprint
from benchmarks.measure import Case, Figures, Row, Topic
from benchmarks.workload import serving, workload
from lifecycle_kit.simulate import FleetResult, replicate, run_fleet
from lifecycle_kit.simulate.fleet.bulk_table import Replications
from lifecycle_kit.simulate.fleet.log import Log
from lifecycle_kit.units import ns
from tests import reference_engine_fleet as reference

__all__ = ["topic"]

SEED = 1


@dataclass(frozen=True)
class Size:
    """How large everything is: instances and seconds of W, of the long W, and of the fleet that serves."""

    few: int
    some: int
    many: int
    hour_s: float
    day_s: float
    serving: int
    per_s: float


FULL = Size(few=100, some=1_000, many=10_000, hour_s=3_600, day_s=86_400, serving=200, per_s=100)
SMALL = Size(few=4, some=8, many=16, hour_s=900, day_s=1_800, serving=4, per_s=5)


def topic(small: bool) -> Topic:
    """Return the cases and rows of the fleets."""
    size = SMALL if small else FULL
    cases = [
        *(_engine("quick", n, size.hour_s) for n in (size.few, size.some, size.many)),
        _engine("step", size.few, size.hour_s),
        _simpy(size.some, size.hour_s),
        _simpy(size.few, size.hour_s),
        _simpy(size.many, size.hour_s, rounds=1),
        _reference(size.few, size.hour_s),
        _bulk(size.many, size.hour_s),
        _day(size),
        _bulk(size.many, size.hour_s, written=True),
        _serving("quick", size),
        _serving("step", size, rounds=1),
    ]
    return Topic(title="Fleets", cases=cases, rows=_rows(size))


def name_of(what: str, n: int, until_s: float) -> str:
    """Return the name of a case on the workload.

    >>> name_of("SimPy", 1000, 3600)
    'SimPy on W(1000, 3600)'
    """
    return f"{what} on W({n}, {until_s:g})"


def _engine(engine: str, n: int, until_s: float, rounds: int | None = None) -> Case:
    fleet = workload(n)
    return Case(
        name=name_of(engine, n, until_s),
        prepare=lambda: lambda: run_fleet(fleet, until_s, seed=SEED, engine=engine),
        warm_up=lambda: run_fleet(workload(8), 600, seed=SEED, engine=engine),
        rounds=rounds,
        same=name_of("log", n, until_s),
        outcome=lambda done: fingerprint.of_log(cast(FleetResult, done).log),
        count=_size,
    )


def _simpy(n: int, until_s: float, rounds: int | None = None) -> Case:
    def prepare() -> Callable[[], object]:
        lucks = simpy_peer.lucks(n, SEED)
        return lambda: simpy_peer.run(lucks, until_s)

    return Case(
        name=name_of("SimPy", n, until_s),
        prepare=prepare,
        warm_up=lambda: simpy_peer.run(simpy_peer.lucks(8, SEED), 600),
        rounds=rounds,
        same=name_of("log", n, until_s),
        outcome=lambda done: fingerprint.of_log(simpy_peer.to_log(cast(list[simpy_peer.Row], done))),
        count=_size,
    )


def _bulk(n: int, until_s: float, written: bool = False) -> Case:
    """Return a case of independent replications: their table of lives, or the log that can be made of it as well."""
    fleet = workload(n)

    def table() -> Replications:
        return replicate(fleet, until_s, seed=SEED)

    return Case(
        name=name_of("bulk with its log" if written else "bulk", n, until_s),
        prepare=lambda: (lambda: table().log()) if written else table,
        warm_up=lambda: replicate(workload(8), 600, seed=SEED).log(),
        same=name_of("log", n, until_s),
        outcome=lambda done: fingerprint.of_log(done if isinstance(done, Log) else cast(Replications, done).log()),
        count=_size,
    )


def _day(size: Size) -> Case:
    """Return the case of a long run: what it says of the first hour must be what the short runs say."""
    fleet = workload(size.many)
    return Case(
        name=name_of("bulk", size.many, size.day_s),
        prepare=lambda: lambda: replicate(fleet, size.day_s, seed=SEED),
        warm_up=lambda: replicate(workload(8), 600, seed=SEED),
        rounds=3,
        same=name_of("log", size.many, size.hour_s),
        outcome=lambda done: fingerprint.of_log(cast(Replications, done).log(), ns(size.hour_s)),
    )


def _reference(n: int, until_s: float) -> Case:
    fleet = workload(n)
    return Case(
        name=name_of("reference", n, until_s),
        prepare=lambda: lambda: reference.play(fleet, until_s, seed=SEED),
        warm_up=lambda: reference.play(workload(8), 600, seed=SEED),
        rounds=1,
        same=name_of("log", n, until_s),
        outcome=lambda done: fingerprint.of_log(cast(reference.Played, done).log),
        count=_size,
    )


def _serving(engine: str, size: Size, rounds: int | None = None) -> Case:
    fleet = serving(size.serving, size.per_s, size.hour_s / 3)
    return Case(
        name=f"{engine}, {size.serving} instances serve {size.per_s:g}/s for {size.hour_s:g} s",
        prepare=lambda: lambda: run_fleet(fleet, size.hour_s, seed=SEED, engine=engine),
        warm_up=lambda: run_fleet(serving(4, 5, 60), 180, seed=SEED, engine=engine),
        rounds=rounds,
        same="serving",
        outcome=lambda done: fingerprint.of_result(cast(FleetResult, done)),
        count=_size,
    )


def _size(outcome: object) -> int:
    return cast(Fingerprint, outcome).size


def _rows(size: Size) -> list[Row]:
    few, some, many, hour = size.few, size.some, size.many, size.hour_s
    ladder = [name_of("quick", n, hour) for n in (few, some, many)]
    day, served = name_of("bulk", many, size.day_s), _serving("quick", size).name

    def growth(figures: Figures) -> float:
        costs = [figures[name].each for name in ladder]
        return max(costs) / min(costs)

    return [
        _faster("quick", some, hour, at_least=30),
        Row(title=f"cost of a transition from n = {few} to {many}, dearest over cheapest", of=ladder, value=growth,
            unit="x", at_most=1.5),
        _faster("bulk", many, hour, at_least=1000),
        _faster("bulk with its log", many, hour),
        Row(title=day, of=[day], value=lambda figures: figures[day].median, unit="s", at_most=2),
        Row(title=served, of=[served], value=lambda figures: 1e3 * figures[served].median, unit="ms", at_most=150),
        Row(title=f"memory of the result of W({some}, {hour:g}) per transition", unit="bytes", at_most=100,
            value=lambda _: _bytes_each(some, hour)),
        _faster("step", few, hour),
        _faster("reference", few, hour),
    ]  # fmt: skip


def _faster(engine: str, n: int, until_s: float, at_least: float | None = None) -> Row:
    fast, slow = name_of(engine, n, until_s), name_of("SimPy", n, until_s)
    return Row(
        title=f"{fast}, times SimPy",
        of=[fast, slow],
        value=lambda figures: figures[slow].median / figures[fast].median,
        unit="x",
        at_least=at_least,
    )


def _bytes_each(n: int, until_s: float) -> float:
    """Return what the result of a run keeps of memory, per transition."""
    fleet = workload(n)
    run_fleet(workload(1), until_s, seed=SEED)  # what is loaded and kept once is not the result's
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    result = run_fleet(fleet, until_s, seed=SEED)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(result.log)
