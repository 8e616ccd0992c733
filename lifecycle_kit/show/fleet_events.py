"""What an orchestrator would have reported of a run: started, ready, unhealthy, held back, ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.states import State
from lifecycle_kit.trace import Transition
from lifecycle_kit.units import ns, seconds, span

__all__ = ["Notice", "notices", "notices_text", "who"]

GOOD, BAD = "normal", "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something an orchestrator reports about an instance, once or again and again.

    Attributes:
        first_s, last_s: when it happened for the first and for the last time.
        count: how often.
        kind: "normal" or "warning".
        what: in a word.
        on: the instance.
        text: of the last time.
    """

    first_s: float
    last_s: float
    kind: str
    what: str
    on: str
    text: str
    count: int = 1


def notices(result: WorldResult) -> list[Notice]:
    """Return what an orchestrator would report, in order of the last time; like reports of one instance are one."""
    found: dict[tuple[str, str], Notice] = {}
    for notice in _notices(result):
        key = (notice.on, notice.what)
        if key in found:
            before = found.pop(key)
            notice = replace(notice, first_s=before.first_s, count=before.count + 1)
        found[key] = notice
    return sorted(found.values(), key=lambda notice: notice.last_s)


def _notices(result: WorldResult) -> Iterator[Notice]:
    told = [(at, _noted(seconds(at), GOOD, "placed", who, f"placed on {node}")) for each in result.fleets.values()
            for at, who, node in each.placed]  # fmt: skip
    told += [(move.at_ns, notice) for each in result.fleets.values() for move in each.log
             if (notice := _of_move(move)) is not None]  # fmt: skip
    yield from (notice for _, notice in sorted(told, key=lambda pair: pair[0]))


def _noted(at_s: float, kind: str, what: str, on: str, text: str) -> Notice:
    return Notice(first_s=at_s, last_s=at_s, kind=kind, what=what, on=on, text=text)


def _of_move(move: Transition) -> Notice | None:
    cause, killed = move.cause, "SIGKILL" in move.cause
    match move.source, move.target:
        case _, State.STARTING:
            kind, what, text = GOOD, "started", "a process was started"
        case State.READY, State.RUNNING:
            return None  # it says nothing that `ready` has not said
        case State.BLOCKED, (State.READY | State.RUNNING):
            kind, what, text = GOOD, "ready", f"ready again: {cause}"
        case _, (State.READY | State.RUNNING):
            kind, what, text = GOOD, "ready", cause
        case _, State.BLOCKED:
            kind, what, text = BAD, "not ready", cause
        case _, State.DRAINING:
            kind, what = (GOOD, "stopping") if "requested" in cause else (BAD, "unhealthy")
            text = cause if kind == GOOD else f"{cause}; it is stopped and started again"
        case _, State.BACKOFF:
            kind, what, text = BAD, "held back", cause
        case _, State.TERMINATED:
            kind, what, text = (BAD if killed else GOOD), "ended", f"ended: {cause}"
        case _:
            kind, what, text = BAD, "failed", f"ended: {cause}"
    return _noted(move.at, kind, what, move.instance, text)


def notices_text(told: Sequence[Notice], now_s: float, most: int = 20) -> str:
    """Return the latest reports as a table: when last, how often, kind, what, about whom, and the text.

    Reports that differ only in whom they are about share a line.
    """
    shown: dict[Notice, list[str]] = {}
    for each in told:
        shown.setdefault(replace(each, on=""), []).append(each.on)
    rows = [("last seen", "kind", "what", "about", "text")]
    for each, names in list(shown.items())[-most:]:
        often = f" (x{each.count} in {_ago(now_s - each.first_s)})" if each.count > 1 else ""
        rows.append((f"{_ago(now_s - each.last_s)} ago{often}", each.kind, each.what, who(names), each.text))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    cells = ((*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]) for row in rows)
    return "\n".join("  ".join(row).rstrip() for row in cells)


def who(names: Sequence[str]) -> str:
    """Return some names in a few words.

    >>> who(["api-0", "api-1"]), who(["api-0", "api-1", "api-2"])
    ('api-0, api-1', 'api-0 and 2 more')
    """
    return ", ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


def _ago(seconds_: float) -> str:
    return span(ns(max(0.0, round(seconds_)))) or "0 s"
