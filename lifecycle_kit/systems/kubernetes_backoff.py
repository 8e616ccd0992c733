"""Kubernetes' back-off entries: what client-go remembers of a container between its restarts.

Rule: the first update makes an entry of the initial back-off, each further one doubles it up to the maximum. Held back
is whoever asks sooner than the back-off after the moment that counts (for a container: its end). An entry is forgotten
when that moment lies more than the expiry after the entry's last update.

Source: kubernetes v1.36.2 client-go util/flowcontrol/backoff.go (`Next`, `hasExpired`, `GC`, `jitter`); v1.32.10 has
the same rule with twice the maximum as expiry; the kubelet of 1.36 says 600 s, twice its default maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle_kit.units import ns

__all__ = ["INITIAL_S", "MAX_S", "ClientBackoff", "Entry"]

INITIAL_S, MAX_S = 10.0, 300.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its back-off and its last update, nanoseconds."""

    backoff_ns: int
    updated_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBackoff:
    """The rule for all entries (times in seconds).

    Attributes:
        initial_s: of a new entry.
        max_s: the longest back-off.
        expire_s: age after which an entry is forgotten; None: twice the maximum.
        jitter: each step is lengthened by up to this part of what it is made from.
        collect_every_s: how often a collector drops old entries; None: nobody does.
        collect_after_s: age after which it does; None: as `expire_s`.

    >>> backoff, entry = ClientBackoff(), None
    >>> for at_s in (0, 60, 120):
    ...     entry = backoff.next(entry, at_s * 10**9)
    >>> entry.backoff_ns / 1e9
    40.0
    """

    initial_s: float = INITIAL_S
    max_s: float = MAX_S
    expire_s: float | None = None
    jitter: float = 0.0
    collect_every_s: float | None = None
    collect_after_s: float | None = None

    @property
    def expiry_ns(self) -> int:
        """The age after which an entry is forgotten, nanoseconds."""
        return ns(2 * self.max_s if self.expire_s is None else self.expire_s)

    def expired(self, entry: Entry | None, event_ns: int) -> bool:
        """Return whether there is no entry, or one that says nothing any more about an event at `event_ns`."""
        return entry is None or event_ns - entry.updated_ns > self.expiry_ns

    def next(self, entry: Entry | None, at: int, u: float = 0.0) -> Entry:
        """Return the entry after one more update at instant `at`; `u` is a draw from [0, 1) for the jitter."""
        longest = ns(self.max_s)
        if entry is None or self.expired(entry, at) or self.collected(entry, at):
            first = ns(self.initial_s)
            return Entry(min(first + int(self.jitter * u * first), longest) if self.jitter else first, at)
        doubled = 2 * entry.backoff_ns + int(self.jitter * u * entry.backoff_ns)
        return Entry(min(doubled, longest), at)

    def held_until(self, entry: Entry | None, event_ns: int) -> int:
        """Return until when an event at `event_ns` is held back; the event itself if it is not."""
        if entry is None or self.expired(entry, event_ns):
            return event_ns
        until = event_ns + entry.backoff_ns
        dropped = self.dropped_ns(entry)
        return until if dropped is None else min(until, max(dropped, event_ns))

    def dropped_ns(self, entry: Entry) -> int | None:
        """Return when the collector drops an entry: the first time it looks after that has become too old."""
        if self.collect_every_s is None:
            return None
        every = ns(self.collect_every_s)
        after = self.expiry_ns if self.collect_after_s is None else ns(self.collect_after_s)
        return entry.updated_ns + (after // every + 1) * every

    def collected(self, entry: Entry, at: int) -> bool:
        """Return whether the collector has dropped the entry by `at`."""
        dropped = self.dropped_ns(entry)
        return dropped is not None and at >= dropped
