"""The history strip: the frames of a tape next to each other, the present one marked, and what `ps` would show below.

Rule: every frame is as wide as the others, however short it lasted, because a move that took no time is a move too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lifecycle_kit.show.interactive.chart import SIZE, band, row_name
from lifecycle_kit.show.interactive.os_eyes import OS_EYES
from lifecycle_kit.show.palette import LOOKS, MUTED, NOW, Look
from lifecycle_kit.show.svg import Svg, element, group, text_block

if TYPE_CHECKING:
    from lifecycle_kit.show.interactive.tape import Frame

__all__ = ["MOST", "draw_history"]

WIDTH, HEIGHT = 960, 132
LEFT, RIGHT = 96, 944
SERVICE, PROCESS, TALL = 28, 68, 32
MOST = 20  # frames at a time
WIDEST = 104
_PLAIN = Look("#eceff4", "#3d4450", "", "")


def draw_history(frames: Sequence[Frame], place: int, seen: str) -> Svg:
    """Return the strip of the frames around `place`.

    Args:
        frames: the whole tape.
        place: of the present frame.
        seen: what the operating system sees now, as a sentence.
    """
    first = min(max(0, place - MOST + 3), max(0, len(frames) - MOST))
    shown = list(enumerate(frames))[first : first + MOST]
    width = min(WIDEST, (RIGHT - LEFT) / max(len(shown), 1))
    parts = [
        row_name("service", LEFT - 12, SERVICE + TALL / 2),
        row_name("ps shows", LEFT - 12, PROCESS + TALL / 2),
        *(_cell(frame, LEFT + nth * width, width, number <= place) for nth, (number, frame) in enumerate(shown)),
        _cursor(LEFT + (place - first) * width, width),
        text_block([seen], (LEFT, HEIGHT - 13), size=SIZE, anchor="start", fill=MUTED),
    ]
    if first:
        parts.append(text_block([f"… {first} before"], (LEFT, 10), size=SIZE, anchor="start", fill=MUTED))
    return Svg(width=WIDTH, height=HEIGHT, title="History", text=seen, body="\n".join(parts))


def _cell(frame: Frame, x: float, width: float, been: bool) -> str:
    """Return one frame: the state, what `ps` shows, and when; what is still to come stands back."""
    look, letter = LOOKS[frame.state], OS_EYES[frame.state][0]
    name = frame.state.value
    parts = [
        band((x + 1, SERVICE, width - 2, TALL), Look(look.fill, look.edge, look.letter, ""), name, look.letter),
        band((x + 1, PROCESS, width - 2, TALL), _PLAIN, letter, letter),
    ]
    cell = group(parts, opacity=None if been else 0.6)
    if frame.at_s is None or width < 40:
        return cell
    return cell + text_block([_short(frame.at_s)], (x + width / 2, SERVICE - 11), size=SIZE - 1, fill=MUTED)


def _cursor(x: float, width: float) -> str:
    return element("rect", x=x - 1, y=SERVICE - 3, width=width + 2, height=PROCESS + TALL - SERVICE + 6, rx=5,
                   fill="none", stroke=NOW, stroke_width=4)  # fmt: skip


def _short(at_s: float) -> str:
    """Return an instant as short as the place allows: 10.6 s, 2:32 (minutes), 1:05:00 (hours).

    >>> _short(10.64), _short(152), _short(3900)
    ('10.6 s', '2:32', '1:05:00')
    """
    if at_s < 120:
        return f"{at_s:.1f}".removesuffix(".0") + " s"
    minutes, left = divmod(round(at_s), 60)
    return f"{minutes}:{left:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{left:02}"
