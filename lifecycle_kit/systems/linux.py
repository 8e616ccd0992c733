"""Linux: what the kernel itself does with a process: its letter, its signals, its parent.

Rule: a signal works on a process that can take it now, and waits for one that cannot; SIGKILL waits only for a sleep
that nothing may disturb. An ended process is a zombie until its parent waits for it, and an orphan gets a new parent.

Source: proc_pid_stat(5) (the letters), signal(7), wait(2), prctl(2) PR_SET_CHILD_SUBREAPER, pid_namespaces(7),
setpgid(2) (orphaned groups), Linux Documentation/admin-guide/cgroup-v2.rst (cgroup.freeze); recordings of 6.18.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lifecycle_kit.exits import signal_number

__all__ = ["KINDS", "Process", "new_parent", "orphaned_group_signals", "pid1_takes", "process"]

# How the kernel shows each kind of process at first: /proc/<pid>/stat, third field.
KINDS = {
    "busy": "R",
    "sleeping": "S",
    "grandchild": "S",
    "pid1-of-namespace": "S",
    "exited": "Z",
    "stopped-group-member": "T",
    "traced-stopped": "t",
    "vfork-parent": "D",
    "frozen-filesystem-writer": "D",
}
GONE = "gone"
ENDED = frozenset({"Z", GONE})
HELD = {"stopped-group-member": "stopped", "traced-stopped": "traced", "frozen-filesystem-writer": "uninterruptible"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process as the kernel sees it.

    Attributes:
        state: the letter in /proc/<pid>/stat, or "gone".
        held: what keeps it from taking signals: "stopped", "traced", "frozen", "uninterruptible"; "" if nothing.
        before: the letter that it goes back to when nothing holds it any more.
        pending: signals that wait, in order of arrival.
        code: exit code, if it exited.
        ended_by: signal, if one ended it.
        waits: whether it goes at once, because its parent waits all the time or ignores SIGCHLD.
        wait_status: what a parent learned that waited for it; None if none did, or none that is looked at here.
    """

    state: str
    held: str = ""
    before: str = "S"
    pending: tuple[str, ...] = ()
    code: int | None = None
    ended_by: str | None = None
    waits: bool = False
    wait_status: int | None = None

    def signalled(self, signal: str) -> Process:
        """Return the process after a signal for which it has no handler.

        >>> stopped = process("sleeping").signalled("SIGSTOP").signalled("SIGTERM")
        >>> stopped.state, stopped.signalled("SIGCONT").state, stopped.signalled("SIGKILL").state
        ('T', 'Z', 'Z')
        """
        if self.state in ENDED:
            return self
        if self.held == "frozen" and signal not in ("SIGSTOP", "SIGCONT"):
            return self.ended(signal=signal)  # any fatal signal ends a process that is only frozen
        if signal == "SIGKILL" and self.held != "uninterruptible":
            return self.ended(signal=signal)
        if signal == "SIGCONT" and self.held == "stopped":
            return self.released()
        if signal == "SIGCONT":
            return self
        if self.held:
            return replace(self, pending=(*self.pending, signal))
        if signal == "SIGSTOP":
            return replace(self, state="T", held="stopped", before=self.state)
        return self.ended(signal=signal)

    def released(self) -> Process:
        """Return the process when nothing holds it any more: it takes what was pending, SIGKILL first."""
        free = replace(self, state=self.before, held="", pending=())
        if not self.pending:
            return free
        return free.signalled("SIGKILL" if "SIGKILL" in self.pending else self.pending[0])

    def frozen(self) -> Process:
        """Return the process after its cgroup (v2) was frozen: it shows S, and dies of a fatal signal all the same."""
        return self if self.state in ENDED else replace(self, state="S", held="frozen", before=self.state)

    def ended(self, code: int | None = None, signal: str | None = None) -> Process:
        """Return the process after its end: a zombie until its parent waits."""
        if self.state in ENDED:
            return self
        state = GONE if self.waits else "Z"
        return replace(self, state=state, held="", pending=(), code=code, ended_by=signal)

    def adopted(self, waits: bool) -> Process:
        """Return the process under another parent, who waits at once or does not."""
        return replace(self, waits=waits, state=GONE if waits and self.state == "Z" else self.state)

    def waited(self) -> Process:
        """Return the process after its parent waited for it: gone, if it had ended.

        The parent learns the exit code, or the signal's number with a minus, as Python's `waitstatus_to_exitcode` says.
        """
        if self.state != "Z":
            return self
        status = self.code if self.ended_by is None else -signal_number(self.ended_by)
        return replace(self, state=GONE, wait_status=status)


def process(kind: str, *, waits: bool = False, code: int | None = None) -> Process:
    """Return a process of one of the `KINDS`.

    Args:
        kind: "vfork-parent" sleeps in D and is killable; "frozen-filesystem-writer" sleeps in D and is not.
        waits: whether its parent waits at once, or ignores SIGCHLD.
        code: its exit code, for one that has exited.

    Raises:
        ValueError: if the kind is not known.
    """
    if kind not in KINDS:
        raise ValueError(f"no process is {kind!r} here; known are {', '.join(KINDS)}")
    if kind == "exited":
        return Process(state="S", waits=waits).ended(code=0 if code is None else code)
    before = "R" if kind == "frozen-filesystem-writer" else "S"
    return Process(state=KINDS[kind], held=HELD.get(kind, ""), before=before, waits=waits)


def new_parent(subreaper: bool) -> str:
    """Return who becomes the parent of an orphan: its nearest living subreaper, else PID 1."""
    return "subreaper" if subreaper else "pid1"


def orphaned_group_signals(stopped: bool) -> tuple[str, ...]:
    """Return what the members of a group get that has just been orphaned; `stopped`: one of them is stopped."""
    return ("SIGHUP", "SIGCONT") if stopped else ()


def pid1_takes(signal: str, handler: bool, inside: bool) -> bool:
    """Tell whether a signal reaches PID 1 of a namespace.

    Args:
        signal: which one; SIGKILL and SIGSTOP cannot have a handler.
        handler: whether it has a handler for this signal.
        inside: sent from inside its namespace, not from the parent's.

    >>> pid1_takes("SIGKILL", False, True), pid1_takes("SIGKILL", False, False), pid1_takes("SIGTERM", False, False)
    (False, True, False)
    """
    if signal in ("SIGKILL", "SIGSTOP"):
        return not inside
    return handler
