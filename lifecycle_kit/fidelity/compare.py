"""When does a prediction agree with an observation? One function for each way of comparing that the atlas knows.

Rule: the observation leads. What it does not say is not compared; what the prediction says beyond it does no harm.
Source: the atlas' README, "How to compare".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["MODES", "Context", "agrees"]

# Recorded numbers are rounded to the millisecond, worked-out ones are float sums.
ROUNDING_S = 1e-6
BOUNDS = 0.001
ANNOUNCED_S = 0.0011
SETS = frozenset({"alive_after", "kept_not_running", "restarted", "untouched"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What else of the case decides how far two values may be apart.

    Attributes:
        tolerance_s: of the case, seconds.
        starts: how many starts were observed.
        every_s: time between two new requests, seconds; phases are only seen that often.
        cut: the recording ended while the process was still being restarted: compare as far as it goes.
    """

    tolerance_s: float = 0.0
    starts: int = 0
    every_s: float = 0.0
    cut: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any], observed: Mapping[str, Any], tolerance_s: float) -> Context:
        """Return the context of a case."""
        starts = observed.get("starts_s")
        return cls(
            tolerance_s=tolerance_s,
            starts=len(starts) if starts is not None else int(observed.get("starts_total", 0)),
            every_s=float(given.get("new_request_every_s") or 0),
            cut=observed.get("still_restarting") is True,
        )


def agrees(mode: str, predicted: Any, observed: Any, context: Context) -> bool:
    """Return whether `predicted` agrees with `observed` in the way called `mode`.

    Raises:
        ValueError: if there is no such way.

    >>> agrees("times", [0, 1.5, 3.5], [0, 1.4, 3.5], Context(tolerance_s=0.11))
    True
    """
    if mode not in MODES:
        raise ValueError(f"{mode!r} is no way to compare; known are {', '.join(sorted(MODES))}")
    try:
        return MODES[mode](predicted, observed, context)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):  # another shape is another answer
        return False


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounds(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(_number, value))


def _near(predicted: float, observed: float, within_s: float) -> bool:
    return abs(predicted - observed) <= within_s + ROUNDING_S


def _exact(predicted: Any, observed: Any, context: Context) -> bool:
    if _bounds(observed):
        return len(predicted) == 2 and all(_near(p, o, BOUNDS) for p, o in zip(predicted, observed, strict=True))
    if _number(observed):
        return _number(predicted) and _near(predicted, observed, 0)
    if isinstance(observed, Mapping):
        return predicted.keys() == observed.keys() and all(
            _exact(predicted[key], observed[key], context) for key in observed
        )
    if isinstance(observed, list | tuple):
        return _each(predicted, observed, lambda p, o: _exact(p, o, context))
    return type(predicted) is type(observed) and bool(predicted == observed)


def _each(predicted: Sequence[Any], observed: Sequence[Any], same: Callable[[Any, Any], bool]) -> bool:
    return len(predicted) == len(observed) and all(map(same, predicted, observed))


def _as_far_as_seen(predicted: Sequence[Any], observed: Sequence[Any], context: Context) -> Sequence[Any]:
    return predicted[: len(observed)] if context.cut else predicted


def _list(predicted: Any, observed: Any, context: Context) -> bool:
    predicted = _as_far_as_seen(predicted, observed, context)
    return _each(predicted, observed, lambda p, o: o is None or _exact(p, o, context))


def _time(predicted: Any, observed: Any, context: Context) -> bool:
    if not _bounds(observed):
        return _near(predicted, observed, context.tolerance_s)
    if _bounds(predicted):
        return _exact(predicted, observed, context)
    return bool(observed[0] - ROUNDING_S <= predicted <= observed[1] + ROUNDING_S)


def _time_cumulative(predicted: Any, observed: Any, context: Context) -> bool:
    return _near(predicted, observed, context.tolerance_s * (1 + context.starts))


def _times_cumulative(predicted: Any, observed: Any, context: Context) -> bool:
    predicted = _as_far_as_seen(predicted, observed, context)
    return _each(predicted, observed, lambda p, o: _time_cumulative(p, o, context))


