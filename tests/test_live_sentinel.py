"""The sentinel: when a supervisor is killed with kill -9, everything it had started dies too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from lifecycle_kit.live import sentinel
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.guard import Guard
from tests.process_table import all_gone, eventually, is_gone, own_children

pytestmark = pytest.mark.live

PRELUDE = """
import os, sys, time
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.guard import Guard
guard = Guard()
def start(*argv, announce=True, **env):
    child = Child(argv, environ=guard.environ(env), output=1)
    if announce:
        guard.announce(child.pid)
    print(child.pid, flush=True)
"""
POSTLUDE = "\ntime.sleep(600)"


@contextmanager
def supervisor(code: str, prints: int = 1) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run `code` in a supervisor of its own; give it and the pids that it and its children print."""
    argv = [sys.executable, "-c", PRELUDE + code + POSTLUDE]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, [int(process.stdout.readline()) for _ in range(prints)]
        finally:
            process.kill()


@pytest.fixture
def hire() -> Iterator[Callable[[], Guard]]:
    """Hire guards; those that are still on duty at the end are dismissed."""
    hired: list[Guard] = []

    def one() -> Guard:
        hired.append(Guard())
        return hired[-1]

    yield one
    for guard in hired:
        guard.dismiss(clean=True)


def sentinel_of(pid: int) -> psutil.Process:
    """Return the one sentinel among the children; a process has no arguments yet in the middle of its exec."""

    def sentinels() -> list[psutil.Process]:
        children = psutil.Process(pid).children()
        return [child for child in children if child.cmdline()[-3:-2] == [str(sentinel.__file__)]]

    eventually(lambda: len(sentinels()) == 1, "there is one sentinel")
    return sentinels()[0]


@pytest.mark.parametrize(
    ("code", "prints"),
    [
        ("start('sleep', '600')", 1),
        ("start('sh', '-c', 'sleep 600 & echo $!; wait')", 2),
        ("start('sh', '-c', 'setsid sleep 600 & echo $!; wait')", 2),
        ("start('sh', '-c', 'trap \"\" TERM INT HUP; echo $$; sleep 600')", 2),
        ("start('sh', '-c', 'kill -STOP $$')", 1),
        ("start('env', '-i', 'sleep', '600')", 1),
        ("start('sleep', '600', announce=False)", 1),
    ],
    ids=[
        "child",
        "grandchild",
        "in its own session",
        "deaf",
        "stopped",
        "wiped environment",
        "spawned but not announced yet",
    ],
)
def test_nothing_survives_kill_9_of_the_supervisor(code: str, prints: int) -> None:
    with supervisor(code, prints) as (process, pids):
        guardian = sentinel_of(process.pid)
        assert not any(map(is_gone, pids))
        process.kill()
        process.wait()
        eventually(lambda: all_gone(pids), f"{pids} are gone")
        eventually(lambda: is_gone(guardian.pid), "the sentinel has ended, too")


def test_a_forked_copy_of_the_supervisor_does_not_keep_the_children_alive() -> None:
    """The copy holds the pipe open: it is the parent's death that counts."""
    fork = "start('sleep', '600')\nif not (copy := os.fork()): time.sleep(600)\nprint(copy, flush=True)"
    with supervisor(fork, 2) as (process, (child, copy)):
        process.kill()
        process.wait()
        eventually(lambda: is_gone(child), "the child is gone")
        assert not is_gone(copy)
        os.kill(copy, signal.SIGKILL)


def test_a_supervisor_inside_a_supervised_program_takes_its_children_along() -> None:
    inner = PRELUDE + "start('sleep', '600'); time.sleep(600)"
    with supervisor(f"start(sys.executable, '-c', {inner!r})", 2) as (process, pids):
        family = [*pids, *(child.pid for child in psutil.Process(pids[0]).children())]
        assert len(family) >= 3
        process.kill()
        process.wait()
        eventually(lambda: all_gone(family), f"{family} are gone")


def test_only_kill_ends_a_sentinel_and_then_another_takes_over(hire: Callable[[], Guard]) -> None:
    guard = hire()
    first = sentinel_of(os.getpid())
    eventually(lambda: first.cwd() == "/", "the sentinel has closed its ears")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        first.send_signal(number)
    guard.check()
    assert sentinel_of(os.getpid()) == first
    first.kill()
    eventually(lambda: first.status() == psutil.STATUS_ZOMBIE, "the sentinel is dead")
    guard.check()
    assert sentinel_of(os.getpid()) != first


def test_another_sentinel_knows_what_was_announced_to_the_one_before() -> None:
    guard = Guard()
    sleeper = Child(["env", "-i", "sleep", "600"], environ=guard.environ())
    guard.announce(sleeper.pid)
    first = sentinel_of(os.getpid())
    first.kill()
    eventually(lambda: first.status() == psutil.STATUS_ZOMBIE, "the sentinel is dead")
    guard.check()
    guard.dismiss(clean=False)  # as if we had died
    eventually(sleeper.ended, "the sleeper is dead")
    assert sleeper.reap().signal == "SIGKILL"
    eventually(lambda: own_children() == [], "the sentinel is reaped")


def test_an_announcement_to_a_dead_sentinel_starts_another(hire: Callable[[], Guard]) -> None:
    guard = hire()
    first = sentinel_of(os.getpid())
    first.kill()
    eventually(lambda: first.status() == psutil.STATUS_ZOMBIE, "the sentinel is dead")
    guard.announce(2**22 + 1)  # beyond any real number of a process
    assert sentinel_of(os.getpid()) != first
    guard.forget(2**22 + 1)


def test_all_guards_of_a_process_share_one_sentinel_and_the_last_one_ends_it() -> None:
    guards = [Guard() for _ in range(3)]
    assert len({guard.mark for guard in guards}) == 3
    guardian = sentinel_of(os.getpid())
    for guard in guards:
        assert not is_gone(guardian.pid)
        guard.dismiss(clean=True)
    assert own_children() == []


def test_a_sentinel_has_its_own_session_and_holds_only_what_it_needs(hire: Callable[[], Guard]) -> None:
    reads, writes = os.pipe()
    os.set_inheritable(reads, True)
    hire()
    guardian = sentinel_of(os.getpid())
    # stdin, stdout, stderr, the pidfd of its parent
    eventually(lambda: guardian.cwd() == "/" and guardian.num_fds() == 4, "four descriptors are open")
    assert os.getsid(guardian.pid) == guardian.pid
    os.close(reads)
    os.close(writes)


def test_announcements_may_arrive_in_pieces_and_are_taken_back() -> None:
    reads, writes = os.pipe()
    for piece in (b"+1", b"1\n+2", b"2\n", b"-11\n+33\n"):
        os.write(writes, piece)
    os.close(writes)
    assert sentinel.listen(reads, parent=os.getppid()) == {22, 33}
    os.close(reads)


def test_the_mark_of_one_guard_is_no_part_of_anothers(hire: Callable[[], Guard]) -> None:
    """Guard 1 must not kill what carries the mark of guard 12."""
    guards = [hire() for _ in range(12)]
    assert not any(a.mark in b.mark for a in guards for b in guards if a is not b)
