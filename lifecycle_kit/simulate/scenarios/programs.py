"""What a process does, as a scenario file says it, becomes the scripts of its lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from lifecycle_kit.exits import Cause, parse_exit
from lifecycle_kit.health import Segment, parse_health, segments
from lifecycle_kit.instance import Unit
from lifecycle_kit.probes import KINDS
from lifecycle_kit.simulate.fleet.world import Wear
from lifecycle_kit.simulate.scenarios.reading import (
    Book,
    Table,
    choice,
    flag,
    listing,
    number,
    shown,
    span,
    span_or_never,
    text,
)  # fmt: skip
from lifecycle_kit.simulate.script import ON_TERM, Script, news_of
from lifecycle_kit.units import ns

__all__ = ["ByReplica", "lives_of"]


@dataclass(frozen=True, slots=True)
class ByReplica:
    """Lives by the number of the replica: those of `others`, or else `usual`."""

    usual: Sequence[Script]
    others: Mapping[int, Sequence[Script]]

    def __call__(self, number: int) -> Sequence[Script]:
        """Return the lives of one replica."""
        return self.others.get(number, self.usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the scripts of a fleet's processes depend on besides their own tables.

    Attributes:
        notifies: whether the unit waits for the process to say that it is ready.
        until_s: end of the run, seconds; pauses repeat up to there.
    """

    notifies: bool
    until_s: float


def lives_of(fleet: Table, unit: Unit | None, until_s: float, replicas: int) -> Sequence[Script] | Wear | ByReplica:
    """Return the lives that `program`, `lives` and `replica` of a fleet's table mean together."""
    about = About(notifies=unit is not None and unit.readiness.by == "notice", until_s=until_s)
    base = fleet.table("program") or Table(fleet.book, (*fleet.path, "program"), {})
    wear = _wear(base)
    usual = [_script(merged(base, life), about) for life in fleet.tables("lives")] or [_script(base, about)]
    others = dict[int, Sequence[Script]]()
    for name, table in fleet.named("replica").items():
        if not name.isdigit() or int(name) >= replicas:
            fleet.book.wrong(table.path, f"no replica has this number; they are 0 to {replicas - 1}")
        else:
            others[int(name)] = [_script(merged(base, table), about)]
    if wear is None:
        return ByReplica(usual, others) if others else usual
    if others or "lives" in fleet:
        base.wrong("mtbf", "lives that chance ends cannot be combined with lives or replica")
    return Wear(mtbf_s=wear[0], hangs=wear[1], script=usual[0])


def merged(base: Table, own: Table) -> Table:
    """Return a table with the keys of `own`, and those of `base` where `own` has none."""
    lines = dict(own.book.lines)
    for key in base.data.keys() - own.data.keys():
        if (*base.path, key) in lines:
            lines[*own.path, key] = lines[*base.path, key]
    book = Book(own.book.file, lines, own.book.problems, own.book.about)
    return Table(book, own.path, {**base.data, **own.data})


def _wear(table: Table) -> tuple[float, float] | None:
    mtbf, hangs = table.read("mtbf", span), table.read("hangs", number(0, 1), default=0.0)
    if mtbf is None:
        if "hangs" in table:
            table.wrong("hangs", "is the share of the lives that hang after mtbf, which is missing")
        return None
    if not mtbf > 0:
        table.wrong("mtbf", "must be greater than 0")
        return None
    return mtbf, hangs


def _script(table: Table, about: About) -> Script:
    """Return one life; a harmless one if something is wrong with the table."""
    table.asked |= {"mtbf", "hangs"}
    answers: float = table.read("answers_after", span, default=0.0)
    works: float | None = table.read("works_after", span_or_never, default=answers)
    superficial = table.read("readiness", choice("honest", "superficial"), default="honest") == "superficial"
    ready = answers if superficial else works
    says = list(table.read("says", listing(_said), default=()))
    if about.notifies and ready is not None:
        says.append((ready, "ready"))
    values = {
        "serves_from_s": works,
        "says": tuple(sorted(says)),
        "health": _health(table, answers, ready, about.until_s),
        "on_term": table.read("on_term", choice(*ON_TERM), default="exit"),
        "stop_takes_s": table.read("stop_takes", span, default=0.0),
        "stop_exit": table.read("stop_exit", _exit),
        "ignores": frozenset(table.read("ignores", listing(_signal), default=())),
        "hangs_after_s": table.read("hangs_after", span),
        "fails_to_spawn": table.read("fails_to_spawn", text, default=""),
        "leaves_child": table.read("leaves_child", choice("exit", "deaf"), default=""),
        "dumps_core": table.read("dumps_core", flag, default=False),
        **_end(table),
    }
    table.close()
    return table.attempt(lambda: Script(**values)) or Script()


