"""systemd's dependencies: what Requires= and its relatives pass on from one unit to another, and what they do not.

Rule: Requires= is about starting and stopping, not about crashing: who requires a unit that dies goes on. Only BindsTo=
looks at every end. After= is about order alone; without it a dependency is started at the same time, and its failure
comes too late to matter. An automatic restart is passed on like one by hand, unless RestartMode=direct hides it.

Source: systemd.unit(5) (Wants= to PartOf=, Before=/After=), systemd.service(5) (RestartMode=); src/core/
unit-dependency-atom.c of 261~devel; recordings of systemd 257.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from lifecycle_kit.events import Moved
from lifecycle_kit.group.bonds import Bond, BoundMember
from lifecycle_kit.instance import Unit
from lifecycle_kit.states import State
from lifecycle_kit.systems.systemd import PASSED, SUBSTATES, SystemdPolicy
from lifecycle_kit.trace import Transition

__all__ = ["BONDS", "member", "seen_by_others", "substates"]

BONDS = MappingProxyType(
    {
        "Wants": Bond(pulls=True),
        "Requires": Bond(pulls=True, needs=True, stops=True, restarts=True),
        "Requisite": Bond(requires_up=True, needs=True, stops=True, restarts=True),
        "BindsTo": Bond(pulls=True, needs=True, stops=True, restarts=True, falls=True),
        "PartOf": Bond(stops=True, restarts=True),
    }
)


def member(unit: Unit, depends: dict[str, str] | None = None, after: Iterable[str] = ()) -> BoundMember:
    """Return a unit as others see it.

    Args:
        unit: as `like("systemd", ...)` made it.
        depends: the names of other units and how it depends on them, such as {"db.service": "Requires"}.
        after: units that After= names.
    """
    bonds = {name: BONDS[kind] for name, kind in (depends or {}).items()}
    direct = isinstance(unit.policy, SystemdPolicy) and unit.policy.restart_mode == "direct"
    return BoundMember(unit=unit, bonds=bonds, after=frozenset(after), hides_restarts=direct)


def seen_by_others(moves: Iterable[Transition], *, direct: bool) -> list[Transition]:
    """Return the moves of one unit that others see: with RestartMode=direct no end that is followed by a restart."""
    own = list(moves)
    later = [*own, None][1:]
    return [
        move
        for move, after in zip(own, later, strict=True)
        if not (direct and after is not None and after.target is State.BACKOFF and move.target is not State.BACKOFF)
    ]


def substates(moves: Iterable[Transition | Moved], kind: str, *, direct: bool = False) -> list[list[str]]:
    """Return, for each move of one unit, the sub-states that it goes through, `SubState=` after it last.

    Args:
        moves: in order.
        kind: Type= of the unit.
        direct: RestartMode=direct.
    """
    own, found = list(moves), list[list[str]]()
    for move, later in zip(own, [*own, None][1:], strict=True):
        passed = PASSED.get((move.source, move.target))
        starting = "running" if kind == "simple" else "start"
        name = starting if move.target is State.STARTING else SUBSTATES[move.target]
        if later is not None and later.target is State.BACKOFF:
            found.append([])  # the next move tells what it passes through
        else:
            found.append([name] if passed is None or (direct and move.target is State.BACKOFF) else [passed, name])
    return found
