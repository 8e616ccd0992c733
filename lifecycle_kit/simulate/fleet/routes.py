"""What a balancer believed over time: one row a change, not one list of names a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["Routes"]

Route = tuple[int, tuple[str, ...]]


class Routes(Sequence[Route]):
    """`(at_ns, names)` after each change, made one by one from columns.

    Args:
        at_ns: instants, int64, in order.
        who: place in `names` of the instance that came or went, int32.
        came: whether it came, bool.
        names: of the instances.

    Attributes:
        sizes: how many instances were routed to after each change, int64.

    >>> routes = Routes(np.array([0, 5, 9]), np.array([0, 1, 0]), np.array([True, True, False]), ["api-0", "api-1"])
    >>> list(routes), routes.sizes.tolist()
    ([(0, ('api-0',)), (5, ('api-0', 'api-1')), (9, ('api-1',))], [1, 2, 1])
    """

    __slots__ = ("at_ns", "came", "names", "who")

    def __init__(
        self,
        at_ns: npt.NDArray[np.int64],
        who: npt.NDArray[np.int32],
        came: npt.NDArray[np.bool_],
        names: Sequence[str],
    ) -> None:
        self.at_ns, self.who, self.came, self.names = at_ns, who, came, names

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """How many instances were routed to after each change."""
        sizes: npt.NDArray[np.int64] = np.cumsum(np.where(self.came, 1, -1), dtype=np.int64)
        return sizes

    def __len__(self) -> int:
        return len(self.at_ns)

    def __iter__(self) -> Iterator[Route]:
        routed: dict[int, str] = {}
        for at, who, came in zip(self.at_ns.tolist(), self.who.tolist(), self.came.tolist(), strict=True):
            if came:
                routed[who] = self.names[who]
            else:
                del routed[who]
            yield at, tuple(routed.values())

    @overload
    def __getitem__(self, index: int) -> Route: ...

    @overload
    def __getitem__(self, index: slice) -> list[Route]: ...

    def __getitem__(self, index: int | slice) -> Route | list[Route]:
        if isinstance(index, slice):
            return list(self)[index]
        place = range(len(self))[index]
        return next(islice(self, place, None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]


def _same(one: object, other: object) -> bool:
    return one == other
