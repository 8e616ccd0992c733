"""Scenario files: what can be said in one, and how a file that is wrong is answered."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.exits import Cause
from lifecycle_kit.simulate.fleet.world import Fleet, Wear
from lifecycle_kit.simulate.scenarios import BadScenario, Scenario, load_scenario, read_scenario, scenario_names
from lifecycle_kit.simulate.scenarios.lines import lines_of
from lifecycle_kit.simulate.scenarios.load import DATA
from lifecycle_kit.simulate.scenarios.worlds import METRICS, QUEUE_METRICS
from lifecycle_kit.simulate.script import Script

HEAD = 'title = "A test"\nuntil = "10min"\n[fleets.api]\nlike = "kubernetes"\n'


def read(*more: str) -> Scenario:
    """Return a scenario with one fleet, and more lines."""
    return read_scenario(HEAD + "\n".join(more))


def api(*more: str) -> Fleet:
    """Return that fleet."""
    return read(*more).world.fleets["api"]


def script(*more: str) -> Script:
    """Return what the processes of that fleet do, given lines of its program."""
    lives = api("[fleets.api.program]", *more).lives
    assert isinstance(lives, list)
    made: Script = lives[0]
    return made


def wrong(text: str) -> list[tuple[int, str, str]]:
    """Return what is wrong with a file: line, key, why."""
    with pytest.raises(BadScenario) as caught:
        read_scenario(text, "mine.toml")
    return [(problem.line, problem.key, problem.why) for problem in caught.value.problems]


def wrong_with(*more: str) -> list[tuple[int, str, str]]:
    """Return what is wrong with lines after the head; the first of them is line 5."""
    return wrong(HEAD + "\n".join(more))


# --- what can be said


def test_a_small_file_is_enough() -> None:
    scenario = read()
    assert (scenario.name, scenario.title, scenario.until_s, scenario.seed) == ("scenario", "A test", 600.0, 0)
    fleet = scenario.world.fleets["api"]
    assert (fleet.replicas, fleet.route_on, fleet.load, fleet.lives) == (3, "readiness", None, [Script()])


def test_options_are_those_of_the_system_with_quotes_or_without() -> None:
    plain = api("[fleets.api.options]", "livenessProbe.periodSeconds = 7")
    quoted = api("[fleets.api.options]", '"livenessProbe.periodSeconds" = 7')
    assert plain.unit.probes["liveness"].period_s == quoted.unit.probes["liveness"].period_s == 7


def test_a_plain_unit_has_no_system() -> None:
    scenario = read_scenario(
        'title = "t"\nuntil = 60\n[fleets.api.plain]\nfirst = "3s"\njitter = "full"\ngrace = "4s"\n'
        '[fleets.api.plain.readiness]\nperiod = "2s"\nfailures = 5\n'
    )
    unit = scenario.world.fleets["api"].unit
    assert (unit.stop.budget_s, unit.probes["readiness"].period_s, unit.probes["readiness"].failure_threshold) == (
        4,
        2,
        5,
    )
    assert unit.policy.backoff.jitter == "full"  # type: ignore[attr-defined]


def test_honest_readiness_begins_with_the_work_and_superficial_with_the_answers() -> None:
    def seen(made: Script) -> list[tuple[float, str]]:
        return [(part.from_ns / 1e9, part.outcome.value) for part in made.target("readiness", 0)]

    assert seen(script('works_after = "9s"')) == [(0, "fail"), (9, "ok")]
    assert seen(script('works_after = "9s"', 'answers_after = "2s"', 'readiness = "superficial"')) == [
        (0, "fail"),
        (2, "ok"),
    ]
    assert seen(script('works_after = "never"')) == [(0, "fail")]
    assert script('works_after = "never"').serves_from_s is None
    assert script('answers_after = "2s"').serves_from_s == 2


def test_before_it_answers_no_probe_passes() -> None:
    made = script('answers_after = "30s"')
    assert {kind: len(made.target(kind, 0)) for kind in ("startup", "readiness", "liveness")} == {
        "startup": 2, "readiness": 2, "liveness": 2,
    }  # fmt: skip


def test_a_unit_that_waits_for_notice_gets_it() -> None:
    scenario = read_scenario(
        'title = "t"\nuntil = 60\n[fleets.a]\nlike = "systemd"\noptions.Type = "notify"\nprogram.works_after = "4s"\n'
    )
    lives = scenario.world.fleets["a"].lives
    assert isinstance(lives, list)
    assert lives[0].says == ((4.0, "ready"),)


def test_a_leak_is_a_life_until_the_memory_is_used_up() -> None:
    made = script("leaks_mb_per_s = 2", "starts_with_mb = 100", "memory_limit_mb = 300")
    assert (made.run_s, made.exit, made.cause) == (100, "SIGKILL", Cause.MEMORY)
    assert script("leaks_mb_per_s = 0").run_s is None
    assert script("leaks_mb_per_s = 1", "memory_limit_mb = 300", 'runs_for = "1min"', "exit = 3").exit == 3


def test_pauses_fail_every_probe_while_they_last() -> None:
    made = script('pauses = { every = "1min", lasts = "5s" }').target("liveness", 0)
    assert [part.from_ns // 10**9 for part in made][:5] == [0, 60, 65, 120, 125]
    assert made[-1].from_ns == 545 * 10**9


def test_single_replicas_may_differ() -> None:
    fleet = api("[fleets.api.program]", 'on_term = "deaf"', "[fleets.api.replica.2]", 'works_after = "never"')
    assert callable(fleet.lives)
    usual, other = fleet.lives(0), fleet.lives(2)
    assert not callable(usual)
    assert not callable(other)
    assert (usual[0].serves_from_s, usual[0].on_term) == (0, "deaf")
    assert (other[0].serves_from_s, other[0].on_term) == (None, "deaf")


def test_lives_may_differ_one_after_the_other() -> None:
    lives = api(
        "[fleets.api.program]", "exit = 3", "[[fleets.api.lives]]", 'runs_for = "1s"', "[[fleets.api.lives]]"
    ).lives
    assert isinstance(lives, list)
    assert [(life.run_s, life.exit) for life in lives] == [(1, 3), (None, 3)]


def test_chance_may_end_lives() -> None:
    lives = api("[fleets.api.program]", 'mtbf = "10min"', "hangs = 0.5", 'stop_takes = "2s"').lives
    assert isinstance(lives, Wear)
    assert (lives.mtbf_s, lives.hangs, lives.script.stop_takes_s) == (600, 0.5, 2)


def test_a_new_version_keeps_what_it_does_not_say() -> None:
    fleet = api(
        "[fleets.api.options]", "terminationGracePeriodSeconds = 9", "readinessProbe.periodSeconds = 3",
        "[fleets.api.new.options]", "readinessProbe.periodSeconds = 4",
        "[fleets.api.new.program]", "exit = 7",
    )  # fmt: skip
    assert fleet.new_unit is not None
    assert (fleet.new_unit.probes["readiness"].period_s, fleet.new_unit.stop.budget_s) == (4, 9)
    assert isinstance(fleet.new_lives, list)
    assert fleet.new_lives[0].exit == 7


def test_a_whole_world_can_be_said() -> None:
    world = read(
        'after = "other"', 'works_on = "jobs"', "slots = 2", "memory_mb = 100", 'update_at = "1min"',
        "[fleets.api.update]", 'maxSurge = "50%"', "minReadySeconds = 5",
        "[fleets.api.load]", "per_s = 5", 'steps = [["30s", 100]]', "retries = 2",
        'retry = { first = "1s", jitter = "full" }',
        "[[fleets.api.needs]]", 'on = "database"', 'connects_at = "2s"', "liveness = true",
        "[fleets.other]", 'like = "systemd"',
        "[dependencies.database]", 'outages = [["1min", "90s"]]', 'recovery = "10s"',
        "[queues.jobs]", "attempts = 3", "load = { per_s = 1 }",
        "[[nodes]]", 'name = "node-a"', 'lost_at = "3min"',
        "[[faults]]", 'at = "2min"', 'on = "api-1"', 'what = "crash"',
        "[[alarms]]", 'on = "jobs"', 'metric = "backlog"', "above = 5", 'for = "10s"',
    ).world  # fmt: skip
    fleet = world.fleets["api"]
    assert (fleet.after, fleet.works_on, fleet.slots, fleet.update.maxSurge) == (("other",), "jobs", 2, "50%")
    assert fleet.load is not None
    assert (fleet.load.steps, fleet.load.retry.jitter) == (((30.0, 100.0),), "full")
    assert (fleet.needs[0].connects_at_s, world.dependencies["database"].outages) == (2.0, ((60.0, 90.0),))
    assert (world.queues["jobs"].attempts, world.nodes[0].lost_at_s, world.faults[0].what) == (3, 180.0, "crash")
    assert (world.alarms[0].above, world.alarms[0].for_s) == (5.0, 10.0)


# --- cures


def test_a_cure_is_exactly_a_change_of_the_file() -> None:
    cured = read("[cures.more]", 'title = "More"', 'set = { "fleets.api.replicas" = 5 }').cures["more"]
    assert cured.world == read_scenario(HEAD + "replicas = 5").world
    assert cured.sets == {"fleets.api.replicas": 5}


@pytest.mark.parametrize(
    "line",
    [
        'set = { "fleets.api.options.livenessProbe.periodSeconds" = 3 }',
        "set.fleets.api.options.livenessProbe.periodSeconds = 3",
        'set = { "fleets.api.options" = { "livenessProbe.periodSeconds" = 3 } }',
    ],
)
def test_a_change_may_be_written_in_several_ways(line: str) -> None:
    changed = read("[wrong_cures.w]", 'title = "W"', line).wrong_cures["w"].world
    assert changed.fleets["api"].unit.probes["liveness"].period_s == 3


def test_a_change_reaches_into_lists_and_may_add_to_them() -> None:
    more = (
        "[[fleets.api.needs]]", 'on = "db"', "[dependencies.db]",
        "[cures.c]", 'title = "C"', "set.fleets.api.needs.0.liveness = true",
        'set.nodes.0 = { name = "n" }',
    )  # fmt: skip
    world = read(*more).cures["c"].world
    assert world.fleets["api"].needs[0].liveness
    assert [node.name for node in world.nodes] == ["n"]


def test_an_unknown_cure_is_told_with_those_there_are() -> None:
    scenario = load_scenario("half-started")
    with pytest.raises(ValueError, match="did you mean 'readiness'"):
        scenario.change("readines")


# --- what is wrong, where, and what is allowed


@pytest.mark.parametrize(
    ("lines", "line", "key", "why"),
    [
        (['route_on = "ready"'], 5, "fleets.api.route_on", "choose one of process, liveness, readiness, view"),
        (["replica = 3"], 5, "fleets.api.replica", "give a table"),
        (["replicass = 3"], 5, "fleets.api.replicass", "did you mean 'replicas'?"),
        (['replicas = "3"'], 5, "fleets.api.replicas", "give a whole number, from 1 to 10000"),
        (["replicas = true"], 5, "fleets.api.replicas", "give a whole number, from 1 to 10000"),
        (['spread = "3 apples"'], 5, "fleets.api.spread", "unit 'apples' is not known"),
        (["spread = -1"], 5, "fleets.api.spread", "give a time span"),
        (['spread = "infinity"'], 5, "fleets.api.spread", "give a time that ends"),
        (['works_on = "jobs"'], 5, "fleets.api.works_on", "no queue is called 'jobs'"),
        (['after = "other"'], 5, "fleets.api.after", "no fleet is called 'other'"),
        (["[fleets.api.options]", "livenessProbe.period = 3"], 6, "fleets.api.options.livenessProbe.period",
         "did you mean 'livenessProbe.periodSeconds'?"),
        (["[fleets.api.options]", 'terminationGracePeriodSeconds = "x"'], 6,
         "fleets.api.options.terminationGracePeriodSeconds", "whole number"),
        (["[fleets.api.plain]"], 4, "fleets.api.like", "not both"),
        (["[fleets.api.program]", 'works = "3s"'], 6, "fleets.api.program.works", "did you mean"),
        (["[fleets.api.program]", 'readiness = "deep"'], 6, "fleets.api.program.readiness", "honest, superficial"),
        (["[fleets.api.program]", "exit = 300"], 6, "fleets.api.program.exit", "code from 0 to 255"),
        (["[fleets.api.program]", 'health.liveness = "20:good"'], 6, "fleets.api.program.health.liveness", "20:ok"),
        (["[fleets.api.program]", 'says = [["1s", "hello"]]'], 6, "fleets.api.program.says", "no word of a process"),
        (["[fleets.api.program]", "leaks_mb_per_s = 1"], 6, "fleets.api.program.leaks_mb_per_s", "memory_limit_mb"),
        (["[fleets.api.program]", "hangs = 0.5"], 6, "fleets.api.program.hangs", "mtbf"),
        (["[fleets.api.program]", 'pauses = { every = "3s", lasts = "4s" }'], 6, "fleets.api.program.pauses.lasts",
         "shorter"),
        (["[fleets.api.replica.3]", "exit = 1"], 5, "fleets.api.replica.3", "they are 0 to 2"),
        (["[fleets.api.program]", 'pauses = { every = "1ms", lasts = "4s" }'], 6, "fleets.api.program.pauses.every",
         "a second apart"),
        (["[fleets.api.load]", "per_s = 1e9"], 5, "fleets.api.load", "at most 5e"),
        (["[fleets.api.load]", "per_s = 0"], 6, "fleets.api.load.per_s", "greater than 0"),
        (["[fleets.api.load]", 'steps = ["30s", 5]'], 6, "fleets.api.load.steps", "a list of pairs"),
        (["[fleets.api.load]", 'steps = [["30s", 5], ["10s", 5]]'], 5, "fleets.api.load", "in order of time"),
        (["[fleets.api.update]", 'maxSurge = "many"'], 6, "fleets.api.update.maxSurge", "25%"),
        (["[[fleets.api.needs]]", 'on = "db"'], 6, "fleets.api.needs.0.on", "no dependency is called 'db'"),
        (["[[fleets.api.needs]]", "liveness = true"], 5, "fleets.api.needs.0", "on is missing"),
        (["[dependencies.api]"], 5, "dependencies.api", "two things are called 'api'"),
        (["[dependencies.My_DB]"], 5, "dependencies.My_DB", "small letters"),
        (["[queues.jobs]", "attempts = 3"], 5, "queues.jobs", "load is missing"),
        (["[[faults]]", "at = 3", 'on = "api-7"', 'what = "kill"'], 7, "faults.0.on", "did you mean"),
        (["[[faults]]", "at = 3", 'on = "api"', 'what = "outage"'], 7, "faults.0.on", "no dependency"),
        (["[[faults]]", "at = 3", 'on = "api"', 'what = "explode"'], 8, "faults.0.what", "did you mean|choose one of"),
        (["[[alarms]]", 'on = "api"', 'metric = "ready"'], 5, "alarms.0", "exactly one of above and below"),
        (["[[alarms]]", 'on = "api"', 'metric = "backlog"', "above = 1"], 6, "alarms.0.on", "no queue"),
        (["[measure]", 'what = "fun"', 'on = "api"'], 6, "measure.what", "failed requests"),
        (["[measure]", 'what = "restarts"', 'on = "apy"'], 7, "measure.on", "did you mean 'api'?"),
        (["[cures.a]", 'title = "A"'], 5, "cures.a", "set is missing"),
        (["[cures.a]", 'title = "A"', "set.fleets.apy.replicas = 3"], 7, "cures.a.set.fleets.apy.replicas", "'api'"),
        (["[cures.a]", 'title = "A"', 'set = { "story" = "x" }'], 7, "cures.a.set.story", "something of the world"),
        (["[cures.a]", 'title = "A"', 'set.fleets.api.route_on = "x"'], 7, "fleets.api.route_on", "cures.a"),
        (["[cures.a]", 'title = "A"', "set.faults.1.at = 3"], 7, "cures.a.set.faults.1.at", "there is no entry 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_and_key(lines: list[str], line: int, key: str, why: str) -> None:
    found = wrong_with(*lines)
    assert found[0][:2] == (line, key)
    assert re.search(why, found[0][2])


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('title = "x"\nuntil = \n', 2, "no TOML"),
        ('title = "x"\n[fleets', 2, "no TOML"),
        ('title = "x"\ntitle = "y"\n', 2, "no TOML: cannot overwrite"),
        ("a = " + "[" * 5000, 1, "no TOML"),
    ],
)
def test_a_syntax_error_is_told_with_its_line(text: str, line: int, why: str) -> None:
    found = wrong(text)
    assert found[0][0] == line
    assert why in found[0][2]


def test_all_problems_of_a_file_are_told_at_once_in_order() -> None:
    found = wrong('until = "1 age"\ncolour = 3\n[fleets.a]\nlike = "kubernets"\nreplicas = 0\n[fleets.b]\nslots = 0\n')
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    keys = [key for _, key, _ in found]
    assert {"until", "colour", "fleets.a.like", "fleets.a.replicas", "fleets.b", "fleets.b.slots"} <= set(keys)


def test_a_file_without_a_fleet_says_how_one_begins() -> None:
    assert any("[fleets.NAME]" in why for _, _, why in wrong('title = "t"\nuntil = 60\n'))
    assert any("[fleets.NAME]" in why for _, _, why in wrong('title = "t"\nuntil = 60\n[fleets]\n'))


def test_a_problem_reads_as_file_line_key_why() -> None:
    with pytest.raises(BadScenario, match=r"^mine.toml:5: fleets.api.slots: 0: give a whole number, at least 1$"):
        read_scenario(HEAD + "slots = 0", "mine.toml")


def test_files_are_found_by_name_or_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD)
    assert load_scenario(path).name == load_scenario(str(path)).name == "mine"
    with pytest.raises(BadScenario, match="did you mean 'half-started'"):
        load_scenario("half-starte")
    with pytest.raises(BadScenario, match="No such file"):
        load_scenario(tmp_path / "none.toml")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadScenario, match="UTF-8"):
        load_scenario(path)


KEYS = st.sampled_from(
    "title until story fleets api like options replicas program load needs on works_after queues jobs faults at what"
    " alarms metric cures set measure nodes name dependencies".split()
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.sampled_from(["kubernetes", "3s", "api", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(scenario_names()), st.data())
def test_a_scenario_with_one_thing_replaced_by_anything_is_read_or_answered(name: str, data: st.DataObject) -> None:
    content: Any = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))
    inside = content
    while True:
        key = data.draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        deeper = isinstance(inside[key], dict | list) and len(inside[key]) > 0
        if not deeper or data.draw(st.booleans()):
            break
        inside = inside[key]
    inside[key] = data.draw(VALUES)
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in content.items())
    try:
        read_scenario(text)
    except BadScenario as answer:
        assert answer.problems  # noqa: PT017 - it may be read as well


def _toml(value: object) -> str:
    match value:
        case None:
            return '"none"'
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
        case float():
            return str(value)  # JSON has other words for infinity
        case _:
            return json.dumps(value)


# --- lines


def test_lines_are_found_past_strings_comments_and_lists() -> None:
    text = '''# [not.a.table]
a = """
[fake]
b = 1"""  # more
c = [
  "x = 1", # ]
  { d = 2 },
]
[t]
"e.f" = 'z # no'
g.h = 1
[[t.r]]
i = 1
[[t.r]]
i = 2
[t.r.deep]
j = 3
'''
    assert lines_of(text) == {
        ("a",): 2, ("c",): 5, ("t",): 9, ("t", "e.f"): 10, ("t", "e", "f"): 10, ("t", "g", "h"): 11,
        ("t", "r"): 12, ("t", "r", 0): 12, ("t", "r", 0, "i"): 13, ("t", "r", 1): 14, ("t", "r", 1, "i"): 15,
        ("t", "r", 1, "deep"): 16, ("t", "r", 1, "deep", "j"): 17,
    }  # fmt: skip


# --- the scenarios that come with the package


def test_the_metrics_that_an_alarm_may_use_are_those_there_are() -> None:
    from lifecycle_kit.simulate import metrics

    measured = metrics(load_scenario("half-started").run(until_s=30))
    assert set(measured["api"]) == set(METRICS)
    assert {"backlog", "done", "dead_lettered", "done_twice"} == set(QUEUE_METRICS)


@pytest.mark.parametrize("name", scenario_names())
def test_each_scenario_is_complete(name: str) -> None:
    scenario = load_scenario(name)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert 3 <= len(re.findall(r"[.?!](?:\"|\s|$)", scenario.story)) <= 8
    assert len(scenario.notice) >= 2
    assert scenario.measure is not None
    assert scenario.cures
    assert scenario.wrong_cures
    assert scenario.world.alarms
    for change in {**scenario.cures, **scenario.wrong_cures}.values():
        assert change.why
        assert change.world != scenario.world