def _end(table: Table) -> dict[str, Any]:
    """Return how a life ends by itself: after a time, or when its memory is used up."""
    end = {"run_s": table.read("runs_for", span), "exit": table.read("exit", _exit, default=1)}
    leak = table.read("leaks_mb_per_s", number())
    begins, limit = table.read("starts_with_mb", number(), default=0.0), table.read("memory_limit_mb", number())
    if not leak:
        return end
    if limit is None or limit <= begins:
        table.wrong("leaks_mb_per_s", "needs a memory_limit_mb that is greater than starts_with_mb")
        return end
    full = round((limit - begins) / leak, 3)
    if end["run_s"] is not None and end["run_s"] < full:
        return end
    return {"run_s": full, "exit": "SIGKILL", "cause": Cause.MEMORY}


def _health(table: Table, answers: float, ready: float | None, until_s: float) -> dict[str, tuple[Segment, ...]]:
    """Return what each probe sees: no answer at first, readiness by what is ready, and what the file says."""
    found = dict[str, tuple[Segment, ...]]()
    if answers:
        found |= dict.fromkeys(KINDS, segments((0, "fail"), (answers, "ok")))
    if ready is None:
        found["readiness"] = segments((0, "fail"))
    elif ready:
        found["readiness"] = segments((0, "fail"), (ready, "ok"))
    pauses = table.table("pauses")
    if pauses is not None:
        parts = _pauses(pauses, until_s)
        found |= {kind: _over(found.get(kind, segments((0, "ok"))), parts) for kind in KINDS}
    scripted = table.table("health")
    if scripted is not None:
        for kind in KINDS:
            if (read := scripted.read(kind, _health_script)) is not None:
                found[kind] = read
        scripted.close()
    return found


def _pauses(table: Table, until_s: float) -> list[tuple[float, float]]:
    """Return when pauses begin and end, seconds from birth."""
    begins = table.read("from", span)
    every, lasts = table.read("every", span, required=True), table.read("lasts", span, required=True)
    table.close()
    if every is None or lasts is None:
        return []
    if every < 1:
        table.wrong("every", "pauses must be at least a second apart")
        return []
    if not 0 < lasts < every:
        table.wrong("lasts", "a pause must be shorter than the time from one to the next")
        return []
    first = every if begins is None else begins
    made = list[tuple[float, float]]()
    for nth in count():
        at = first + nth * every
        if at >= until_s:
            return made
        made.append((at, at + lasts))
    raise AssertionError("counting does not end")


def _over(usual: tuple[Segment, ...], pauses: list[tuple[float, float]]) -> tuple[Segment, ...]:
    """Return the health with failures in the pauses laid over it."""
    closed = [(ns(begin), ns(end)) for begin, end in pauses]
    edges = {part.from_ns for part in usual} | {edge for pair in closed for edge in pair}
    made = list[Segment]()
    for at in sorted(edges):
        inside = any(begin <= at < end for begin, end in closed)
        under = [part for part in usual if part.from_ns <= at][-1]
        part = segments((0, "fail"))[0] if inside else under
        made.append(Segment(at, part.outcome, part.latency_ns))
    return tuple(made)


def _health_script(value: Any) -> tuple[Segment, ...]:
    return parse_health(text(value))


def _exit(value: Any) -> int | str:
    code, signal = parse_exit(value)
    if isinstance(value, bool) or (code is None and signal is None):
        raise ValueError(f"{shown(value)} is no exit")
    return signal if code is None and signal is not None else code or 0


def _signal(value: Any) -> str:
    _, signal = parse_exit(text(value))
    if signal is None:
        raise ValueError("give a signal such as SIGTERM")
    return signal


def _said(value: Any) -> tuple[float, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError('give a time and a word, such as ["2s", "ready"]')
    at, word = span(value[0]), text(value[1])
    news_of(word, at=0, life=0)
    return at, word
