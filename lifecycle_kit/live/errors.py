"""What can go wrong between the kit and the operating system, each said with its way out.

Its one rule: every message names what was asked for, what stood in the way, and what to do about
it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["LiveError", "NotPosix", "SpawnFailed", "require_posix"]


class LiveError(Exception):
    """Something outside the kit said no; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows instead of a traceback: the sentence."""
        return [f"{type(self).__name__}: {self}"]


class NotPosix(LiveError):
    """This system has no process groups and signals, so no real child can be supervised here."""

    def __init__(self) -> None:
        super().__init__(
            "real processes need Linux or macOS: this system has no process groups and signals. "
            "Run this in WSL, in a container or on another machine, or use the simulator "
            "(lifecycle_kit.simulate), which gives the same transitions in virtual time."
        )


def require_posix() -> None:
    """Raise `NotPosix` where children cannot be signalled as groups."""
    if os.name != "posix":
        raise NotPosix


class SpawnFailed(LiveError):
    """A program could not be started; nothing has been left half-started.

    Attributes:
        program: the first word of the command.
        errno: the operating system's number for what stood in the way.
    """

    def __init__(self, argv: Sequence[str], cwd: str | None, error: OSError) -> None:
        self.program = argv[0]
        self.errno = error.errno or 0
        super().__init__(f"{self.program!r} did not start: {_why(self.program, cwd, error)}")


_SHORTAGES = {
    errno.EAGAIN: "too many processes already: end some, or raise the limit (`ulimit -u`)",
    errno.ENOMEM: "the machine is out of memory: end something, or start fewer children",
    errno.EMFILE: "this process has too many open files: close some, or raise `ulimit -n`",
    errno.ENFILE: "the machine has too many open files: close some",
    errno.E2BIG: "its arguments and environment are too long: pass long values in a file",
    errno.ETXTBSY: "somebody is still writing the program file: close it and start again",
    errno.ENOEXEC: "it is no program this machine can run: a script needs a first line such as "
    "#!/bin/sh, a binary must be built for this machine",
}


def _why(program: str, cwd: str | None, error: OSError) -> str:
    if cwd is not None and not Path(cwd).is_dir():
        return f"its working directory {cwd!r} does not exist; create it or name another"
    if error.errno == errno.ENOENT:
        return _missing(program)
    if error.errno in (errno.EACCES, errno.EPERM):
        if Path(program).is_dir():
            return "it is a directory; name the program inside it"
        return f"it is not executable; run `chmod +x {program}` or start it through its interpreter"
    return _SHORTAGES.get(error.errno or 0, error.strerror or str(error))


def _missing(program: str) -> str:
    if "/" not in program:
        return "there is no such program on PATH; check the spelling or give its full path"
    if Path(program).exists():
        return "the interpreter in its first line (#!) is not installed; correct that line"
    return "there is no such file; check the path"
