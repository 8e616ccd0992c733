"""`lifecycle-kit simulate SCENARIO`: what it tells, what it writes, and how it answers mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from lifecycle_kit.cli import cli
from lifecycle_kit.cli.out import BadInput
from lifecycle_kit.simulate.scenarios import load_scenario, scenario_names

DOCS = Path(__file__).parents[1] / "docs" / "scenarios.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kit(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["simulate", *arguments])


def told(*arguments: str) -> str:
    """Return what the command prints for people."""
    result = kit(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    """Return what it answers to a mistake."""
    result = kit(*arguments)
    assert isinstance(result.exception, BadInput)
    return str(result.exception)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", scenario_names())
def test_each_runs_and_writes_a_trace_that_replays_and_a_chart(name: str, folder: Path) -> None:
    text = told(name)
    assert load_scenario(name).title.split()[-1] in text
    assert files(folder) == [f"{name}.svg", f"{name}.trace.jsonl"]
    ElementTree.parse(folder / f"{name}.svg")
    again = CliRunner().invoke(cli, ["replay", f"{name}.trace.jsonl", "--json"])
    assert again.exit_code == 0, again.stderr
    assert all(len(line) <= 80 for line in text.splitlines())


def test_story_numbers_alerts_and_what_to_notice_are_told() -> None:
    text = told("half-started")
    for words in ("One of three API instances", "2,835 error", "alert", "what to notice", "--cure NAME"):
        assert words in text


def test_before_a_choice_it_is_not_told_which_change_cures() -> None:
    text = told("half-started")
    scenario = load_scenario("half-started")
    assert all(change.title in text for change in {**scenario.cures, **scenario.wrong_cures}.values())
    assert "cured" not in text


def test_a_cure_is_told_with_what_it_changes_and_why_it_helps() -> None:
    text = told("half-started", "--cure", "readiness")
    assert "fleets.api.route_on = 'readiness'" in text
    assert re.search(r"\ncured: failed requests went from 2835 to 0", text)


def test_what_does_not_cure_is_called_so() -> None:
    assert "not cured: failed requests went from 2835 to 1418" in told("half-started", "--cure", "replicas")


def test_all_changes_can_be_compared_in_one_table(folder: Path) -> None:
    lines = told("half-started", "--compare").splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line}
    assert rows["(as"][3:4] == ["2835"]
    assert rows["readiness"][1:3] == ["0", "yes"]
    assert rows["timeout"][1:3] == ["2835", "no"]
    assert max(map(len, lines)) <= 80
    assert files(folder) == []


@pytest.mark.parametrize("name", scenario_names())
def test_every_comparison_fits_on_a_terminal(name: str) -> None:
    assert max(map(len, told(name, "--compare", "--until", "2min").splitlines())) <= 80


def test_they_can_be_listed_in_lines_of_a_terminal() -> None:
    text = told("--list")
    assert all(re.search(rf"^{name} ", text, re.M) for name in scenario_names())
    assert max(map(len, text.splitlines())) <= 80
    assert [json.loads(line)["scenario"] for line in told("--list", "--json").splitlines()] == scenario_names()


# --- files


def test_names_that_are_taken_stay_as_they_are(folder: Path) -> None:
    (folder / "half-started.svg").write_text("mine")
    told("half-started")
    assert (folder / "half-started.svg").read_text() == "mine"
    assert files(folder) == ["half-started-2.svg", "half-started-2.trace.jsonl", "half-started.svg"]


def test_the_same_run_writes_the_same_files_again_and_another_one_others(folder: Path) -> None:
    told("half-started")
    told("half-started")
    assert len(files(folder)) == 2
    told("half-started", "--seed", "7")
    told("half-started", "--cure", "readiness")
    assert files(folder) == [
        "half-started-2.svg", "half-started-2.trace.jsonl", "half-started.readiness.svg",
        "half-started.readiness.trace.jsonl", "half-started.svg", "half-started.trace.jsonl",
    ]  # fmt: skip


def test_another_folder_is_made_if_it_is_missing(folder: Path) -> None:
    told("half-started", "--out", "incidents/today")
    assert files(folder / "incidents" / "today") == ["half-started.svg", "half-started.trace.jsonl"]


def test_files_with_names_of_ones_own_are_all_that_is_written(folder: Path) -> None:
    told("half-started", "--chart", "a.svg")
    assert files(folder) == ["a.svg"]
    told("half-started", "--trace", "b.jsonl")
    assert files(folder) == ["a.svg", "b.jsonl"]


def test_what_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "file").write_text("")
    assert "cannot write" in refused("half-started", "--out", "file/deeper")
    assert "cannot write" in refused("half-started", "--chart", "no/folder/a.svg")
    assert "must end in .svg" in refused("half-started", "--chart", "a.gif")


# --- for machines


def test_json_is_one_object_and_no_file(folder: Path) -> None:
    data = json.loads(told("half-started", "--json", "--seed", "2"))
    assert (data["scenario"], data["cure"], data["seed"], data["until_s"]) == ("half-started", None, 2, 300.0)
    assert data["measure"] == {"what": "failed requests", "on": "api", "value": 2780, "cured": None}
    assert data["numbers"]["failed"] == 2780
    assert data["alerts"][0]["kind"] == "failed_share above 0.05"
    assert files(folder) == []


def test_json_of_a_comparison_is_a_line_each() -> None:
    lines = [json.loads(line) for line in told("half-started", "--compare", "--json").splitlines()]
    assert [(line["cure"], line["measure"]["cured"]) for line in lines] == [
        (None, None), ("readiness", True), ("replicas", False), ("timeout", False),
    ]  # fmt: skip


def test_what_is_not_known_is_null() -> None:
    assert json.loads(told("two-owners", "--json"))["numbers"]["failed_share"] is None


# --- mistakes


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    assert "did you mean 'half-started'" in refused("half-startd")
    assert "did you mean 'readiness'" in refused("half-started", "--cure", "readyness")


def test_options_of_a_program_and_of_a_scenario_do_not_mix() -> None:
    assert "--like describes a single program" in refused("half-started", "--like", "systemd")
    assert "--cure belongs to a scenario" in refused("--cure", "readiness")
    assert "--compare belongs to a scenario" in refused("--compare")
    assert "leave out --cure" in refused("half-started", "--compare", "--cure", "readiness")


def test_a_bad_file_is_answered_with_all_its_problems(folder: Path) -> None:
    (folder / "mine.toml").write_text('title = "t"\nuntil = "1min"\n[fleets.api]\nlike = "kubernets"\nslots = 0\n')
    answer = refused("./mine.toml")
    assert "./mine.toml:4: fleets.api.like" in answer
    assert "./mine.toml:5: fleets.api.slots" in answer


# --- a program, as before


def test_without_a_scenario_a_single_program_is_simulated() -> None:
    lines = told("--run", "0", "--until", "60", "--json").splitlines()
    assert [json.loads(line)["at"] for line in lines if json.loads(line)["to"] == "starting"] == [0, 0, 10, 30]


# --- the page that tells how to write one


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_example_of_the_page_runs_and_its_cure_cures(folder: Path) -> None:
    (folder / "mine.toml").write_text(example())
    rows = {
        json.loads(line)["cure"]: json.loads(line) for line in told("./mine.toml", "--compare", "--json").splitlines()
    }
    assert rows[None]["measure"]["value"] >= 3
    assert rows["stay"]["measure"] == {"what": "restarts", "on": "login", "value": 0, "cured": True}
    assert rows["replicas"]["measure"]["cured"] is False
    assert "wrote" in kit("./mine.toml").stderr
    assert files(folder) == ["mine.svg", "mine.toml", "mine.trace.jsonl"]


def test_the_error_that_the_page_shows_is_the_one_that_is_given(folder: Path) -> None:
    shown = re.search(r"^    (mine\.toml:.*)$", DOCS.read_text(encoding="utf-8"), re.M)
    assert shown
    (folder / "mine.toml").write_text(example().replace('route_on = "readiness"', 'route_on = "ready"'))
    assert refused("mine.toml").splitlines() == [shown[1]]


def test_the_page_lists_every_scenario_with_its_title() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name in scenario_names():
        assert f"| `{name}` | {load_scenario(name).title} |" in text
