"""The two sides of a restart case, recorded and predicted, as one trace that every view can draw.

Rule: both sides are drawn by the same rule from the same keys, so a difference that is seen is a difference of the
data. What happened within a life was not recorded: it is shown as running from its start to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from lifecycle_kit.atlas import Case
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import ns

__all__ = ["sides"]

Move = tuple[float, State, str]
Life = tuple[float, float | None, str]  # start, end, how it ended
UP = (State.STARTING, State.READY, State.RUNNING)
MARGIN = 1.1  # the picture goes on a little after the last thing that happened


def sides(case: Case, predicted: Mapping[str, Any]) -> Trace | None:
    """Return a trace with an instance for what the atlas says and one for the prediction.

    The first is named after the evidence: "recorded", "documented", ... None if the case does not say when anything
    was started.

    Args:
        case: of the kind `restart`.
        predicted: what the kit says, by key; empty if it says nothing.
    """
    shown = {case.evidence: _moves(case.given, case.observed), "predicted": _moves(case.given, predicted)}
    if not shown[case.evidence]:
        return None
    end_s = max(at for moves in shown.values() for at, _, _ in moves) * MARGIN or 1.0
    if (until_s := case.given.get("until_s")) is not None:
        end_s = max(min(end_s, until_s), max(at for at, _, _ in shown[case.evidence]))
    trace = Trace(header={"until_ns": ns(end_s)})
    for name, moves in shown.items():
        _add(trace, name, [move for move in moves if move[0] <= end_s])
    return trace


def _add(trace: Trace, name: str, moves: Iterable[Move]) -> None:
    stood = State.CREATED
    for at_s, target, cause in moves:
        trace.entries.append(Transition(at_ns=ns(at_s), instance=name, source=stood, target=target, cause=cause))
        if cause == "gave up":
            trace.alerts.append((ns(at_s), name, "gave-up", "it is not started again"))
        stood = target


def _moves(given: Mapping[str, Any], side: Mapping[str, Any]) -> list[Move]:
    lives = list(_lives(given, side))
    given_up = side.get("gave_up_times_s") or [at for at in [side.get("gave_up_s")] if at is not None]
    made: list[Move] = []
    for (start_s, end_s, how), after in zip_longest(lives, lives[1:]):
        made += [(start_s, state, "start") for state in UP]
        if end_s is None:
            break
        made.append((end_s, State.TERMINATED if how == "exit 0" else State.FAILED, how))
        due = [at for at in given_up if at >= start_s and (after is None or at < after[0])]
        if due:
            made += _giving_up(end_s, due[0])
        elif after is not None or side.get("still_restarting"):
            made.append((end_s, State.BACKOFF, "a restart is planned"))
    return made


def _giving_up(end_s: float, at_s: float) -> list[Move]:
    """Return how an end was the last one: at once, or only when the planned start was refused."""
    if at_s <= end_s:
        return [(end_s, State.BACKOFF, "a restart is asked for"), (end_s, State.FAILED, "gave up")]
    return [(end_s, State.BACKOFF, "a restart is planned"), (at_s, State.FAILED, "gave up")]


def _lives(given: Mapping[str, Any], side: Mapping[str, Any]) -> Iterator[Life]:
    """Yield each life as far as `starts_s`, or the waits after measured runs, say."""
    script, delays = given.get("lives") or [], side.get("delays_s") or []
    starts: Sequence[float] | None = side.get("starts_s")
    count = len(starts) if starts is not None else len(delays) + 1 if delays else 0
    start_s = 0.0
    for number in range(count):
        life = _life(script, number, bool(given.get("repeat_last")))
        start_s = starts[number] if starts is not None else start_s
        run_s, wait_s = life.get("run_s"), _shortest(delays[number]) if number < len(delays) else None
        if starts is not None and wait_s is not None and number + 1 < count:
            end_s: float | None = max(starts[number + 1] - wait_s, start_s)
        else:
            end_s = None if run_s is None else start_s + run_s
        yield start_s, end_s, _how(life.get("exit"))
        if starts is None:
            start_s = (end_s or start_s) + (wait_s or 0.0)


def _life(script: Sequence[Mapping[str, Any]], number: int, repeat: bool) -> Mapping[str, Any]:
    if number < len(script):
        return script[number]
    return script[-1] if script and repeat else {}


def _shortest(wait: float | Sequence[float] | None) -> float | None:
    """Return a wait; of one that is drawn by lot the least."""
    return min(wait) if isinstance(wait, Sequence) else wait


def _how(end: Any) -> str:
    return f"exit {end}" if isinstance(end, int) else f"ended by {end}" if end else "ended"
