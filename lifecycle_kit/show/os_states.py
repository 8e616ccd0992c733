"""What an operating system sees of a process: five states of the textbook, one that Linux adds, and Linux' letters.

Rule: this table is a map of the system's states, not the kit's: nothing is run by it. It uses no colours, because
its "ready" (waits for a CPU, does nothing) is not the "ready" of a service (may be given work).

Source of the letters: proc_pid_stat(5), field 3. Source of the five states: OSTEP, chapter 4, and most textbooks.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from lifecycle_kit.show.arrows import Row, merged, sentences
from lifecycle_kit.show.draw import Marks, draw, key_height
from lifecycle_kit.show.layout import Frame, Layout, Place, Route
from lifecycle_kit.show.palette import Look
from lifecycle_kit.show.svg import Svg

__all__ = ["LETTERS", "OS_LAYOUT", "OS_TRANSITIONS", "OsState", "os_diagram", "os_states"]


class OsState(enum.Enum):
    """Where a process stands, as its operating system sees it."""

    NEW = "new"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    TERMINATED = "terminated"


# Linux' letters: what `ps` and /proc/PID/stat show. `R` does not tell ready from running.
LETTERS: Mapping[OsState, tuple[str, ...]] = MappingProxyType(
    {
        OsState.NEW: (),
        OsState.READY: ("R",),
        OsState.RUNNING: ("R",),
        OsState.WAITING: ("S", "D"),
        OsState.STOPPED: ("T", "t"),
        OsState.TERMINATED: ("Z", "X"),
    }
)

S = OsState  # for the table only

OS_TRANSITIONS: Mapping[tuple[OsState, str], OsState] = MappingProxyType(
    {
        (S.NEW, "admitted"): S.READY,
        (S.READY, "gets the CPU"): S.RUNNING,
        (S.RUNNING, "preempted"): S.READY,
        (S.RUNNING, "has to wait"): S.WAITING,
        (S.WAITING, "woken"): S.READY,
        (S.RUNNING, "exits"): S.TERMINATED,
        (S.READY, "SIGSTOP"): S.STOPPED,
        (S.RUNNING, "SIGSTOP"): S.STOPPED,
        (S.WAITING, "SIGSTOP"): S.STOPPED,
        (S.STOPPED, "SIGCONT"): S.READY,
        # From D only once what it waits for has come.
        (S.READY, "SIGKILL"): S.TERMINATED,
        (S.RUNNING, "SIGKILL"): S.TERMINATED,
        (S.WAITING, "SIGKILL"): S.TERMINATED,
        (S.STOPPED, "SIGKILL"): S.TERMINATED,
    }
)

_ALIVE, _BOTH_R = "any of these three", "Linux: R for both"
# As wide as the picture of the nine states, and with the same names in the same columns: one can stand above the other.
OS_LAYOUT = Layout(
    width=960,
    height=296,
    places={
        "new": Place(104, 112, "being made"),
        "ready": Place(330, 112, "R  waits for a CPU"),
        "running": Place(556, 112, "R  has a CPU"),
        "waiting": Place(556, 220, "S or D  waits"),
        "stopped": Place(104, 220, "T or t  by a signal"),
        "terminated": Place(852, 112, "Z until reaped, X"),
    },
    frames={
        _ALIVE: Frame((236, 34, 418, 226), (246, 246), ("ready", "running", "waiting"), shaded=True),
        _BOTH_R: Frame((250, 70, 386, 84), (256, 58), dotted=True),
    },
    routes={
        ("new", "ready"): Route(((172, 104), (262, 104)), (204, 92)),
        ("ready", "running"): Route(((398, 100), (488, 100)), (438, 88)),
        ("running", "ready"): Route(((488, 124), (398, 124)), (443, 136)),
        ("running", "waiting"): Route(((556, 139), (556, 193)), (547, 164), "end"),
        ("waiting", "ready"): Route(((488, 220), (340, 220), (340, 139)), (414, 209)),
        ("running", "terminated"): Route(((624, 104), (784, 104)), (718, 92)),
        (_ALIVE, "terminated"): Route(((654, 190), (830, 190), (830, 139)), (740, 179)),
        (_ALIVE, "stopped"): Route(((236, 226), (172, 226)), (204, 238)),
        ("stopped", "ready"): Route(((104, 193), (104, 172), (300, 172), (300, 139)), (170, 161)),
        ("stopped", "terminated"): Route(((104, 247), (104, 280), (874, 280), (874, 139)), (740, 269)),
    },
)
_LOOK = Look(fill="#eceff4", edge="#3d4450", letter="", hatch="")


def os_states(name: str) -> list[OsState]:
    """Return the states that a name or one of Linux' letters may mean.

    Raises:
        ValueError: if it is neither.

    >>> [state.value for state in os_states("R")]
    ['ready', 'running']
    """
    found = [state for state in OsState if name == state.value or name in LETTERS[state]]
    if not found:
        names, letters = (state.value for state in OsState), (each for group in LETTERS.values() for each in group)
        known = f"{', '.join(names)}, or a letter of Linux: {', '.join(dict.fromkeys(letters))}"
        raise ValueError(f"{name!r} is no state of a process; use {known}")
    return found


def os_diagram(current: OsState | str | None = None) -> Svg:
    """Return the picture of a process' states as its operating system sees them, with Linux' letters.

    Args:
        current: a state's name, or a letter such as "S"; "R" marks two states, because Linux does not tell which.

    Raises:
        ValueError: if it is neither a state nor a letter.

    >>> print(os_diagram("D").text.splitlines()[1])
    Now: waiting (D).
    """
    rows: list[Row] = [(a.value, trigger, b.value) for (a, trigger), b in OS_TRANSITIONS.items()]
    name = current.value if isinstance(current, OsState) else current
    states = [] if name is None else [state.value for state in os_states(name)]
    marks = Marks(current=frozenset(states))
    words = [] if name is None else [_now(name, states)]
    groups = {label: frame.members for label, frame in OS_LAYOUT.frames.items() if frame.members}
    letters = [f"{state.value}: {' or '.join(LETTERS[state]) or 'no letter'}" for state in OsState]
    opening = "The states of a process, as the operating system sees it."
    return Svg(
        width=OS_LAYOUT.width,
        height=OS_LAYOUT.height + key_height(marks, words),
        title="The states of a process" + (f", now {' or '.join(states)}" if states else ""),
        text="\n".join([opening, *words, f"Linux' letters: {'; '.join(letters)}.", *sentences(rows)]),
        body=draw(OS_LAYOUT, merged(rows, groups), marks, {state.value: _LOOK for state in OsState}, words),
    )


def _now(name: str, states: list[str]) -> str:
    letter = f" ({name})" if name not in states else ""
    hidden = f"; {name} does not tell which" if len(states) > 1 else ""
    return f"Now: {' or '.join(states)}{letter}{hidden}."
