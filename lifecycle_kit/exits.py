"""How a process ended, and what the evidence says about trying again.

Restarting is not repairing: it helps when the fault is gone by itself the next time (transient) and only
makes noise when it is not (persistent). The classification here reads what an operator would read: exit
code, signal, the last line of the log, and whether the same end has been seen before.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Cause", "Exit", "Verdict", "classify", "parse_exit", "signal_number"]


class Cause(enum.Enum):
    """Who or what brought the end about."""

    SELF = "self"  # it ended by itself: returned, or crashed
    PROBE = "probe"  # killed because a liveness or startup probe had failed
    WATCHDOG = "watchdog"  # killed because it no longer said that it was well
    TIMEOUT = "timeout"  # killed because it took too long to start, run or stop
    MEMORY = "out-of-memory"
    REQUEST = "request"  # we asked it to stop
    OUTSIDER = "outsider"  # a signal that the supervisor did not send
    SPAWN = "spawn"  # it never ran: no such program, not executable, ...
    SKIPPED = "skipped"  # a condition said that it should not run this time


# These report a fault inside the program; any other signal comes from somebody outside.
_OWN_SIGNALS = frozenset({"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One end of one life: either a `code` or a `signal`, never both; neither only for one that was left running.

    Attributes:
        code: exit code 0..255, None if a signal ended it.
        signal: name such as "SIGKILL", None if it returned a code.
        cause: who brought it about.
        uptime_ns: from spawn to end.
        ready_ns: from the first readiness to the end, None if it was never ready.
        late: whether a part of its stop took longer than allowed.
        lingered: whether what followed its end took longer than allowed.
        core: whether it left a core dump.
        hook_code: what the first hook that failed returned (a finish script, a stop hook), else 0; None if none ran.
        abandoned: the stop plan ran out while the process still existed; nobody looks after it any more.
    """

    code: int | None = None
    signal: str | None = None
    cause: Cause = Cause.SELF
    uptime_ns: int = 0
    ready_ns: int | None = None
    late: bool = False
    lingered: bool = False
    core: bool = False
    hook_code: int | None = None
    abandoned: bool = False

    def __post_init__(self) -> None:
        if (self.code is None) == (self.signal is None) and not self.abandoned:
            raise ValueError(f"an exit has a code or a signal, got code={self.code} and signal={self.signal}")

    @property
    def how(self) -> str:
        """The end in two words, such as "exit 1" or "signal SIGKILL"."""
        if self.abandoned:
            return "left running"
        return f"exit {self.code}" if self.signal is None else f"signal {self.signal}"


def blame(signal: str | None) -> Cause:
    """Return who probably caused an end that nobody here asked for."""
    return Cause.SELF if signal is None or signal in _OWN_SIGNALS else Cause.OUTSIDER


def parse_exit(text: str | int) -> tuple[int | None, str | None]:
    """Return `(code, signal)` from what people write: 1, "1", "SIGKILL", "KILL" or -9.

    Raises:
        ValueError: if it is neither an exit code 0..255 nor the name or number of a signal.

    >>> parse_exit("1"), parse_exit("kill"), parse_exit(-15)
    ((1, None), (None, 'SIGKILL'), (None, 'SIGTERM'))
    """
    word = str(text).strip().upper()
    if word.lstrip("-").isdigit():
        number = int(word)
        if 0 <= number <= 255:
            return number, None
        word = _SIGNAL_NAMES.get(-number, word)
    name = word if word.startswith("SIG") else f"SIG{word}"
    if name in _SIGNAL_NAMES.values():
        return None, name
    raise ValueError(f"{text!r} is no exit: give a code from 0 to 255 or a signal such as SIGKILL")


# Numbers as on Linux x86 and ARM; below floor 3 nothing asks the machine it runs on.
_SIGNAL_NAMES = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
}  # fmt: skip


def signal_number(name: str) -> int:
    """Return the number of a signal on Linux; KeyError if it has none here.

    >>> signal_number("SIGKILL")
    9
    """
    return _SIGNAL_NUMBERS[name]


_SIGNAL_NUMBERS = {name: number for number, name in _SIGNAL_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says: `kind` is "transient", "persistent" or "unknown"; `because` says why."""

    kind: str
    because: str


# Words that operators look for. Persistent ones win: a line that names credentials will not cure itself.
_PERSISTENT_WORDS = (
    "credential", "unauthorized", "401", "403", "forbidden", "access denied", "permission denied", "invalid config",
    "no such file", "not found", "missing", "syntax error", "unknown option", "certificate",
)  # fmt: skip
_TRANSIENT_WORDS = (
    "timeout", "timed out", "connection refused", "connection reset", "temporarily", "unavailable", "try again",
    "too many requests", "503", "429",
)  # fmt: skip
# Exit codes with an agreed meaning: sysexits(3) for 64-78, the shell's 126 and 127.
_PERSISTENT_CODES = {
    64: "usage",
    77: "no permission",
    78: "configuration",
    126: "not executable",
    127: "not found",
}
_TRANSIENT_CODES = {69: "service unavailable", 75: "temporary failure"}


def classify(code: int | None, last_line: str = "", repeats: int = 1, same_after: int = 5) -> Verdict:
    """Return whether a failure is likely to go away by itself.

    Args:
        code: exit code, or None after a signal.
        last_line: the last line of the log, in any case.
        repeats: how often in a row this same end has now been seen, from 1.
        same_after: from this many equal ends on, what looked transient is called persistent.

    Source of the codes: sysexits(3); 126 and 127: POSIX shell, "Exit Status for Commands".

    >>> classify(1, "queue: connection refused").kind, classify(77).kind
    ('transient', 'persistent')
    """
    line = last_line.lower()
    for word in _PERSISTENT_WORDS:
        if word in line:
            return Verdict("persistent", f"the log says {word!r}: the next life will find the same")
    if code in _PERSISTENT_CODES:
        return Verdict("persistent", f"exit {code} means {_PERSISTENT_CODES[code]}")
    if repeats >= same_after:
        return Verdict("persistent", f"the same end {repeats} times in a row: waiting has not helped")
    for word in _TRANSIENT_WORDS:
        if word in line:
            return Verdict("transient", f"the log says {word!r}: it may be over by the next life")
    if code in _TRANSIENT_CODES:
        return Verdict("transient", f"exit {code} means {_TRANSIENT_CODES[code]}")
    return Verdict("unknown", "neither the exit nor the log says why; watch whether it repeats")
