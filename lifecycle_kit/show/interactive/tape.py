"""A tape: the states of one unit, one frame per move, as it can be played, stepped and scrubbed.

Rule: a tape knows moves and places, not time that passes; whoever plays it says when the next frame comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lifecycle_kit.show.diagram import state_diagram
from lifecycle_kit.show.interactive.history import draw_history
from lifecycle_kit.show.interactive.os_eyes import NOTHING, OS_EYES
from lifecycle_kit.show.os_states import os_diagram
from lifecycle_kit.show.svg import Svg
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, span

__all__ = ["BEGIN", "Frame", "below", "draw_frame", "frames_of", "said", "written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the unit stands after a move.

    Attributes:
        state: where it stands.
        source: where it came from; None in the first frame.
        why: what moved it.
        at_s: when, seconds; None on a tape without a clock.
    """

    state: State
    source: State | None = None
    why: str = ""
    at_s: float | None = None

    @property
    def move(self) -> tuple[State, State] | None:
        """The move as `(from, to)`."""
        return None if self.source is None else (self.source, self.state)


BEGIN = Frame(state=State.CREATED)


def frames_of(trace: Trace, instance: str) -> tuple[Frame, ...]:
    """Return the frames of one instance of a trace, real or simulated: where it began, and one for each move."""
    moves = [move for move in trace.transitions if move.instance == instance]
    made = [Frame(state=move.target, source=move.source, why=move.cause, at_s=move.at) for move in moves]
    first = made[0].source if made and made[0].source else State.CREATED
    return (Frame(state=first, at_s=None), *made)


def said(frame: Frame) -> str:
    """Return what happened in a frame, as a sentence."""
    if frame.source is None:
        return f"It is {frame.state.value}: nothing has happened yet."
    when = "" if frame.at_s is None else f"At {_at(frame.at_s)}: "
    return f"{when}{frame.source.value} → {frame.state.value} ({frame.why})."


def written(frames: Sequence[Frame], place: int) -> str:
    """Return the history up to a place, a line for each frame, with what `ps` would show."""
    lines = []
    for number, frame in enumerate(frames[: place + 1]):
        when = f"{_at(frame.at_s):>10}" if frame.at_s is not None else f"{number:>3}"
        lines.append(f"{when}  {frame.state.value:<10}  ps: {OS_EYES[frame.state][0]}  {frame.why}".rstrip())
    return "\n".join(lines)


def draw_frame(frames: Sequence[Frame], place: int, *, every_arrow: bool, os_too: bool) -> Svg:
    """Return the picture of a tape at `place`: the diagram, the process' states if wanted, and the history.

    Args:
        frames: the whole tape; its moves keep their arrows throughout, so that nothing jumps.
        place: of the frame to show, from 0.
        every_arrow: show the whole table, not only the main moves and those of the tape.
        os_too: show what the operating system sees, too.
    """
    moves = [frame.move for frame in frames if frame.move is not None]
    here = frames[place]
    diagram = state_diagram(
        here.state,
        taken=moves[:place],
        arrows="all" if every_arrow else "main",
        last=here.move,
        also=moves,
    )
    letter, why = OS_EYES[here.state]
    process = os_diagram(None if letter == NOTHING else letter)
    seen = f"ps would show {'nothing' if letter == NOTHING else letter}: {why}."
    shown = [diagram, *([process] if os_too else []), draw_history(frames, place, seen)]
    title = diagram.title if frames[place].source is None else f"{diagram.title}, from {here.move[0].value}"  # type: ignore[index]
    return below(shown, title, f"{said(here)}\n{seen}\n{written(frames, place)}")


def below(pictures: Iterable[Svg], title: str, text: str, gap: int = 10) -> Svg:
    """Return pictures below each other as one, with words of its own."""
    y, parts, width = 0, [], 0
    for picture in pictures:
        parts.append(f'<g transform="translate(0 {y})">{picture.body}</g>')
        y, width = y + picture.height + gap, max(width, picture.width)
    return Svg(width=width, height=y - gap, title=title, text=text, body="\n".join(parts))


def _at(seconds_: float) -> str:
    return span(ns(seconds_)) or "0 s"
