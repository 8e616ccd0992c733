"""The page about the states, in Markdown, and its picture: made from the table and from what each system says.

Rule: nothing on the page is written twice. Only a state's meaning stands here; every move, mapping and name is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle_kit.show.diagram import rows_of, state_diagram
from lifecycle_kit.show.palette import LOOKS
from lifecycle_kit.states import HAS_PROCESS, REQUESTS, State
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.view import view_of

__all__ = ["MEANING", "PICTURE", "states_page", "states_picture"]

PICTURE = "states.svg"

MEANING: dict[State, str] = {
    State.CREATED: "It is known and wanted, but was not started yet: perhaps it is not admitted or placed.",
    State.STARTING: "A process exists. It has not been ready in this life.",
    State.READY: "It may be given work, and has none.",
    State.RUNNING: "It does work.",
    State.BLOCKED: "It is alive and waits for something outside or inside; it is given no work.",
    State.DRAINING: "It takes no new work, finishes what it has, and then leaves.",
    State.TERMINATED: "It ended as it should, or as it was asked to.",
    State.FAILED: "It ended badly. If no restart follows, it has been given up.",
    State.BACKOFF: "No process exists. A timer runs; when it is due, the next life starts.",
}

_INTRO = """\
# The nine states

This page and its picture are generated from `lifecycle_kit/states.py` by `tools/make_docs.py`; change the table, not
the page.

![The nine states and the moves that everyone should know](states.svg)

Above the line a process exists, below it there is none: an arrow upward starts a process, an arrow downward is its
end. The picture shows the main moves; `state_diagram(arrows="all")` from `lifecycle_kit.show` draws every one.
"""

_MOVES = """\
## Every move

Bold triggers are requests by people; they may be refused. All others are news, and news is never refused.
"""


def states_picture() -> str:
    """Return the picture of the page as an SVG document."""
    return str(state_diagram())


def states_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRO, "## What they mean\n", *_meanings(), "", _MOVES, *_moves(), "", *_names()])


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *(list(row) for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _meanings() -> list[str]:
    rows = (
        (
            f"`{state.value}`",
            LOOKS[state].letter,
            "yes" if state in HAS_PROCESS else "no",
            MEANING[state],
            f"`{view_of(state)}`",
        )
        for state in State
    )
    return _table(("state", "letter", "process", "meaning", "`lifecycle_view` says"), rows)


def _moves() -> list[str]:
    requests = {trigger.value for trigger in REQUESTS}
    between: dict[tuple[str, str], list[str]] = {}
    for source, trigger, target in rows_of():
        between.setdefault((source, target), []).append(f"**{trigger}**" if trigger in requests else trigger)
    order = {state.value: place for place, state in enumerate(State)}
    ways = sorted(between.items(), key=lambda way: order[way[0][0]])
    return _table(
        ("from", "to", "when"), ((f"`{source}`", f"`{target}`", ", ".join(t)) for (source, target), t in ways)
    )


def _names() -> list[str]:
    rows = ((name, *(system.native[state] for state in State)) for name, system in SYSTEMS.items())
    table = _table(("system", *(f"`{state.value}`" for state in State)), rows)
    lost = (f"- **{name}**: {system.loses}" for name, system in SYSTEMS.items())
    return ["## What real systems call them\n", *table, "", "What is lost on the way:\n", *lost, ""]
