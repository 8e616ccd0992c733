"""The same program under every system, and the command that shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle_kit.simulate import Script
from lifecycle_kit.simulate.compared import Answer, compare_systems
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.trace import broken_rules, starts


def answers(script: Script, until_s: float = 600) -> dict[str, Answer]:
    """Return each system's answer by its name."""
    return {answer.system: answer for answer in compare_systems(script, until_s)[1]}


def test_an_instant_crash_is_answered_differently_by_each() -> None:
    made = answers(Script(run_s=0), until_s=1600)
    assert set(made) == set(SYSTEMS)
    assert (made["kubernetes"].starts, made["kubernetes"].gave_up_s) == (11, None)
    assert (made["systemd"].starts, made["systemd"].gave_up_s) == (5, 0.5)
    assert (made["supervisord"].starts, made["supervisord"].gave_up_s) == (4, 6)
    assert made["runit"].gave_up_s is None


def test_the_longest_silence_counts_the_time_after_giving_up() -> None:
    made = answers(Script(run_s=2))
    assert made["erlang"].longest_silence_s == 600 - 4
    assert made["systemd"].longest_silence_s == pytest.approx(0.1)
    assert made["supervisord"].longest_silence_s == 0


def test_restarts_an_hour_are_counted_over_the_whole_run() -> None:
    assert answers(Script(run_s=2))["supervisord"].restarts_per_hour == 300 * 6


def test_a_clean_end_is_restarted_too() -> None:
    made = answers(Script(run_s=60, exit=0))
    assert all(made[name].starts > 1 for name in ("kubernetes", "systemd", "docker", "supervisord", "runit"))


def test_the_trace_is_sound_and_holds_every_system() -> None:
    trace, _ = compare_systems(Script(run_s=3), 60, systems=["systemd", "docker"])
    assert trace.instances == ["systemd", "docker"]
    assert broken_rules(trace.transitions) == []
    assert starts(trace.transitions, "systemd")[0] == 0


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return the finished command."""
    command = [sys.executable, "-m", "lifecycle_kit.cli", "compare", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_prints_a_table_for_people_and_lines_for_machines(tmp_path: Path) -> None:
    people = compare("--run", "2s", "--exit", "1", "--until", "10min")
    assert people.returncode == 0
    assert "longest silence" in people.stdout
    assert all(name in people.stdout for name in SYSTEMS)
    lines = [json.loads(line) for line in compare("--run", "0", "--json").stdout.splitlines()]
    assert {line["system"]: line["gave_up_s"] for line in lines}["systemd"] == 0.5
    chart = tmp_path / "systems.svg"
    assert compare("--like", "systemd", "--like", "docker", "--chart", str(chart)).returncode == 0
    assert "docker" in chart.read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--like", "upstart"], "no system is called 'upstart'"),
        (["--until", "1min", "--like", "nomad", "--chart", "/nowhere/at/all/x.svg"], "cannot write"),
        (["--chart", "x.nonsense"], "cannot write x.nonsense"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], why: str) -> None:
    done = compare(*arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
