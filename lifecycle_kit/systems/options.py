"""Options of real systems under their own names: read, checked, explained.

A room lists its options as data; `read` turns what a person typed into values or into an error that names
the option, the value and what is allowed.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lifecycle_kit.exits import parse_exit
from lifecycle_kit.machine import Unit
from lifecycle_kit.states import State

__all__ = [
    "Option",
    "OptionError",
    "System",
    "choice",
    "count",
    "duration",
    "exits",
    "number",
    "read",
    "switch",
    "timespan",
]


class OptionError(ValueError):
    """An option is not known, or its value is not allowed; the message says what is."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its own name, its default, how to read it and what it does in one line."""

    name: str
    default: Any
    reader: Callable[[Any], Any]
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One real supervisor as the kit knows it.

    Attributes:
        name: as in `--like`.
        options: all options that are modelled.
        build: from read values to a unit.
        native: what the system itself calls each of the nine states.
        loses: what that mapping cannot say.
        source: where its rules are written down.
        restarting: options with which it restarts every end, where its defaults do not.
    """

    name: str
    options: Sequence[Option]
    build: Callable[[Mapping[str, Any]], Unit]
    native: Mapping[State, str]
    loses: str
    source: str
    restarting: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def unit(self, given: Mapping[str, Any]) -> Unit:
        """Return the unit that these options mean; raises OptionError."""
        return self.build(read(self.name, self.options, given))


def read(system: str, options: Sequence[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option's value, the defaults included.

    Raises:
        OptionError: naming the option, the value and what is allowed.
    """
    known = {option.name: option for option in options}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise OptionError(f"{system} has no option {name!r} here; {hint}")
    values = {}
    for name, option in known.items():
        if name not in given:
            values[name] = option.default
            continue
        try:
            values[name] = option.reader(given[name])
        except ValueError as error:
            raise OptionError(f"{system} {name}={given[name]!s}: {error}") from None
    return values


def number(least: float = 0.0, infinite: bool = False) -> Callable[[Any], float]:
    """Return a reader of plain numbers of seconds, at least `least`."""

    def reader(value: Any) -> float:
        try:
            read_value = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"give a number of seconds, at least {least:g}") from None
        if math.isnan(read_value) or read_value < least or (math.isinf(read_value) and not infinite):
            raise ValueError(f"give a number of seconds, at least {least:g}")
        return read_value

    return reader


def count(least: int = 0) -> Callable[[Any], int]:
    """Return a reader of whole numbers, at least `least`."""

    def reader(value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value).strip()) or int(value) < least:
            raise ValueError(f"give a whole number, at least {least}")
        return int(value)

    return reader


def choice(*words: str) -> Callable[[Any], str]:
    """Return a reader of one of `words`; True and False are read as "true" and "false"."""

    def reader(value: Any) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value).strip()
        if text not in words:
            raise ValueError(f"allowed are {', '.join(words)}")
        return text

    return reader


def switch(value: Any) -> bool:
    """Read yes or no, in the spellings of systemd and supervisord."""
    text = str(value).strip().lower()
    if text in ("1", "yes", "true", "on"):
        return True
    if text in ("0", "no", "false", "off"):
        return False
    raise ValueError("allowed are yes, no, true, false, on, off, 1 and 0")


def exits(value: Any) -> frozenset[int | str]:
    """Read a list of exit codes and signal names: "0,2", "1 SIGKILL" or [0, 2]."""
    words = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else _listed(value)
    made: set[int | str] = set()
    for word in words:
        if word != "":
            made.update(part for part in parse_exit(word) if part is not None)
    return frozenset(made)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def signal_name(value: Any) -> str:
    """Read the name or number of a signal, such as TERM, SIGTERM or 15."""
    text = str(value).strip()
    _, signal = parse_exit(-int(text) if text.isdigit() else text)
    if signal is None:
        raise ValueError("give a signal such as SIGTERM")
    return signal


# Units of systemd.time(7); months and years are its averages.
_UNITS = {
    "us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0,
    "hours": 3600.0, "d": 86_400.0, "day": 86_400.0, "days": 86_400.0, "w": 604_800.0, "week": 604_800.0,
    "weeks": 604_800.0,
}  # fmt: skip


def timespan(value: Any) -> float:
    """Read a time span as systemd does: 5, "5", "100ms", "1min 30s", "infinity"; a bare number is seconds.

    >>> timespan("1min 30s"), timespan("100ms"), timespan(2)
    (90.0, 0.1, 2.0)
    """
    text = str(value).strip().lower()
    if text == "infinity":
        return math.inf
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if not text or "".join(a + b for a, b in parts) != re.sub(r"\s+", "", text):
        raise ValueError("give a time span such as 5, 100ms, 1min 30s or infinity")
    unknown = [unit for _, unit in parts if unit and unit not in _UNITS]
    if unknown:
        raise ValueError(f"unit {unknown[0]!r} is not known; use us, ms, s, min, h, d or w")
    # Summed in whole microseconds, systemd's own grain, so that 100 ms is exactly 0.1 s.
    return sum(round(float(amount) * _UNITS[unit or "s"] * 1e6) for amount, unit in parts) / 1e6


def duration(value: Any) -> float:
    """Read a duration as Go programs do: "1h30m", "15s", "100ms"; a bare number is seconds.

    >>> duration("1m30s"), duration("100ms"), duration(2)
    (90.0, 0.1, 2.0)
    """
    text = str(value).strip().lower()
    if not re.fullmatch(r"\d+(\.\d+)?|(\d+(\.\d+)?(h|m|s|ms|us))+", text):
        raise ValueError("give a duration such as 15s, 1m30s or 100ms")
    return timespan(text)
