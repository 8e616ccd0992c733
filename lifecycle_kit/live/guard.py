"""The guard: one sentinel process for all supervisors of this process, while any of them works.

Its one rule: whoever spawns hires the guard first and dismisses it last, so that every child is
marked, announced and forgotten in time.
"""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from lifecycle_kit.live import sentinel
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.errors import require_posix

__all__ = ["Guard"]

_SENTINEL = str(Path(sentinel.__file__).resolve())


class Guard:
    """What one supervisor has hired; it marks its children and answers for them.

    Raises:
        SpawnFailed: if the sentinel cannot be started; then nothing should be spawned either.
        NotPosix: on a system without process groups.
    """

    def __init__(self) -> None:
        global _on_duty
        require_posix()
        with _lock:
            self._watch = _on_duty = _on_duty or _Watch()
            self._watch.users += 1
            self.mark = f"{self._watch.token}.{next(self._watch.numbers)};"

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment for a child: this process' own, `extra`, and the mark.

        A supervisor inside a supervised program keeps the outer mark: the outer sentinel kills the
        inner one too.
        """
        outer = os.environ.get(sentinel.MARK, "")
        return {**os.environ, **(extra or {}), sentinel.MARK: outer + self.mark}

    def announce(self, group: int) -> None:
        """Have `group` killed should this process die."""
        with _lock:
            self._watch.groups.add(group)
            self._watch.tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Strike `group` off; call it before its leader is reaped and the number is free."""
        with _lock:
            self._watch.groups.discard(group)
            self._watch.tell(f"-{group}\n")

    def check(self) -> None:
        """Replace the sentinel if somebody has killed it; cheap enough for every 0.1 s."""
        with _lock:
            if self._watch.child.ended():
                self._watch.replace()

    def dismiss(self, *, clean: bool) -> None:
        """Let the guard go; the last one ends the sentinel.

        Args:
            clean: every child is known to be gone. If not, the sentinel still does its duty before
                it ends.
        """
        global _on_duty
        with _lock:
            self._watch.users -= 1
            self._watch.clean &= clean
            if not self._watch.users:
                _on_duty = None
                self._watch.end()


class _Watch:
    """The sentinel process, its pipe, and what has been announced through it."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        self.numbers = itertools.count(1)
        self.users = 0
        self.clean = True
        self.groups: set[int] = set()
        self.child, self._pipe = self._start()

    def _start(self) -> tuple[Child, int]:
        hears, tells = os.pipe()
        try:
            # A session of its own, so that neither Ctrl-C nor the end of our group ends it.
            argv = [sys.executable, "-I", "-S", _SENTINEL, self.token, str(os.getpid())]
            child = Child(argv, environ=os.environ, stdin=hears, session=True)
        except BaseException:
            os.close(tells)
            raise
        finally:
            os.close(hears)
        return child, tells

    def tell(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:
            self.replace()

    def replace(self) -> None:
        """Start another sentinel and announce all groups again."""
        os.close(self._pipe)
        self.child.reap()
        self.child, self._pipe = self._start()
        self.tell("".join(f"+{group}\n" for group in self.groups))

    def end(self) -> None:
        os.close(self._pipe)  # as far as the sentinel can tell, we have died
        if self.clean:
            self.child.kill()
        else:
            threading.Thread(target=self.child.reap, daemon=True).start()


_lock = threading.Lock()
_on_duty: _Watch | None = None
