"""The sentinel: a small process that outlives its supervisor, and leaves none of its children.

Its one rule: when the pipe on its standard input ends, or its parent dies, everything announced
there dies. It runs as `python -I -S sentinel.py TOKEN PARENT`, needs nothing but the standard
library, and nothing below it.

What is announced: process groups, one a line, `+1234` when a child is spawned and `-1234` before it
is reaped. What is marked: every child inherits `LIFECYCLE_KIT_MARK` in its environment, with the
token in it.

Two nets, because each has a hole the other closes:

* A group dies as a whole, even members that wiped their environment. But a member can leave its
  group, and a supervisor can die between spawning a group and announcing it.
* A marked process is found wherever it went (Linux: /proc). The supervisor's end of the pipe closes
  on exec, so the pipe cannot end before a child that was just spawned carries its mark; a second
  look covers the rest.

A process that leaves its group *and* wipes its environment gets away; only a cgroup or a PID
namespace would hold it. Where there is no /proc, one that leaves its group gets away.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

MARK = "LIFECYCLE_KIT_MARK"
_PAUSE_S = 0.05  # between two looks: time enough for a fork or exec under way to become visible
_LOOKS = 100  # a process that cannot die now (in an uninterruptible wait) must not keep us for ever


def kill_marked(mark: str) -> int:
    """Kill every process whose `LIFECYCLE_KIT_MARK` contains `mark`; return how many there were.

    Linux only; elsewhere the answer is 0. A zombie has no environment and is not counted.
    """
    found = 0
    for pid in _pids():
        try:
            # The descriptor first: a number that changes hands meanwhile brings nobody harm.
            process = os.pidfd_open(pid)
        except (AttributeError, OSError):
            continue
        try:
            if mark.encode() in _mark_of(pid):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                found += 1
        except OSError:  # it has just ended, or belongs to somebody else
            pass
        finally:
            os.close(process)
    return found


def _pids() -> list[int]:
    try:
        with os.scandir("/proc") as entries:
            return [int(entry.name) for entry in entries if entry.name.isdigit()]
    except FileNotFoundError:
        return []


def _mark_of(pid: int) -> bytes:
    """Return the value of the mark in the environment of `pid`, empty if it has none."""
    descriptor = os.open(f"/proc/{pid}/environ", os.O_RDONLY)
    try:
        environ = b""
        while chunk := os.read(descriptor, 65536):
            environ += chunk
    finally:
        os.close(descriptor)
    for entry in environ.split(b"\0"):
        if entry.startswith(MARK.encode() + b"="):
            return entry
    return b""


def listen(pipe: int, parent: int) -> set[int]:
    """Return the groups that stand announced when `pipe` ends or process `parent` dies."""
    groups: set[int] = set()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    try:  # noqa: SIM105 - contextlib would cost more to import than all the rest
        # A forked copy of the supervisor keeps the pipe open: watch the supervisor, too.
        poll.register(os.pidfd_open(parent), select.POLLIN)
    except (AttributeError, OSError):
        pass
    # An orphan's supervisor died before it could be watched; what it announced is in the pipe.
    patience = None if os.getppid() == parent else 0
    rest = b""
    while pipe in [descriptor for descriptor, _ in poll.poll(patience)]:
        heard = os.read(pipe, 65536)
        if not heard:
            break
        *lines, rest = (rest + heard).split(b"\n")
        for line in lines:
            (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    return groups


def kill_all(groups: set[int], mark: str) -> None:
    """Kill `groups` and everything marked, and look until two looks in a row find nothing."""
    for group in groups:
        try:  # noqa: SIM105
            os.killpg(group, signal.SIGKILL)
        except OSError:  # it has ended by itself
            pass
    quiet = 0
    for _ in range(_LOOKS):
        quiet = 0 if kill_marked(mark) else quiet + 1
        if quiet == 2:
            return
        time.sleep(_PAUSE_S)


def main() -> None:
    """Keep watch for the supervisor that started us; arguments are its token and its number."""
    # Only SIGKILL ends a sentinel: an interrupt is meant for the cell, not for its safety net.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    kill_all(listen(0, parent=int(sys.argv[2])), mark=sys.argv[1])


if __name__ == "__main__":
    main()
