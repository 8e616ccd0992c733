"""What the operating system says about a process: its number, its parent, its state.

Its one rule: looking changes nothing, and a process that is gone is an answer, not an error.

Read with psutil, which reads /proc/PID/stat on Linux; the letters are those of proc_pid_stat(5).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from lifecycle_kit.live.children import Child

__all__ = ["GONE", "WORDS", "ProcessView", "observe", "table"]

GONE = "gone"

WORDS: Mapping[str, str] = {
    "R": "running, or waiting for a CPU",
    "S": "waiting; a signal can wake it",
    "D": "waiting, and not to be interrupted",
    "T": "stopped by a signal",
    "t": "stopped by a debugger",
    "Z": "ended, not yet reaped by its parent: a zombie",
    "X": "dead",
    "I": "idle thread of the kernel",
    GONE: "no such process",
}

_LETTERS = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_WAKING: "R",
    psutil.STATUS_SLEEPING: "S",
    psutil.STATUS_DISK_SLEEP: "D",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "t",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_DEAD: "X",
    psutil.STATUS_IDLE: "I",
}
_MACOS_LETTERS = {"U": "D", "I": "S"}  # ps(1) there: uninterruptible, asleep for over 20 s


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProcessView:
    """One look at one process; shows itself as one line.

    Attributes:
        pid: its number.
        state: its letter, or "gone".
        ppid: its parent's number, None if it is gone.
        name: what it is called, empty if it is gone; process 1 is called "init", whatever
            program plays that part.
        parent: what its parent is called, empty if nobody knows.
        children: the numbers of its own children.
        pending: signals sent to it that it has not taken yet (Linux only).
    """

    pid: int
    state: str
    ppid: int | None = None
    name: str = ""
    parent: str = ""
    children: tuple[int, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The state in words, with what is pending."""
        waits = f"; {' and '.join(self.pending)} pending" if self.pending else ""
        return WORDS.get(self.state, "a state this course does not need") + waits

    def __repr__(self) -> str:
        """Return the view as one line."""
        if self.state == GONE:
            return f"process {self.pid}: gone, there is no such process"
        by = f"process {self.pid} ({self.name}), child of {self.ppid} ({self.parent})"
        return f"{by}: {self.state}, {self.words}"


def observe(pid: int) -> ProcessView:
    """Return what the operating system says about a process right now.

    Args:
        pid: its number, from 0.

    Source: proc_pid_stat(5), field 3, by way of psutil.
    """
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            ppid = process.ppid()
            state = _state(process)
            return ProcessView(
                pid=pid,
                state=state,
                ppid=ppid,
                name=_name(pid),
                parent=_name(ppid),
                children=_children(process),
                pending=() if state == "Z" else _pending(pid),  # too late: a zombie takes nothing
            )
    except psutil.ZombieProcess as error:  # macOS tells little else about it
        return ProcessView(pid=pid, state="Z", ppid=error.ppid, name=error.name or "")
    except psutil.NoSuchProcess:
        return ProcessView(pid=pid, state=GONE)


def table(rows: Mapping[str, ProcessView] | Iterable[tuple[str, ProcessView]]) -> str:
    """Return several looks as text, one line each, under a label of your choice."""
    pairs = rows.items() if isinstance(rows, Mapping) else rows
    lines = [("", "pid", "parent", "state", "")]
    for label, view in pairs:
        parent = "-" if view.ppid is None else f"{view.ppid} {view.parent}".strip()
        lines.append((label, str(view.pid), parent, view.state, view.words))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, [*widths, 0], strict=True)).rstrip() for line in lines
    )


def _state(process: psutil.Process) -> str:
    letter = _LETTERS.get(process.status(), "?")
    if sys.platform == "darwin" and letter == "R":
        return _state_by_ps(process.pid)
    return letter


def _state_by_ps(pid: int) -> str:
    """Ask ps(1): on macOS psutil calls every living process running (psutil issue 2675)."""
    hears, tells = os.pipe()
    try:
        argv = ["ps", "-o", "stat=", "-p", str(pid)]
        ps = Child(argv, environ=os.environ, output=tells)
    finally:
        os.close(tells)
    with os.fdopen(hears) as answer:
        letter = answer.read().strip()[:1]
    ps.reap()
    return _MACOS_LETTERS.get(letter, letter or GONE)


def _name(pid: int) -> str:
    if pid == 1:
        return "init"
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def _children(process: psutil.Process) -> tuple[int, ...]:
    return tuple(sorted(child.pid for child in process.children()))


def _pending(pid: int) -> tuple[str, ...]:
    """Return the signals pending for a process or its first thread (Linux: /proc/PID/status)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    mask = 0
    for line in status.splitlines():
        if line.startswith(("SigPnd:", "ShdPnd:")):
            mask |= int(line.split()[1], 16)
    return tuple(each.name for each in signal.Signals if mask >> (each - 1) & 1)
