"""A run queue with one CPU: what Linux' single letter R hides, drawn tick by tick.

Its one rule: in every tick at most one process is RUNNING; all others that could run are READY.

The timing is that of `process-run.py`, the homework of OSTEP chapter 4 (*The Abstraction: The
Process*): a `cpu` instruction takes one tick; an `io` takes one tick of CPU to issue, then
`io_length` ticks in which its process is BLOCKED, then one tick of CPU (`io_done`) to take the
result. An io issued in tick t is therefore back in tick t + io_length + 1.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lifecycle_kit.simulate.runqueue_programs import Op, instructions, program, random_programs
from lifecycle_kit.simulate.runqueue_trace import ProcessState, RunQueueTrace, Tick

__all__ = [
    "IoDone",
    "ProcessState",
    "RunQueueTrace",
    "Switch",
    "Tick",
    "program",
    "random_programs",
    "run_queue",
]


class Switch(enum.Enum):
    """When the CPU goes to another process."""

    ON_IO = "SWITCH_ON_IO"  # when a process issues an io, and when it ends
    ON_END = "SWITCH_ON_END"  # only when a process ends


class IoDone(enum.Enum):
    """What happens when an io is back."""

    RUN_LATER = "IO_RUN_LATER"  # its process waits for its turn
    RUN_IMMEDIATE = "IO_RUN_IMMEDIATE"  # its process gets the CPU at once


def run_queue(
    programs: Iterable[str | Sequence[Op]],
    *,
    io_length: int = 5,
    switch: Switch = Switch.ON_IO,
    io_done: IoDone = IoDone.RUN_LATER,
) -> RunQueueTrace:
    """Return what one CPU does with some programs, until all are done.

    The first program starts with the CPU. When the CPU is free, the next READY process in
    circular order gets it.

    Args:
        programs: one per process: a text for `program`, or a sequence of `cpu` and `io`.
        io_length: ticks an io takes, from 0.
        switch: when the CPU goes to another process.
        io_done: what happens when an io is back.

    Raises:
        ValueError: an io length that is negative or no whole number, no program at all, or an instruction that is
            not known.

    Source: OSTEP homework cpu-intro, `process-run.py` and its README.

    >>> run_queue(["c4", "i"]).total_ticks, run_queue(["i", "c4"]).total_ticks
    (11, 7)
    """
    if io_length != int(io_length):
        raise ValueError(f"io_length is {io_length} ticks; there are only whole ticks")
    if io_length < 0:
        raise ValueError(f"io_length is {io_length} ticks; an io cannot end before it began: 0 or more")
    codes = [instructions(each) for each in programs]
    if not codes:
        raise ValueError("there is no program to run; give at least one, such as 'c5'")
    machine = _Machine(codes, io_length, switch, io_done)
    return RunQueueTrace(ticks=tuple(machine.ticks()))


@dataclass(slots=True)
class _Process:
    code: list[Op]
    state: ProcessState = ProcessState.READY
    io_back_at: int | None = None  # the tick at whose start its io ends


@dataclass(slots=True)
class _Machine:
    """The one CPU and its queue; `ticks` runs it to the end."""

    codes: list[list[Op]]
    io_length: int
    switch: Switch
    io_done: IoDone
    processes: list[_Process] = field(init=False)
    current: int = 0  # the process that has the CPU, or had it last

    def __post_init__(self) -> None:
        self.processes = [_Process(code) for code in self.codes]
        for process in self.processes:
            if not process.code:
                process.state = ProcessState.DONE
        self.current = len(self.processes) - 1  # so that the circle starts with the first
        self._give_cpu_to_next()

    def ticks(self) -> Iterable[Tick]:
        """Yield tick after tick until every process is done."""
        number = 0
        while any(process.state is not ProcessState.DONE for process in self.processes):
            number += 1
            came_back = self._finish_io(number)
            yield self._work(number, came_back)

    def _finish_io(self, now: int) -> bool:
        came_back = False
        for pid, process in enumerate(self.processes):
            if process.io_back_at == now:
                came_back, process.io_back_at = True, None
                process.state = ProcessState.READY  # BLOCKED -> READY
                if self._gets_cpu_at_once():
                    self._give_cpu_to(pid)
        return came_back

    def _gets_cpu_at_once(self) -> bool:
        """Tell whether a process whose io is back goes first.

        Under SWITCH_ON_END the CPU has stood still for the process that issued the io, so it
        goes on with it; otherwise it must wait, unless nothing else can run.
        """
        can_run = sum(process.state in (ProcessState.READY, ProcessState.RUNNING) for process in self.processes)
        return self.io_done is IoDone.RUN_IMMEDIATE or self.switch is Switch.ON_END or can_run == 1

    def _work(self, number: int, came_back: bool) -> Tick:
        running = self.processes[self.current]
        has_cpu = running.state is ProcessState.RUNNING
        op = running.code.pop(0) if has_cpu else None
        tick = Tick(
            number=number,
            states=tuple(process.state for process in self.processes),
            op=op,
            ios_in_flight=sum(process.io_back_at is not None for process in self.processes),
            io_came_back=came_back,
        )
        if op == "io":
            running.state = ProcessState.BLOCKED  # RUNNING -> BLOCKED
            running.io_back_at = number + self.io_length + 1
            if self.switch is Switch.ON_IO:
                self._give_cpu_to_next()
        self._retire()
        return tick

    def _retire(self) -> None:
        """Move a running process without instructions to DONE, and hand on the CPU."""
        running = self.processes[self.current]
        if running.state is ProcessState.RUNNING and not running.code:
            running.state = ProcessState.DONE  # RUNNING -> DONE
            self._give_cpu_to_next()

    def _give_cpu_to_next(self) -> None:
        count = len(self.processes)
        for pid in ((self.current + step) % count for step in range(1, count + 1)):
            if self.processes[pid].state is ProcessState.READY:
                self._give_cpu_to(pid)
                return

    def _give_cpu_to(self, pid: int) -> None:
        if self.processes[self.current].state is ProcessState.RUNNING:
            self.processes[self.current].state = ProcessState.READY  # RUNNING -> READY
        self.current = pid
        self.processes[pid].state = ProcessState.RUNNING  # READY -> RUNNING
