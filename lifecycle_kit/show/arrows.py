"""From a table of moves to the arrows of a picture: several triggers become one arrow with several labels.

Rule: nothing is lost. Every row of the table is on exactly one arrow; where all states of a group share a move, one
arrow leaves the group's frame instead of one from each state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Arrow", "Row", "merged", "sentences"]

Row = tuple[str, str, str]  # source, trigger, target


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of a picture.

    Attributes:
        source: a state, or a group of states.
        target: a state.
        labels: the triggers, in the table's order.
        members: the states it leaves; the source alone if that is a state.
        only: those of them from which no other arrow leads to the target.
    """

    source: str
    target: str
    labels: tuple[str, ...]
    members: tuple[str, ...]
    only: tuple[str, ...]


def merged(rows: Iterable[Row], groups: Mapping[str, Sequence[str]] | None = None) -> list[Arrow]:
    """Return the arrows that show `rows`.

    Args:
        rows: `(source, trigger, target)`.
        groups: name of a frame and the states in it; a state is in one frame at most.

    >>> table = [("a", "go", "c"), ("b", "go", "c"), ("b", "skip", "c")]
    >>> [(arrow.source, arrow.labels) for arrow in merged(table, {"both": ("a", "b")})]
    [('both', ('go',)), ('b', ('skip',))]
    """
    between: dict[tuple[str, str], list[str]] = {}
    for source, trigger, target in rows:
        between.setdefault((source, target), []).append(trigger)
    framed: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = []
    for name, members in (groups or {}).items():
        for target in dict.fromkeys(target for source, target in between if source in members):
            shared = _shared(between, members, target)
            if shared:
                framed.append((name, target, shared, tuple(members)))
                for member in members:
                    between[member, target] = [t for t in between[member, target] if t not in shared]
    left = {ends: tuple(labels) for ends, labels in between.items() if labels}
    return [
        Arrow(name, target, labels, members, tuple(member for member in members if (member, target) not in left))
        for name, target, labels, members in framed
    ] + [Arrow(source, target, labels, (source,), (source,)) for (source, target), labels in left.items()]


def _shared(between: Mapping[tuple[str, str], Sequence[str]], members: Sequence[str], target: str) -> tuple[str, ...]:
    lists = [between.get((member, target), ()) for member in members]
    return tuple(trigger for trigger in lists[0] if all(trigger in other for other in lists))


def sentences(rows: Iterable[Row]) -> list[str]:
    """Return a line per state that can be left: where to, and by which triggers.

    >>> sentences([("ready", "work-taken", "running"), ("ready", "stop", "draining")])
    ['ready -> running (work-taken); -> draining (stop)']
    """
    ways: dict[str, dict[str, list[str]]] = {}
    for source, trigger, target in rows:
        ways.setdefault(source, {}).setdefault(target, []).append(trigger)
    return [
        f"{source} " + "; ".join(f"-> {target} ({', '.join(triggers)})" for target, triggers in targets.items())
        for source, targets in ways.items()
    ]
