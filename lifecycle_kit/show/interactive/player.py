"""Tapes to play: a trace, real or simulated, and a unit that one moves oneself, trigger by trigger.

Rule: which move is possible, and why another is not, comes from the table of moves alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lifecycle_kit.show.interactive.form import Button, Control, Form, Group, Try, Value, View
from lifecycle_kit.show.interactive.tape import BEGIN, Frame, draw_frame, frames_of, said, written
from lifecycle_kit.states import HAS_PROCESS, REQUESTS, TRANSITIONS, RequestRefused, State, Trigger, move
from lifecycle_kit.trace import Trace

__all__ = ["GROUPS", "KEYS", "STORIES", "TracePlayer", "Walk", "why_not"]

OS_TOO = Control(name="os", kind="switch", label="Show the states of the process too")
T = Trigger

GROUPS: Mapping[str, tuple[Trigger, ...]] = {
    "Somebody asks": (T.START, T.STOP, T.RESTART),
    "It gets to work": (T.READY, T.WORK_TAKEN, T.IDLE),
    "It gets stuck, and free again": (T.READINESS_LOST, T.DEPENDENCY_LOST, T.UNBLOCKED, T.RESUMED),
    "It has to leave": (T.LIVENESS_FAILED, T.TIMED_OUT, T.STOPPING, T.DEADLINE),
    "It ends": (T.EXIT_STOPPED, T.EXIT_CLEAN, T.EXIT_FAILED),
    "The restart policy decides": (T.RESTART_PLANNED, T.RESTART_DUE, T.START_REFUSED),
}
KEYS: Mapping[Trigger, str] = dict(
    zip((trigger for group in GROUPS.values() for trigger in group), "sxrywildumvogezcfbnq", strict=True)
)
STORIES: Sequence[tuple[Try, tuple[Trigger, ...]]] = (
    (Try(label="An ordinary life", watch="press Play: work comes, a stop is asked for, it drains"),
     (T.START, T.READY, T.WORK_TAKEN, T.IDLE, T.WORK_TAKEN, T.STOP, T.EXIT_STOPPED)),
    (Try(label="A crash loop", watch="press Play: which arrows get thick, and which state is never reached?"),
     (T.START, *(T.EXIT_FAILED, T.RESTART_PLANNED, T.RESTART_DUE) * 3, T.EXIT_FAILED)),
    (Try(label="It loses its queue", watch="press Play: it is alive all the time, and ps shows nothing strange"),
     (T.START, T.READY, T.WORK_TAKEN, T.DEPENDENCY_LOST, T.RESUMED, T.DEPENDENCY_LOST, T.STOP, T.EXIT_STOPPED)),
)  # fmt: skip


def why_not(state: State, trigger: Trigger) -> str:
    """Return why a trigger moves nothing in this state, and where it would; "" if it does.

    >>> why_not(State.BACKOFF, Trigger.READY)
    "'ready' moves nothing while 'backoff': there is no process; it counts in starting"
    """
    try:
        move(state, trigger)
    except RequestRefused as refusal:
        return str(refusal) if trigger in REQUESTS else _no_news(state, trigger)
    return ""


def _no_news(state: State, trigger: Trigger) -> str:
    sources = [source for source, each in TRANSITIONS if each is trigger]
    names = [source.value for source in sources]
    where = ", ".join(names if len(names) < 4 else [*names[:3], "..."])
    because = ""
    if state not in HAS_PROCESS and HAS_PROCESS.issuperset(sources):
        because = " there is no process;"
    elif state in HAS_PROCESS and HAS_PROCESS.isdisjoint(sources):
        because = " a process exists;"
    return f"{trigger.value!r} moves nothing while {state.value!r}:{because} it counts in {where}"


class Walk:
    """A unit that one moves oneself; every move is kept on a tape.

    Attributes:
        frames: the tape.
        place: of the frame shown; a move made before the end of the tape goes on from there.
    """

    def __init__(self) -> None:
        self.frames: tuple[Frame, ...] = (BEGIN,)
        self.place = 0
        self._os_too = False
        self._problem = ""

    @property
    def form(self) -> Form:
        """The part of the page that stays."""
        groups = [
            Group(legend=legend, buttons=tuple(Button(name=t.value, label=t.value, key=KEYS[t]) for t in triggers))
            for legend, triggers in GROUPS.items()
        ]
        tape = Group(legend="History", controls=(Control(name="place", kind="play", label="Move shown"), OS_TOO))
        return Form(
            title="State lab", question="What can happen to a unit now, and what not?", layout="wide",
            groups=(tape, *groups), tries=tuple(story for story, _ in STORIES), reset="Begin anew",
        )  # fmt: skip

    @property
    def state(self) -> State:
        """Where the unit stands."""
        return self.frames[self.place].state

    @property
    def values(self) -> dict[str, Value]:
        """Which frame is shown, and whether the process' states are."""
        return {"place": self.place, "os": self._os_too}

    def view(self) -> View:
        """Return what is shown now."""
        refused = {trigger.value: why for trigger in Trigger if (why := why_not(self.state, trigger))}
        return View(
            says=said(self.frames[self.place]),
            picture=draw_frame(self.frames, self.place, every_arrow=True, os_too=self._os_too),
            problem=self._problem, refused=refused, last={"place": len(self.frames) - 1},
        )  # fmt: skip

    def take(self, values: Mapping[str, Value]) -> None:
        """Show another frame, or the process' states too."""
        self._problem = ""
        self._os_too = bool(values.get("os", self._os_too))
        self.place = _within(values.get("place"), self.place, len(self.frames))

    def press(self, button: str) -> None:
        """Move the unit by a trigger, begin anew ("reset"), or lay a story on the tape ("try-n")."""
        self._problem = ""
        if button == "reset":
            self.frames, self.place = (BEGIN,), 0
        elif button.startswith("try-") and button[4:].isdigit() and int(button[4:]) < len(STORIES):
            self._tell(STORIES[int(button[4:])][1])
        elif button in {trigger.value for trigger in Trigger}:
            self._move(Trigger(button))

    def _move(self, trigger: Trigger) -> None:
        self._problem = why_not(self.state, trigger)
        if not self._problem:
            made = Frame(state=move(self.state, trigger), source=self.state, why=trigger.value)
            self.frames = (*self.frames[: self.place + 1], made)
            self.place += 1

    def _tell(self, story: Sequence[Trigger]) -> None:
        self.frames, self.place = (BEGIN,), 0
        for trigger in story:
            self._move(trigger)
        self.place = 0


