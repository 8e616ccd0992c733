"""The log of a fleet: every move of every instance in columns, a few bytes each, however long the run.

Rows stand in order of (instant, instance); the moves of one instance at one instant stand in the order in which they
happened. So two engines that agree give equal columns, whatever the order in which they worked.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifecycle_kit.states import State
from lifecycle_kit.trace import Transition

__all__ = ["Log", "Recorder", "STATES", "code_of"]

STATES: tuple[State, ...] = tuple(State)
_PLACE = {state: place for place, state in enumerate(STATES)}


def code_of(source: State, target: State) -> int:
    """Return the byte that stands for a move."""
    return _PLACE[source] * len(STATES) + _PLACE[target]


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Moves in columns of equal length.

    Attributes:
        at_ns: instants, int64.
        who: place in `names`, int32.
        move: `code_of` the move, uint8.
        cause: place in `causes`, int32.
        names: of the instances.
        causes: texts.
    """

    at_ns: npt.NDArray[np.int64]
    who: npt.NDArray[np.int32]
    move: npt.NDArray[np.uint8]
    cause: npt.NDArray[np.int32]
    names: Sequence[str]
    causes: Sequence[str]

    def __len__(self) -> int:
        return len(self.at_ns)

    def __iter__(self) -> Iterator[Transition]:
        """Yield the moves as transitions, made one by one."""
        columns = (self.at_ns.tolist(), self.who.tolist(), self.move.tolist(), self.cause.tolist())
        for at, who, move, cause in zip(*columns, strict=True):
            source, target = divmod(move, len(STATES))
            yield Transition(
                at_ns=at, instance=self.names[who], source=STATES[source], target=STATES[target],
                cause=self.causes[cause],
            )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        """Tell whether two logs say the same, whatever the numbering of their names and causes."""
        return isinstance(other, Log) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def bytes_per_move(self) -> float:
        """Memory of the columns per move; names and causes are few."""
        columns = (self.at_ns, self.who, self.move, self.cause)
        return sum(column.nbytes for column in columns) / max(1, len(self))


class Recorder:
    """Writes a log, in order of time or not: `log` puts the rows in order."""

    __slots__ = ("_at", "_cause", "_causes", "_move", "_names", "_who")

    def __init__(self) -> None:
        self._at, self._who, self._move, self._cause = array("q"), array("i"), array("B"), array("i")
        self._names: dict[str, int] = {}
        self._causes: dict[str, int] = {}

    def instance(self, name: str) -> int:
        """Return the number under which moves of `name` are written."""
        return self._names.setdefault(name, len(self._names))

    def reason(self, cause: str) -> int:
        """Return the number under which `cause` is written."""
        return self._causes.setdefault(cause, len(self._causes))

    def add(self, at_ns: int, who: int, move: int, cause: int) -> None:
        """Write one move, by numbers."""
        self._at.append(at_ns)
        self._who.append(who)
        self._move.append(move)
        self._cause.append(cause)

    def log(self) -> Log:
        """Return what has been written so far, in order."""
        at, who = np.array(self._at, np.int64), np.array(self._who, np.int32)
        order = np.lexsort((who, at))  # stable: moves of one instance at one instant keep their order
        return Log(
            at[order], who[order], np.array(self._move, np.uint8)[order], np.array(self._cause, np.int32)[order],
            tuple(self._names), tuple(self._causes),
        )  # fmt: skip
