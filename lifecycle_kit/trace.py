"""Traces: what happened to whom and when, as data that can be stored, replayed, measured and checked.

A trace is a header, events and transitions. On paper it is JSON Lines: one header line, then a line per event
and per transition, in the order in which they happened. From the events alone the transitions can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifecycle_kit.events import Event, Moved, event_from_json, event_to_json
from lifecycle_kit.states import HAS_PROCESS, TRANSITIONS, State
from lifecycle_kit.units import ns, seconds

__all__ = [
    "FORMAT",
    "BadTrace",
    "Interval",
    "Trace",
    "Transition",
    "broken_rules",
    "intervals",
    "last_moves",
    "starts",
    "time_in",
    "waits",
]

FORMAT = "lifecycle-kit trace"
VERSION = 1


class BadTrace(ValueError):
    """A trace cannot be read; the message names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One move of one instance at `at_ns` nanoseconds."""

    at_ns: int
    instance: str
    source: State
    target: State
    cause: str

    @property
    def at(self) -> float:
        """When it happened, seconds."""
        return seconds(self.at_ns)

    @classmethod
    def of(cls, instance: str, moved: Moved) -> Transition:
        """Return the transition that `step` reported as `moved`."""
        return cls(
            at_ns=moved.at,
            instance=instance,
            source=moved.source,
            target=moved.target,
            cause=moved.cause,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data: `at` in seconds, `instance`, `from`, `to`, `cause`."""
        return {
            "at": self.at, "instance": self.instance, "from": self.source.value, "to": self.target.value,
            "cause": self.cause,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Transition:
        """Return the transition that `to_json` wrote; ValueError or KeyError if it is none."""
        return cls(
            at_ns=ns(data["at"]), instance=data["instance"], source=State(data["from"]), target=State(data["to"]),
            cause=data["cause"],
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.at:10.3f} s  {self.instance:<12} {self.source.value:>10} -> {self.target.value:<10}  {self.cause}"
        )


Entry = tuple[str, Event]


@dataclass(slots=True, kw_only=True)
class Trace:
    """A run, as it is being recorded or after it.

    Attributes:
        header: who made it and with which settings; plain data.
        entries: `(instance, event)` and transitions in the order in which they happened.
        alerts: `(at_ns, instance, kind, text)`.
    """

    header: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry | Transition] = field(default_factory=list)
    alerts: list[tuple[int, str, str, str]] = field(default_factory=list)

    @property
    def transitions(self) -> list[Transition]:
        """All moves, in order."""
        return [entry for entry in self.entries if isinstance(entry, Transition)]

    @property
    def events(self) -> list[Entry]:
        """All `(instance, event)`, in order."""
        return [entry for entry in self.entries if not isinstance(entry, Transition)]

    @property
    def instances(self) -> list[str]:
        """The instances' names, in the order in which they first moved."""
        return list(dict.fromkeys(transition.instance for transition in self.transitions))

    @property
    def until_ns(self) -> int:
        """When the run was cut off, or the last thing that happened, nanoseconds."""
        last = max((e.at_ns if isinstance(e, Transition) else e[1].at for e in self.entries), default=0)
        return max(last, int(self.header.get("until_ns", 0)))

    def to_lines(self) -> Iterator[str]:
        """Yield the trace as JSON Lines, without line ends."""
        yield json.dumps({"trace": FORMAT, "version": VERSION, **self.header})
        for entry in self.entries:
            if isinstance(entry, Transition):
                yield json.dumps(entry.to_json())
            else:
                yield json.dumps({"instance": entry[0], **event_to_json(entry[1])})

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> Trace:
        """Return the trace written as JSON Lines.

        Raises:
            BadTrace: naming the line, if it is not JSON, not a trace, or has a wrong key or value.
        """
        trace = cls()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                trace._read(json.loads(line), first=not trace.header)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                why = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
                raise BadTrace(f"line {number}: {why}") from None
        if not trace.header:
            raise BadTrace("line 1: the file is empty; a trace begins with a header line")
        return trace

    def _read(self, data: dict[str, Any], first: bool) -> None:
        if first:
            if data.get("trace") != FORMAT or data.get("version") != VERSION:
                raise ValueError(f'a trace begins with {{"trace": "{FORMAT}", "version": {VERSION}, ...}}')
            self.header = {key: value for key, value in data.items() if key not in ("trace", "version")}
            self.header.setdefault("instances", {})
        elif "event" in data:
            self.entries.append((data["instance"], event_from_json(data)))
        else:
            self.entries.append(Transition.from_json(data))


@dataclass(frozen=True, slots=True)
class Interval:
    """`instance` was in `state` from `start_ns` up to `end_ns`."""

    instance: str
    state: State
    start_ns: int
    end_ns: int


def intervals(transitions: Sequence[Transition], until_ns: int) -> list[Interval]:
    """Return how long each instance stood in each state, in order of instance and time; the last one is cut off."""
    made: list[Interval] = []
    for name in dict.fromkeys(t.instance for t in transitions):
        own = [t for t in transitions if t.instance == name]
        ends = [t.at_ns for t in own[1:]] + [max(until_ns, own[-1].at_ns)]
        made += [Interval(name, t.target, t.at_ns, end) for t, end in zip(own, ends, strict=True)]
    return made


def time_in(parts: Iterable[Interval], *states: State) -> float:
    """Return the seconds spent in any of `states`; with the five that have a process this is the uptime."""
    wanted = states or tuple(HAS_PROCESS)
    return seconds(sum(part.end_ns - part.start_ns for part in parts if part.state in wanted))


def starts(transitions: Iterable[Transition], instance: str | None = None) -> list[float]:
    """Return the instants, in seconds, at which a life began."""
    return [t.at for t in transitions if t.target is State.STARTING and instance in (None, t.instance)]


def waits(transitions: Iterable[Transition], instance: str | None = None) -> list[float]:
    """Return how long each wait in `backoff` that is over lasted, in seconds and in order of its end."""
    since, made = dict[str, int](), list[float]()
    for t in transitions:
        if instance in (None, t.instance) and t.instance in since:
            made.append(seconds(t.at_ns - since.pop(t.instance)))
        if t.target is State.BACKOFF:
            since[t.instance] = t.at_ns
    return made


def last_moves(transitions: Iterable[Transition]) -> dict[str, Transition]:
    """Return the last move of each instance by its name, in the order in which they first moved."""
    return {t.instance: t for t in transitions}


def broken_rules(transitions: Iterable[Transition]) -> list[str]:
    """Return what no trace may show, in words; an empty list for a sound one.

    Checked: time does not run back; each move begins where the last one ended, and the first in `created`; every
    move is in the table; so an instance never has two processes at once.
    """
    found, state_of, last = [], dict[str, State](), 0
    arrows = {(source, target) for (source, _), target in TRANSITIONS.items()}
    for t in transitions:
        stood = state_of.get(t.instance, State.CREATED)
        if t.at_ns < last:
            found.append(f"{t.instance} at {t.at} s: time runs back")
        if t.source is not stood:
            found.append(f"{t.instance} at {t.at} s: leaves {t.source.value} but stood in {stood.value}")
        if (t.source, t.target) not in arrows:
            found.append(f"{t.instance} at {t.at} s: no arrow from {t.source.value} to {t.target.value}")
        state_of[t.instance], last = t.target, t.at_ns
    return found
