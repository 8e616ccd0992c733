"""What an operator sees of a run up to an instant: a picture, who stands where, events, metrics, logs.

Rule: no faults, and nothing of what comes later. How the world was made is for those who have made it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from lifecycle_kit.show.fleet_events import notices, notices_text
from lifecycle_kit.show.fleet_frame import STEPS_S, number
from lifecycle_kit.show.fleet_logs import log_lines, sampled
from lifecycle_kit.show.fleet_picture import fleet_chart
from lifecycle_kit.show.svg import Svg
from lifecycle_kit.simulate.fleet.cut import cut_off
from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.metrics import metrics, moves_of
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.world import World
from lifecycle_kit.states import State
from lifecycle_kit.trace import last_moves
from lifecycle_kit.units import NS_PER_S, seconds, span

__all__ = ["OperatorView", "operator_view"]

MOST_ROWS, MOST_INSTANCES = 12, 12
# What a dashboard shows of a fleet with requests, of one without, and of a queue.
_COLUMNS = {
    "arrived": ("ready", "arrived", "served", "failed", "in_flight", "restarts"),
    "ready": ("ready", "instances", "restarts"),
    "backlog": ("backlog", "arrived", "done"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OperatorView:
    """What an operator sees.

    Attributes:
        title: of the whole.
        chart: the run as a picture.
        parts: the rest as text, by heading: "instances", "events", "metrics", "logs".
    """

    title: str
    chart: Svg
    parts: MappingProxyType[str, str]

    @property
    def text(self) -> str:
        """All of it as text, the picture in words."""
        whole = {"what happened": self.chart.text, **self.parts}
        return "\n\n".join([self.title, *(f"{heading.upper()}\n{text}" for heading, text in whole.items())])

    @property
    def html(self) -> str:
        """All of it as HTML, without a page around it."""
        pre = '<pre style="font-family: monospace">'  # columns must stand in line in exported pages, too
        blocks = (f"<h4>{html.escape(heading)}</h4>\n{pre}{html.escape(text)}</pre>" for heading, text in
                  self.parts.items())  # fmt: skip
        return "\n".join([str(self.chart), *blocks])

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html

    def save(self, path: str | Path) -> Path:
        """Write it to `path`, as a page if the name ends in .html and as text otherwise, and return the path."""
        path = Path(path)
        title = html.escape(self.title)
        page = (
            f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n{self.html}\n</html>'
        )
        path.write_text(page if path.suffix == ".html" else self.text, encoding="utf-8")
        return path


def operator_view(
    result: WorldResult | FleetResult,
    world: World | None = None,
    *,
    at_s: float | None = None,
    title: str = "",
    events: int = 20,
    lines: int = 24,
    dependencies: bool = False,
) -> OperatorView:
    """Return what an operator sees of a run at an instant.

    Args:
        result: of a run.
        world: what was run: for the alarms, and for what processes write when they cannot connect.
        at_s: the instant, seconds; the end of the run if None.
        title: above all of it.
        events: how many of the latest events to show.
        lines: how many lines of the logs to show, the first and the last.
        dependencies: whether the dashboard also shows when dependencies were down.
    """
    whole = _world_of(result)
    now_s = seconds(whole.until_ns) if at_s is None else at_s
    seen = cut_off(whole, now_s)
    chart = fleet_chart(
        seen if dependencies else replace(seen, downs={}), world, title=title or f"What is seen at {number(now_s)} s",
        marks=("change", "alert"),
    )  # fmt: skip
    told = notices(seen)
    parts = {
        "instances": "\n".join(_instances(seen)),
        "events": notices_text(told, now_s, events) if told else "none",
        "metrics": "\n".join(_tables(seen)),
        "logs": "\n".join(sampled(log_lines(seen, world), lines)) or "none",
    }
    return OperatorView(title=chart.title, chart=chart, parts=MappingProxyType(parts))


def _world_of(result: WorldResult | FleetResult) -> WorldResult:
    if isinstance(result, WorldResult):
        return result
    return WorldResult(fleets={result.name: result}, trace=result.trace, until_ns=result.until_ns)


def _instances(seen: WorldResult) -> Iterator[str]:
    """Yield a line per instance; of a large fleet a line per state."""
    for name, fleet in seen.fleets.items():
        last = last_moves(fleet.log)
        if len(last) > MOST_INSTANCES:
            counts = {state: sum(move.target is state for move in last.values()) for state in State}
            yield f"{name}: " + ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
            continue
        starts = _starts(fleet)
        wide = max(map(len, last), default=0)
        for who, move in last.items():
            lasts = span(max(0, round(seen.until_ns - move.at_ns, -9))) or "0 s"
            restarts = f"{starts[who] - 1} restarts" if starts[who] != 2 else "1 restart"
            yield f"{who:<{wide}}  {move.target.value:<10}  for {lasts:<12}  {restarts}"
        yield from (f"{who:<{wide}}  created     never started" for who in fleet.log.names if who not in last)


def _starts(fleet: FleetResult) -> dict[str, int]:
    _, target = moves_of(fleet.log)
    begun = fleet.log.who[target == STATES.index(State.STARTING)].tolist()
    return {name: max(1, begun.count(place)) for place, name in enumerate(fleet.log.names)}


def _tables(seen: WorldResult) -> Iterator[str]:
    length = seen.until_ns / NS_PER_S
    every_s = next((step for step in STEPS_S if length / step <= MOST_ROWS), length / MOST_ROWS)
    measured = metrics(seen, every_s)
    for name, columns in measured.columns.items():
        kind = "arrived" if name in seen.fleets and columns["arrived"].any() else "ready" if name in seen.fleets else ""
        kind = "backlog" if name in seen.jobs else kind
        if kind:
            yield f"{name}, every {span(round(every_s * NS_PER_S))}"
            yield from _table(measured.table(name), ("time_s", *_COLUMNS[kind]))


def _table(rows: Sequence[dict[str, float]], columns: Sequence[str]) -> Iterator[str]:
    widths = [max(len(column), 7) for column in columns]
    yield "  ".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))
    for row in rows:
        cells = ["-" if math.isnan(row[column]) else number(row[column]) for column in columns]
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
