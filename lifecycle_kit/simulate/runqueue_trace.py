"""What a run queue did: tick by tick as values, as plain rows and as a table to read.

Its one rule: a tick says what was true while it lasted, before the CPU changed hands.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class ProcessState(enum.Enum):
    """Where a process stands in one tick."""

    READY = "ready"  # could run, but the CPU is taken (or not yet given)
    RUNNING = "running"  # has the CPU
    BLOCKED = "blocked"  # waits for its io; the CPU would be of no use to it
    DONE = "done"  # has no instruction left


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One tick of the clock, as it was while it lasted.

    Attributes:
        number: counted from 1.
        states: one per process, in the order of the programs.
        op: the instruction the CPU worked on, or None if it was idle.
        ios_in_flight: how many ios were under way.
        io_came_back: whether an io ended at the start of this tick.
    """

    number: int
    states: tuple[ProcessState, ...]
    op: str | None
    ios_in_flight: int
    io_came_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueueTrace:
    """All ticks of a run, with its totals."""

    ticks: tuple[Tick, ...]

    @property
    def total_ticks(self) -> int:
        """Return how many ticks passed until every process was done."""
        return len(self.ticks)

    @property
    def cpu_ticks(self) -> int:
        """Return in how many ticks the CPU worked."""
        return sum(tick.op is not None for tick in self.ticks)

    @property
    def io_ticks(self) -> int:
        """Return in how many ticks at least one io was under way."""
        return sum(tick.ios_in_flight > 0 for tick in self.ticks)

    @property
    def io_done_ticks(self) -> tuple[int, ...]:
        """Return the ticks at whose start an io came back."""
        return tuple(tick.number for tick in self.ticks if tick.io_came_back)

    def ticks_in(self, process: int, state: ProcessState) -> int:
        """Return how many ticks a process (counted from 0) spent in a state."""
        return sum(tick.states[process] is state for tick in self.ticks)

    def rows(self) -> list[dict[str, object]]:
        """Return one plain dict per tick: `tick`, `states`, `op`, `ios`, `io_came_back`."""
        return [
            {
                "tick": tick.number,
                "states": [state.value for state in tick.states],
                "op": tick.op,
                "ios": tick.ios_in_flight,
                "io_came_back": tick.io_came_back,
            }
            for tick in self.ticks
        ]

    def table(self) -> str:
        """Return the run as text, one line per tick; `*` marks the tick an io came back."""
        processes = len(self.ticks[0].states) if self.ticks else 0
        head = ["tick", *(f"process {pid}" for pid in range(processes)), "CPU", "IO"]
        return "\n".join([_line(head), *(_line(_cells(tick)) for tick in self.ticks)])

    def summary(self) -> str:
        """Return the totals as one sentence."""
        return (
            f"{self.total_ticks} ticks in all: the CPU worked in {self.cpu_ticks} of them, "
            f"an io was under way in {self.io_ticks}."
        )


def _cells(tick: Tick) -> list[str]:
    names = [f"RUNNING {tick.op}" if state is ProcessState.RUNNING else state.name for state in tick.states]
    return [
        f"{tick.number}{'*' if tick.io_came_back else ' '}",
        *names,
        "busy" if tick.op else "idle",
        str(tick.ios_in_flight or "-"),
    ]


def _line(cells: Sequence[str]) -> str:
    first, *middle, cpu, ios = cells
    return (f"{first:>5}  " + "".join(f"{cell:<16}" for cell in middle) + f"{cpu:<6}{ios}").rstrip()
