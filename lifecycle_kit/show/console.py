"""The views for a terminal, as rich renderables: print them with a `rich.console.Console`.

Rule: take away all colour and nothing is lost. Every state shows its letter or its name; so NO_COLOR, a pipe and a
file get the same information as a colour terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.table import Table
from rich.text import Text

from lifecycle_kit.show import diagram
from lifecycle_kit.show.palette import INK, LOOKS, key_line
from lifecycle_kit.show.timeline_words import crop
from lifecycle_kit.states import TRANSITIONS, State
from lifecycle_kit.trace import Interval, Trace, Transition, intervals
from lifecycle_kit.units import seconds

__all__ = ["Standing", "diagram_table", "instance_table", "state_text", "timeline_blocks", "transition_text"]

SEEN_FIRST = (State.FAILED, State.STARTING)  # what a cell shows even if it lasted no time at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one instance stands, for a line of `instance_table`.

    Attributes:
        name: of the instance.
        state: where it stands.
        pid: of its process, None if it has none.
        restart_in_s: seconds until the restart timer fires, None if none runs.
        starts: how often it was started.
        failures: in a row.
        note: anything else, such as the last cause.
    """

    name: str
    state: State
    pid: int | None = None
    restart_in_s: float | None = None
    starts: int = 0
    failures: int = 0
    note: str = ""


def _style(state: State) -> str:
    return f"{INK} on {LOOKS[state].fill}"


def state_text(state: State | str) -> Text:
    """Return a state's letter and name, in its colours.

    >>> state_text("backoff").plain
    ' o backoff '
    """
    state = State(state)
    return Text(f" {LOOKS[state].letter} {state.value} ", style=_style(state))


def transition_text(move: Transition) -> Text:
    """Return one move as a line: when, who, from where to where, why."""
    line = Text(f"{move.at:10.3f} s  {move.instance:<12} {move.source.value:>10} -> ")
    line.append(f"{move.target.value:<10}", style=_style(move.target))
    return line.append(f"  {move.cause}")


def instance_table(standings: Iterable[Standing]) -> Table:
    """Return a table of instances: state, pid, next restart, and how often each started and failed."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("instance", "state", "pid", "next restart", "starts", "failures", ""):
        table.add_column(
            heading, justify="right" if heading in ("pid", "next restart", "starts", "failures") else "left"
        )
    for one in standings:
        due = "-" if one.restart_in_s is None else f"in {one.restart_in_s:.1f} s"
        pid = "-" if one.pid is None else str(one.pid)
        table.add_row(one.name, state_text(one.state), pid, due, str(one.starts), str(one.failures), one.note)
    return table


def timeline_blocks(
    trace: Trace,
    width: int = 64,
    until_s: float | None = None,
    instances: Sequence[str] | None = None,
    moments: bool = True,
) -> Text:
    """Return a trace as lines of letters, one cell per share of the time.

    A cell shows the state that filled most of it; but a failure or a start within it is shown first, unless `moments`
    is off: then a run with hundreds of failures still shows where the time went.

    Args:
        trace: a run, real or simulated.
        width: cells per line, at least 1.
        until_s: show it up to this second; all of it if None.
        instances: whom to show, in this order; all if None.
        moments: whether a failure or a start that took no time comes before what filled the cell.

    Raises:
        ValueError: naming an instance that is not in the trace, or the width.
    """
    if width < 1:
        raise ValueError(f"a timeline is at least 1 cell wide, got width={width}")
    moves, end = crop(trace, until_s, instances)
    margin = max((len(move.instance) for move in moves), default=0)
    lines = []
    for name, parts in groupby(intervals(moves, end), key=lambda part: part.instance):
        line = Text(f"{name:<{margin}} |")
        for cell in _cells(list(parts), end, width, moments):
            line.append(" " if cell is None else LOOKS[cell].letter, style="" if cell is None else _style(cell))
        lines.append(line.append("|"))
    last = f"{round(seconds(end), 3):g} s"
    lines.append(Text(f"{'':{margin + 2}}0 s{last:>{max(width - 3, len(last) + 1)}}"))
    lines.append(Text(key_line({move.target for move in moves})))
    return Text("\n").join(lines)


def _cells(parts: Sequence[Interval], end: int, width: int, moments: bool) -> Iterable[State | None]:
    step = max(end / width, 1)
    for cell in range(width):
        left, right = cell * step, (cell + 1) * step if cell < width - 1 else end + 1
        here = [part for part in parts if part.start_ns < right and part.end_ns >= left]
        begun = {part.state for part in here if left <= part.start_ns}
        urgent = next((state for state in SEEN_FIRST if state in begun and moments), None)
        yield urgent or max(here, key=lambda part: _overlap(part, left, right)).state if here else None


def _overlap(part: Interval, left: float, right: float) -> float:
    return min(part.end_ns, right) - max(part.start_ns, left)


def diagram_table(current: State | str | None = None, table: diagram.Table = TRANSITIONS) -> Table:
    """Return the table of moves: a line per arrow, the current state and its moves marked with `>`."""
    here = None if current is None else State(current)
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("", "from", "", "to", "when"):
        shown.add_column(heading)
    ways: dict[tuple[State, State], list[str]] = {}
    for (source, trigger), target in table.items():
        ways.setdefault((source, target), []).append(trigger.value)
    for source in State:
        for (left, target), triggers in ways.items():
            if left is source:
                mark = ">" if source is here else ""
                shown.add_row(mark, state_text(source), "->", state_text(target), ", ".join(triggers))
    return shown
