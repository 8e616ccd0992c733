"""A trace as a table to read: which instance stood in which state, from when to when, how long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from lifecycle_kit.trace import Interval, Trace, Transition, intervals
from lifecycle_kit.units import ns, seconds, span

__all__ = ["crop", "timeline_text"]


def crop(
    trace: Trace, until_s: float | None = None, instances: Sequence[str] | None = None
) -> tuple[list[Transition], int]:
    """Return the moves of `instances` up to `until_s`, ordered by instance, and the end of the view in nanoseconds.

    Raises:
        ValueError: naming an instance that is not in the trace.
    """
    names = trace.instances if instances is None else list(instances)
    if missing := [name for name in names if name not in trace.instances]:
        known = ", ".join(trace.instances) or "none at all"
        raise ValueError(f"the trace has no instance {missing[0]!r}; it has {known}")
    end = trace.until_ns if until_s is None else ns(until_s)
    moves = [t for name in names for t in trace.transitions if t.instance == name and t.at_ns <= end]
    return moves, end


def timeline_text(trace: Trace, until_s: float | None = None, instances: Sequence[str] | None = None) -> str:
    """Return what `timeline` draws, as a table: per instance each state, from when to when, and how long.

    Args:
        trace: a run, real or simulated.
        until_s: show it up to this second; all of it if None.
        instances: whom to show, in this order; all if None.

    Raises:
        ValueError: naming an instance that is not in the trace.
    """
    moves, end = crop(trace, until_s, instances)
    lines = []
    for name, parts in groupby(intervals(moves, end), key=lambda part: part.instance):
        lines += [name, f"  {'from':>10}  {'to':>10}  {'how long':<14}  state", *_rows(list(parts), end)]
    shown = {move.instance for move in moves}
    lines += [
        f"alert at {_point(at)}: {name}: {kind} ({text})"
        for at, name, kind, text in trace.alerts
        if name in shown and at <= end
    ]
    return "\n".join(lines) if lines else "Nothing has moved."


def _rows(parts: Sequence[Interval], end: int) -> Iterable[str]:
    """Yield a line per state that lasted; those passed through at its beginning are named with it."""
    passed: list[str] = []
    for part in parts:
        last = part is parts[-1] and part.end_ns >= end
        if part.start_ns == part.end_ns and not last:
            passed.append(part.state.value)
            continue
        to, lasts = ("end", f"{_lasts(part)} so far") if last else (_point(part.end_ns), _lasts(part))
        through = f" (at once through {', '.join(passed)})" if passed else ""
        yield f"  {_point(part.start_ns):>10}  {to:>10}  {lasts:<14}  {part.state.value}{through}"
        passed = []


def _lasts(part: Interval) -> str:
    return span(part.end_ns - part.start_ns) or "0 s"


def _point(at_ns: int) -> str:
    return f"{round(seconds(at_ns), 3):.12g} s"
