"""What a probe makes of a target whose truth is known: how late it notices, what it misses, where it cries wolf.

Rule: what the target really did is part of its script, and a verdict is right or wrong by that alone. A failure counts
as an outage if it lasts at least ten seconds; anything shorter is a blip that nobody should act upon.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from lifecycle_kit.health import Segment, parse_health
from lifecycle_kit.probes import Outcome, ProbeSettings
from lifecycle_kit.show.probe_words import Part, Strip, watch_target
from lifecycle_kit.units import ns, span

__all__ = ["OUTAGE_NS", "Found", "find", "says"]

OUTAGE_NS = ns(10)
LONGEST_S = 600.0
KILLED = ("killed and restarted", "a process that works is killed")
ACTS = {"readiness": ("kept from work", "a target that works is kept from it"), "liveness": KILLED, "startup": KILLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the probe made of the target.

    Attributes:
        settings: the probe's.
        until_s: end of the script, seconds.
        truth: what the target did: "works", "slow", "starts", "blip", "outage" or "probe error".
        strip: probes and verdicts.
        noticed: for each outage when it began and when the verdict said so; the same instant if it did before.
        missed: outages that no verdict followed.
        back: when each noticed outage was over, and when the verdict said so.
        false_alarms: instants at which a verdict turned bad without an outage, nanoseconds.
        killed_ns: when a bad verdict ended this life, None if none did; nothing after it is judged.
    """

    settings: ProbeSettings
    until_s: float
    truth: tuple[Part, ...]
    strip: Strip
    noticed: tuple[Part, ...]
    missed: tuple[Part, ...]
    back: tuple[Part, ...]
    false_alarms: tuple[int, ...]
    killed_ns: int | None = None

    @property
    def within_ns(self) -> int:
        """How late an outage is noticed at worst: it begins just after a probe, and the others time out."""
        period, timeout = ns(self.settings.period_s), ns(self.settings.timeout_s)
        return period + (self.settings.failure_threshold - 1) * max(period, timeout) + timeout


def find(settings: ProbeSettings, script: str) -> Found:
    """Return what a probe makes of a target that follows `script`, as `health.parse_health` reads it.

    Raises:
        ValueError: if the script cannot be read, or lasts longer than ten minutes.

    >>> found = find(ProbeSettings(failure_threshold=3), "25:ok,40:fail,20:ok")
    >>> [span(part.end_ns - part.start_ns) for part in found.noticed], found.false_alarms
    (['25 s'], ())
    """
    parts = parse_health(script)
    until_s = sum(float(part.split(":")[0]) for part in script.split(","))
    if not 0 < until_s <= LONGEST_S:
        raise ValueError(f"the script lasts {until_s:g} s; the lab shows from 1 to {LONGEST_S:g} s")
    truth, strip = _truth(parts, ns(until_s)), watch_target(settings, parts, until_s)
    turns = [at for _, at in _turns_bad(strip)]
    killed = turns[0] if turns and settings.kind != "readiness" else None
    outages = [part for part in truth if part.word == "outage" and (killed is None or part.start_ns <= killed)]
    noticed = [_notice(outage, strip) for outage in outages]
    seen = [(outage, at) for outage, at in zip(outages, noticed, strict=True) if at is not None]
    return Found(
        settings=settings,
        until_s=until_s,
        truth=truth,
        strip=strip,
        noticed=tuple(Part(outage.start_ns, at, "noticed") for outage, at in seen),
        missed=tuple(outage for outage, at in zip(outages, noticed, strict=True) if at is None),
        back=tuple(part for outage, at in seen if (part := _back(outage, at, strip)) is not None),
        false_alarms=tuple(_false_alarms(outages, strip)),
        killed_ns=killed,
    )


def _truth(target: tuple[Segment, ...], end: int) -> tuple[Part, ...]:
    ends = [later.from_ns for _, later in pairwise(target)] + [end]
    return tuple(
        Part(part.from_ns, stop, _word(part, stop - part.from_ns)) for part, stop in zip(target, ends, strict=True)
    )


def _word(part: Segment, lasts_ns: int) -> str:
    if part.outcome is Outcome.ERROR:
        return "probe error"
    if part.outcome is Outcome.SUCCESS and part.latency_ns < OUTAGE_NS:
        return "slow" if part.latency_ns else "works"
    if part.from_ns == 0:
        return "starts"
    return "outage" if lasts_ns >= OUTAGE_NS else "blip"


def _turns_bad(strip: Strip) -> list[tuple[int, int]]:
    """Return `(start of the probe that decided it, instant)` of every turn of the verdict to bad."""
    started = {probe.end_ns: probe.start_ns for probe in strip.probes}
    return [
        (started.get(part.start_ns, part.start_ns), part.start_ns) for part in strip.verdicts[1:] if part.word == "bad"
    ]


def _notice(outage: Part, strip: Strip) -> int | None:
    before = next((part for part in strip.verdicts if part.start_ns <= outage.start_ns < part.end_ns), None)
    if before is not None and before.word == "bad":
        return outage.start_ns
    return next((at for probe, at in _turns_bad(strip) if outage.start_ns <= probe < outage.end_ns), None)


def _back(outage: Part, noticed_ns: int, strip: Strip) -> Part | None:
    over = (
        part.start_ns
        for part in strip.verdicts
        if part.word == "good" and part.start_ns >= max(outage.end_ns, noticed_ns)
    )
    at = next(over, None)
    return None if at is None else Part(outage.end_ns, at, "back")


def _false_alarms(outages: list[Part], strip: Strip) -> list[int]:
    return [at for probe, at in _turns_bad(strip) if not any(o.start_ns <= probe < o.end_ns for o in outages)]


def says(found: Found) -> str:
    """Return what the probe found, in sentences."""
    acts, wrongly = ACTS[found.settings.kind]
    parts = [_noticed(part, acts) for part in found.noticed]
    parts += [f"The outage at {_at(part.start_ns)} is never noticed." for part in found.missed]
    count = len(found.false_alarms)
    alarms = "No false alarm" if not count else "1 false alarm" if count == 1 else f"{count} false alarms"
    harm = f": {wrongly}" if count else ""
    effort = f"{len(found.strip.probes)} probes in {found.until_s:g} s"
    return " ".join(
        [*parts, f"{alarms}{harm}.", f"{effort}; an outage that lasts is seen within {span(found.within_ns)}."]
    )


def _noticed(outage: Part, acts: str) -> str:
    late = _at(outage.end_ns - outage.start_ns)
    return f"The outage at {_at(outage.start_ns)} is noticed after {late}: it is {acts}."


def _at(at_ns: int) -> str:
    return span(at_ns) or "0 s"
