"""Virtual time: the same `step` that supervises real children, on an agenda instead of a clock.

What has to do with fleets is loaded when it is first used, because it needs NumPy and one instance does not. No
module here may have the name of a function that is loaded that way: importing it would hide the function.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lifecycle_kit.simulate.backlog import backlog
from lifecycle_kit.simulate.one import Simulated, simulate
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.simulate.several import side_by_side
from lifecycle_kit.systems.deployment import RollingUpdate

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.alarms import alerts_of as alerts_of
    from lifecycle_kit.simulate.fleet.bulk import replicate as replicate
    from lifecycle_kit.simulate.fleet.load import Load as Load
    from lifecycle_kit.simulate.fleet.metrics import metrics as metrics
    from lifecycle_kit.simulate.fleet.result import FleetResult as FleetResult
    from lifecycle_kit.simulate.fleet.result import WorldResult as WorldResult
    from lifecycle_kit.simulate.fleet.run import run_fleet as run_fleet
    from lifecycle_kit.simulate.fleet.run import run_world as run_world
    from lifecycle_kit.simulate.fleet.summary import summary as summary
    from lifecycle_kit.simulate.fleet.world import Alarm as Alarm
    from lifecycle_kit.simulate.fleet.world import Dependency as Dependency
    from lifecycle_kit.simulate.fleet.world import Fault as Fault
    from lifecycle_kit.simulate.fleet.world import Fleet as Fleet
    from lifecycle_kit.simulate.fleet.world import Need as Need
    from lifecycle_kit.simulate.fleet.world import Node as Node
    from lifecycle_kit.simulate.fleet.world import Queue as Queue
    from lifecycle_kit.simulate.fleet.world import Wear as Wear
    from lifecycle_kit.simulate.fleet.world import World as World
    from lifecycle_kit.simulate.scenarios import load_scenario as load_scenario
    from lifecycle_kit.simulate.scenarios import scenario_names as scenario_names
    from lifecycle_kit.simulate.sweeps import sweep as sweep

_HOME = {
    "Alarm": "fleet.world",
    "Dependency": "fleet.world",
    "Fault": "fleet.world",
    "Fleet": "fleet.world",
    "FleetResult": "fleet.result",
    "Load": "fleet.load",
    "Need": "fleet.world",
    "Node": "fleet.world",
    "Queue": "fleet.world",
    "Wear": "fleet.world",
    "World": "fleet.world",
    "WorldResult": "fleet.result",
    "alerts_of": "fleet.alarms",
    "load_scenario": "scenarios",
    "metrics": "fleet.metrics",
    "replicate": "fleet.bulk",
    "run_fleet": "fleet.run",
    "run_world": "fleet.run",
    "scenario_names": "scenarios",
    "summary": "fleet.summary",
    "sweep": "sweeps",
}

__all__ = [
    "Alarm",
    "Dependency",
    "Fault",
    "Fleet",
    "FleetResult",
    "Load",
    "Need",
    "Node",
    "Queue",
    "RollingUpdate",
    "Script",
    "Simulated",
    "Wear",
    "World",
    "WorldResult",
    "alerts_of",
    "backlog",
    "load_scenario",
    "metrics",
    "replicate",
    "run_fleet",
    "run_world",
    "scenario_names",
    "side_by_side",
    "simulate",
    "summary",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"lifecycle_kit.simulate has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"lifecycle_kit.simulate.{_HOME[name]}"), name)
