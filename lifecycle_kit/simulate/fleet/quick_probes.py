"""Probes of the quick engine: from verdict to verdict by whole-number arithmetic.

`jump` is `health.next_change` for probes that are counted from start to start and answer within a period, as nearly
all do: a handful of sums per part of the target, and no value is made. The others are handed to `health` itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from lifecycle_kit.health import FOREVER_NS, Segment, Watch, advance, next_change
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, new_life
from lifecycle_kit.units import ns

__all__ = ["ERROR", "NEVER", "OddProber", "Part", "Probe", "Prober", "jump", "parts_of"]

NEVER = -1
OPEN, GOOD, FAILED = 0, 1, 2  # verdicts: neither passed nor failed, good, failed for good
ERROR = 2
_SEEN = {Outcome.FAILURE: 0, Outcome.SUCCESS: 1, Outcome.ERROR: ERROR}

# (end of this part, 1 if probes succeed in it, 0 if they fail, 2 if they cannot be made, how long one takes)
Part = tuple[int, int, int]


class Probe:
    """Settings of a probe as whole numbers, nanoseconds."""

    __slots__ = (
        "carries", "delay", "fail_goal", "failures", "hold_failed", "hold_good", "initial", "kind", "period",
        "settings", "successes", "timeout",
    )  # fmt: skip

    def __init__(self, settings: ProbeSettings) -> None:
        self.settings, self.kind = settings, settings.kind
        self.period, self.delay, self.timeout = (
            ns(settings.period_s),
            ns(settings.initial_delay_s),
            ns(settings.timeout_s),
        )
        self.successes, self.failures = settings.success_threshold, settings.failure_threshold
        self.initial = GOOD if settings.initial else OPEN
        self.fail_goal = OPEN if settings.kind == "readiness" else FAILED
        self.hold_failed, self.hold_good = settings.holds, settings.holds and settings.kind == "startup"
        self.carries = settings.carries

    def even(self, parts: Sequence[Part]) -> bool:
        """Tell whether all probes of this kind start whole periods apart."""
        plain = not self.settings.from_end and not ns(self.settings.start_period_s)
        return plain and all(takes <= self.period for _, _, takes in parts) and self.timeout <= self.period


def parts_of(probe: Probe, health: Sequence[Segment]) -> tuple[Part, ...]:
    """Return what a probe sees, in ages of the life: slow answers are failures already."""
    ends = [part.from_ns for part in health[1:]] + [FOREVER_NS]
    made = []
    for part, end in zip(health, ends, strict=True):
        slow = part.latency_ns > probe.timeout
        made.append((end, 0, probe.timeout) if slow else (end, _SEEN[part.outcome], part.latency_ns))
    return tuple(made)


def jump(
    probe: Probe, parts: Sequence[Part], tick: int, streak: int, verdict: int, until: int
) -> tuple[int, int, int, int]:
    """Return `(instant of the next change, next tick, streak, verdict)`, all as they are after it.

    The instant is `NEVER` if no change comes up to `until`; the rest is then how things stand after the last probe that
    has ended by then.

    Args:
        probe: its settings.
        parts: what it sees, at absolute instants.
        tick: when the next probe starts.
        streak: equal outcomes in a row: successes count up from 0, failures down.
        verdict: the present one.
        until: how far to look.
    """
    if (verdict == FAILED and probe.hold_failed) or (verdict == GOOD and probe.hold_good):
        return NEVER, tick, streak, verdict
    period = probe.period
    for end, seen, takes in parts:
        if tick >= end:
            continue
        count = -((tick - end) // period)
        if until < FOREVER_NS:
            count = min(count, (until - takes - tick) // period + 1)
            if count <= 0:
                break
        if seen != ERROR:
            sign, goal, threshold = (1, GOOD, probe.successes) if seen else (-1, probe.fail_goal, probe.failures)
            row = max(streak * sign, 0)
            if verdict != goal and max(threshold - row, 1) <= count:
                need = max(threshold - row, 1)
                held = probe.hold_good if seen else probe.hold_failed and goal == FAILED
                return (
                    tick + (need - 1) * period + takes,
                    tick + need * period,
                    0 if held else sign * (row + need),
                    goal,
                )
            streak = sign * (row + count)
        tick += count * period
        if tick < end:
            break
    return NEVER, tick, streak, verdict


class Prober:
    """One probe of one instance, through all its lives."""

    __slots__ = ("_after", "parts", "probe", "streak", "tick", "verdict")

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.tick, self.streak, self.verdict = 0, 0, probe.initial
        self.parts: Sequence[Part] = ()
        self._after = (NEVER, 0, 0, 0)

    @property
    def good(self) -> bool:
        """The present verdict."""
        return self.verdict == GOOD

    @property
    def carried(self) -> int:
        """Failures in a row that the next life goes on from."""
        return max(-self.streak, 0) if self.probe.carries else 0

    def forget_failures(self, all_but: int) -> None:
        """Go on from `all_but` failures in a row: lives were computed at once since this was asked last."""
        if self.streak < 0:
            self.streak = -all_but

    def begin(self, now: int, born: int, phase: int, at_once: bool, parts: Sequence[Part]) -> int:
        """Begin to probe a life; return when its verdict changes first, `NEVER` if it does not."""
        probe = self.probe
        period, earliest = probe.period, born + probe.delay
        if earliest < now:
            earliest = now
        if at_once:
            phase = now
        tick = earliest + (phase - earliest) % period
        if tick == now > born and not at_once:
            tick += period
        self.tick, self.verdict, self.parts = tick, probe.initial, parts
        if not probe.carries:
            self.streak = 0
        return self.follow()

    def follow(self) -> int:
        """Return when the verdict changes next."""
        self._after = jump(self.probe, self.parts, self.tick, self.streak, self.verdict, FOREVER_NS)
        return self._after[0]

    def change(self) -> None:
        """Take over the verdict that was foreseen."""
        _, self.tick, self.streak, self.verdict = self._after

    def keep(self, now: int) -> None:
        """Count up to the end of a life: the next one goes on from there."""
        at = 0
        while at != NEVER:
            at, self.tick, self.streak, self.verdict = jump(
                self.probe, self.parts, self.tick, self.streak, self.verdict, now
            )


class OddProber:
    """The same for probes whose ticks are not evenly spaced; `parts` are health's segments."""

    __slots__ = ("_changed", "_target", "_watch", "probe")

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self._watch: Watch | None = None
        self._changed: Watch | None = None
        self._target: Sequence[Segment] = ()

    @property
    def good(self) -> bool:
        """The present verdict."""
        return self._watch is not None and self._watch.tally.good

    @property
    def carried(self) -> int:
        """Failures in a row that the next life goes on from; nobody asks where ticks are not evenly spaced."""
        return 0

    def forget_failures(self, all_but: int) -> None:
        """Nothing: no life is computed at once where ticks are not evenly spaced."""

    def begin(self, now: int, born: int, phase: int, at_once: bool, parts: Sequence[Segment]) -> int:
        """Begin to probe a life; return when its verdict changes first, `NEVER` if it does not."""
        settings, before = self.probe.settings, self._watch
        tally = Tally.first(settings) if before is None else new_life(settings, before.tally)
        anchor = None if at_once else phase
        watch = Watch.begin(settings, tally, now, born, anchor)
        if watch.next_ns == now > born and not at_once:
            watch = Watch.begin(settings, tally, now + 1, born, anchor)
        self._watch, self._target = watch, parts
        return self.follow()

    def follow(self) -> int:
        """Return when the verdict changes next."""
        assert self._watch is not None
        found = next_change(self._watch, self._target)
        if found is None:
            return NEVER
        at, self._changed = found
        return at

    def change(self) -> None:
        """Take over the verdict that was foreseen."""
        self._watch = self._changed

    def keep(self, now: int) -> None:
        """Count up to the end of a life: the next one goes on from there."""
        assert self._watch is not None
        self._watch = advance(self._watch, self._target, now)
