"""The labs of fleets - routing, draining, rolling out - say what the fleet did, and each tweak shows its point."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from lifecycle_kit.show.interactive import lab_drain, lab_fleet, lab_rollout, lab_routing
from lifecycle_kit.show.interactive.lab import Bench, Lab
from lifecycle_kit.show.interactive.lab_drain import DrainKnobs, drained
from lifecycle_kit.show.interactive.lab_fleet import FleetKnobs
from lifecycle_kit.show.interactive.lab_rollout import RolloutKnobs
from lifecycle_kit.show.interactive.lab_routing import TROUBLES, RoutingKnobs
from lifecycle_kit.simulate import FleetResult, run_fleet
from lifecycle_kit.simulate.fleet.balancer import RULES
from lifecycle_kit.simulate.fleet.summary import ready_steps
from lifecycle_kit.states import State
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.units import ns

LABS: dict[str, Lab[Any]] = {"routing": lab_routing.LAB, "drain": lab_drain.LAB, "rollout": lab_rollout.LAB}


def tweaked(lab: Lab[Any]) -> list[Any]:
    made = []
    for number in range(len(lab.tweaks)):
        bench = Bench(lab)
        bench.press(f"try-{number}")
        made.append(bench.settings)
    return made


@pytest.mark.parametrize("name", list(LABS))
def test_it_opens_with_a_question_and_up_to_three_tweaks(name: str) -> None:
    form = Bench(LABS[name]).form
    assert form.question.endswith("?")
    assert 2 <= len(form.tries) <= 3


@pytest.mark.parametrize("name", list(LABS))
def test_its_picture_is_well_formed_and_its_words_say_the_same_count(name: str) -> None:
    lab = LABS[name]
    for settings in (lab.start, *tweaked(lab)):
        shown = lab.draw(settings)
        drawn = " ".join(ET.fromstring(str(shown.picture)).itertext())
        assert "requests that ended, a second" in drawn
        assert shown.picture.text.splitlines()[0].rstrip(".") in drawn


# --- routing


@pytest.mark.parametrize(("rule", "trouble"), list(product(RULES, TROUBLES)))
def test_every_rule_meets_every_trouble(rule: str, trouble: str) -> None:
    knobs = RoutingKnobs(route_on=rule, trouble=trouble)
    result = lab_routing.run(knobs)
    assert sum(result.outcomes.values()) == len(result.requests)
    said = lab_routing.LAB.draw(knobs).says
    assert f"{rule} {result.failed}" in said
    assert ("None of" in said) == (result.failed == 0)


def test_only_readiness_keeps_requests_from_what_is_alive_and_useless() -> None:
    failed = {rule: lab_routing.run(RoutingKnobs(route_on=rule)).failed for rule in RULES}
    assert failed["process"] == failed["liveness"] > 300
    assert failed["readiness"] == failed["view"] == 0


def test_a_hang_is_found_by_a_probe_and_never_by_looking_at_the_process() -> None:
    process, liveness = (lab_routing.run(RoutingKnobs(route_on=rule, trouble="hangs")).failed for rule in RULES[:2])
    assert process > 3 * liveness > 0


def test_looking_more_often_finds_the_hang_earlier() -> None:
    often, seldom = (lab_routing.run(RoutingKnobs(route_on="readiness", trouble="hangs", period_s=p)) for p in (1, 10))
    assert often.failed < seldom.failed


def test_liveness_routes_to_an_instance_that_leaves() -> None:
    liveness = lab_routing.run(RoutingKnobs(route_on="liveness", trouble="leaves"))
    readiness = lab_routing.run(RoutingKnobs(route_on="readiness", trouble="leaves"))
    assert liveness.outcomes["refused"] > 10 * readiness.outcomes["refused"] > 0


# --- draining


def test_leaving_at_once_cuts_what_is_in_flight() -> None:
    found = drained(DrainKnobs(on_term="exit"))
    assert found.ends.keys() == {"cut", "refused"}
    assert found.ends["cut"] >= found.in_flight > 0
    assert (found.took_s, found.killed) == (0.0, False)


def test_finishing_first_cuts_nothing_but_refuses_who_has_not_heard_of_it() -> None:
    found = drained(DrainKnobs(on_term="drain", spread_s=1))
    assert "cut" not in found.ends
    assert found.ends["refused"] > 0


@pytest.mark.parametrize("spread_s", [0, 0.5, 1, 2])
def test_a_pause_longer_than_the_news_takes_loses_nothing(spread_s: float) -> None:
    found = drained(DrainKnobs(on_term="drain", spread_s=spread_s, pause_s=5, grace_s=30))
    assert found.ends.keys() == {"served"}
    assert (
        "Nobody noticed."
        in lab_drain.LAB.draw(DrainKnobs(on_term="drain", spread_s=spread_s, pause_s=5, grace_s=30)).says
    )


@pytest.mark.parametrize("on_term", ["drain", "deaf"])
def test_the_grace_period_ends_with_sigkill_and_cuts_the_rest(on_term: str) -> None:
    found = drained(DrainKnobs(on_term=on_term, takes_s=20, grace_s=5))
    assert (found.took_s, found.killed) == (5.0, True)
    assert found.ends["cut"] > 0
    assert "by SIGKILL." in lab_drain.LAB.draw(DrainKnobs(on_term=on_term, takes_s=20, grace_s=5)).says


def test_every_piece_of_its_work_ends_in_exactly_one_way() -> None:
    for on_term, grace_s, takes_s in product(("exit", "drain", "deaf"), (1, 10), (0.1, 5)):
        found = drained(DrainKnobs(on_term=on_term, grace_s=grace_s, takes_s=takes_s))
        assert "in-flight" not in found.ends
        assert sum(found.ends.values()) >= found.in_flight


def test_a_better_way_to_leave_is_never_worse() -> None:
    knobs = DrainKnobs(on_term="exit")
    lost = [
        lost_by(each) for each in (knobs, replace(knobs, on_term="drain"), replace(knobs, on_term="drain", pause_s=2))
    ]
    assert lost == sorted(lost, reverse=True)
    assert lost[-1] == 0


def lost_by(knobs: DrainKnobs) -> int:
    return sum(count for word, count in drained(knobs).ends.items() if word != "served")


# --- rolling out


def test_honest_readiness_and_a_complete_drain_go_unnoticed() -> None:
    result = lab_rollout.run(RolloutKnobs())
    assert result.failed == 0
    assert result.update_done_s is not None


def test_superficial_readiness_is_quick_and_fails_requests() -> None:
    honest, superficial = (lab_rollout.run(RolloutKnobs(readiness=each)) for each in ("honest", "superficial"))
    assert (superficial.update_done_s or 0) < (honest.update_done_s or 0)
    assert superficial.outcomes["error"] > 100


def test_an_incomplete_drain_cuts_requests() -> None:
    result = lab_rollout.run(RolloutKnobs(drain="exit", pause_s=0))
    assert result.outcomes["cut"] > 0
    assert result.outcomes["refused"] > 0


def test_a_broken_version_is_stopped_by_honest_readiness_alone() -> None:
    honest, superficial = (
        lab_rollout.run(RolloutKnobs(new_version="broken", readiness=each)) for each in ("honest", "superficial")
    )
    assert (honest.failed, honest.update_done_s) == (0, None)
    assert honest.update_stuck_s is not None
    assert superficial.failed > len(superficial.requests) / 2
    assert "is called stuck after" in lab_rollout.LAB.draw(RolloutKnobs(new_version="broken")).says


@pytest.mark.parametrize(("surge", "unavailable"), [("1", "0"), ("0", "1"), ("50%", "25%"), ("2", "2"), ("100%", "0")])
def test_no_fewer_instances_are_ready_than_the_numbers_allow(surge: str, unavailable: str) -> None:
    knobs = RolloutKnobs(max_surge=surge, max_unavailable=unavailable)
    instants, level = ready_steps(lab_rollout.run(knobs).log)
    allowed = {"0": 0, "1": 1, "2": 2, "25%": 1}[unavailable]
    assert level[instants >= ns(lab_rollout.UPDATE_S)].min() >= knobs.replicas - allowed
    said = lab_rollout.LAB.draw(knobs).says
    assert f"of {knobs.replicas} are ready" in said


def test_every_corner_of_the_rollout_knobs_draws_something() -> None:
    for replicas, surge, unavailable in product((1, 10), ("0", "100%"), ("0", "100%")):
        shown = lab_rollout.LAB.draw(RolloutKnobs(replicas=replicas, max_surge=surge, max_unavailable=unavailable))
        assert shown.says.startswith("The update is ")


# --- an hour of chance


def hour(**knobs: Any) -> FleetResult:
    settings = FleetKnobs(**knobs)
    return run_fleet(lab_fleet.fleet_of(settings), lab_fleet.HOUR_S, seed=settings.seed)


def ready_at_the_end(result: FleetResult) -> int:
    return int(ready_steps(result.log)[1][-1])


def test_hung_instances_pile_up_unless_a_liveness_probe_brings_them_back() -> None:
    assert ready_at_the_end(hour(liveness=False)) < 35
    assert ready_at_the_end(hour(liveness=True)) > 42


def test_a_back_off_made_for_crash_loops_keeps_fragile_instances_down() -> None:
    kubernetes, systemd = (hour(like=like, mtbf_s=60, hangs=0) for like in ("kubernetes", "systemd"))
    assert ready_at_the_end(kubernetes) < 25 < ready_at_the_end(systemd)


def test_where_nothing_asks_all_count_as_ready_and_the_restarts_cease() -> None:
    result = hour(like="systemd", mtbf_s=60)
    assert ready_at_the_end(result) == 50
    starts = [move.at for move in result.log if move.target is State.STARTING]
    assert sum(at < 600 for at in starts) > 10 * sum(at > 3000 for at in starts)


def test_one_instance_more_does_not_change_the_luck_of_the_others() -> None:
    few, many = (hour(replicas=n) for n in (5, 10))
    assert [move for move in many.log if int(move.instance[4:]) < 5] == list(few.log)


def test_the_fleet_lab_draws_every_system() -> None:
    for like in SYSTEMS:
        shown = lab_fleet.LAB.draw(FleetKnobs(like=like, replicas=5))
        ET.fromstring(str(shown.picture))
        assert "of 5 instances count as ready on average" in shown.says
