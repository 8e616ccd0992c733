"""What a page needs to show a model: a form that stays, and a view that changes with every turn of a knob.

Rule: plain values only. A model is tested by reading its form and its views; the display adds nothing to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from lifecycle_kit.show.svg import Svg

__all__ = ["KINDS", "Button", "Control", "Form", "Group", "Model", "Try", "Value", "View", "plain_form", "plain_view"]

Value = int | str | bool | list[int]
"""What a control holds: a place in its list, a text, yes or no, or places in an order."""

KINDS = ("slider", "choice", "switch", "text", "radio", "checks", "order", "play")
LAYOUTS = ("beside", "wide", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that holds a value.

    Attributes:
        name: of the value.
        kind: one of `KINDS`; "play" is a tape that can be played, paused, stepped and scrubbed.
        label: what stands beside it.
        words: how each place is said.
        help: a sentence about it.
    """

    name: str
    kind: str
    label: str
    words: tuple[str, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r} is not known; choose one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press: its name, what stands on it, and the key that presses it too ("" for none)."""

    name: str
    label: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Controls and buttons under one heading."""

    legend: str
    controls: tuple[Control, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A tweak to begin with: what it does, and what to look at then."""

    label: str
    watch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The part of a page that stays.

    Attributes:
        title: what it is called.
        question: what it answers; "" where a heading below says it.
        groups: controls and buttons.
        tries: tweaks; pressing the n-th one presses the button "try-n", from 0.
        reset: what stands on the button "reset"; "" for none.
        layout: one of `LAYOUTS`: controls "beside" the picture where there is room, or below it; "wide": the picture
            needs the whole width, and the controls stand above it; "plain": there is no picture.
    """

    title: str
    question: str
    groups: tuple[Group, ...]
    tries: tuple[Try, ...] = ()
    reset: str = "Reset"
    layout: str = "beside"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout={self.layout!r} is not known; choose one of {', '.join(LAYOUTS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The part that changes.

    Attributes:
        says: the answer in a sentence or two; read aloud when it changes.
        picture: None where there is nothing to draw.
        words: the same as the picture, in words.
        problem: why something was not done, and what can be done instead.
        refused: buttons that do nothing now, with the reason why.
        last: the last place of controls whose length changes.
        notes: by control, what to say about its places, such as the feedback to a chosen option.
    """

    says: str
    picture: Svg | None = None
    words: str = ""
    problem: str = ""
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    last: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[str, Mapping[int, str]] = field(default_factory=lambda: MappingProxyType({}))


class Model(Protocol):
    """What the display asks of a model."""

    @property
    def form(self) -> Form:
        """The part of the page that stays."""
        ...

    @property
    def values(self) -> Mapping[str, Value]:
        """Where each control stands."""
        ...

    def view(self) -> View:
        """Return the part of the page that changes, as it is now."""
        ...

    def take(self, values: Mapping[str, Value]) -> None:
        """Let controls stand at `values`; what cannot be is left as it was, and the view says why."""
        ...

    def press(self, button: str) -> None:
        """Do what a button says; one that is refused now only makes the view say why."""
        ...


def plain_form(form: Form) -> dict[str, Any]:
    """Return a form as plain data."""
    return asdict(form)


def plain_view(view: View) -> dict[str, Any]:
    """Return a view as plain data, its picture as an SVG document."""
    return {
        "says": view.says,
        "picture": "" if view.picture is None else str(view.picture),
        "words": view.words or ("" if view.picture is None else view.picture.text),
        "problem": view.problem,
        "refused": dict(view.refused),
        "last": dict(view.last),
        "notes": {name: {str(place): note for place, note in notes.items()} for name, notes in view.notes.items()},
    }
