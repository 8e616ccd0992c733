"""How tests look at the process table: with psutil, from outside, and with patience."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

import psutil

from lifecycle_kit.live.supervisor import Supervisor

PATIENCE_S = 20.0  # how long a loaded machine may take; no test measures how long it did take


def eventually(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until `condition()` is true; fail with `what` if it never is."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"this never became true: {what}"
        time.sleep(0.005)


def is_gone(pid: int) -> bool:
    """Return whether the process is gone; a zombie that is init's to reap counts as gone."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE and process.ppid() != os.getpid()
    except psutil.NoSuchProcess:
        return True


def all_gone(pids: Iterable[int]) -> bool:
    """Return whether every one of `pids` is gone."""
    return all(is_gone(pid) for pid in pids)


def pid_of(supervisor: Supervisor, name: str) -> int:
    """Return the number of an instance's process, which must exist: to signal 0 is to signal oneself."""
    pid = supervisor.keeper(name).pid
    assert pid is not None
    return pid


def own_children() -> list[str]:
    """Return the command lines of the children that this test started, zombies as "zombie"."""
    return [
        "zombie" if child.status() == psutil.STATUS_ZOMBIE else " ".join(child.cmdline())
        for child in psutil.Process().children()
        if child.pid not in _of_others
    ]


def leave_out_present_children() -> None:
    """Make `own_children` leave out what runs now: another test's kernel, for instance."""
    _of_others.clear()
    _of_others.update(child.pid for child in psutil.Process().children())


_of_others: set[int] = set()