class TracePlayer:
    """A recorded or simulated trace, one of its instances at a time.

    Attributes:
        tapes: the frames of each instance, by name.
        instance: whose tape is shown.
        place: of the frame shown.
    """

    def __init__(self, trace: Trace, title: str, question: str) -> None:
        if not trace.instances:
            raise ValueError("nothing moves in this trace: there is nothing to play")
        self.tapes = {name: frames_of(trace, name) for name in trace.instances}
        self.instance, self.place = trace.instances[0], 0
        self._title, self._question, self._os_too = title, question, False

    @property
    def form(self) -> Form:
        """The part of the page that stays."""
        whose = Control(name="instance", kind="choice", label="Instance", words=tuple(self.tapes))
        tape = (
            Control(name="place", kind="play", label="Move shown"),
            *([whose] if len(self.tapes) > 1 else []),
            OS_TOO,
        )
        return Form(
            title=self._title,
            question=self._question,
            groups=(Group(legend="Tape", controls=tape),),
            reset="",
            layout="wide",
        )

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The tape of the instance shown."""
        return self.tapes[self.instance]

    @property
    def values(self) -> dict[str, Value]:
        """Which frame of whose tape is shown, and whether the process' states are."""
        return {"place": self.place, "instance": list(self.tapes).index(self.instance), "os": self._os_too}

    def view(self) -> View:
        """Return what is shown now."""
        return View(
            says=said(self.frames[self.place]),
            picture=draw_frame(self.frames, self.place, every_arrow=False, os_too=self._os_too),
            words=written(self.frames, self.place), last={"place": len(self.frames) - 1},
        )  # fmt: skip

    def take(self, values: Mapping[str, Value]) -> None:
        """Show another frame or instance, or the process' states too."""
        names = list(self.tapes)
        chosen = names[_within(values.get("instance"), names.index(self.instance), len(names))]
        if chosen != self.instance:
            self.instance, self.place = chosen, 0
        else:
            self.place = _within(values.get("place"), self.place, len(self.frames))
        self._os_too = bool(values.get("os", self._os_too))

    def press(self, button: str) -> None:
        """Do nothing: a tape has no buttons beside those of the page."""


def _within(place: Value | None, before: int, length: int) -> int:
    return place if isinstance(place, int) and 0 <= place < length else before
