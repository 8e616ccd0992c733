"""Small moves on plain data that several exercises share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["each_left_out"]


def each_left_out(items: list[Any]) -> Iterator[list[Any]]:
    """Yield `items` without the first, then without the second, and so on.

    >>> list(each_left_out(["a", "b"]))
    [['b'], ['a']]
    """
    return (items[:n] + items[n + 1 :] for n in range(len(items)))
