"""The state diagram, drawn from the table of moves: nine states, where a unit stands, where it has been.

Rule: every arrow in the picture is a row of the table, and every row is an arrow or belongs to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from lifecycle_kit.show.arrows import Row, merged, sentences
from lifecycle_kit.show.draw import Marks, draw, key_height
from lifecycle_kit.show.layout import LANES, PLACES, STATES, STATES_ALL, STATES_DEEP
from lifecycle_kit.show.palette import LOOKS
from lifecycle_kit.show.svg import Svg
from lifecycle_kit.states import TRANSITIONS, State, Trigger
from lifecycle_kit.trace import Transition

__all__ = ["MAIN", "Table", "rows_of", "state_diagram"]

Table = Mapping[tuple[State, Trigger], State]

# The specification's own arrows, shown unless all are asked for.
MAIN = frozenset(
    {
        ("created", "starting"),
        ("starting", "ready"),
        ("ready", "running"),
        ("running", "blocked"),
        ("blocked", "running"),
        ("running", "draining"),
        ("draining", "terminated"),
        ("starting", "failed"),
        ("running", "failed"),
        ("failed", "backoff"),
        ("backoff", "starting"),
    }
)


def rows_of(table: Table = TRANSITIONS) -> list[Row]:
    """Return the table as `(source, trigger, target)` in words."""
    return [(source.value, trigger.value, target.value) for (source, trigger), target in table.items()]


def state_diagram(
    current: State | str | None = None,
    taken: Iterable[Transition | tuple[State | str, State | str]] = (),
    *,
    arrows: str = "main",
    table: Table = TRANSITIONS,
    last: tuple[State | str, State | str] | None = None,
    also: Iterable[tuple[State | str, State | str]] = (),
) -> Svg:
    """Return the picture of the nine states and the moves between them.

    Args:
        current: where the unit stands now; marked, and its possible moves are dashed.
        taken: the moves it has made, as transitions or `(from, to)`; drawn thick, with how often.
        arrows: "main" for the moves everyone should know, "all" for the whole table.
        table: another table than the kit's own.
        last: the move made just now, as `(from, to)`; stands out among those taken.
        also: moves to show beside the main ones, taken or not, so that a run can be shown move by move.

    Raises:
        ValueError: if a state is not known, or `arrows` is neither of the two.

    >>> print(state_diagram("blocked").text.splitlines()[1])
    Now: blocked (alive, but waits). Possible next: ready, running, draining, terminated, failed.
    """
    if arrows not in ("main", "all"):
        raise ValueError(f"arrows={arrows!r} is not known; choose 'main' or 'all'")
    rows = rows_of(table)
    counts = _counts(taken)
    here = None if current is None else _name(current)
    just = None if last is None else (_name(last[0]), _name(last[1]))
    marks = Marks(current=frozenset() if here is None else frozenset({here}), taken=counts, last=just)
    wanted = MAIN | counts.keys() | _counts(also).keys()
    shown = [row for row in rows if arrows == "all" or (row[0], row[2]) in wanted]
    deep = any((source, target) in LANES for source, _, target in shown)
    layout = STATES_ALL if arrows == "all" else STATES_DEEP if deep else STATES
    groups = {name: frame.members for name, frame in layout.frames.items() if frame.members}
    now = [] if here is None else [_now(here, rows)]
    return Svg(
        width=layout.width,
        height=layout.height + key_height(marks, now),
        title="The nine states of a unit of execution" + (f", now {here}" if here else ""),
        text="\n".join(
            ["The nine states and the moves between them.", *now, *_just(just), *_been(counts), *sentences(rows)]
        ),
        body=draw(layout, merged(shown, groups), marks, {state.value: LOOKS[state] for state in State}, now),
    )


def _name(state: State | str) -> str:
    try:
        return State(state).value
    except ValueError:
        known = ", ".join(each.value for each in State)
        raise ValueError(f"{state!r} is no state; the nine are {known}") from None


def _counts(taken: Iterable[Transition | tuple[State | str, State | str]]) -> Counter[tuple[str, str]]:
    pairs = ((move.source, move.target) if isinstance(move, Transition) else move for move in taken)
    return Counter((_name(source), _name(target)) for source, target in pairs)


def _now(here: str, rows: Iterable[Row]) -> str:
    nexts = list(dict.fromkeys(target for source, _, target in rows if source == here))
    return f"Now: {here} ({PLACES[here].note}). Possible next: {', '.join(nexts) or 'nothing'}."


def _just(last: tuple[str, str] | None) -> list[str]:
    return [] if last is None else [f"Just taken: {last[0]} -> {last[1]}."]


def _been(counts: Mapping[tuple[str, str], int]) -> list[str]:
    made = (f"{a} -> {b}" + (f" ({n} times)" if n > 1 else "") for (a, b), n in counts.items())
    return [f"Taken: {', '.join(made)}."] if counts else []
