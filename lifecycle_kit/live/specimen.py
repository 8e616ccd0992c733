"""One real process to look at, for a notebook cell or a script without an event loop.

Its one rule: nothing happens behind your back. A specimen that has ended stays a zombie until you
`wait` for it or leave the `with` block, so that it can be seen as one; then it is reaped, and its
whole family is gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from lifecycle_kit.exits import Exit
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.guard import Guard
from lifecycle_kit.live.output import Output
from lifecycle_kit.live.sentinel import kill_marked

__all__ = ["Specimen"]

_LOOK_S = 0.002


class Specimen:
    """A child that is gone, with its whole family, at the end of the `with` block or after `close`.

    Args:
        argv: program and arguments.
        env: added to this process' environment.
        cwd: working directory, this process' own if left out.

    Raises:
        SpawnFailed: if there is no such program, it is not executable, ...
        NotPosix: on a system without process groups.

    >>> with Specimen(["sh", "-c", "echo hello; exit 3"]) as shell:
    ...     shell.wait().how, shell.lines
    ('exit 3', ['hello'])
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        self._closed = False
        self._guard = Guard()
        self._output = Output()
        try:
            environ = self._guard.environ(env)
            self._child = Child(argv, environ=environ, cwd=cwd, output=self._output.write_end)
            self._guard.announce(self._child.pid)
        except BaseException:
            self._output.finish()
            self._guard.dismiss(clean=True)
            raise
        self._output.seal()

    @property
    def pid(self) -> int:
        """Its process number, also that of its group."""
        return self._child.pid

    @property
    def exit(self) -> Exit | None:
        """How it ended; None until `wait` has reaped it."""
        return self._child.exit

    @property
    def lines(self) -> list[str]:
        """What it has written so far; a pipe holds 64 KiB, so look before it has written more."""
        while not self._output.ended and self._output.read():
            pass
        return self._output.lines

    def ended(self) -> bool:
        """Return whether it has ended, perhaps as a zombie."""
        return self._child.ended()

    def signal(self, name: str, *, group: bool = True) -> bool:
        """Send "SIGSTOP" or such to its group, or to it alone; return whether it was there."""
        return self._child.signal(name, group=group)

    def wait(self, timeout_s: float = 10.0) -> Exit:
        """Wait for its end, reap it and return how it ended; the rest of its group is killed.

        Raises:
            TimeoutError: if it has not ended after `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while not self.ended():
            if time.monotonic() >= deadline:
                raise TimeoutError(
                    f"process {self.pid} has not ended within {timeout_s} s; "
                    'give it more time, or end it with signal("SIGKILL")'
                )
            time.sleep(_LOOK_S)
        return self._reap()

    def _reap(self) -> Exit:
        if self._child.exit is None:
            self._guard.forget(self.pid)
            self._child.reap()
            self._output.finish()
        return self._child.reap()

    def close(self) -> None:
        """Kill it and every process it started, wherever that went; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._child.signal("SIGKILL")
            self._reap()
            while kill_marked(self._guard.mark):
                time.sleep(_LOOK_S)
        finally:
            self._guard.dismiss(clean=self._child.exit is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
