"""A story: one phenomenon of the running example, run once, with its numbers and its trace.

The same stories run in virtual time (`simulate.stories`) and with real processes (`live.stories`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lifecycle_kit.trace import Trace

__all__ = ["STORIES", "Story", "table"]

# What can be told, and the question that each story answers.
STORIES = {
    "crash-loop": "A worker with wrong credentials is restarted again and again. What does it cost, and who is told?",
    "half-started": "One of three API instances answers pings but cannot work. Who finds out: balancer or users?",
    "drain": "An API instance is stopped under load. What becomes of the work in flight?",
}

Number = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened.

    Attributes:
        name: one of `STORIES`.
        trace: of all instances.
        rows: the numbers, a row for each way of doing it: the way's name, then `{what: how many}`.
        moral: what the numbers say, in a sentence.
        log: what the programs wrote, if anything.
        note: what must be said before all else.
    """

    name: str
    trace: Trace
    rows: dict[str, dict[str, Number]]
    moral: str
    log: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def question(self) -> str:
        """What the story is about."""
        return STORIES[self.name]

    @property
    def numbers(self) -> dict[str, Number]:
        """All numbers by "way: what"; just "what" if there is one way only."""
        if len(self.rows) == 1:
            return dict(next(iter(self.rows.values())))
        return {f"{way}: {what}": n for way, row in self.rows.items() for what, n in row.items()}

    def __str__(self) -> str:
        first = [self.note, ""] if self.note else []
        return "\n".join([*first, self.question, "", *table(self.rows), "", self.moral])


def table(rows: dict[str, dict[str, Number]]) -> list[str]:
    r"""Return the lines of a plain table, a line for each way and a column for each number.

    >>> print("\n".join(table({"with": {"done": 3, "lost": 0}, "without": {"done": 1, "lost": 2}})))
             done  lost
    with        3     0
    without     1     2
    """
    columns = list(dict.fromkeys(what for row in rows.values() for what in row))
    width = max(len(way) for way in rows)
    widths = [max(len(what), *(len(str(row.get(what, ""))) for row in rows.values())) for what in columns]
    cells = [("", columns), *((way, [str(row.get(what, "")) for what in columns]) for way, row in rows.items())]
    return [
        "  ".join([way.ljust(width), *(cell.rjust(w) for cell, w in zip(line, widths, strict=True))]).rstrip()
        for way, line in cells
    ]
