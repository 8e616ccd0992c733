"""What a probe makes of a target, told as parts: how the target was, what each probe saw, what the verdict was.

Rule: every probe here was made by `health.walk`; this module only puts names and delays to what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lifecycle_kit.health import Segment, Watch, parse_health, walk
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally
from lifecycle_kit.units import ns, seconds, span

__all__ = ["Part", "ProbeMade", "Strip", "probe_strip_text", "watch_target"]

GOOD, BAD, UNDECIDED = "good", "bad", "undecided"


@dataclass(frozen=True, slots=True)
class Part:
    """From `start_ns` up to `end_ns` it was `word`."""

    start_ns: int
    end_ns: int
    word: str


@dataclass(frozen=True, slots=True)
class ProbeMade:
    """One probe and what it saw."""

    start_ns: int
    end_ns: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A target, the probes made of it, and the verdicts.

    Attributes:
        target: parts in which a probe would see "ok", "fail" or "error", slow answers included.
        probes: in order.
        verdicts: parts that are "good", "bad" or, for a startup probe, "undecided".
        delays: for each change of the verdict, when the target changed and when that was noticed.
        missed: parts of the target that the verdict never followed.
        ended: no further probe is made in this life.
    """

    target: tuple[Part, ...]
    probes: tuple[ProbeMade, ...]
    verdicts: tuple[Part, ...]
    delays: tuple[Part, ...]
    missed: tuple[Part, ...]
    ended: bool


def watch_target(settings: ProbeSettings, health: str | Sequence[Segment], until_s: float) -> Strip:
    """Return what a probe with these settings finds in a life that begins at 0.

    Args:
        settings: the probe.
        health: the target, as segments or as `parse_health` reads them, such as "20:ok,15:fail,30:ok".
        until_s: end of the view, seconds.

    Raises:
        ValueError: if the health script cannot be read.
    """
    segments, end = parse_health(health) if isinstance(health, str) else tuple(health), ns(until_s)
    watch = Watch.begin(settings, Tally.first(settings), at=0, born_ns=0)
    points, probes = [(0, _verdict(settings, watch.tally))], []
    for start, ended, outcome, after in walk(watch, segments, end):
        probes.append(ProbeMade(start, ended, outcome))
        points.append((ended, _verdict(settings, after.tally)))
        watch = after
    target, verdicts = _parts(_seen(settings, segments), end), _parts(points, end)
    return Strip(
        target=target,
        probes=tuple(probes),
        verdicts=verdicts,
        delays=tuple(_delays(target, verdicts)),
        missed=tuple(_missed(target, verdicts, watch.next_ns if watch.tally.on_hold(settings) else end)),
        ended=watch.tally.on_hold(settings),
    )


def _verdict(settings: ProbeSettings, tally: Tally) -> str:
    if settings.kind == "startup" and not tally.good and not tally.failed:
        return UNDECIDED
    return GOOD if tally.good else BAD


def _seen(settings: ProbeSettings, segments: Iterable[Segment]) -> list[tuple[int, str]]:
    limit = ns(settings.timeout_s)
    return [(part.from_ns, "fail" if part.latency_ns > limit else part.outcome.value) for part in segments]


def _parts(points: Sequence[tuple[int, str]], end: int) -> tuple[Part, ...]:
    """Return the parts between points at which the word changes, up to `end`; of several at one instant the last."""
    turns: list[tuple[int, str]] = []
    for at, word in points:
        if turns and turns[-1][0] == at:
            turns.pop()
        if at < end and not (turns and turns[-1][1] == word):
            turns.append((at, word))
    ends = [at for at, _ in turns[1:]] + [end]
    return tuple(Part(start, stop, word) for (start, word), stop in zip(turns, ends, strict=True))


def _agrees(part: Part, verdict: Part) -> bool:
    return (part.word, verdict.word) in (("ok", GOOD), ("fail", BAD))


def _delays(target: Sequence[Part], verdicts: Sequence[Part]) -> Iterable[Part]:
    for verdict in verdicts[1:]:
        causes = [part.start_ns for part in target if part.start_ns <= verdict.start_ns and _agrees(part, verdict)]
        if causes:
            yield Part(causes[-1], verdict.start_ns, verdict.word)


def _missed(target: Sequence[Part], verdicts: Sequence[Part], watched_until: int) -> Iterable[Part]:
    for part in target:
        together = (
            verdict
            for verdict in verdicts
            if _agrees(part, verdict) and verdict.start_ns < part.end_ns and verdict.end_ns > part.start_ns
        )
        if part.word != "error" and part.end_ns <= watched_until and not any(together):
            yield part


def probe_strip_text(settings: ProbeSettings, health: str | Sequence[Segment], until_s: float) -> str:
    """Return what `probe_strip` draws, in sentences.

    >>> print(probe_strip_text(ProbeSettings(kind="readiness"), "25:ok,60:fail", 60))
    target: ok until 25 s, fail until 60 s
    probes: 0 ok, 10 ok, 20 ok, 30 fail, 40 fail, 50 fail, 60 fail (seconds)
    readiness verdict: good until 50 s, bad until 60 s
    the verdict became bad at 50 s, 25 s after the target
    """
    strip = watch_target(settings, health, until_s)
    made = ", ".join(f"{seconds(probe.start_ns):g} {probe.outcome.value}" for probe in strip.probes)
    lines = [
        f"target: {_told(strip.target)}",
        f"probes: {made or 'none'} (seconds)",
        f"{settings.kind} verdict: {_told(strip.verdicts)}",
    ]
    lines += [
        f"the verdict became {delay.word} at {_at(delay.end_ns)}, {_at(delay.end_ns - delay.start_ns)} after the target"
        for delay in strip.delays
    ]
    lines += [f"never noticed: {part.word} from {_at(part.start_ns)} to {_at(part.end_ns)}" for part in strip.missed]
    return "\n".join([*lines, "no further probe in this life"] if strip.ended else lines)


def _told(parts: Iterable[Part]) -> str:
    return ", ".join(f"{part.word} until {_at(part.end_ns)}" for part in parts)


def _at(at_ns: int) -> str:
    return span(at_ns) or "0 s"
