"""Fleets: replicas behind a balancer, what they need, the nodes they run on, and updates, in virtual time."""

from __future__ import annotations

from lifecycle_kit.simulate.fleet.run import Fleet, FleetResult, Load, run_fleet

__all__ = ["Fleet", "FleetResult", "Load", "run_fleet"]
