"""Lines that have nothing to do with an incident: every real log is full of them.

Rule: a line of noise says the truth about somebody else, or about something harmless; naming it as evidence is told so.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from lifecycle_kit.classroom.incidents.draft import Draft
from lifecycle_kit.classroom.incidents.values import Line

__all__ = ["noise"]

_ELSEWHERE = (
    "{other}-1: running -> failed (exit 1)", "{other}: rolled out version 4.{n}", "{other}: error rate above 1 %",
    "{other}-0: liveness probe failed", "{other}: connection to cache-1 lost", "{other}-2: out of file handles",
)  # fmt: skip
_HARMLESS = (
    "{service}-0: warning: clock was {n} ms behind, corrected", "{service}-0: certificate expires in {n} days",
    "{service}-0: deprecated option log_format, use format", "{service}-0: GC pause {n} ms",
)  # fmt: skip
_MACHINES = (
    "node-{n}: image garbage collection freed {n} GB", "node-{n}: kernel update available",
    "node-{n}: disk 7{n} % full",
)  # fmt: skip


def noise(draft: Draft, dice: Random, others: tuple[str, ...]) -> list[Line]:
    """Return some lines of noise, before and after the trouble begins.

    Args:
        draft: the incident.
        dice: chooses.
        others: names that services may have; those of the incident are left out.
    """
    free = [name for name in others if name not in (draft.service, *draft.needs)]
    other = dice.choice(free)
    made = [_line("log", other, f"is about {other}, which {draft.service} does not need", text, draft, dice, other)
            for text in dice.sample(_ELSEWHERE, 3)]  # fmt: skip
    # The same harmless words before and after: what was there in the calm proves nothing.
    why = "is harmless, and was said while all was well, too"
    line = _line("log", draft.service, why, dice.choice(_HARMLESS), draft, dice, other)
    for at_s in (draft.began_s * dice.uniform(0.3, 0.9), dice.uniform(draft.began_s, draft.until_s)):
        made.append(replace(line, at_s=round(at_s, 1)))
    node = _line("events", "node", "is about a machine, and nothing here is about one machine",
                 dice.choice(_MACHINES), draft, dice, other)  # fmt: skip
    return [*made, node]


def _line(section: str, who: str, stray: str, text: str, draft: Draft, dice: Random, other: str) -> Line:
    at_s = round(dice.uniform(5.0, draft.until_s), 1)
    filled = text.format(other=other, service=draft.service, n=dice.randint(2, 9))
    return Line(section=section, at_s=at_s, who=who, text=filled, stray=stray)
