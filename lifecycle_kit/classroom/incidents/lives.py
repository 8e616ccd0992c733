"""The lives of a fleet's instances, read from its log: born, ready, ended, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import Transition

__all__ = ["ENDED_BY", "Life", "lives_of", "next_birth_s"]

ENDED_BY = ("nobody", "itself", "probe", "kernel", "request", "deadline")
"""Who ends lives. kernel: for want of memory. request: asked to stop, it did. deadline: asked to stop, was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One life of one instance; times in seconds, None for what has not happened.

    Attributes:
        instance: whose.
        born_s, ready_s, asked_s, ended_s: when it began, was first ready, began to leave, ended.
        by: who ended it, one of `ENDED_BY`.
        signal: that ended it, "" if none did.
    """

    instance: str
    born_s: float
    ready_s: float | None = None
    asked_s: float | None = None
    ended_s: float | None = None
    by: str = "nobody"
    signal: str = ""


def lives_of(result: WorldResult, fleet: str, until_s: float | None = None) -> list[Life]:
    """Return the lives of a fleet in order of birth, as they stand at `until_s` (None: at the end of the run)."""
    moves = [m for m in result.fleets[fleet].log if until_s is None or m.at <= until_s]
    exits = {(name, event.at): event for name, event in result.trace.events if isinstance(event, ev.Exited)}
    found = [life for name in dict.fromkeys(m.instance for m in moves) for life in _lives(name, moves, exits)]
    return sorted(found, key=lambda life: (life.born_s, life.instance))


def _lives(name: str, moves: Iterable[Transition], exits: dict[tuple[str, int], ev.Exited]) -> list[Life]:
    made: list[Life] = []
    for move in moves:
        if move.instance != name:
            continue
        if move.target is State.STARTING:
            made.append(Life(instance=name, born_s=move.at))
        elif made:
            made[-1] = _after(made[-1], move, exits.get((name, move.at_ns)))
    return made


def _after(life: Life, move: Transition, exit: ev.Exited | None) -> Life:
    if move.target in (State.READY, State.RUNNING) and life.ready_s is None:
        return replace(life, ready_s=move.at)
    if move.target is State.DRAINING:
        return replace(life, asked_s=move.at, by="probe" if "probe" in move.cause else "request")
    if move.source in HAS_PROCESS and move.target not in HAS_PROCESS:
        signal = (exit.signal or "") if exit else ""
        return replace(life, ended_s=move.at, by=_by(life, exit), signal=signal)
    return life


def _by(life: Life, exit: ev.Exited | None) -> str:
    if exit is not None and exit.cause is Cause.MEMORY:
        return "kernel"
    if life.asked_s is None:
        return "itself"
    killed = exit is not None and exit.signal == "SIGKILL"
    return "deadline" if killed and life.by == "request" else life.by


def next_birth_s(lives: Sequence[Life], instance: str, after_s: float) -> float:
    """Return when the next life of an instance begins after an instant.

    Raises:
        ValueError: if none does.
    """
    for life in lives:
        if life.instance == instance and life.born_s > after_s:
            return life.born_s
    raise ValueError(f"no life of {instance} begins after {after_s} s")
