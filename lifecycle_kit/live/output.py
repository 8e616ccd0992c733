"""What a child writes, as lines: the last ones are kept, the rest is only counted.

Its one rule: a child that floods costs time in proportion, never memory, and never stops its
reader.
"""

from __future__ import annotations

import os
from collections import deque

__all__ = ["Output"]

_CHUNK = 65536  # what a pipe holds on Linux; one read a turn, so that other children get theirs
_LINE_MAX = 8192  # of a longer line only so much is kept
_LAST_READS = 64  # a stranger that holds the pipe and floods must not keep its reader for ever


class Output:
    """The reading end of one child's stdout and stderr.

    Args:
        keep: how many of the last lines are kept, from 1.

    Attributes:
        write_end: the descriptor for the child; call `seal` as soon as the child has it.
        total: lines seen so far, kept or not.
        ended: True once nobody can write any more.
    """

    def __init__(self, *, keep: int = 1000) -> None:
        self._kept: deque[bytes] = deque(maxlen=keep)
        self._rest = b""
        self.total = 0
        self.ended = False
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)

    @property
    def lines(self) -> list[str]:
        """The last lines, oldest first; bytes that are no UTF-8 are shown as U+FFFD."""
        return [line.decode(errors="replace") for line in self._kept]

    def fileno(self) -> int:
        """Return the descriptor to watch for something to read."""
        return self._read_end

    def seal(self) -> None:
        """Close our copy of the child's end, so that the pipe can end."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def read(self) -> list[bytes]:
        """Return the lines that one chunk completes, none if there is nothing to read now."""
        chunk = self._chunk()
        return self._split(chunk) if chunk else []

    def finish(self) -> list[bytes]:
        """Return what was still in the pipe when the child ended, and close it."""
        self.seal()
        lines: list[bytes] = []
        for _ in range(_LAST_READS):
            if not (chunk := self._chunk()):
                break
            lines += self._split(chunk)
        if self._rest:
            lines += self._split(b"\n")
        os.close(self._read_end)
        self.ended = True
        return lines

    def _chunk(self) -> bytes | None:
        try:
            chunk = os.read(self._read_end, _CHUNK)
        except BlockingIOError:
            return None
        self.ended = not chunk
        return chunk

    def _split(self, chunk: bytes) -> list[bytes]:
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:_LINE_MAX]
        lines = [line[:_LINE_MAX] for line in lines]
        self._kept.extend(lines)
        self.total += len(lines)
        return lines
