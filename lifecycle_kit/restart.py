"""Restart policies: what should happen when a unit of execution exits unexpectedly?

A policy is a value; what it must remember is another value, `Memory`, which outlives lives and is handed in
and out. Nothing here keeps time: instants are arguments, so the same calls always give the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.units import ns, span

__all__ = [
    "Decision",
    "Done",
    "GiveUp",
    "Go",
    "Memory",
    "PlainPolicy",
    "Refuse",
    "Restart",
    "RestartPolicy",
    "StartLimit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a policy remembers between lives; each policy uses the fields that it needs.

    Attributes:
        failures: ends (or restarts) counted so far, in the way of the policy.
        delay_ns: the delay given last.
        starts: starts counted in the present window.
        window_ns: when that window began, None before the first start.
        started_ns: when the unit was last started.
        ready_ns: when it last became ready.
        times: instants that a sliding window still looks at.
    """

    failures: int = 0
    delay_ns: int = 0
    starts: int = 0
    window_ns: int | None = None
    started_ns: int | None = None
    ready_ns: int | None = None
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Go:
    """The start is allowed."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The start is not allowed; `reason` is a short name such as "start-limit-hit"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Start again `after_ns` from now; `clean` says whether the end counted as clean."""

    after_ns: int
    clean: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not start again although it ended badly; `reason` is a short name."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """Do not start again: it ended as it should."""


Decision = Restart | GiveUp | Done


class RestartPolicy(Protocol):
    """What `step` asks of a policy. Every method is pure; instants are nanoseconds."""

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Say whether a start, by hand or by the restart timer, is allowed now."""
        ...

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Note the first readiness of a life."""
        ...

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Say what follows an end; `u` is a uniform draw from [0, 1) for jitter."""
        ...

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Note a request: "stop", "kill", "reset" or "supervisor-restarted"."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLimit:
    """At most `burst` starts in a window of `interval_s` seconds that opens with its first start.

    The window is fixed, not sliding: a start later than `interval_s` after the window's first opens a new one.
    Source: systemd, src/basic/ratelimit.c (`ratelimit_below`). `interval_s` or `burst` of 0 switches it off.
    """

    burst: int = 5
    interval_s: float = 10.0

    def __post_init__(self) -> None:
        if self.burst < 0:
            raise ValueError(f"burst must not be negative, got {self.burst}; 0 switches the limit off")
        ns(self.interval_s)  # refuses negative and NaN

    def count(self, memory: Memory, at: int) -> tuple[Memory, bool]:
        """Return the memory with this start counted, and whether it is within the limit."""
        interval = ns(self.interval_s)
        if not interval or not self.burst:
            return memory, True
        if memory.window_ns is None or at - memory.window_ns > interval:
            return replace(memory, window_ns=at, starts=1), True
        counted = replace(memory, starts=memory.starts + 1)
        return counted, counted.starts <= self.burst


WHEN = ("always", "on-failure", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPolicy:
    """A policy of no particular system, for lessons: when to restart, how late, and when to stop trying.

    Attributes:
        when: "always", "on-failure" or "never".
        backoff: the delays.
        give_up_after: failures in a row after which it gives up; None never does.
        forget_after_s: a life that lasted this long clears the count; None never forgets.

    >>> from lifecycle_kit.exits import Exit
    >>> policy = PlainPolicy(backoff=Backoff(first_s=1, factor=2), give_up_after=3)
    >>> memory, decision = policy.on_exit(Memory(), Exit(code=1), at=0, u=0.0)
    >>> decision
    Restart(after_ns=1000000000, clean=False)
    """

    when: str = "on-failure"
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1, factor=2, cap_s=60))
    give_up_after: int | None = None
    forget_after_s: float | None = 60.0

    def __post_init__(self) -> None:
        if self.when not in WHEN:
            raise ValueError(f"when={self.when!r} is not known; choose one of {', '.join(WHEN)}")
        if self.give_up_after is not None and self.give_up_after < 1:
            raise ValueError(f"give_up_after must be at least 1 or None, got {self.give_up_after}")
        if self.forget_after_s is not None:
            ns(self.forget_after_s)

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; one by hand begins the count anew."""
        return (Memory() if manual else memory), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Remember nothing: only the length of a life counts here."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Restart after the next delay, give up, or be done."""
        clean = exit.code == 0
        if exit.cause is Cause.REQUEST or (clean and self.when != "always"):
            return memory, Done()
        if self.when == "never":
            return memory, Done() if clean else GiveUp("never-restarted")
        forget = self.forget_after_s is not None and exit.uptime_ns >= ns(self.forget_after_s)
        failures = 1 if forget else memory.failures + 1
        if self.give_up_after is not None and failures > self.give_up_after:
            return replace(memory, failures=failures), GiveUp(f"failed {failures} times in a row")
        delay = self.backoff.delay_ns(failures, u=u, previous_ns=0 if forget else memory.delay_ns)
        return replace(memory, failures=failures, delay_ns=delay), Restart(delay, clean=clean)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Forget everything on "reset"; other requests change nothing."""
        return Memory() if request == "reset" else memory

    def __str__(self) -> str:
        limit = "never gives up" if self.give_up_after is None else f"gives up after {self.give_up_after} failures"
        return f"{self.when}, first delay {span(self.backoff.plain_ns(1))}, {limit}"
