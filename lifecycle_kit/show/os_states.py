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
OS_LAYOUT = Layout(
    width=500,
    height=488,
    places={
        "new": Place(100, 60, "being made"),
        "ready": Place(100, 205, "R  waits for a CPU"),
        "running": Place(366, 205, "R  has a CPU"),
        "waiting": Place(366, 330, "S or D  waits"),
        "stopped": Place(230, 448, "T or t  by a signal"),
        "terminated": Place(366, 60, "Z until reaped, X"),
    },
    frames={
        _ALIVE: Frame((14, 136, 434, 240), (132, 352), ("ready", "running", "waiting"), shaded=True),
        _BOTH_R: Frame((22, 156, 418, 112), (176, 256), dotted=True),
    },
    routes={
        ("new", "ready"): Route(((100, 87), (100, 178)), (109, 116), "start"),
        ("ready", "running"): Route(((168, 193), (298, 193)), (233, 180)),
        ("running", "ready"): Route(((298, 217), (168, 217)), (233, 229)),
        ("running", "waiting"): Route(((366, 232), (366, 303)), (357, 285), "end"),
        ("waiting", "ready"): Route(((298, 330), (120, 330), (120, 232)), (200, 318)),
        ("running", "terminated"): Route(((376, 178), (376, 87)), (385, 116), "start"),
        (_ALIVE, "terminated"): Route(((330, 136), (330, 87)), (321, 112), "end"),
        (_ALIVE, "stopped"): Route(((230, 376), (230, 421)), (239, 399), "start"),
        ("stopped", "ready"): Route(((162, 448), (64, 448), (64, 232)), (73, 410), "start"),
        ("stopped", "terminated"): Route(((298, 448), (474, 448), (474, 60), (434, 60)), (386, 436)),
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
