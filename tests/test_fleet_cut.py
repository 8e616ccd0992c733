"""A run as it stood at an instant: cut off there, it is what a shorter run would have been."""

from __future__ import annotations

import numpy as np
import pytest

from lifecycle_kit import like
from lifecycle_kit.simulate import Fleet, Load, Script, load_scenario, run_fleet, run_world, summary
from lifecycle_kit.simulate.fleet.cut import cut_off
from lifecycle_kit.simulate.fleet.world import Dependency, Fault, Queue, World
from tests import made_results as made

FLEET = Fleet(
    unit=like("kubernetes"), lives=[Script(run_s=13, on_term="drain", exit=1)], update_at_s=25,
    load=Load(per_s=20, takes_s=1.5),
)  # fmt: skip
WORLD = World(
    fleets={"api": FLEET, "worker": Fleet(unit=like("kubernetes"), works_on="jobs", load=None)},
    queues={"jobs": Queue(load=Load(per_s=3, takes_s=2.0))},
    dependencies={"database": Dependency(outages=[(10, 20), (30, 40)])},
    faults=[Fault(at_s=35, on="api", what="kill")],
)


@pytest.mark.parametrize("at_s", [3.3, 12, 26.4, 39])
def test_cut_off_is_what_a_shorter_run_would_have_been(at_s: float) -> None:
    cut, short = cut_off(run_fleet(FLEET, 40), at_s), run_fleet(FLEET, at_s)
    assert cut.log == short.log
    assert cut.log.names == short.log.names
    assert list(cut.requests) == list(short.requests)
    assert cut.routes == short.routes
    assert cut.trace.entries == short.trace.entries
    assert cut.update_done_s == short.update_done_s


@pytest.mark.parametrize("at_s", [5, 33, 38])
def test_a_world_is_cut_off_with_all_that_is_in_it(at_s: float) -> None:
    cut, short = cut_off(run_world(WORLD, 40), at_s), run_world(WORLD, at_s)
    assert cut.fleets["worker"].log == short.fleets["worker"].log
    assert cut.downs == short.downs
    assert cut.first_fault_ns == short.first_fault_ns
    np.testing.assert_array_equal(cut.jobs["jobs"].end, short.jobs["jobs"].end)
    np.testing.assert_array_equal(cut.jobs["jobs"].ended_ns, short.jobs["jobs"].ended_ns)
    np.testing.assert_equal(summary(cut, WORLD), summary(short, WORLD))


@pytest.mark.parametrize("at_s", [100, 159, 170])
def test_instances_that_wait_are_there_from_when_they_are_needed(at_s: float) -> None:
    scenario = load_scenario("node-lost")
    cut, short = cut_off(scenario.run(), at_s), scenario.run(until_s=at_s)
    assert cut.fleets["api"].log.names == short.fleets["api"].log.names
    assert ("api-2-b" in cut.fleets["api"].log.names) is (at_s > 160)


def test_a_run_that_was_shorter_stays_as_it_is() -> None:
    result = made.fleet(until_s=10)
    assert cut_off(result, 10) is result
    assert cut_off(result, 99) is result
