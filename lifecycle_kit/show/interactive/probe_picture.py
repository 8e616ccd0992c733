"""The picture of the probe lab: what the target did, what each probe saw, what the verdict was, how late it came."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from lifecycle_kit.probes import Outcome
from lifecycle_kit.show.interactive.chart import Axis, band, extent, key, mark, note, row_name, time_axis
from lifecycle_kit.show.interactive.probe_found import Found
from lifecycle_kit.show.palette import LOOKS, MUTED, NOW, Look
from lifecycle_kit.show.probe_words import Part, Strip
from lifecycle_kit.show.svg import Svg, element, group, text_block
from lifecycle_kit.states import State
from lifecycle_kit.units import ns, seconds, span

__all__ = ["draw_found"]

WIDTH, HEIGHT = 780, 246
LEFT, RIGHT = 108.0, 738.0
TARGET, PROBES, VERDICT, LATE, ALARMS, FOOT, KEY = 8, 60, 78, 130, 176, 192, 232
TALL = 34
_GOOD, _BAD = LOOKS[State.READY], LOOKS[State.FAILED]
_NEITHER = Look("#e3e6ec", MUTED, "", "")
_LOOKS = {
    "works": Look(_GOOD.fill, _GOOD.edge, "w", ""),
    "good": Look(_GOOD.fill, _GOOD.edge, "g", ""),
    "slow": Look(LOOKS[State.BLOCKED].fill, LOOKS[State.BLOCKED].edge, "s", "/"),
    "starts": Look(LOOKS[State.STARTING].fill, LOOKS[State.STARTING].edge, "s", "/"),
    "outage": Look(_BAD.fill, _BAD.edge, "o", "/"),
    "blip": Look(_BAD.fill, _BAD.edge, "", ""),
    "bad": Look(_BAD.fill, _BAD.edge, "b", "/"),
    "undecided": Look(_NEITHER.fill, _NEITHER.edge, "?", ""),
    "probe error": Look(_NEITHER.fill, _NEITHER.edge, "?", ""),
    "killed: this life is over": _NEITHER,
}
_MARKS = {
    Outcome.SUCCESS: ("dot", _GOOD.edge, "a probe passed"),
    Outcome.FAILURE: ("cross", _BAD.edge, "a probe failed"),
    Outcome.ERROR: ("square", MUTED, "a probe could not be made"),
}
LIMITS = (4.0, WIDTH - 4.0)


def draw_found(found: Found) -> Svg:
    """Return the picture of what a probe found."""
    axis = Axis(0, found.until_s, LEFT, RIGHT)
    parts = [
        time_axis(axis, FOOT, TARGET),
        *(row_name(name, LEFT - 12, y) for name, y in _names(found)),
        _bands(axis, found.truth, TARGET),
        _probes(axis, found.strip),
        _bands(axis, _verdicts(found), VERDICT),
        *(_late(axis, part, "noticed") for part in found.noticed if part.end_ns > part.start_ns),
        *(_late(axis, part, "back") for part in found.back if part.end_ns > part.start_ns),
        *(_never(axis, part) for part in found.missed),
        *(_alarm(axis, at) for at in found.false_alarms),
        _end_of_life(axis, found),
        key([(mark(shape, 0, 0, colour), words) for shape, colour, words in _used(found.strip)], LEFT, KEY),
    ]
    return Svg(
        width=WIDTH, height=HEIGHT, title=f"A {found.settings.kind} probe every {found.settings.period_s:g} s",
        text="\n".join(_sentences(found)), body="\n".join(parts),
    )  # fmt: skip


def _names(found: Found) -> list[tuple[str, float]]:
    late = [("how late", LATE + 8.0)] if found.noticed or found.back or found.missed else []
    alarms = [("false alarms", float(ALARMS))] if found.false_alarms else []
    verdict = f"{found.settings.kind}\nverdict"
    return [("target", TARGET + TALL / 2), ("probes", PROBES), (verdict, VERDICT + TALL / 2), *late, *alarms]


def _verdicts(found: Found) -> list[Part]:
    """Return the verdicts up to the end of this life, and its end."""
    end = found.killed_ns
    lived = [part for part in found.strip.verdicts if end is None or part.start_ns < end]
    return lived if end is None else [*lived, Part(end, ns(found.until_s), "killed: this life is over")]


def _bands(axis: Axis, parts: Iterable[Part], y: float) -> str:
    return group(
        band((x, y, axis(seconds(part.end_ns)) - x, TALL), _LOOKS[part.word], part.word, _LOOKS[part.word].letter)
        for part in parts
        for x in (axis(seconds(part.start_ns)),)
    )


def _probes(axis: Axis, strip: Strip) -> str:
    parts = []
    for probe in strip.probes:
        shape, colour, _ = _MARKS[probe.outcome]
        start, end = axis(seconds(probe.start_ns)), axis(seconds(probe.end_ns))
        if end - start > 1:  # it waited for the answer
            parts.append(element("line", x1=start, x2=end, y1=PROBES, y2=PROBES, stroke=colour, stroke_width=2))
        parts.append(mark(shape, end, PROBES, colour, 3.5 if len(strip.probes) > 80 else 4.5))
    return group(parts)


def _used(strip: Strip) -> list[tuple[str, str, str]]:
    return [look for outcome, look in _MARKS.items() if any(probe.outcome is outcome for probe in strip.probes)]


def _late(axis: Axis, part: Part, word: str) -> str:
    words = f"{word} after {_at(part.end_ns - part.start_ns)}"
    return extent(axis(seconds(part.start_ns)), axis(seconds(part.end_ns)), LATE, words, LIMITS)


def _never(axis: Axis, part: Part) -> str:
    return note("never noticed", axis(seconds(part.start_ns + part.end_ns) / 2), LATE + 8, LIMITS)


def _alarm(axis: Axis, at_ns: int) -> str:
    x = axis(seconds(at_ns))
    flag = element(
        "line", x1=x, x2=x, y1=VERDICT + TALL, y2=ALARMS - 8, stroke=NOW, stroke_width=1.4, stroke_dasharray="2 3"
    )
    sign = element("circle", cx=x, cy=ALARMS, r=9, fill=NOW)
    return group([flag, sign, text_block(["!"], (x, ALARMS), size=14, fill="#ffffff", font_weight="bold")])


def _end_of_life(axis: Axis, found: Found) -> str:
    if found.killed_ns is None:
        return ""
    x = axis(seconds(found.killed_ns))
    return element("line", x1=x, x2=x, y1=TARGET, y2=VERDICT + TALL, stroke=NOW, stroke_width=2.6)


def _sentences(found: Found) -> Iterable[str]:
    yield "target: " + ", ".join(f"{part.word} until {_at(part.end_ns)}" for part in found.truth)
    yield f"probes: {', '.join(_runs(found.strip)) or 'none'}"
    yield f"{found.settings.kind} verdict: " + ", ".join(f"{p.word} until {_at(p.end_ns)}" for p in _verdicts(found))
    for part in found.noticed:
        yield f"outage at {_at(part.start_ns)}: noticed at {_at(part.end_ns)}, after {_at(part.end_ns - part.start_ns)}"
    for part in found.back:
        yield f"end of the outage at {_at(part.start_ns)}: noticed after {_at(part.end_ns - part.start_ns)}"
    yield from (f"outage at {_at(part.start_ns)}: never noticed" for part in found.missed)
    yield from (f"false alarm at {_at(at)}" for at in found.false_alarms)


def _runs(strip: Strip) -> Iterable[str]:
    for outcome, run in groupby(strip.probes, key=lambda probe: probe.outcome):
        made = list(run)
        yield f"{len(made)} {outcome.value} ({_at(made[0].end_ns)} to {_at(made[-1].end_ns)})"


def _at(at_ns: int) -> str:
    return span(at_ns) or "0 s"
