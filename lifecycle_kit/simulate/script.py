"""What a simulated process does in one life: a small script, in seconds from its birth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause, parse_exit
from lifecycle_kit.health import Segment, segments
from lifecycle_kit.units import ns

__all__ = ["ON_TERM", "Script", "cut_off", "news_of"]

ON_TERM = ("exit", "drain", "deaf")
HEALTHY = segments((0, "ok"))
# A hung process does not answer: the probe's timeout decides, so the answer is put infinitely late.
NEVER_ANSWERS = Segment(0, HEALTHY[0].outcome, latency_ns=1 << 61)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One life.

    Attributes:
        run_s: it ends by itself after so many seconds; None: it goes on.
        exit: exit code, or the name of the signal that ends it, then.
        health: what probes see, by kind ("startup", "readiness", "liveness"); seconds from birth. Healthy if missing.
        hangs_after_s: from then on it answers no probe and ends by itself no more; it dies only of SIGKILL.
        says: `(at_s, word)`: "ready", "not-ready", "working", "idle", "blocked:QUEUE", "unblocked", "stopping",
            "alive", "unwell", "extend:SECONDS".
        on_term: "exit" ends at once, "drain" refuses new work and finishes what is in flight, "deaf" ignores it.
        stop_takes_s: seconds from the signal to the end (for "drain": at the least).
        stop_exit: how it ends then; None: by the signal itself.
        ignores: signals that do nothing to it.
        hook_takes_s: how long a stop hook runs; None: as long as its phase allows.
        hooks: `(takes_s, exit code)` of single hooks by name, instead.
        leaves_child: "" if it leaves no child behind, "exit" for one that obeys signals, "deaf" for one that ignores
            what asks it to stop and dies only of SIGKILL and SIGABRT.
        cause: who brought its own end about, where the exit does not tell.
        dumps_core: whether its own end leaves a core dump.
        serves_from_s: from this age on it can do work; None: never (it exists, and fails every request).
        fails_to_spawn: why no process comes into being, in words; "" if one does.

    Raises:
        ValueError: naming the attribute that is out of range.
    """

    run_s: float | None = None
    exit: int | str = 1
    health: Mapping[str, tuple[Segment, ...]] = field(default_factory=lambda: MappingProxyType({}))
    hangs_after_s: float | None = None
    says: tuple[tuple[float, str], ...] = ()
    on_term: str = "exit"
    stop_takes_s: float = 0.0
    stop_exit: int | str | None = None
    ignores: frozenset[str] = frozenset()
    hook_takes_s: float | None = None
    hooks: Mapping[str, tuple[float, int]] = field(default_factory=lambda: MappingProxyType({}))
    leaves_child: str = ""
    cause: Cause | None = None
    dumps_core: bool = False
    serves_from_s: float | None = 0.0
    fails_to_spawn: str = ""

    def __post_init__(self) -> None:
        for value in (self.run_s, self.hangs_after_s, self.stop_takes_s, self.hook_takes_s, self.serves_from_s):
            if value is not None:
                ns(value)
        parse_exit(self.exit)
        if self.on_term not in ON_TERM:
            raise ValueError(f"on_term={self.on_term!r} is not known; choose one of {', '.join(ON_TERM)}")
        for at_s, word in self.says:
            news_of(word, at=ns(at_s), life=0)

    def target(self, probe: str, born_ns: int) -> tuple[Segment, ...]:
        """Return what a probe of this kind sees, at absolute instants."""
        parts = [Segment(born_ns + p.from_ns, p.outcome, p.latency_ns) for p in self.health.get(probe, HEALTHY)]
        return tuple(parts) if self.hangs_after_s is None else cut_off(parts, born_ns + ns(self.hangs_after_s))

    @property
    def ends_by_itself(self) -> bool:
        """Whether it comes to its own end before it hangs."""
        return self.run_s is not None and (self.hangs_after_s is None or self.run_s <= self.hangs_after_s)


def cut_off(seen: Sequence[Segment], hung_ns: int) -> tuple[Segment, ...]:
    """Return what probes see of a process that hangs from `hung_ns` on."""
    never = Segment(hung_ns, NEVER_ANSWERS.outcome, NEVER_ANSWERS.latency_ns)
    return (*(part for part in seen if part.from_ns < hung_ns), never)


def news_of(word: str, *, at: int, life: int) -> ev.Event:
    """Return the event that a process' own word means, the same for scripts and for real programs.

    Raises:
        ValueError: if the word is none of a process' words.

    >>> news_of("blocked:queue", at=0, life=1)
    Blocked(at=0, life=1, on='queue')
    """
    kind, _, rest = word.partition(":")
    match kind:
        case "ready" | "not-ready" | "stopping" | "alive" | "unwell":
            return ev.Notified(at=at, life=life, notice=kind)
        case "working":
            return ev.Working(at=at, life=life)
        case "idle":
            return ev.Idle(at=at, life=life)
        case "blocked":
            return ev.Blocked(at=at, life=life, on=rest or "something")
        case "unblocked":
            return ev.Unblocked(at=at, life=life)
        case "extend":
            return ev.Extended(at=at, life=life, by_ns=ns(float(rest)))
    raise ValueError(
        f"{word!r} is no word of a process; use ready, not-ready, working, idle, blocked:WHAT, unblocked, stopping,"
        " alive, unwell, extend:SECONDS"
    )
