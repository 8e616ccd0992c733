"""A run of fleets in one picture: how requests ended, who was ready, what waits, what happened when.

Everything stands above one time axis, so that an upright line from a mark leads to its effects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap

from lifecycle_kit.show.fleet_frame import SMALL, Box, Frame, number, time_axis
from lifecycle_kit.show.fleet_panel import Key, Panel
from lifecycle_kit.show.fleet_panels import panels_of, scale_of
from lifecycle_kit.show.fleet_seen import MARKS, Mark, Seen, see
from lifecycle_kit.show.fleet_sentences import headline, words_of
from lifecycle_kit.show.palette import INK, MUTED, NOW, PAPER, SERIES
from lifecycle_kit.show.svg import Svg, element, group, text_block
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.world import Fleet, World

__all__ = ["fleet_chart", "fleet_comparison"]

WIDTH = 900
GUTTER, MARGIN, GAP = 92, 12, 14
KEY_WIDTH, KEY_LINE = 176, 16
HEAD, SUBTITLE_LINE, TITLE_LINE, STRIP, AXIS = 60, 16, 18, 28, 36
BADGE = 10
NO_BREAK = "\N{NO-BREAK SPACE}"
LIST_LINE, MOST_LINES = 23, 10
MARK_COLOURS = {"fault": NOW, "change": SERIES[0][0], "alert": SERIES[1][0]}


def fleet_chart(
    result: WorldResult | FleetResult,
    world: World | Fleet | None = None,
    *,
    title: str = "",
    from_s: float = 0.0,
    until_s: float | None = None,
    marks: Iterable[str] = MARKS,
) -> Svg:
    """Return a run as one picture, from requests to backlog above one time axis, with the same in words.

    Requests stand where they ended. Up to 12 instances of a fleet have a lane each, more are counted by state. The
    line of ready instances shows the fewest at once, so that no dip is too short to be seen.

    Args:
        result: of a run.
        world: what was run; from it come the wanted replicas, the alarms, and the faults.
        title: above the picture.
        from_s: where the picture begins, seconds.
        until_s: where it ends; at the end of the run if None.
        marks: which kinds: "fault", "change" (what people did), "alert".

    Raises:
        ValueError: if there is nothing between `from_s` and `until_s`, or a kind of mark is not known.
    """
    seen = see(result, world, from_s=from_s, until_s=until_s, marks=marks)
    heading = title or f"A run of {', '.join(seen.result.fleets)}"
    return _picture(heading, {headline(seen): seen}, words_of(seen))


def fleet_comparison(
    runs: Mapping[str, WorldResult | FleetResult],
    worlds: Mapping[str, World | Fleet] | World | Fleet | None = None,
    *,
    title: str = "",
    from_s: float = 0.0,
    until_s: float | None = None,
    marks: Iterable[str] = MARKS,
) -> Svg:
    """Return two or three runs beside each other, all on the same scales.

    Args:
        runs: by the name to show: {"with the fault": ..., "cured": ...}.
        worlds: what was run, by the same names, or one for all.
        title: above the picture.
        from_s: where the picture begins, seconds.
        until_s: where it ends; at the end of the longest run if None.
        marks: which kinds: "fault", "change" (what people did), "alert".

    Raises:
        ValueError: if there is no run, or there are more than 3.
    """
    if not 1 <= len(runs) <= 3:
        raise ValueError(f"a comparison shows 1 to 3 runs, got {len(runs)}")
    last = max(run.until_ns for run in runs.values()) / 1e9 if until_s is None else until_s
    own = dict(worlds) if isinstance(worlds, Mapping) else dict.fromkeys(runs, worlds)
    seen = {
        name: see(run, own.get(name), from_s=from_s, until_s=last, marks=tuple(marks)) for name, run in runs.items()
    }
    text = "\n\n".join(f"{name}:\n{words_of(each)}" for name, each in seen.items())
    return _picture(title or " against ".join(runs), seen, text)


def _picture(title: str, runs: Mapping[str, Seen], text: str) -> Svg:
    many, seen = len(runs) > 1, list(runs.values())
    panels = panels_of(seen)
    wide = (WIDTH - KEY_WIDTH - MARGIN * 2 - len(runs) * GUTTER) / len(runs)
    headings = {name: _heading(name, run, wide) for name, run in runs.items()} if many else {}
    head = HEAD + SUBTITLE_LINE * max((len(names) + len(lines) - 1 for names, lines in headings.values()), default=0)
    tops = _tops(panels, seen, head + (STRIP if any(run.marks for run in seen) else 0))
    parts = [text_block([title], (MARGIN, 18), size=17, anchor="start", font_weight="bold")]
    for place, (name, run) in enumerate(runs.items()):
        left = MARGIN + GUTTER + place * (wide + GUTTER)
        frame = Frame(left=left, width=wide, from_s=run.from_s, until_s=run.until_s)
        parts += _subtitles(*headings[name], left) if many else _subtitles([], [name], MARGIN)
        parts += _column(frame, run, panels, tops, seen)
    parts += _titles(panels, tops, MARGIN + GUTTER) + _keys(panels, tops, seen)
    lines, height = _listed(runs, tops[-1] + AXIS + 8)
    return Svg(width=WIDTH, height=round(height), title=title, text=text, body="\n".join(parts + lines))


def _heading(name: str, run: Seen, wide: float) -> tuple[list[str], list[str]]:
    """Return the name of a run and its numbers, in lines that fit above a column."""
    whole = headline(run).replace(" ", NO_BREAK).replace(f",{NO_BREAK}", ", ")  # lines end at a comma
    return wrap(name, int(wide / 7)), [line.replace(NO_BREAK, " ") for line in wrap(whole, int(wide / 5.8))]


def _subtitles(names: Sequence[str], lines: Sequence[str], left: float) -> list[str]:
    bold = [element("text", line, font_size=13, font_weight="bold", x=left, y=46 + place * SUBTITLE_LINE)
            for place, line in enumerate(names)]  # fmt: skip
    below = 46 + len(names) * SUBTITLE_LINE
    size = 12 if names else 13
    return bold + [element("text", line, font_size=size, x=left, y=below + place * SUBTITLE_LINE)
                   for place, line in enumerate(lines)]  # fmt: skip


def _tops(panels: Sequence[Panel], runs: Sequence[Seen], top: float) -> list[float]:
    """Return where each panel begins, and where the last one ends; a key may need more room than its panel."""
    tops = [top]
    for panel in panels:
        needs = max(panel.height, len(panel.key(runs)) * KEY_LINE - 4)
        tops.append(tops[-1] + TITLE_LINE + needs + GAP)
    return tops


def _column(
    frame: Frame, seen: Seen, panels: Sequence[Panel], tops: Sequence[float], runs: Sequence[Seen]
) -> list[str]:
    parts = time_axis(frame, tops[0], tops[-1])
    for panel, top in zip(panels, tops, strict=False):
        box = Box(frame=frame, top=top + TITLE_LINE, height=panel.height, most=scale_of(panel, runs))
        parts.append(group(panel.draw(seen, box)))
    return [*parts, _marks(frame, seen.marks, tops[0], tops[-1])]


def _titles(panels: Sequence[Panel], tops: Sequence[float], left: float) -> list[str]:
    """Return the titles of the rows, above the first column; the rows of the others are the same."""
    parts = []
    for panel, top in zip(panels, tops, strict=False):
        words = element("tspan", panel.of, font_weight="bold") + element("tspan", f": {panel.title}")
        halo = f'stroke="{PAPER}" stroke-width="3" paint-order="stroke"'
        parts.append(f'<text x="{left:g}" y="{top + 13:.1f}" font-size="12" {halo}>{words}</text>')
    return parts


def _keys(panels: Sequence[Panel], tops: Sequence[float], runs: Sequence[Seen]) -> list[str]:
    left = WIDTH - KEY_WIDTH - MARGIN + 16
    parts = []
    for panel, top in zip(panels, tops, strict=False):
        for place, line in enumerate(panel.key(runs)):
            parts.append(_key(line, left, top + TITLE_LINE + 7 + place * KEY_LINE))
    return parts


def _key(line: Key, left: float, y: float) -> str:
    return line.sample(left, y) + text_block([line.text], (left + 25, y), size=SMALL + 0.5, anchor="start")


# --- marks


def _marks(frame: Frame, marks: Sequence[Mark], top: float, bottom: float) -> str:
    """Return a badge for each mark, moved to the right where two would touch, and a line from it through all panels."""
    y, parts, free = top - STRIP / 2 - 3, list[str](), 0.0
    places = []
    for mark in marks:
        places.append(max(frame.x(mark.at_s), free))
        free = places[-1] + 2 * BADGE + 2
    for number_, (mark, x) in enumerate(zip(marks, places, strict=True), start=1):
        colour, at = MARK_COLOURS[mark.kind], frame.x(mark.at_s)
        path = f"M{x:.1f} {y + BADGE:.1f}L{at:.1f} {top - 2:.1f}V{bottom:.1f}"
        parts.append(element("path", d=path, fill="none", stroke=colour, stroke_width=1.2, stroke_dasharray="2 3"))
        parts.append(_badge(mark.kind, number_, x, y))
        after = places[number_] if number_ < len(marks) else frame.right + 30
        if after - x > 26 + 5.8 * len(mark.word):
            parts.append(text_block([mark.word], (x + 13, y), size=SMALL, anchor="start", fill=colour))
    return group(parts)


def _badge(kind: str, place: int, x: float, y: float) -> str:
    """Return a number in a circle (fault), a square (change) or a triangle (alert)."""
    colour = MARK_COLOURS[kind]
    if kind == "fault":
        shape = element("circle", cx=x, cy=y, r=8.5, fill=colour)
    elif kind == "change":
        shape = element("rect", x=x - 8, y=y - 8, width=16, height=16, fill=colour)
    else:
        shape = element("path", d=f"M{x:.1f} {y - 11:.1f}l11 19.5h-22Z", fill=colour)
    return shape + text_block([str(place)], (x, y + (1.5 if kind == "alert" else 0)), size=10, fill=PAPER,
                              font_weight="bold")  # fmt: skip


def _listed(runs: Mapping[str, Seen], y: float) -> tuple[list[str], float]:
    """Return the marks in words, and where they end; several runs have a heading each."""
    parts = []
    for name, seen in runs.items():
        if len(runs) > 1 and seen.marks:
            parts.append(text_block([name], (MARGIN, y + 4), size=12, anchor="start", font_weight="bold"))
            y += LIST_LINE
        for place, mark in enumerate(seen.marks[:MOST_LINES]):
            parts.append(_badge(mark.kind, place + 1, MARGIN + 12, y + 4))
            parts.append(text_block([str(mark)], (MARGIN + 30, y + 4), size=12, anchor="start", fill=INK))
            y += LIST_LINE
        if (left := len(seen.marks) - MOST_LINES) > 0:
            more = f"and {left} more, up to {number(seen.marks[-1].at_s)} s"
            parts.append(text_block([more], (MARGIN + 30, y + 4), size=12, anchor="start", fill=MUTED))
            y += LIST_LINE
    return parts, y + 6
