"""`lifecycle-kit atlas check` and `atlas list`: lines, table, machines' output, exit status, and wrong lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lifecycle_kit.atlas import load
from lifecycle_kit.cli.atlas import command

SUPERVISORD = load(system="supervisord", kind="restart")


def atlas(*arguments: str | Path) -> Result:
    """Return the finished command."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a file with one case that agrees, one that differs, one that nobody models, a fact and a wrong line."""
    lines = [json.loads(line) for line in Path(SUPERVISORD[0].place[0]).read_text(encoding="utf-8").splitlines()]
    good = next(line for line in lines if line["system"] == "supervisord" and line["observed"].get("final") == "FATAL")
    wrong = {**good, "id": "supervisord/wrong", "observed": {**good["observed"], "final": "RUNNING"}}
    unknown = {**good, "id": "upstart/one", "system": "upstart"}
    fact = {**good, "id": "supervisord/fact", "level": "fact"}
    unread = {**good, "id": "supervisord/unread", "given": {**good["given"], "lives": [{"exit": 1}]}}
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join([*map(json.dumps, [good, wrong, unknown, fact, unread]), "{"]))
    return path


def test_the_shipped_atlas_is_checked_by_default_and_agrees() -> None:
    done = atlas("check")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "625 agree, 0 differ (!), 0 not modelled (?), 6 facts (f)"
    assert done.stderr == ""


def test_there_is_a_line_for_every_case_and_a_table_of_system_by_kind() -> None:
    lines = atlas("check", "--system", "supervisord").stdout.splitlines()
    table = lines.index("")
    assert len(lines[:table]) == 34
    assert lines[table + 1].split() == ["restart", "stop", "state", "group", "all"]
    assert lines[table + 2].split() == ["supervisord", "18", "2", "12", "1f", "1", "33", "1f"]


def test_what_differs_is_shown_with_both_sides_and_ends_in_1(mine: Path) -> None:
    done = atlas("check", mine)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    place = lines.index("differs       supervisord/wrong")
    assert lines[place + 1 : place + 3] == ['    final: predicted "FATAL"', '           observed  "RUNNING"']
    assert "not modelled  upstart/one: nothing is predicted for upstart yet" in lines
    assert "fact          supervisord/fact" in lines
    assert lines[-1] == "1 agree, 1 differ (!), 1 not modelled (?), 1 facts (f)"


def test_wrong_lines_are_told_with_file_line_and_key_and_the_rest_is_checked(mine: Path) -> None:
    told = atlas("check", mine).stderr.splitlines()
    assert told[0].startswith(f"lifecycle-kit: {mine}:6: no case: ")
    assert told[1].startswith(f"lifecycle-kit: {mine}:5: given...run_s: it is missing")


def test_wrong_lines_alone_end_in_2(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("{\n")
    assert atlas("check", path).exit_code == 2
    assert atlas("check", tmp_path / "nowhere").exit_code == 2
    assert "Exit status: 1 if a prediction differs; otherwise 2" in atlas("check", "--help").stdout


def test_for_machines_there_is_an_object_a_line(mine: Path) -> None:
    done = atlas("check", mine, "--json")
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(one) for one in said] == [["id", "verdict", "predicted", "observed", "reason"]] * 4
    assert [one["verdict"] for one in said] == ["agrees", "differs", "not modelled", "fact"]
    assert (said[1]["predicted"]["final"], said[1]["observed"]["final"]) == ("FATAL", "RUNNING")
    assert (said[1]["reason"], said[2]["predicted"]) == ("final differs", {})
    assert done.exit_code == 1


def test_all_predictions_are_plain_json_without_infinities() -> None:
    said = [json.loads(line, parse_constant=pytest.fail) for line in atlas("check", "--json").stdout.splitlines()]
    assert len(said) == 631


def test_several_files_and_folders_are_checked_together(mine: Path) -> None:
    done = atlas("check", mine, mine.parent, "--system", "upstart", "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["upstart/one", "upstart/one"]


def test_cases_can_be_listed_and_chosen() -> None:
    lines = atlas("list", "--kind", "backoff", "--system", "systemd").stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("systemd/") and " backoff/restart-steps " in line for line in lines)
    (first, *_) = atlas("list", "--family", "jitter", "--json").stdout.splitlines()
    assert json.loads(first)["family"] == "jitter"