def _at_most(predicted: Any, observed: Any, context: Context) -> bool:  # noqa: ARG001 - all modes are called alike
    return bool(predicted <= observed + ROUNDING_S)


def _gaps(times: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise([0, *times])]


def _times(predicted: Any, observed: Any, context: Context) -> bool:
    predicted = _as_far_as_seen(predicted, observed, context)
    return _each(_gaps(predicted), _gaps(observed), lambda p, o: _near(p, o, context.tolerance_s))


def _delays(predicted: Any, observed: Any, context: Context) -> bool:
    def same(p: Any, o: Any) -> bool:
        if o is None:  # a start by hand: nobody waited for it
            return True
        return _exact(p, o, context) if _bounds(o) else _near(p, o, context.tolerance_s)

    return _each(_as_far_as_seen(predicted, observed, context), observed, same)


def _announced(predicted: Any, observed: Any, context: Context) -> bool:
    predicted = _as_far_as_seen(predicted, observed, context)
    return _each(predicted, observed, lambda p, o: _near(p, o, ANNOUNCED_S))


def _timeline(predicted: Any, observed: Any, context: Context) -> bool:
    names = [list(entry[1:]) for entry in predicted] == [list(entry[1:]) for entry in observed]
    return names and _times([entry[0] for entry in predicted], [entry[0] for entry in observed], context)


def _is_time(key: str) -> bool:
    return key == "t" or key.endswith("_s")


def _records(predicted: Any, observed: Any, context: Context) -> bool:
    def plain(p: Any, o: Any) -> bool:
        return all(_exact(p[key], o[key], context) for key in o if not _is_time(key))

    def column(key: str) -> bool:
        pairs = [(p[key], o[key]) for p, o in zip(predicted, observed, strict=True) if key in o]
        return _times([p for p, _ in pairs], [o for _, o in pairs], context)

    timed = {key for record in observed for key in record if _is_time(key)}
    return _each(predicted, observed, plain) and all(map(column, timed))


def _record(predicted: Any, observed: Any, context: Context) -> bool:
    return all((_time if _is_time(key) else _exact)(predicted[key], observed[key], context) for key in observed)


def _records_parallel(predicted: Any, observed: Any, context: Context) -> bool:
    return _each(predicted, observed, lambda p, o: o is None or _record(p, o, context))


def _phases(predicted: Any, observed: Any, context: Context) -> bool:
    if [outcome for _, outcome in predicted] != [outcome for _, outcome in observed]:
        return False
    within = context.tolerance_s + context.every_s
    return all(_near(p, o, within) for (p, _), (o, _) in zip(predicted[1:], observed[1:], strict=True))


def _by_name(mode: Callable[[Any, Any, Context], bool]) -> Callable[[Any, Any, Context], bool]:
    def same(predicted: Any, observed: Any, context: Context) -> bool:
        return predicted.keys() == observed.keys() and all(
            mode(predicted[name], observed[name], context) for name in observed
        )

    return same


def _step(predicted: Any, observed: Any, context: Context) -> bool:
    return all(
        set(predicted[key]) == set(observed[key]) if key in SETS else _exact(predicted[key], observed[key], context)
        for key in observed
    )


def _steps(predicted: Any, observed: Any, context: Context) -> bool:
    return _each(predicted, observed, lambda p, o: o is None or _step(p, o, context))


MODES: Mapping[str, Callable[[Any, Any, Context], bool]] = {
    "exact": _exact,
    "list": _list,
    "time": _time,
    "time-cumulative": _time_cumulative,
    "times-cumulative": _times_cumulative,
    "at-most": _at_most,
    "times": _times,
    "delays": _delays,
    "announced": _announced,
    "timeline": _timeline,
    "records": _records,
    "records-parallel": _records_parallel,
    "phases": _phases,
    "record": _record,
    "record-map": _by_name(_record),
    "times-map": _by_name(_times),
    "time-map": _by_name(_time),
    "steps": _steps,
}
