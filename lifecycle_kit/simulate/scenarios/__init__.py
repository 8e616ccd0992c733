"""Scenarios: incidents as small files, with a story, a world, cures, and what only looks like a cure.

Its one rule: a scenario is data. A cure is a change of the file, so that what it changes can be read.
"""

from __future__ import annotations

from lifecycle_kit.simulate.scenarios.load import load_scenario, read_scenario, scenario_names
from lifecycle_kit.simulate.scenarios.measures import Measure
from lifecycle_kit.simulate.scenarios.reading import BadScenario, Problem
from lifecycle_kit.simulate.scenarios.scenario import Change, Scenario

__all__ = [
    "BadScenario",
    "Change",
    "Measure",
    "Problem",
    "Scenario",
    "load_scenario",
    "read_scenario",
    "scenario_names",
]
