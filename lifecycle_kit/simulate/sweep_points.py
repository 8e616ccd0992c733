"""One point of a sweep: parameters and a seed, what is run there, and what is measured.

Everything here can be sent to another process.
"""

from __future__ import annotations

import copyreg
import inspect
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.run import run_fleet, run_world
from lifecycle_kit.simulate.fleet.summary import summary
from lifecycle_kit.simulate.fleet.world import Fleet, World
from lifecycle_kit.simulate.scenarios.scenario import Scenario
from lifecycle_kit.simulate.sweep_table import POINTS, PROBLEM

__all__ = ["SEED", "Job", "Measured", "Point", "Stop", "points_of", "work"]

SEED = "seed"
Point = Mapping[str, Any]
Measured = tuple[dict[str, Any], str]
"""What was measured at a point, and why nothing was; one of them is empty."""


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _taken_apart(values: MappingProxyType[Any, Any]) -> tuple[Callable[..., Any], tuple[dict[Any, Any]]]:
    return _read_only, (dict(values),)


# Units and worlds hold read-only mappings, which cannot be sent to another process unless somebody says how.
copyreg.pickle(MappingProxyType, _taken_apart)


class Stop(Protocol):
    """Something that tells whether the sweep is to stop."""

    def is_set(self) -> bool:
        """Tell whether it is to stop."""
        ...


def points_of(grid: Mapping[str, Sequence[Any]], seeds: Sequence[int]) -> list[Point]:
    """Return every combination of parameters and seeds, the last parameter and then the seed changing fastest.

    Raises:
        ValueError: if a list is empty, or a parameter has a name that the table needs.
    """
    for name, values in {**grid, SEED: seeds}.items():
        if not len(values):
            raise ValueError(f"{name} has no values, so that there is no point to run")
    if taken := {SEED, PROBLEM, POINTS} & set(grid):
        raise ValueError(f"a parameter cannot be called {min(taken)!r}; seeds are given as seeds=...")
    return [dict(zip((*grid, SEED), values, strict=True)) for values in itertools.product(*grid.values(), seeds)]


@dataclass(frozen=True, slots=True)
class Job:
    """What is done at every point.

    Attributes:
        run: called with the parameters, and with `seed` if it takes one; or a scenario.
        until_s: end of the runs, if it returns a fleet or a world.
    """

    run: Callable[..., Any] | Scenario
    until_s: float

    def measure(self, point: Point) -> Measured:
        """Return what comes of a point; an error is an answer too."""
        try:
            return self._numbers(point), ""
        except Exception as error:  # noqa: BLE001 - one point must not lose the others
            return {}, f"{type(error).__name__}: {error}"

    def _numbers(self, point: Point) -> dict[str, Any]:
        if isinstance(self.run, Scenario):
            return _of_scenario(self.run, **point)
        seed = point[SEED]
        given = dict(point) if _takes_seed(self.run) else {name: value for name, value in point.items() if name != SEED}
        match self.run(**given):
            case Fleet() as fleet:
                return summary(run_fleet(fleet, self.until_s, seed=seed), fleet)
            case World() as world:
                return summary(run_world(world, self.until_s, seed=seed), world)
            case Scenario() as scenario:
                return _of_scenario(scenario, seed)
            case FleetResult() | WorldResult() as result:
                return summary(result)
            case Mapping() as numbers:
                return dict(numbers)
            case value:
                return {"value": _plain(value)}


def _of_scenario(
    scenario: Scenario, seed: int, cure: str | None = None, until_s: float | None = None
) -> dict[str, Any]:
    world = scenario.world if cure is None else scenario.change(cure).world
    result = scenario.run(cure, seed=seed, until_s=until_s)
    numbers: dict[str, Any] = summary(result, world)
    return numbers if scenario.measure is None else {**numbers, "measure": scenario.measure.of(result)}


def _takes_seed(run: Callable[..., Any]) -> bool:
    parameters = inspect.signature(run).parameters
    return SEED in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())


def _plain(value: Any) -> Any:
    return math.nan if value is None else value


_stop: Stop | None = None


def begin(stop: Stop) -> None:
    """Prepare a process for points: it stops when it is told to, and leaves Ctrl-C to the one that started it."""
    import signal

    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def work(job: Job, points: Sequence[Point]) -> list[Measured]:
    """Return what comes of some points, in their order; of fewer if the sweep is stopped."""
    done = []
    for point in points:
        if _stop is not None and _stop.is_set():
            break
        done.append(job.measure(point))
    return done
