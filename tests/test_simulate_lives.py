"""Lives that depend on when they begin: a world that changes while an instance is being restarted."""

from __future__ import annotations

from lifecycle_kit import Backoff, PlainPolicy, State, Unit
from lifecycle_kit.simulate import Fleet, Load, Script, run_fleet, simulate
from lifecycle_kit.trace import starts


def after_the_outage(born_s: float) -> Script:
    return Script() if born_s >= 45 else Script(run_s=0)


def test_a_life_is_given_the_second_at_which_it_begins() -> None:
    unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=1, factor=2)))
    born: list[float] = []

    def life(born_s: float) -> Script:
        born.append(born_s)
        return Script(run_s=0)

    trace = simulate(unit, life, until_s=10)
    assert sorted(set(born)) == starts(trace.transitions) == [0, 1, 3, 7]


def test_a_restart_heals_once_the_outage_is_over() -> None:
    unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=10)))
    trace = simulate(unit, after_the_outage, until_s=100)
    assert starts(trace.transitions) == [0, 10, 20, 30, 40, 50]
    assert trace.transitions[-1].target is State.RUNNING


def test_an_instance_of_a_fleet_can_live_in_a_changing_world_too() -> None:
    unit = Unit(policy=PlainPolicy(backoff=Backoff(first_s=10)))
    fleet = Fleet(unit=unit, lives=lambda _: after_the_outage, load=Load(per_s=1, steady=True))
    assert run_fleet(fleet, until_s=60).outcomes == {"no-route": 50, "served": 9, "in-flight": 1}
