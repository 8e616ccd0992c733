"""How each state looks, everywhere: a fill, a dark shade of it, a letter and a hatch.

Rule: colour is never the only carrier. Black text on every fill reaches 4.5:1 and every dark shade reaches 4.5:1
on white (WCAG 2.2, 1.4.3), and any two fills stay apart for people who see no red, no green or no blue: tests
compute it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lifecycle_kit.states import State

__all__ = ["GRID", "INK", "LOOKS", "MUTED", "NOW", "PAPER", "SERIES", "SHADE", "Look", "key_line", "look"]

INK = "#16181d"  # text and strong lines
MUTED = "#5f6673"  # text and lines that stand back
GRID = "#d5d9e0"  # decoration: nothing depends on seeing it
PAPER = "#ffffff"
SHADE = "#f3f5f9"  # the ground behind what has a process
NOW = "#8f1d3f"  # "this is the current state", always with the word


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is drawn.

    Attributes:
        fill: colour of boxes and bars; black text can be read on it.
        edge: a dark shade for outlines, ticks and text on white.
        letter: one character for places where the name does not fit.
        hatch: matplotlib's hatch pattern.
    """

    fill: str
    edge: str
    letter: str
    hatch: str


LOOKS: dict[State, Look] = {
    State.CREATED: Look("#e3e8ff", "#4a5578", "c", ""),
    State.STARTING: Look("#9db7ef", "#1f4287", "s", "///"),
    State.READY: Look("#afff9c", "#2a6a1c", "r", ""),
    State.RUNNING: Look("#20b178", "#0a5a3c", "R", ""),
    State.BLOCKED: Look("#ffb620", "#7a4f00", "b", "xxx"),
    State.DRAINING: Look("#b377f9", "#5a2a99", "d", "\\\\\\"),
    State.TERMINATED: Look("#7b8597", "#3d4450", "t", "---"),
    State.FAILED: Look("#f43e51", "#8f1322", "F", "++"),
    State.BACKOFF: Look("#f4d3c2", "#8a4020", "o", "..."),
}


# Lines of a chart: colour, marker and dash all differ. The colours reach 3:1 on white.
SERIES: tuple[tuple[str, str, str], ...] = (
    ("#0a5a8c", "o", "-"),
    ("#b3430b", "s", "--"),
    ("#0b7a55", "^", "-."),
    ("#8f1d3f", "D", ":"),
    ("#6b4fb3", "v", "-"),
    ("#5f6673", "P", "--"),
)


def look(state: State | str) -> Look:
    """Return how a state is drawn; ValueError if there is no such state.

    >>> look("running").letter, look(State.READY).letter
    ('R', 'r')
    """
    return LOOKS[State(state)]


def key_line(states: Collection[State] = tuple(State)) -> str:
    """Return the letters of some states and what they stand for, in one line."""
    return "  ".join(f"{LOOKS[state].letter} {state.value}" for state in State if state in states)
