"""Children on an asyncio loop: their lines and ends arrive as calls, and none outlives its nursery.

Its one rule: an end is told once, after the last line, as soon as the kernel knows it. A grandchild
that still holds the pipe cannot hold the news back.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from lifecycle_kit.exits import Exit
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.guard import Guard
from lifecycle_kit.live.output import Output
from lifecycle_kit.live.sentinel import kill_marked
from lifecycle_kit.live.watch import HAS_PIDFD, by_pidfd, by_thread

__all__ = ["Nursery", "Reared"]

_CLOSE_S = 2.0  # after SIGKILL; only an uninterruptible wait in the kernel takes longer

LinesHeard = Callable[[list[bytes]], None]
EndHeard = Callable[[Exit], None]


def _ignore(news: object) -> None:
    """Do nothing: nobody has asked to hear of it."""
    del news


class Reared:
    """One child of a nursery, with its output and those who want to hear of it.

    Attributes:
        child: the process; signal it through `child.signal`.
        output: what it has written.
    """

    def __init__(self, child: Child, output: Output, on_lines: LinesHeard, on_exit: EndHeard) -> None:
        self.child, self.output = child, output
        self._on_lines, self._on_exit = on_lines, on_exit
        self._loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[Exit] = self._loop.create_future()

    async def wait(self) -> Exit:
        """Return how it ended, once it has."""
        return await asyncio.shield(self._exited)

    def listen(self) -> None:
        """Begin to read what it writes."""
        self._loop.add_reader(self.output, self._hear)

    def _hear(self) -> None:
        lines = self.output.read()
        if self.output.ended:  # it has closed its output, and may live on
            self._loop.remove_reader(self.output)
        self._on_lines(lines)

    def bury(self) -> None:
        """Reap it, and tell what it still wrote and how it ended."""
        self._loop.remove_reader(self.output)
        end = self.child.reap()
        self._on_lines(self.output.finish())
        self._exited.set_result(end)
        self._on_exit(end)


class Nursery:
    """A place for the children of one supervisor; leaving it kills and reaps them all.

    Args:
        keep_lines: how many of the last lines of each child are kept.
        pidfd: False makes threads wait for the ends, as on systems without pidfd.

    Raises:
        SpawnFailed: if the sentinel cannot be started.
        NotPosix: on a system without process groups.
    """

    def __init__(self, *, keep_lines: int = 1000, pidfd: bool = HAS_PIDFD) -> None:
        self._keep_lines = keep_lines
        self._watch = by_pidfd if pidfd else by_thread
        self._living: dict[Reared, Callable[[], None]] = {}
        self._closed = False
        self._guard = Guard()

    def spawn(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        on_lines: LinesHeard = _ignore,
        on_exit: EndHeard = _ignore,
    ) -> Reared:
        """Start a child; there is no moment at which it could be lost.

        Args:
            argv: program and arguments.
            env: added to this process' environment.
            cwd: working directory, this process' own if left out.
            on_lines: called with the lines that each chunk of output completes, as bytes.
            on_exit: called once, after the last lines.

        Raises:
            SpawnFailed: if there is no such program, it is not executable, ...
        """
        if self._closed:
            raise RuntimeError("this nursery is closed; open another one for new children")
        output = Output(keep=self._keep_lines)
        try:
            environ = self._guard.environ(env)
            child = Child(argv, environ=environ, cwd=cwd, output=output.write_end)
        except BaseException:
            output.finish()
            raise
        output.seal()
        return self._adopt(Reared(child, output, on_lines, on_exit))

    def _adopt(self, reared: Reared) -> Reared:
        child = reared.child
        try:
            self._guard.announce(child.pid)
            self._living[reared] = self._watch(child, lambda: self._bury(reared))
            reared.listen()
        except BaseException:
            child.kill()
            reared.output.finish()
            raise
        return reared

    def _bury(self, reared: Reared) -> None:
        stop_watching = self._living.pop(reared, None)
        if stop_watching is not None:  # None: closed before the waiting thread's call arrived
            stop_watching()
            self._guard.forget(reared.child.pid)
            reared.bury()

    def check(self) -> None:
        """Make sure that the sentinel still stands; call this now and then."""
        self._guard.check()

    def close(self) -> None:
        """Kill and reap every child, and whatever carries this nursery's mark, wherever it went."""
        if self._closed:
            return
        self._closed = True
        try:
            self._kill_all()
        finally:
            self._guard.dismiss(clean=not self._living)

    def _kill_all(self) -> None:
        for reared in self._living:
            with suppress(PermissionError):
                reared.child.signal("SIGKILL")
        deadline = time.monotonic() + _CLOSE_S
        while time.monotonic() < deadline:
            for reared in [reared for reared in self._living if reared.child.ended()]:
                self._bury(reared)
            if not self._living and not kill_marked(self._guard.mark):
                break
            time.sleep(0.001)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
