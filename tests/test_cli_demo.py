"""`lifecycle-kit demo`: what it shows of real processes, and that nothing outlives it, however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lifecycle_kit.simulate.story import STORIES
from tests.process_table import PATIENCE_S, all_gone, eventually

DEMO = [sys.executable, "-m", "lifecycle_kit.cli", "demo"]
# It gives up at the fifth failure, on a slow machine as well.
QUICK = ("Restart=on-failure", "RestartSec=10ms", "StartLimitIntervalSec=60")
QUICK_CRASHES = ("--like", "systemd", *(word for setting in QUICK for word in ("--set", setting)))
LAST_WORDS = {
    "crash-loop": "Restarting did not repair anything",
    "half-started": "Readiness asked the right question",
    "drain": "The same stop at the same moment",
}


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return the finished demo."""
    return subprocess.run([*DEMO, *arguments], capture_output=True, text=True, timeout=60, check=False)


def pids_in(text: str) -> list[int]:
    """Return the numbers of the processes that a demo named."""
    return [int(number) for number in re.findall(r"\| is process (\d+)", text)]


def test_the_demos_are_listed_with_their_questions() -> None:
    for done in (demo(), demo("--list")):
        assert done.returncode == 0
        for name, question in STORIES.items():
            assert re.search(rf"^{name} +{re.escape(question)}$", done.stdout, re.M)


@pytest.mark.parametrize("name", STORIES)
def test_a_fast_demo_asks_shows_counts_and_concludes(name: str) -> None:
    done = demo(name, "--fast")
    assert done.returncode == 0
    assert done.stdout.startswith(STORIES[name])
    assert "created -> starting" in done.stdout
    assert LAST_WORDS[name] in done.stdout.splitlines()[-1]
    assert done.stdout.count(STORIES[name]) == 1


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "settings", "processes"),
    [("crash-loop", QUICK_CRASHES, 6), ("half-started", (), 3), ("drain", (), 2)],
)
def test_a_live_demo_shows_real_processes_and_its_trace_replays(
    name: str, settings: tuple[str, ...], processes: int, tmp_path: Path
) -> None:
    file = str(tmp_path / "trace.jsonl")
    done = demo(name, *settings, "--trace", file)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count(STORIES[name]) == 1
    assert LAST_WORDS[name] in done.stdout.splitlines()[-1]
    assert len(done.stdout.splitlines()) < 80
    assert len(pids_in(done.stdout)) == processes
    assert all_gone(pids_in(done.stdout))
    replay = [*DEMO[:-1], "replay", file]
    again = subprocess.run(replay, capture_output=True, text=True, timeout=60, check=True)
    moves = [line for line in done.stdout.splitlines() if " -> " in line]
    assert again.stdout.splitlines() == moves


@pytest.mark.live
def test_the_crash_loop_shows_its_alerts_as_they_come_and_its_cost_at_the_end() -> None:
    done = demo("crash-loop", *QUICK_CRASHES)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    third_crash = [number for number, line in enumerate(lines) if line.endswith("exit 77")][2]
    alerts = [number for number, line in enumerate(lines) if "worker | alert: " in line]
    assert third_crash < alerts[0] < alerts[1] < len(lines) - 6
    assert "alert: crash-loop: 3 failures in a row" in lines[alerts[0]]
    assert "alert: gave-up: start-limit-hit" in lines[alerts[1]]
    starts, jobs_done, waiting, log_lines = (int(number) for number in lines[-3].split()[1:5])
    assert (starts, jobs_done, log_lines) == (5, 0, 15)
    assert waiting > 0


@pytest.mark.live
def test_the_crash_loop_is_restarted_as_supervisord_would() -> None:
    done = demo("crash-loop", "--json")
    assert done.returncode == 0, done.stderr
    moves = [move for move in map(json.loads, done.stdout.splitlines()) if move["instance"] == "worker"]
    pauses = [move["cause"] for move in moves if move["to"] == "backoff"]
    if "restart in 0 s" in pauses:
        pytest.skip("so slow a machine that a worker lived for a second, which supervisord takes for a good start")
    assert pauses == ["restart in 1 s", "restart in 2 s", "restart in 3 s"]
    assert moves[-1]["to"] == "failed"
    assert json.loads(done.stderr.splitlines()[-1])["numbers"]["alerts"] == 2


@pytest.mark.live
def test_machines_get_transitions_on_one_side_and_the_rest_on_the_other() -> None:
    done = demo("half-started", "--json")
    assert done.returncode == 0
    moves = [json.loads(line) for line in done.stdout.splitlines()]
    assert {move["instance"] for move in moves} == {"api-0", "api-1", "api-2"}
    assert (moves[0]["from"], moves[0]["to"]) == ("created", "starting")
    numbers = json.loads(done.stderr.splitlines()[-1])["numbers"]
    assert numbers["routed on liveness: errors"] > 0
    assert numbers["routed on readiness: errors"] == 0


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a demo until two programs have begun; give it and the numbers of all processes below it."""
    with subprocess.Popen([*DEMO, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            pids: list[int] = []
            while len(pids) < 2:
                line = process.stdout.readline()
                assert line, "it ended early"
                pids += pids_in(line)
            yield process, pids + [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        finally:
            process.kill()


@pytest.mark.live
@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_a_demo_clean(name: str, times: int) -> None:
    with running(name) as (process, pids):
        time.sleep(1.3 if name == "drain" else 0.2)  # while requests are in flight, if it is not slow today
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130
        assert err.strip().splitlines()[-1] == "interrupted; nothing is left running"
        assert "Traceback" not in err
        assert all_gone(pids)


@pytest.mark.live
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGHUP"])
def test_nothing_outlives_a_demo_that_is_ended_by_a_signal(name: str) -> None:
    with running("crash-loop") as (process, pids):
        process.send_signal(signal.Signals[name])
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode != 0
        eventually(lambda: all_gone(pids), f"{pids} are gone")


@pytest.mark.live
def test_a_program_that_somebody_else_kills_shows_up_and_is_answered() -> None:
    with running("half-started") as (process, pids):
        os.kill(pids[0], signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "signal SIGKILL" in out
        assert "restart in 0 s" in out


@pytest.mark.live
@pytest.mark.parametrize("lines", [3, 12])
@pytest.mark.parametrize("name", STORIES)
def test_a_reader_that_has_seen_enough_ends_the_demo(name: str, lines: int) -> None:
    with subprocess.Popen([*DEMO, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = [process.stdout.readline() for _ in range(lines)]
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.stdout.close()
        err = process.stderr.read()
        process.wait(PATIENCE_S)
    assert len(seen) == lines
    assert "Traceback" not in err
    eventually(lambda: all_gone(children), f"{children} are gone")
