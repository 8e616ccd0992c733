"""How the news that a child has ended reaches an asyncio loop: by pidfd, or by a thread that waits.

Its one rule: watching never reaps. The child stays a zombie, and its number its own, until somebody
reaps it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress

from lifecycle_kit.live.children import Child

__all__ = ["HAS_PIDFD", "by_pidfd", "by_thread"]

HAS_PIDFD = hasattr(os, "pidfd_open")  # Linux
Stop = Callable[[], None]


def by_pidfd(child: Child, tell: Callable[[], None]) -> Stop:
    """Have the running loop call `tell` once `child` has ended; return how to stop watching."""
    loop = asyncio.get_running_loop()
    pidfd = os.pidfd_open(child.pid)
    loop.add_reader(pidfd, tell)

    def stop() -> None:
        loop.remove_reader(pidfd)  # first: the number of a closed descriptor is soon another's
        os.close(pidfd)

    return stop


def by_thread(child: Child, tell: Callable[[], None]) -> Stop:
    """Do the same where there are no pidfds, such as on macOS."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        child.ended(block=True)
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=wait, name=f"wait-{child.pid}", daemon=True).start()
    return lambda: None
