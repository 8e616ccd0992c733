"""The command line: what it prints, for people and for machines, and how it answers mistakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lifecycle_kit.cli.lab import course_folder
from lifecycle_kit.cli.out import BadInput
from lifecycle_kit.trace import Trace

KIT = [sys.executable, "-m", "lifecycle_kit.cli"]


def kit(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Return the finished command."""
    return subprocess.run([*KIT, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def moves(*arguments: str) -> list[dict[str, Any]]:
    """Return the transitions that a command printed as JSON Lines."""
    done = kit(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def starts(*arguments: str) -> list[float]:
    """Return when lives began."""
    return [move["at"] for move in moves(*arguments) if move["to"] == "starting"]


# --- help


def test_help_teaches_by_example() -> None:
    done = kit("--help")
    assert done.returncode == 0
    for word in ("lifecycle-kit demo crash-loop", "simulate", "supervise", "Exit status"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "name", ["atlas", "compare", "demo", "diagram", "lab", "probe", "replay", "simulate", "supervise"]
)
def test_every_command_has_help(name: str) -> None:
    done = kit(name, "--help")
    assert done.returncode == 0
    assert (
        f"lifecycle-kit {name}" in done.stdout.replace("python -m lifecycle_kit.cli", "lifecycle-kit") or name == "lab"
    )


def test_examples_in_the_help_stay_lines_of_their_own() -> None:
    lines = kit("atlas", "check", "--help").stdout.splitlines()
    assert "    lifecycle-kit atlas check --system systemd --kind restart" in lines
    assert not any("\\b" in line for line in lines)


def test_the_options_of_a_system_can_be_listed() -> None:
    done = kit("simulate", "--like", "systemd", "--set", "help")
    assert done.returncode == 0
    assert "StartLimitBurst" in done.stdout
    assert "Source: systemd.service(5)" in done.stdout


# --- simulate


def test_simulate_like_kubernetes() -> None:
    begun = starts("simulate", "--like", "kubernetes", "--run", "0", "--until", "1600")
    assert begun == [0, 0, 10, 30, 70, 150, 310, 610, 910, 1210, 1510]


def test_simulate_like_systemd() -> None:
    arguments = ("simulate", "--like", "systemd", "--set", "Restart=always", "--run", "0")
    assert starts(*arguments) == [0, 0.1, 0.2, 0.3, 0.4]
    last = moves(*arguments)[-1]
    assert last == {"at": 0.5, "instance": "worker", "from": "backoff", "to": "failed", "cause": "start-limit-hit"}


def test_simulate_like_supervisord() -> None:
    made = moves("simulate", "--like", "supervisord", "--run", "0")
    assert [move["at"] for move in made if move["to"] == "starting"] == [0, 1, 3, 6]
    assert (made[-1]["at"], made[-1]["to"]) == (6, "failed")
    assert "FATAL" in made[-1]["cause"]


def test_the_first_transition_is_created_to_starting() -> None:
    first = moves("simulate")[0]
    assert first == {"at": 0, "instance": "worker", "from": "created", "to": "starting", "cause": "start requested"}


def test_runs_and_exits_may_be_lists() -> None:
    made = moves(
        "simulate", "--like", "systemd", "--set", "Restart=on-failure", "--run", "1,2s", "--exit", "1,SIGKILL,0"
    )
    assert [move["cause"] for move in made if move["from"] == "running"] == ["exit 1", "signal SIGKILL", "exit 0"]
    assert made[-1]["to"] == "terminated"


def test_a_run_may_last_for_ever_until_it_is_stopped() -> None:
    made = moves("simulate", "--run", "forever", "--stop-takes", "2s", "--at", "30:stop")
    assert (made[-1]["at"], made[-1]["to"]) == (32, "terminated")
    made = moves("simulate", "--run", "forever", "--deaf", "--at", "30:stop")
    assert (made[-1]["at"], made[-1]["cause"]) == (60, "signal SIGKILL")


def test_health_and_readiness_by_notice_can_be_scripted() -> None:
    made = moves("simulate", "--set", "livenessProbe=yes", "--run", "forever", "--health", "liveness=20:ok,9:fail")
    assert (made[3]["at"], made[3]["to"]) == (40, "draining")
    made = moves("simulate", "--like", "systemd", "--set", "Type=notify", "--run", "9", "--ready-after", "500ms")
    assert [move["at"] for move in made if move["to"] == "ready"] == [0.5]


def test_a_hot_loop_ends_with_its_name() -> None:
    settings = ("--set", "startsecs=0", "--set", "autorestart=true")
    made = moves("simulate", "--like", "supervisord", *settings, "--run", "0")
    assert (made[-1]["cause"], made[-1]["to"]) == ("hot-loop", "failed")


def test_people_get_a_summary() -> None:
    done = kit("simulate", "--like", "systemd", "--set", "Restart=always", "--run", "0")
    assert "5 starts in 10 min" in done.stdout
    assert "gave-up" in done.stdout


# --- replay


def test_a_simulated_trace_replays_to_the_same_transitions(tmp_path: Path) -> None:
    file = str(tmp_path / "trace.jsonl")
    arguments = ("simulate", "--run", "3,0,5", "--exit", "0,1,SIGTERM", "--at", "100:stop", "--at", "101:stop")
    printed = kit(*arguments, "--trace", file, "--json").stdout
    assert kit("replay", file, "--json").stdout == printed
    assert kit("replay", "-", "--json", stdin=Path(file).read_text()).stdout == printed


def test_a_trace_that_was_changed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    kit("simulate", "--run", "3", "--trace", str(file))
    file.write_text(file.read_text().replace('"to": "ready"', '"to": "running"'))
    done = kit("replay", str(file))
    assert done.returncode == 1
    assert "the file differs from its own events" in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the file is empty"),
        ("hello", "line 1: "),
        ('{"trace": "lifecycle-kit trace", "version": 1}', "names no instances"),
        (
            (
                '{"trace": "lifecycle-kit trace", "version": 1, "instances": {"a": {"like": "systemd"}}}\n'
                '{"instance": "b", "event": "Request", "at_ns": 0, "request": "start"}'
            ),
            "events of 'b'",
        ),
        ('{"trace": "lifecycle-kit trace", "version": 1, "instances": {"a": 5}}', 'needs "instances"'),
    ],
)
def test_a_file_that_is_no_trace_is_told_in_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(text)
    done = kit("replay", str(file))
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


# --- probe


def test_probe_says_when_the_verdict_changes() -> None:
    made = moves("probe", "--like", "kubernetes", "--health", "20:ok,35:fail,5:ok")
    assert [(move["at"], move["to"]) for move in made] == [(0, "good"), (40, "bad"), (60, "good")]


def test_a_short_failure_goes_unnoticed() -> None:
    assert len(moves("probe", "--health", "20:ok,15:fail,30:ok")) == 1
    assert len(moves("probe", "--set", "failureThreshold=1", "--health", "20:ok,15:fail,30:ok")) == 3


def test_a_liveness_probe_ends_in_a_kill() -> None:
    done = kit("probe", "--kind", "liveness", "--set", "periodSeconds=5", "--health", "20:ok,60:fail", "--each")
    assert "liveness becomes bad" in done.stdout
    assert "would be killed" in done.stdout
    assert done.stdout.count("probe: ") == 7


# --- diagram


def test_the_diagram_comes_as_text_and_as_a_picture(tmp_path: Path) -> None:
    assert "backoff" in kit("diagram", "--current", "backoff").stdout
    assert "waiting" in kit("diagram", "--os").stdout.lower()
    file = tmp_path / "states.svg"
    assert kit("diagram", "--svg", str(file)).returncode == 0
    main = file.read_text()
    assert main.lstrip().startswith("<svg")
    assert kit("diagram", "--all", "--svg", str(file)).returncode == 0
    assert len(file.read_text()) > len(main)


# --- mistakes


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["simulate", "--like", "upstart"], "no system is called 'upstart'"),
        (["simulate", "--like", "systemd", "--set", "Restrt=always"], "did you mean 'Restart'?"),
        (["simulate", "--set", "restartPolicy"], "write OPTION=VALUE"),
        (["simulate", "--run", "soon"], "--run soon"),
        (["simulate", "--run", "1,,2"], "an entry of the list is empty"),
        (["simulate", "--exit", "900"], "give a code from 0 to 255"),
        (["simulate", "--until", "infinity"], "give a time that ends"),
        (["simulate", "--at", "stop"], "write TIME:REQUEST"),
        (["simulate", "--at", "x:stop"], "--at x:stop"),
        (["simulate", "--health", "liveness"], "20:ok,15:fail"),
        (["simulate", "--health", "liveness=5:well"], "is no part of a health script"),
        (["simulate", "--trace", "/nowhere/at/all/x"], "cannot write"),
        (["replay", "/nowhere/at/all/x"], "cannot read"),
        (["probe", "--like", "systemd", "--health", "5:ok"], "makes no probes"),
        (["probe", "--health", "bad"], "is no part of a health script"),
        (["diagram", "--os", "--current", "ready"], "leave them out with --os"),
        (["demo", "nonsense"], "there are crash-loop, half-started, drain"),
        (["demo", "drain", "--like", "systemd"], "does not depend on one"),
        (["supervise", "--probe", "health=x", "--", "true"], "--probe health=x"),
        (["supervise", "--probe", "liveness=http:80", "--", "true"], "such as http:8080/readyz"),
        (["supervise", "--set", "livenessProbe=yes", "--", "true"], "--probe KIND=HOW"),
        (["supervise"], "Missing argument"),
        (["nonsense"], "No such command"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(arguments: list[str], why: str) -> None:
    done = kit(*arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    line = f"{' '.join(KIT)} simulate --run 0 --until 10h | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr


# --- supervise


@pytest.mark.live
def test_supervise_runs_a_real_program_and_its_trace_replays(tmp_path: Path) -> None:
    file = str(tmp_path / "trace.jsonl")
    settings = ("--like", "systemd", "--set", "Restart=on-failure", "--set", "RestartSec=10ms")
    done = kit("supervise", *settings, "--json", "--trace", file, "--", "sh", "-c", "echo hello; exit 3")
    assert done.returncode == 1
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert [move["to"] for move in made].count("starting") == 5
    assert (made[-1]["to"], made[-1]["cause"]) == ("failed", "start-limit-hit")
    assert "worker | hello" in done.stderr
    assert kit("replay", file, "--json").stdout == done.stdout


@pytest.mark.live
def test_a_program_that_ends_as_it_should_is_exit_status_0() -> None:
    assert kit("supervise", "--set", "restartPolicy=OnFailure", "--", "true").returncode == 0


@pytest.mark.live
def test_a_program_that_does_not_exist_is_told_in_a_sentence() -> None:
    done = kit("supervise", "--like", "systemd", "--", "no-such-program-here")
    assert done.returncode == 1
    assert "there is no such program" in done.stdout
    assert "Traceback" not in done.stderr


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Return the first line with `word` in it."""
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"it ended without {word!r}")


@pytest.mark.live
def test_an_outside_kill_shows_up_and_is_answered_and_ctrl_c_ends_clean() -> None:
    command = [*KIT, "supervise", "--like", "systemd", "--set", "Restart=on-failure", "--", "sleep", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            first = int(read_until(process, "is process").split()[-1])
            os.kill(first, signal.SIGKILL)
            assert "signal SIGKILL" in read_until(process, "failed")
            second = int(read_until(process, "is process").split()[-1])
            assert second != first
            process.send_signal(signal.SIGINT)
            assert "stop requested" in read_until(process, "draining")
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "terminated" in out
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


@pytest.mark.live
def test_a_probe_of_a_real_program_finds_it_unready(tmp_path: Path) -> None:
    flag = tmp_path / "ok"
    probe = ("--probe", f"readiness=test -f {flag}", "--set", "readinessProbe.periodSeconds=1")
    command = [*KIT, "supervise", *probe, "--json", "--", "sleep", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert '"to": "starting"' in read_until(process, "starting")
            flag.touch()
            assert "readiness probe passed" in read_until(process, '"to": "ready"')
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130


# --- lab


def test_the_course_is_found_in_a_checkout_and_in_an_installed_package(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="install lifecycle-kit again"):
        course_folder(tmp_path / "lifecycle_kit")
    wheel = tmp_path / "lifecycle_kit" / "_course"
    wheel.mkdir(parents=True)
    (wheel / "00-start-here.ipynb").touch()
    assert course_folder(tmp_path / "lifecycle_kit") == (wheel, False)
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "00-start-here.ipynb").touch()
    assert course_folder(tmp_path / "lifecycle_kit") == (tmp_path / "course", True)


def test_traces_written_by_the_command_line_can_be_read_by_the_package(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    kit("simulate", "--name", "api-0", "--trace", str(file))
    assert Trace.from_lines(file.read_text().splitlines()).instances == ["api-0"]
