"""Films: a real process, what is done to it step by step, and its state after each step.

Its one rule: what could not be had here is shown from a recording, and the film says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from lifecycle_kit.live.errors import NotPosix
from lifecycle_kit.live.observe import ProcessView, table
from lifecycle_kit.live.specimens import LINUX_ONLY, Exhibit, NoSpecimen, bring

__all__ = ["Film", "as_plain", "film", "line_up", "shoot"]

Frame = tuple[str, ProcessView]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Film:
    """Looks at real processes, in order; shows itself as a table.

    Attributes:
        frames: what was done, and what was seen after it.
        recorded: on what system, if it was not here and now.
    """

    frames: tuple[Frame, ...]
    recorded: str | None = None

    @property
    def states(self) -> list[str]:
        """The states in order, such as ["Z", "gone"]."""
        return [view.state for _, view in self.frames]

    def __repr__(self) -> str:
        """Return the film as a table, with a line on where it comes from if that is not here."""
        source = "" if self.recorded is None else f"\n(A recording from {self.recorded}.)"
        return table(self.frames) + source


def film(kind: str, *steps: str, recorded: bool = False) -> Film:
    """Return how a real process looks at first, and after each step.

    Args:
        kind: one of `lifecycle_kit.live.specimens.KINDS`.
        steps: a signal such as "SIGTERM" sent to it, "reap" (its parent waits for it) or
            "parent ends".
        recorded: show the recording, even where the process could be had.

    Raises:
        ValueError: there is no such kind or step.
        NoSpecimen: it cannot be had here, and there is no recording of it either.
    """
    try:
        return _recording(kind, steps) if recorded else shoot(kind, *steps)
    except NotPosix:
        return _recording(kind, steps)
    except NoSpecimen:
        if recorded or kind not in LINUX_ONLY:
            raise
        return _recording(kind, steps)


def line_up(*kinds: str, recorded: bool = False) -> Film:
    """Return one look at each of several real processes.

    Args:
        kinds: some of `lifecycle_kit.live.specimens.KINDS`.
        recorded: show the recordings, even where the processes could be had.

    Raises:
        ValueError: there is no such kind.
    """
    films = [film(kind, recorded=recorded) for kind in kinds]
    return Film(
        frames=tuple(frame for each in films for frame in _labelled(each)),
        recorded=next((each.recorded for each in films if each.recorded), None),
    )


def shoot(kind: str, *steps: str) -> Film:
    """Return such a film of a real process, and never a recording.

    Raises:
        ValueError: there is no such kind or step.
        NoSpecimen: it cannot be had here.
        NotPosix: on a system without process groups.
    """
    with bring(kind) as exhibit:
        frames = [(kind, exhibit.look())]
        for step in steps:
            frames.append((_do(exhibit, step), exhibit.look()))
    return Film(frames=tuple(frames))


def as_plain(kind: str, steps: Sequence[str], shot: Film) -> dict[str, Any]:
    """Return a film as plain data, as the file of recordings holds it."""
    frames = [{"label": label, "view": asdict(view)} for label, view in shot.frames]
    return {"kind": kind, "steps": list(steps), "frames": frames}


def _do(exhibit: Exhibit, step: str) -> str:
    if step == "reap":
        return f"reaped: {exhibit.reap().how}"
    if step == "parent ends":
        exhibit.end_parent()
    else:
        exhibit.signal(step)
    return step


def _recording(kind: str, steps: Sequence[str]) -> Film:
    text = (files("lifecycle_kit.live") / "recordings" / "os-states.json").read_text("utf-8")
    known = json.loads(text)
    for each in known["films"]:
        if (each["kind"], each["steps"]) == (kind, list(steps)):
            frames = tuple((frame["label"], _view(frame["view"])) for frame in each["frames"])
            return Film(frames=frames, recorded=known["recorded_on"])
    having = "; ".join(", ".join([each["kind"], *each["steps"]]) for each in known["films"])
    raise NoSpecimen(
        f"this needs Linux or macOS, and there is no recording of {', '.join([kind, *steps])}; there are: {having}"
    )


def _view(plain: dict[str, Any]) -> ProcessView:
    lists = {key: tuple(value) for key, value in plain.items() if isinstance(value, list)}
    return ProcessView(**{**plain, **lists})


def _labelled(shot: Film) -> list[Frame]:
    mark = "" if shot.recorded is None else " (recorded)"
    return [(f"{label}{mark}", view) for label, view in shot.frames[:1]]
