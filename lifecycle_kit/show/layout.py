"""Where things stand in a diagram: fixed coordinates, so that the same state is always in the same place.

Rule: the layout knows places only. Which arrows there are comes from a table; an arrow that has no route of its
own here runs straight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lifecycle_kit.show.svg import Point

__all__ = [
    "HALF_HEIGHT",
    "HALF_WIDTH",
    "LANES",
    "PLACES",
    "STATES",
    "STATES_ALL",
    "STATES_DEEP",
    "Frame",
    "Layout",
    "Place",
    "Route",
]

HALF_WIDTH, HALF_HEIGHT = 68, 27  # of a state's box


@dataclass(frozen=True, slots=True)
class Place:
    """The middle of a state's box, and a few words below its name."""

    x: int
    y: int
    note: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around several states, as `(x, y, width, height)`; `name_at` is where its name stands."""

    box: tuple[int, int, int, int]
    name_at: Point
    members: tuple[str, ...] = ()
    shaded: bool = False
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The corners of an arrow and the point its label is aligned to.

    `count_above`: where "×3" does not fit behind the label it gets a line of its own.
    """

    points: tuple[Point, ...]
    label: Point
    anchor: str = "middle"
    count_above: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole picture without its arrows.

    Attributes:
        width: in pixels at natural size.
        height: likewise, without the lines of words below.
        places: state by name.
        frames: by name; those with members may be the source of an arrow.
        routes: by source and target.
    """

    width: int
    height: int
    places: Mapping[str, Place]
    frames: Mapping[str, Frame]
    routes: Mapping[tuple[str, str], Route] = field(default_factory=dict)


# A process exists above the line and none below it: an arrow upward starts one, an arrow downward is its end.
_UP, _ROW, _DOWN = 70, 205, 405
PLACES = {
    "created": Place(104, _DOWN, "not started yet"),
    "starting": Place(104, _ROW, "not ready yet"),
    "ready": Place(330, _ROW, "may be given work"),
    "running": Place(556, _ROW, "does work"),
    "blocked": Place(556, _UP, "alive, but waits"),
    "draining": Place(852, _ROW, "takes no new work"),
    "terminated": Place(852, _DOWN, "ended as it should"),
    "failed": Place(556, _DOWN, "ended badly"),
    "backoff": Place(300, _DOWN, "a restart timer runs"),
}

_MAIN_ROUTES = {
    ("created", "starting"): Route(((104, 378), (104, 232)), (95, 266), "end"),
    ("starting", "ready"): Route(((172, 205), (262, 205)), (217, 193)),
    ("ready", "running"): Route(((398, 193), (488, 193)), (443, 180), count_above=True),
    ("running", "blocked"): Route(((530, 178), (530, 97)), (521, 137), "end"),
    ("blocked", "running"): Route(((568, 97), (568, 178)), (577, 137), "start"),
    ("running", "draining"): Route(((624, 205), (784, 205)), (714, 158)),
    ("draining", "terminated"): Route(((880, 232), (880, 378)), (871, 268), "end"),
    ("running", "failed"): Route(((566, 232), (566, 378)), (557, 272), "end"),
    ("starting", "failed"): Route(((152, 232), (532, 378)), (322, 274), count_above=True),
    ("failed", "backoff"): Route(((488, 398), (368, 398)), (428, 386), count_above=True),
    ("backoff", "starting"): Route(((278, 378), (126, 232)), (232, 320), "start"),
}
_INNER_ROUTES = {
    ("starting", "blocked"): Route(((104, 178), (104, 54), (488, 54)), (113, 120), "start", count_above=True),
    ("ready", "blocked"): Route(((330, 178), (330, 70), (488, 70)), (321, 122), "end", count_above=True),
    ("blocked", "ready"): Route(((488, 86), (362, 86), (362, 178)), (371, 104), "start"),
    ("running", "ready"): Route(((488, 217), (398, 217)), (443, 229)),
    ("draining", "draining"): Route(((834, 178), (834, 150), (870, 150), (870, 178)), (852, 137)),
}
# The ways out, one by one: needed where they are not drawn once for all four working states.
_EXIT_ROUTES = {
    ("starting", "draining"): Route(((84, 178), (84, 24), (824, 24), (824, 178)), (94, 98), "start"),
    ("ready", "draining"): Route(((290, 178), (290, 34), (806, 34), (806, 178)), (281, 110), "end"),
    ("blocked", "draining"): Route(((624, 70), (842, 70), (842, 178)), (851, 112), "start"),
    ("starting", "terminated"): Route(((64, 178), (64, 20), (942, 20), (942, 405), (920, 405)), (170, 32)),
    ("ready", "terminated"): Route(((376, 232), (376, 246), (660, 246), (826, 378)), (470, 257)),
    ("running", "terminated"): Route(((610, 232), (826, 378)), (672, 262), "start"),
    ("blocked", "terminated"): Route(((624, 56), (942, 56), (942, 405), (920, 405)), (720, 45)),
    ("draining", "failed"): Route(((806, 232), (624, 388)), (682, 354), "start"),
    ("ready", "failed"): Route(((366, 232), (546, 378)), (452, 294), "start"),
    ("blocked", "failed"): Route(((624, 84), (642, 84), (642, 356), (606, 378)), (651, 330), "start"),
}
_LOWER_ROUTES = {
    ("terminated", "failed"): Route(((784, 398), (624, 398)), (704, 410)),
    ("backoff", "failed"): Route(((368, 412), (488, 412)), (428, 424)),
    ("created", "failed"): Route(((172, 396), (206, 396), (206, 346), (530, 346), (530, 378)), (348, 335)),
}
# These run below the boxes and need a deeper frame.
_LANE_ROUTES = {
    ("terminated", "backoff"): Route(((822, 432), (822, 456), (320, 456), (320, 432)), (700, 446)),
    ("backoff", "terminated"): Route(((280, 432), (280, 474), (852, 474), (852, 432)), (400, 464)),
    ("created", "terminated"): Route(((104, 432), (104, 492), (882, 492), (882, 432)), (200, 482)),
    ("failed", "starting"): Route(((556, 432), (556, 510), (24, 510), (24, 205), (36, 205)), (180, 500)),
    ("terminated", "starting"): Route(((900, 432), (900, 510), (24, 510), (24, 205), (36, 205)), (700, 500)),
}
LANES = frozenset(_LANE_ROUTES)

PROCESS, NO_PROCESS, WORKING = "a process exists", "no process", "any of these four"
_BAND = Frame((12, 12, 936, 284), (830, 42), shaded=True)
_WITHOUT_PROCESS = ("created", "failed", "backoff", "terminated")
_ROUTES = {**_INNER_ROUTES, **_EXIT_ROUTES, **_LOWER_ROUTES, **_LANE_ROUTES, **_MAIN_ROUTES}

STATES = Layout(
    width=960,
    height=452,
    places=PLACES,
    frames={PROCESS: _BAND, NO_PROCESS: Frame((12, 304, 936, 144), (26, 326))},
    routes=_ROUTES,
)

STATES_DEEP = Layout(
    width=960,
    height=528,
    places=PLACES,
    frames={PROCESS: _BAND, NO_PROCESS: Frame((12, 304, 936, 220), (118, 326))},
    routes=_ROUTES,
)

STATES_ALL = Layout(
    width=960,
    height=528,
    places=PLACES,
    frames={
        PROCESS: _BAND,
        NO_PROCESS: Frame((12, 304, 936, 220), (26, 326), _WITHOUT_PROCESS),
        WORKING: Frame((22, 22, 622, 232), (32, 36), ("starting", "ready", "running", "blocked"), dotted=True),
    },
    routes={
        **_ROUTES,
        (WORKING, "draining"): Route(((644, 205), (784, 205)), (714, 158)),
        (WORKING, "failed"): Route(((590, 254), (590, 378)), (599, 282), "start", count_above=True),
        (WORKING, "terminated"): Route(((644, 240), (826, 378)), (686, 262), "start", count_above=True),
        (NO_PROCESS, "starting"): Route(((104, 304), (104, 232)), (95, 270), "end"),
    },
)
