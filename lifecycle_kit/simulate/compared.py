"""The same misbehaving program under every system: what restart policy is as a design decision, in one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.simulate.several import side_by_side
from lifecycle_kit.states import HAS_PROCESS
from lifecycle_kit.systems import SYSTEMS, system
from lifecycle_kit.trace import Interval, Trace, intervals, last_moves, starts
from lifecycle_kit.units import seconds

__all__ = ["Answer", "compare_systems"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one system made of the program.

    Attributes:
        system: its name.
        starts: how many lives began.
        gave_up_s: when it stopped trying, None if it never did.
        restarts_per_hour: over the whole run.
        longest_silence_s: the longest time without a process, the time after giving up included.
        final: the state at the end of the run, in the system's own words.
    """

    system: str
    starts: int
    gave_up_s: float | None
    restarts_per_hour: float
    longest_silence_s: float
    final: str


def compare_systems(
    lives: Lives | Script, until_s: float = 600.0, *, systems: Iterable[str] = tuple(SYSTEMS), seed: int = 0
) -> tuple[Trace, list[Answer]]:
    """Return one trace with an instance for each system, and each system's answer.

    Every system has its own defaults, but for the one option that makes it restart at all.

    Args:
        lives: what the program does, as in `simulate`.
        until_s: length of the run, seconds.
        systems: names from `SYSTEMS`.
        seed: of every draw.

    >>> _, answers = compare_systems(Script(run_s=0), 60, systems=["systemd", "supervisord"])
    >>> [(answer.system, answer.starts, answer.gave_up_s) for answer in answers]
    [('systemd', 5, 0.5), ('supervisord', 4, 6.0)]
    """
    units = {name: system(name).unit(system(name).restarting) for name in systems}
    trace = side_by_side(units, lives, until_s, seed=seed)
    described = {name: {"like": name, "options": dict(system(name).restarting)} for name in units}
    trace.header["instances"] = described
    parts = intervals(trace.transitions, trace.until_ns)
    return trace, [_answer(name, trace, [part for part in parts if part.instance == name]) for name in units]


def _answer(name: str, trace: Trace, parts: list[Interval]) -> Answer:
    begun = len(starts(trace.transitions, name))
    gave_up = [at for at, who, kind, _ in trace.alerts if who == name and kind == "gave-up"]
    last = last_moves(trace.transitions)[name].target
    return Answer(
        system=name,
        starts=begun,
        gave_up_s=seconds(gave_up[-1]) if gave_up else None,
        restarts_per_hour=(begun - 1) * 3600 / seconds(trace.until_ns) if trace.until_ns else 0.0,
        longest_silence_s=_longest_silence(parts),
        final=system(name).native[last],
    )


def _longest_silence(parts: list[Interval]) -> float:
    longest = since = 0
    for part in parts:
        if part.state in HAS_PROCESS:
            since = part.end_ns
        longest = max(longest, part.end_ns - since)
    return seconds(longest)
