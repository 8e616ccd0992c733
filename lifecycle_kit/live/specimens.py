"""Real processes brought into the states of the operating system, to be looked at.

Its one rule: leaving the `with` block, in whatever way, ends and reaps all that it brought about.

An orphan belongs to whoever adopted it: it is killed here, and reaped there. If its new parent
never reaps, as happens in a container whose process 1 is no init, its zombie stays there.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

from lifecycle_kit.exits import Exit
from lifecycle_kit.live.errors import LiveError, require_posix
from lifecycle_kit.live.observe import GONE, ProcessView, observe
from lifecycle_kit.live.specimen import Specimen

__all__ = ["KINDS", "LINUX_ONLY", "Exhibit", "NoSpecimen", "bring"]

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "busy": ("busy", "R"),
        "sleeping": ("sleeper", "S"),
        "uninterruptible": ("vforker", "D"),
        "stopped": ("sleeper", "T"),
        "zombie": ("zombie", "Z"),
        "neglected": ("neglect", "Z"),
        "child": ("family", "S"),
        "orphan": ("family", "S"),
        "adopted": ("adopters", "S"),
    }
)
"""What can be had: who plays it in `programs/specimen.py`, and the state it is in."""

LINUX_ONLY = frozenset({"uninterruptible", "adopted"})

_PROGRAM = str(Path(__file__).parent / "programs" / "specimen.py")
_START_S = 10.0  # a Python that starts on a machine under load
_SETTLE_S = 5.0
_REAP_S = 0.3
_PAUSE_S = 0.02


class NoSpecimen(LiveError):
    """A process could not be brought into a state, or cannot do what was asked of it there."""


class Exhibit:
    """One process to look at, while its `with` block lasts.

    Attributes:
        kind: one of `KINDS`.
        pid: the process to look at.
        parent: the number of its parent when it started.
    """

    def __init__(self, kind: str, leader: Specimen, pipe: Path) -> None:
        self.kind = kind
        self._leader = leader
        self._rest_s = 0.0 if kind == "busy" else _SETTLE_S  # R is where a busy one rests
        self.pid, self.parent = _first_line(leader)
        # Kept open, so that the pipe's name can be removed; opening it would set a "vforker" free.
        takes_orders = KINDS[kind][0] in ("family", "adopters")
        self._orders = os.fdopen(os.open(pipe, os.O_RDWR), "wb", buffering=0) if takes_orders else None

    def look(self) -> ProcessView:
        """Return what the operating system says about it, once it has come to rest."""
        deadline = time.monotonic() + self._rest_s
        before, view = None, observe(self.pid)
        # A signal makes its receiver runnable at once: R is what it passes through.
        while (view.state == "R" or view != before) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
            before, view = view, observe(self.pid)
        return view

    def signal(self, name: str) -> None:
        """Send it a signal.

        Args:
            name: such as "SIGTERM".

        Raises:
            ValueError: there is no such signal.
        """
        goes_on = self.kind == "busy" and name.upper().endswith("CONT")
        self._rest_s = 0.0 if goes_on else _SETTLE_S
        if self._is_ours:
            self._leader.signal(name, group=False)
        else:
            self._order(f"child {name}")

    def end_parent(self) -> None:
        """End its parent with SIGKILL.

        Raises:
            NoSpecimen: the parent is this very process.
        """
        if self._is_ours:
            raise NoSpecimen(f"the parent of {self.kind!r} is this very process; take 'child' or 'neglected'")
        if self.parent == self._leader.pid:
            self._leader.signal("SIGKILL", group=False)
        else:
            self._order("parent SIGKILL")
        self._wait_until(lambda view: view.ppid != self.parent, _SETTLE_S)

    def reap(self) -> Exit:
        """Have its parent wait for it, and return how it ended.

        Raises:
            NoSpecimen: its parent is another process, or it has not ended.
        """
        if not self._is_ours:
            raise NoSpecimen(f"only its parent can reap process {self.pid}, and that is not us")
        if self.look().state not in ("Z", GONE):
            raise NoSpecimen(f"process {self.pid} has not ended: end it first, then reap it")
        return self._leader.wait()

    def arrive(self) -> None:
        """Bring it into its state.

        Raises:
            NoSpecimen: it does not get there on this system.
        """
        if self.kind == "stopped":
            self.signal("SIGSTOP")
        if self.kind == "orphan":
            self.end_parent()
        if not self._wait_until(self._has_arrived, _SETTLE_S):
            shown, wanted = observe(self.pid).state, KINDS[self.kind][1]
            raise NoSpecimen(f"{self.kind!r} shows {shown} instead of {wanted} on this system")

    def leave(self) -> None:
        """Take no more orders, and wait a moment for its last parent to reap it."""
        if self._orders is not None:
            self._orders.close()
        self._wait_until(lambda view: view.state == GONE, _REAP_S)

    @property
    def _is_ours(self) -> bool:
        return self.pid == self._leader.pid

    def _has_arrived(self, view: ProcessView) -> bool:
        # Suspended as soon as the child is born, which then has yet to open the pipe and stay there.
        settled = self.kind != "uninterruptible" or "S" in {observe(child).state for child in view.children}
        return settled and view.state == KINDS[self.kind][1]

    def _order(self, line: str) -> None:
        if self._orders is not None:
            self._orders.write(f"{line}\n".encode())

    def _wait_until(self, there: Callable[[ProcessView], bool], limit_s: float) -> bool:
        deadline = time.monotonic() + limit_s
        while not there(observe(self.pid)):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S / 10)
        return True


@contextmanager
def bring(kind: str) -> Iterator[Exhibit]:
    """Yield a real process in the state that its kind stands for.

    Args:
        kind: one of `KINDS`: "busy" R, "sleeping" S, "uninterruptible" D (Linux only), "stopped" T,
            "zombie" Z (its parent is this process), "neglected" Z (its parent sleeps and never
            reaps it), "child" S (its parent and grandparent live), "orphan" S (its parent has
            ended), "adopted" S (its grandparent adopts and reaps it; Linux only).

    Raises:
        ValueError: there is no such kind.
        NoSpecimen: it cannot be had on this system.
        NotPosix: on a system without process groups.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no specimen {kind!r}; there are: {', '.join(KINDS)}")
    require_posix()
    if kind in LINUX_ONLY and sys.platform != "linux":
        raise NoSpecimen(f"{kind!r} needs Linux; see a recording with film({kind!r}, recorded=True)")
    exhibit = None
    try:
        with ExitStack() as around:
            folder = around.enter_context(tempfile.TemporaryDirectory(prefix="lifecycle-kit-"))
            pipe = Path(folder) / "pipe"
            os.mkfifo(pipe)
            argv = [sys.executable, "-I", "-S", _PROGRAM, KINDS[kind][0], str(pipe)]
            with Specimen(argv) as leader:
                exhibit = Exhibit(kind, leader, pipe)
                exhibit.arrive()
                around.close()  # who has the pipe open needs its name no longer
                yield exhibit
    finally:
        if exhibit is not None:
            exhibit.leave()


def _first_line(leader: Specimen) -> tuple[int, int]:
    deadline = time.monotonic() + _START_S
    while not leader.lines and time.monotonic() < deadline:
        time.sleep(_PAUSE_S / 10)
    try:
        pid, parent = leader.lines[0].split()
        return int(pid), int(parent)
    except (IndexError, ValueError):
        said = " ".join(leader.lines) or "nothing"
        raise NoSpecimen(f"a specimen did not start within {_START_S:g} s; it said: {said}") from None
