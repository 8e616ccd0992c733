"""The one module that spawns, signals and reaps.

Its one rule: a group is signalled only while its leader is unreaped. Until then the leader's number
cannot be given to a stranger, so no signal can go astray. What is left of a group when its leader
has ended is killed before the leader is reaped.

Each child leads a process group of its own, in the session of its supervisor: a group is all it
takes to signal a whole family, and Ctrl-C at a terminal does not reach it. A grandchild that makes
its own session leaves the group; see `lifecycle_kit.live.sentinel` for how it is found all the
same, and when it is not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from lifecycle_kit.exits import Exit, blame
from lifecycle_kit.live.errors import SpawnFailed, require_posix

__all__ = ["Child"]

_STOLEN = 255 << 8  # as asyncio has it: somebody else has reaped the child, its exit code is lost


class Child:
    """A process that was started here, until it is reaped.

    Args:
        argv: program and arguments; the program is looked up on PATH.
        environ: the whole environment it gets.
        cwd: its working directory, this process' own if left out.
        stdin: a descriptor it reads from; the null device if left out.
        output: a descriptor for both stdout and stderr; the null device if left out.
        session: give it a session of its own, not only a group.

    Attributes:
        pid: its number, and the number of its group.
        started_ns: when it was started, on the monotonic clock.
        exit: how it ended, None until it is reaped.

    Raises:
        SpawnFailed: if there is no such program, it is not executable, ...; says what to do.
        NotPosix: on a system without process groups.
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        environ: Mapping[str, str],
        cwd: str | None = None,
        stdin: int = subprocess.DEVNULL,
        output: int = subprocess.DEVNULL,
        session: bool = False,
    ) -> None:
        require_posix()
        self.argv = tuple(os.fspath(word) for word in argv)
        if not self.argv:
            raise ValueError("an empty command: name the program to start")
        try:
            popen = subprocess.Popen(
                self.argv,
                stdin=stdin,
                stdout=output,
                stderr=output,
                env=environ,
                cwd=cwd,
                start_new_session=session,
                process_group=None if session else 0,
            )
        except OSError as error:
            raise SpawnFailed(self.argv, cwd, error) from error
        popen.returncode = 0  # so that the Popen object leaves it alone: it is ours to reap
        self.pid = popen.pid
        self.started_ns = time.monotonic_ns()
        self.exit: Exit | None = None
        self._status: int | None = None

    def signal(self, name: str, *, group: bool = True) -> bool:
        """Send a signal and return whether there was still somebody to receive it.

        Args:
            name: "SIGTERM" or "TERM".
            group: to the whole group; else to the leader alone.

        Raises:
            ValueError: if there is no such signal.
            PermissionError: if the child has become another user's process.
        """
        number = _number(name)
        if self.exit is not None:
            return False
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def ended(self, *, block: bool = False) -> bool:
        """Return whether it has ended, without reaping it; wait for the end if `block`."""
        if self.exit is not None or self._status is not None:
            return True
        hang = 0 if block else os.WNOHANG
        try:
            if hasattr(os, "waitid"):
                return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | hang) is not None
            pid, status = os.waitpid(self.pid, hang)  # macOS before Python 3.13: looking is reaping
        except ChildProcessError:
            pid, status = self.pid, _STOLEN
        if pid:
            self._status = status
        return bool(pid)

    def reap(self) -> Exit:
        """Return how it ended, waiting for that if need be; what is left of its group is killed."""
        if self.exit is None:
            self.ended(block=True)
            # Permission: macOS says so of a group that consists of zombies.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            status = self._wait() if self._status is None else self._status
            self.exit = self._as_exit(os.waitstatus_to_exitcode(status))
        return self.exit

    def _wait(self) -> int:
        try:
            return os.waitpid(self.pid, 0)[1]
        except ChildProcessError:
            return _STOLEN

    def _as_exit(self, code: int) -> Exit:
        uptime_ns = time.monotonic_ns() - self.started_ns
        if code >= 0:
            return Exit(code=code, uptime_ns=uptime_ns)
        name = _name(-code)
        return Exit(signal=name, cause=blame(name), uptime_ns=uptime_ns)

    def kill(self) -> Exit:
        """Kill the whole group, reap the leader and return how it ended."""
        self.signal("SIGKILL")
        return self.reap()

    def __repr__(self) -> str:
        how = "running" if self.exit is None else self.exit.how
        return f"<Child {self.pid} {self.argv[0]}: {how}>"


def _number(name: str) -> int:
    """Return this machine's number of a signal; some differ between systems."""
    word = name.upper()
    try:
        return signal.Signals[word if word.startswith("SIG") else f"SIG{word}"]
    except KeyError:
        raise ValueError(f"{name!r} is no signal of this system: try SIGTERM or SIGKILL") from None


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal: between SIGRTMIN and SIGRTMAX few have a name
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
