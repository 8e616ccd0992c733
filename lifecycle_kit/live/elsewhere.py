"""Where there are no POSIX processes: the same story in virtual time, which says so."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from lifecycle_kit.live.errors import NotPosix
from lifecycle_kit.simulate import stories
from lifecycle_kit.simulate.story import Story

__all__ = ["simulated_elsewhere"]

Telling = Callable[..., Coroutine[Any, Any, Story]]


def simulated_elsewhere(name: str) -> Callable[[Telling], Telling]:
    """Return a decorator: a story that finds no processes to tell it with is told in virtual time, with a note."""

    def decorate(tell: Telling) -> Telling:
        @functools.wraps(tell)
        async def told(*args: Any, **more: Any) -> Story:
            try:
                return await tell(*args, **more)
            except NotPosix as error:
                for listener in ("on_transition", "on_line"):
                    more.pop(listener, None)
                story = stories.TELL[name](*args, **more)
                return replace(story, note=f"In virtual time, not with real processes: {error}")

        return told

    return decorate
