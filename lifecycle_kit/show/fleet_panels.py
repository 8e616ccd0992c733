"""The panels of a picture of a fleet run: requests, ready instances, states, restarts, backlog, dependencies.

Rule: whatever a colour says, a texture, a letter or a number in the key says as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lifecycle_kit.show.fleet_frame import Box, Texture, areas, number, step_line, top_of, value_axis
from lifecycle_kit.show.fleet_lanes import dependency_panel, lanes_panel
from lifecycle_kit.show.fleet_panel import (
    Key,
    Panel,
    Values,
    column,
    counted,
    lined,
    most_of,
    nothing,
    sampled,
    total,
)
from lifecycle_kit.show.fleet_seen import Seen
from lifecycle_kit.show.palette import INK, LOOKS, MUTED, PAPER, SERIES
from lifecycle_kit.simulate.fleet.result import JOB_ENDS
from lifecycle_kit.simulate.fleet.summary import summary
from lifecycle_kit.states import State

__all__ = ["LANES", "OUTCOME_LOOKS", "STATE_LOOKS", "panels_of", "scale_of"]

LANES = 12  # more instances than that are counted instead

OUTCOME_LOOKS: dict[str, Texture] = {
    "served": Texture("#d9f2d0", "#2a6a1c"),
    "error": Texture("#f43e51", "#8f1322", 8),
    "refused": Texture("#ffb620", "#7a4f00", 5, "2 3"),
    "cut": Texture("#b377f9", "#5a2a99", 4),
    "timeout": Texture("#9aa3b2", "#3d4450", 4, "5 2"),
    "no-route": Texture("#3d4450", INK, 5, "2 4", PAPER),
}
_STROKES = {"": (0, ""), "///": (6, ""), "xxx": (4, ""), "\\\\\\": (5, "5 2"), "---": (4, "1 2"), "++": (5, "3 1"),
            "...": (5, "1 3")}  # fmt: skip
STATE_LOOKS: dict[State, Texture] = {
    state: Texture(look.fill, look.edge, *_STROKES[look.hatch]) for state, look in LOOKS.items()
}
# From bottom to top; what has ended as asked is left out, or an update would double every fleet.
STACK = (
    State.RUNNING, State.READY, State.STARTING, State.BLOCKED, State.DRAINING, State.BACKOFF, State.FAILED,
    State.CREATED,
)  # fmt: skip
READY_LOOK = Texture("#d9f2d0", "#2a6a1c")
MISSING_LOOK = Texture("#ffe1e4", "#8f1322", 6, "2 3")
BACKLOG_LOOK = Texture("#ffe3ad", "#7a4f00", 8)
CONFLICT_LOOK = Texture("#f43e51", "#8f1322", 3)
RESTART_LOOK = Texture("#f4d3c2", "#8a4020", 4, "1 3")
LINE = SERIES[0][0]


def panels_of(runs: Sequence[Seen]) -> list[Panel]:
    """Return the panels that show these runs, from top to bottom; what is empty in all of them is left out."""
    found: list[Panel] = []
    for name in dict.fromkeys(name for run in runs for name in run.result.fleets):
        found += _fleet_panels(name, runs)
    for name in dict.fromkeys(name for run in runs for name in run.result.jobs):
        found.append(_backlog(name))
    for name in dict.fromkeys(name for run in runs for name, downs in run.result.downs.items() if downs):
        found.append(dependency_panel(name))
    return found


def _fleet_panels(name: str, runs: Sequence[Seen]) -> Iterator[Panel]:
    having = [run for run in runs if name in run.result.fleets]
    asked = any(len(run.result.fleets[name].requests) for run in having)
    if asked:
        yield _requests(name, retried=any(run.result.fleets[name].sent_ns is not None for run in having))
    yield _ready(name, routed=asked)
    names = max(len(run.result.fleets[name].log.names) for run in having)
    yield lanes_panel(name, names) if names <= LANES else _states(name)
    if any(run.wanted(name) == 1 and column(run, name, "owners").max() > 1 for run in having):
        yield _owners(name)
    if total(having, name, "restarts"):
        yield _restarts(name)


# --- requests


def _requests(name: str, retried: bool) -> Panel:
    def rate(seen: Seen, metric: str) -> Values:
        return column(seen, name, metric.replace("-", "_")) / np.diff(seen.edges_s)

    def draw(seen: Seen, box: Box) -> list[str]:
        layers = [(look, rate(seen, word)) for word, look in OUTCOME_LOOKS.items()]
        parts = [*value_axis(box), *areas(box, seen.edges_s, layers)]
        return parts + [step_line(box, seen.edges_s, rate(seen, "sent"), colour=LINE, width=1.6)] * retried

    def key(runs: Sequence[Seen]) -> list[Key]:
        totals = {word: total(runs, name, word.replace("-", "_")) for word in OUTCOME_LOOKS}
        shown = [word for word, total in totals.items() if total or word == "served"]
        lines = [Key(sampled(OUTCOME_LOOKS[word]), counted(word, totals[word], runs)) for word in reversed(shown)]
        sent = Key(lined(LINE, 1.6), counted("sent, with retries", total(runs, name, "sent"), runs))
        return [sent] * retried + lines

    def most(seen: Seen) -> float:
        ended = np.sum([rate(seen, word) for word in OUTCOME_LOOKS], axis=0)
        return max(most_of(seen, ended), most_of(seen, rate(seen, "sent")) if retried else 0)

    title = "requests that ended, a second" + (", and all that were sent" if retried else "")
    return Panel(of=name, title=title, height=112, most=most, draw=draw, key=key)


# --- instances


def _ready(name: str, routed: bool) -> Panel:
    def draw(seen: Seen, box: Box) -> list[str]:
        if name not in seen.result.fleets:
            return value_axis(box)
        wanted, ready = float(seen.wanted(name)), seen.fewest_ready(name)
        layers = [(READY_LOOK, ready), (MISSING_LOOK, np.maximum(wanted - ready, 0))]
        level = np.full(len(ready), wanted)
        parts = [*value_axis(box), *areas(box, seen.edges_s, layers)]
        parts.append(step_line(box, seen.edges_s, level, colour=MUTED, width=1.2, dash="5 3"))
        if routed:
            parts.append(step_line(box, seen.edges_s, seen.fewest_routed(name), colour=LINE, width=2, dash="2 2"))
        return parts

    def key(runs: Sequence[Seen]) -> list[Key]:
        run, one = runs[0], len(runs) == 1
        lines = [
            Key(lined(MUTED, 1.2, "5 3"), f"wanted {run.wanted(name)}" if one else "wanted"),
            Key(sampled(READY_LOOK), f"ready, least {run.least_ready(name)}" if one else "ready"),
            Key(sampled(MISSING_LOOK), "not ready"),
        ]
        return lines + [Key(lined(LINE, 2, "2 2"), "in the routes")] * routed

    def most(seen: Seen) -> float:
        if name not in seen.result.fleets:
            return 1.0
        lines = [seen.fewest_ready(name)] + [seen.fewest_routed(name)] * routed
        return max(seen.wanted(name), *(most_of(seen, line) for line in lines))

    title = "instances ready, and in the routes" if routed else "instances ready"
    return Panel(of=name, title=title, height=64, most=most, draw=draw, key=key)


def _states(name: str) -> Panel:
    def layers(seen: Seen) -> dict[State, Values]:
        standing = seen.average(name) if name in seen.result.fleets else {}
        return {state: np.maximum(standing.get(state, np.zeros(len(seen.measured))), 0) for state in STACK}

    def draw(seen: Seen, box: Box) -> list[str]:
        drawn = [(STATE_LOOKS[state], values) for state, values in layers(seen).items()]
        return [*value_axis(box), *areas(box, seen.edges_s, drawn)]

    def key(runs: Sequence[Seen]) -> list[Key]:
        each = [layers(run) for run in runs]
        present = [
            state
            for state in reversed(STACK)
            if any(most_of(run, found[state]) for run, found in zip(runs, each, strict=True))
        ]
        return [Key(sampled(STATE_LOOKS[state]), state.value) for state in present]

    def most(seen: Seen) -> float:
        return most_of(seen, np.sum(list(layers(seen).values()), axis=0))

    return Panel(of=name, title="instances by state", height=112, most=most, draw=draw, key=key)


def _owners(name: str) -> Panel:
    def draw(seen: Seen, box: Box) -> list[str]:
        owners = column(seen, name, "owners")
        one, more = np.minimum(owners, 1), np.maximum(owners - 1, 0)
        return [*value_axis(box), *areas(box, seen.edges_s, [(READY_LOOK, one), (CONFLICT_LOOK, more)])]

    def key(runs: Sequence[Seen]) -> list[Key]:
        lasted = f" {number(summary(runs[0].result, runs[0].world, on=name)['two_owners_s'])} s" * (len(runs) == 1)
        return [Key(sampled(CONFLICT_LOOK), f"one too many{lasted}"), Key(sampled(READY_LOOK), "one")]

    def most(seen: Seen) -> float:
        return most_of(seen, column(seen, name, "owners"))

    title = "instances that hold the work: ready once, not ended"
    return Panel(of=name, title=title, height=40, most=most, draw=draw, key=key)


def _restarts(name: str) -> Panel:
    def draw(seen: Seen, box: Box) -> list[str]:
        return [*value_axis(box), *areas(box, seen.edges_s, [(RESTART_LOOK, column(seen, name, "restarts"))])]

    def key(runs: Sequence[Seen]) -> list[Key]:
        lines = [Key(sampled(RESTART_LOOK), counted("restarts", total(runs, name, "restarts"), runs))]
        if len(runs) == 1:
            numbers = summary(runs[0].result, runs[0].world, on=name)
            cpu, log_lines = number(numbers["start_cpu_s"]), number(numbers["log_lines"])
            lines += [Key(nothing, f"all starts: {cpu} s CPU,"), Key(nothing, f"{log_lines} log lines")]
        return lines

    def most(seen: Seen) -> float:
        return most_of(seen, column(seen, name, "restarts"))

    return Panel(of=name, title="restarts", height=40, most=most, draw=draw, key=key)


# --- what a fleet works on, and what it needs


def _backlog(name: str) -> Panel:
    def draw(seen: Seen, box: Box) -> list[str]:
        return [*value_axis(box), *areas(box, seen.edges_s, [(BACKLOG_LOOK, column(seen, name, "backlog"))])]

    def key(runs: Sequence[Seen]) -> list[Key]:
        if len(runs) > 1:
            return [Key(sampled(BACKLOG_LOOK), "waiting jobs")]
        jobs = runs[0].result.jobs[name]
        ends = np.bincount(jobs.end, minlength=len(JOB_ENDS)).tolist()
        lines = [f"waiting at the end {number(ends[0])}", f"done {number(ends[1])}"]
        twice = int(np.count_nonzero(jobs.completions > 1))
        lines += [f"{number(twice)} of them twice"] * (twice > 0) + [f"dead-lettered {number(ends[2])}"] * (ends[2] > 0)
        return [Key(sampled(BACKLOG_LOOK), lines[0]), *(Key(nothing, line) for line in lines[1:])]

    def most(seen: Seen) -> float:
        return most_of(seen, column(seen, name, "backlog"))

    return Panel(of=name, title="backlog", height=72, most=most, draw=draw, key=key)


def scale_of(panel: Panel, runs: Sequence[Seen]) -> float:
    """Return the end of the scale on which all these runs are drawn."""
    return top_of(max(panel.most(run) for run in runs))
