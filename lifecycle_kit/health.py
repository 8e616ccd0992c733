"""A probed target whose behaviour is piecewise constant, and when its verdict changes next.

The target is a list of segments; a probe that starts inside a segment sees that segment's outcome after its
latency, or a failure after the timeout. `walk` makes every single probe and is the reference; `next_change`
reaches the same verdicts by arithmetic, one jump per segment, however many probes lie between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, observe
from lifecycle_kit.units import ns

__all__ = ["Segment", "Watch", "advance", "next_change", "parse_health", "probed", "segments", "walk"]

FOREVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Segment:
    """From `from_ns` on, a probe sees `outcome` after `latency_ns`."""

    from_ns: int
    outcome: Outcome
    latency_ns: int = 0


def segments(*parts: tuple[float, str] | tuple[float, str, float]) -> tuple[Segment, ...]:
    """Return segments from `(from_s, "ok" | "fail" | "error"[, latency_s])`, in order of time.

    Raises:
        ValueError: if a time runs back or an outcome is not known.
    """
    made = []
    for part in parts:
        try:
            outcome = Outcome(part[1])
        except ValueError:
            raise ValueError(f"{part[1]!r} is no outcome; use ok, fail or error") from None
        made.append(Segment(ns(part[0]), outcome, ns(part[2]) if len(part) == 3 else 0))
    if any(later.from_ns <= earlier.from_ns for earlier, later in pairwise(made)):
        raise ValueError("the segments' times must increase")
    return tuple(made)


def parse_health(text: str) -> tuple[Segment, ...]:
    """Return segments from durations as they are typed: `20:ok,15:fail,5:ok@2` (20 s ok, then 15 s failing, ...).

    The last segment goes on for ever. `@2` is a latency of 2 seconds.

    Raises:
        ValueError: naming the part that cannot be read.

    >>> [(part.from_ns // 10**9, part.outcome.value) for part in parse_health("20:ok,15:fail,1:ok")]
    [(0, 'ok'), (20, 'fail'), (35, 'ok')]
    """
    made, at = [], 0
    for part in text.split(","):
        lasts, _, rest = part.strip().partition(":")
        word, _, latency = rest.partition("@")
        try:
            lasts_ns, latency_ns = ns(float(lasts)), ns(float(latency or 0))
            made.append(Segment(at, Outcome(word), latency_ns))
        except ValueError:
            raise ValueError(
                f"{part.strip()!r} is no part of a health script; write SECONDS:ok|fail|error[@LATENCY], such as 20:ok"
            ) from None
        at += lasts_ns
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Watch:
    """One life being probed.

    Attributes:
        settings: the probe.
        tally: where the counting stands.
        next_ns: when the next probe starts; always due, even if it lies in the past of a segment.
        phase_ns: instant of one of the ticks (the others are whole periods away).
        born_ns: start of the life.
    """

    settings: ProbeSettings
    tally: Tally
    next_ns: int
    phase_ns: int
    born_ns: int

    @classmethod
    def begin(
        cls,
        settings: ProbeSettings,
        tally: Tally,
        at: int,
        born_ns: int,
        phase_ns: int | None = None,
    ) -> Watch:
        """Return the watch of a life from instant `at` on: the first probe at the first tick that may see it.

        Args:
            settings: the probe.
            tally: of earlier lives, already passed through `probes.new_life`.
            at: when watching begins, nanoseconds.
            born_ns: when the life began; `initial_delay_s` counts from here.
            phase_ns: an instant at which this probe ticks; `at` if None, and then the first probe is at once.
        """
        phase = at if phase_ns is None else phase_ns
        earliest = max(at, born_ns + ns(settings.initial_delay_s))
        if settings.from_end:
            return cls(settings, tally, earliest + settings.interval_ns(tally, earliest - born_ns), phase, born_ns)
        return cls(
            settings,
            tally,
            _tick_at_or_after(earliest, phase, ns(settings.period_s)),
            phase,
            born_ns,
        )


def _tick_at_or_after(at: int, phase: int, period: int) -> int:
    return phase + -((phase - at) // period) * period


def _follower(watch: Watch, tally: Tally, start: int, end: int) -> int:
    """Return when the probe after the one from `start` to `end` starts; ticks missed meanwhile merge into one."""
    if watch.settings.from_end:
        return end + watch.settings.interval_ns(tally, end - watch.born_ns)
    period = ns(watch.settings.period_s)
    tick = _tick_at_or_after(start + 1, watch.phase_ns, period)
    return max(tick, end)


def probed(watch: Watch, start: int, end: int, outcome: Outcome) -> Watch:
    """Return the watch after one probe from `start` to `end` (nanoseconds) that saw `outcome`."""
    tally = observe(watch.settings, watch.tally, outcome, start - watch.born_ns)
    return replace(watch, tally=tally, next_ns=_follower(watch, tally, start, end))


def _segment_at(target: Sequence[Segment], at: int) -> tuple[Segment, int]:
    """Return the segment that a probe started at `at` sees, and when it ends."""
    index = len(target) - 1
    while index and target[index].from_ns > at:
        index -= 1
    end = target[index + 1].from_ns if index + 1 < len(target) else FOREVER_NS
    return target[index], end


def _seen(settings: ProbeSettings, segment: Segment) -> tuple[Outcome, int]:
    """Return what a probe sees in `segment` and after how long."""
    timeout = ns(settings.timeout_s)
    if segment.latency_ns > timeout:
        return Outcome.FAILURE, timeout
    return segment.outcome, segment.latency_ns


def walk(watch: Watch, target: Sequence[Segment], until_ns: int) -> Iterator[tuple[int, int, Outcome, Watch]]:
    """Yield every probe as `(start, end, outcome, watch after it)` up to and including `until_ns`."""
    while not watch.tally.on_hold(watch.settings) and watch.next_ns <= until_ns:
        start = watch.next_ns
        outcome, takes = _seen(watch.settings, _segment_at(target, start)[0])
        if start + takes > until_ns:
            return
        watch = probed(watch, start, start + takes, outcome)
        yield start, start + takes, outcome, watch


def next_change(watch: Watch, target: Sequence[Segment], until_ns: int = FOREVER_NS) -> tuple[int, Watch] | None:
    """Return when the verdict changes next and the watch at that moment, or None if not up to `until_ns`.

    For a startup probe a failure is a change too. The jumps are exact: `walk` finds the same instant.

    >>> probe = ProbeSettings(kind="liveness", period_s=10, failure_threshold=3)
    >>> watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    >>> at, _ = next_change(watch, segments((0, "ok"), (86_395, "fail")))
    >>> at / 1e9
    86420.0
    """
    at, changed = _run(watch, target, until_ns)
    return None if at is None else (at, changed)


def advance(watch: Watch, target: Sequence[Segment], until_ns: int) -> Watch:
    """Return the watch after the last probe that ended by `until_ns`, with its run of equal outcomes counted."""
    at: int | None = 0
    while at is not None:
        at, watch = _run(watch, target, until_ns)
    return watch


def _run(watch: Watch, target: Sequence[Segment], until_ns: int) -> tuple[int | None, Watch]:
    """Return `(instant of the next change, watch then)`, or `(None, watch at until_ns)`."""
    before = (watch.tally.good, watch.tally.failed)
    while not watch.tally.on_hold(watch.settings):
        segment, segment_end = _segment_at(target, watch.next_ns)
        outcome, takes = _seen(watch.settings, segment)
        if watch.next_ns + takes > until_ns or watch.next_ns >= FOREVER_NS:
            break
        # A probe that starts later than this would not have ended in time.
        end = segment_end if until_ns >= FOREVER_NS else min(segment_end, until_ns - takes + 1)
        skipped = _skip(watch, outcome, takes, end)
        if skipped is not None:
            watch = skipped
            continue
        start = watch.next_ns
        watch = probed(watch, start, start + takes, outcome)
        if (watch.tally.good, watch.tally.failed) != before:
            return start + takes, watch
    return None, watch


def _skip(watch: Watch, outcome: Outcome, takes: int, segment_end: int) -> Watch | None:
    """Return the watch after as many probes of this segment as surely change no verdict; None if there are none."""
    spacing = _spacing(watch, takes)
    if spacing is None or _changes_pace(watch):
        return None
    left = math.inf if segment_end >= FOREVER_NS else -((watch.next_ns - segment_end) // spacing)
    count = min(left, _harmless(watch, outcome, spacing))
    if count < 1:
        return None
    if math.isinf(count):
        return replace(watch, next_ns=FOREVER_NS)
    tally, jump = watch.tally, watch.next_ns + int(count) * spacing
    first = observe(watch.settings, tally, outcome, watch.next_ns - watch.born_ns)
    if first is not tally:
        tally = replace(first, run=first.run + int(count) - 1)
    return replace(watch, tally=tally, next_ns=jump)


def _spacing(watch: Watch, takes: int) -> int | None:
    """Return the constant distance of the coming probes' starts, None where the next ones are not yet in step."""
    period = ns(watch.settings.period_s)
    if watch.settings.from_end:
        return takes + period
    if takes >= period:
        return takes
    return period if (watch.next_ns - watch.phase_ns) % period == 0 else None


def _changes_pace(watch: Watch) -> bool:
    """Tell whether the distance of the coming probes may change; then each of them is made."""
    settings, age = watch.settings, watch.next_ns - watch.born_ns
    return settings.start_interval_s is not None and settings.in_start(watch.tally, age)


def _harmless(watch: Watch, outcome: Outcome, spacing: int) -> float:
    """Return how many further probes with this outcome can be counted without reaching another verdict."""
    settings, tally = watch.settings, watch.tally
    if outcome is Outcome.ERROR:
        return math.inf
    age, shelter = watch.next_ns - watch.born_ns, ns(settings.start_period_s)
    if outcome is Outcome.FAILURE and not tally.succeeded and age < shelter:
        return -((age - shelter) // spacing)
    success = outcome is Outcome.SUCCESS
    # Bad at first is not yet failed: a startup or liveness probe still has to count up to its failure.
    if success == tally.good and (success or tally.failed or settings.kind == "readiness"):
        return math.inf
    threshold = settings.success_threshold if success else settings.failure_threshold
    return threshold - 1 - (tally.run if tally.last is outcome else 0)
