"""Virtual time: the same `step` that supervises real children, on an agenda instead of a clock."""

from __future__ import annotations

from lifecycle_kit.simulate.backlog import backlog
from lifecycle_kit.simulate.fleet import Fleet, FleetResult, Load, run_fleet
from lifecycle_kit.simulate.one import Simulated, simulate
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.simulate.several import side_by_side
from lifecycle_kit.systems.deployment import RollingUpdate

__all__ = [
    "Fleet",
    "FleetResult",
    "Load",
    "RollingUpdate",
    "Script",
    "Simulated",
    "backlog",
    "run_fleet",
    "side_by_side",
    "simulate",
]
