"""Incidents from seeds: each can be told from the others, is cured by its cure, and by nothing that looks like one."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

import pytest

from lifecycle_kit.classroom.answers_incident import cause_of, change_for, next_start, telling_lines
from lifecycle_kit.classroom.incidents.causes import CAUSES
from lifecycle_kit.classroom.incidents.changed import change_problem, judge_change, tried
from lifecycle_kit.classroom.incidents.evidence import evidence_text, incident_text, said
from lifecycle_kit.classroom.incidents.judge import MOST_LINES
from lifecycle_kit.classroom.incidents.kinds import KINDS
from lifecycle_kit.classroom.incidents.make import incident, made, my_incidents, seed_of
from lifecycle_kit.classroom.incidents.symptoms import knobs_of, ladder_of, lives_seen, measured_of, symptoms_of
from lifecycle_kit.classroom.incidents.values import SECTIONS, Incident, Setting, Value
from lifecycle_kit.classroom.incidents.words import BELIEFS
from lifecycle_kit.simulate.scenarios import scenario_names

SEEDS = (0, 1, 2, 3)
INCIDENTS = [(kind, seed) for kind in KINDS for seed in SEEDS]
every_incident = pytest.mark.parametrize(("kind", "seed"), INCIDENTS)
every_kind = pytest.mark.parametrize("kind", KINDS)


def cure(one: Incident) -> dict[str, Value]:
    found: dict[str, Value] = change_for(one.kind, knobs_of(one), measured_of(one))
    return found


def other_values(setting: Setting) -> list[Value]:
    """Return some other values of a setting: all words, or the ends and the middle of a range."""
    if not setting.is_number:
        return [value for value in setting.allowed if value != setting.value]
    least, most = setting.allowed
    assert isinstance(least, int | float)
    assert isinstance(most, int | float)
    return [value for value in (int(least), int(least + most) // 2, int(most)) if value != setting.value]


@every_kind
def test_every_kind_is_a_cause_with_a_scenario_that_tells_the_same(kind: str) -> None:
    assert kind in CAUSES
    assert KINDS[kind].scenario in scenario_names()


def test_there_are_causes_that_no_incident_has() -> None:
    assert len(KINDS) >= 8
    assert len(CAUSES) > len(KINDS)


@every_incident
def test_the_same_seed_gives_the_same_incident(kind: str, seed: int) -> None:
    once = incident(kind, seed).evidence()
    made.cache_clear()
    assert incident(kind, seed).evidence() == once


@every_kind
def test_other_seeds_give_other_incidents(kind: str) -> None:
    texts = {evidence_text(incident(kind, seed).lines) for seed in SEEDS}
    answers = {(incident(kind, seed).service, incident(kind, seed).question.answer) for seed in SEEDS}
    assert len(texts) == len(SEEDS)
    assert len(answers) >= 3


@every_incident
def test_the_evidence_is_plain_data_in_sections_and_short_enough_to_be_read(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    assert json.loads(json.dumps(one.evidence())) == one.evidence()
    assert 25 <= len(one.lines) <= 75
    sections = [SECTIONS.index(line.section) for line in one.lines]
    assert sections == sorted(sections)
    assert set(sections) == set(range(len(SECTIONS)))


@every_incident
def test_nothing_is_shown_of_what_comes_later(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    assert all(line.at_s is None or line.at_s <= one.until_s for line in one.lines)
    assert made(kind, seed).draft.end_s > one.until_s


@every_incident
def test_every_fact_stands_in_the_evidence_and_every_proof_is_a_fact(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    shown = {line.proves for line in one.lines} - {""}
    assert {fact.name for fact in one.facts if fact.needed} <= shown <= {fact.name for fact in one.facts}
    assert 2 <= sum(fact.needed for fact in one.facts) <= MOST_LINES // 2


@every_incident
def test_there_is_enough_that_proves_nothing(kind: str, seed: int) -> None:
    lines = incident(kind, seed).lines
    assert sum(not line.proves for line in lines) >= len(lines) / 4
    assert sum(bool(line.stray) for line in lines) >= 5


@every_incident
def test_the_evidence_does_not_name_the_cause(kind: str, seed: int) -> None:
    text = incident_text(incident(kind, seed))
    assert kind not in text
    assert "{" not in text


@every_incident
def test_the_triage_finds_the_cause_from_the_symptoms_alone(kind: str, seed: int) -> None:
    assert cause_of(symptoms_of(incident(kind, seed))) == kind


@every_incident
def test_the_cure_cures(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    assert change_problem(cure(one), one) is None
    effect = tried(one, cure(one))
    assert effect.before >= 10
    assert effect.cured, effect


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind in KINDS for seed in SEEDS[:2]])
def test_no_other_setting_cures_and_what_looks_right_is_called_by_its_belief(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    traps = made(kind, seed).words.traps
    for name, setting in one.settings.items():
        if name in cure(one):
            continue
        for value in other_values(setting):
            mark = judge_change({name: value}, one)
            assert not mark.right, (name, value, mark)
            assert f"[{traps[name][0]}: {BELIEFS[traps[name][0]]}]" in mark.words


def test_every_belief_is_met_by_somebody() -> None:
    met = {belief for kind in KINDS for seed in range(9) for belief, _ in made(kind, seed).words.traps.values()}
    assert met == BELIEFS.keys()


@every_kind
def test_what_is_said_to_a_wrong_change_does_not_name_the_cause(kind: str) -> None:
    words = {"leak": "leak", "herd": "step", "poison-message": "job that", "wrong-credentials": "password"}
    for _, why in made(kind, 1).words.traps.values():
        assert kind not in why
        assert words.get(kind, kind) not in why


def test_restarting_faster_makes_a_leak_worse() -> None:
    one = incident("leak", 1)
    effect = tried(one, {"crashLoopBackOff.maxContainerRestartPeriod": 1})
    assert effect.verdict == "worse"
    assert effect.after > effect.before


def test_twice_as_many_replicas_halve_the_harm_of_a_half_started_one() -> None:
    one = incident("half-started", 1)
    effect = tried(one, {"replicas": 2 * int(one.settings["replicas"].value)})
    assert effect.verdict == "partly"
    assert effect.after == pytest.approx(effect.before / 2, rel=0.2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, "a change is a dict"),
        ({}, "a change is a dict"),
        ([("replicas", 5)], "a change is a dict"),
        ({"replica": 5}, "no setting here is called 'replica'"),
        ({7: 5}, "no setting here is called 7"),
        ({"replicas": "many"}, "'many' cannot be set"),
        ({"replicas": 10**9}, "replicas takes a whole number from"),
        ({"balancer asks": "nobody"}, "takes one of 'liveness', 'process', 'readiness'"),
        ({"balancer asks": "liveness"}, "nothing would change"),
        ({"balancer asks": "readiness", "replicas": 19, "client timeout": 9}, "3 settings at once"),
    ],
)
def test_what_is_no_change_is_told_why_and_nothing_is_run(change: object, says: str) -> None:
    mark = judge_change(change, incident("half-started", 0))
    assert not mark.right
    assert says in mark.words


@pytest.mark.parametrize("kind", ["leak", "no-startup-probe"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_next_start_of_a_crash_loop_can_be_told_from_its_lives(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    assert abs(next_start(lives_seen(one), ladder_of(one)) - one.question.answer) <= one.question.within


def test_a_plain_ladder_is_that_of_the_scenario() -> None:
    one = incident("herd", 0)
    assert ladder_of(one)["cap_s"] == one.settings["longest delay"].value


@every_incident
def test_telling_lines_are_few_and_hold_a_proof(kind: str, seed: int) -> None:
    one = incident(kind, seed)
    told = telling_lines(one.evidence()["lines"], [one.service, *one.needs], one.began_s)
    assert len(told) <= len(one.lines) / 2
    assert any(one.lines[n - 1].proves for n in told)
    assert not [n for n in told if "is about" in one.lines[n - 1].stray]


def test_a_name_has_three_incidents_one_of_each_group() -> None:
    for name in ("s1", "s2", "s3"):
        groups = [KINDS[one.kind].group for one in my_incidents(name)]
        assert groups == ["ends", "leaving", "sharing"]


def test_capitals_and_blanks_in_a_name_make_no_difference() -> None:
    assert [one.title for one in my_incidents("Ada  L")] == [one.title for one in my_incidents(" ada l ")]


def test_hardly_two_of_a_large_class_have_the_same_incidents() -> None:
    names = [f"s{number}" for number in range(400)]
    assert len({seed_of(name) for name in names}) == len(names)


def test_each_kind_comes_to_about_as_many_learners_as_the_others_of_its_group() -> None:
    kinds = Counter(Random(f"mine/{seed_of(f's{n}')}").choice(("a", "b", "c")) for n in range(600))
    assert all(150 <= count <= 250 for count in kinds.values())


@pytest.mark.parametrize("name", ["", "  ", None, 7, ["s1"]])
def test_a_name_that_is_none_is_refused_with_the_way_out(name: object) -> None:
    with pytest.raises(ValueError, match="give your name or student id as a text"):
        my_incidents(name)  # type: ignore[arg-type]


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"no incidents of the kind 'fire'; choose one of no-startup-probe"):
        incident("fire")


def test_a_seed_alone_chooses_a_kind_too() -> None:
    assert len({incident(seed=seed).kind for seed in range(12)}) >= 4
    assert incident(seed=5) == incident(incident(seed=5).kind, 5)


def test_two_lines_with_other_numbers_say_the_same() -> None:
    assert said("api-2: GC pause 4 ms") == said("api-11: GC pause 380 ms")
    assert said("api-2: job 7 done") != said("api-2: takes job 7")
