"""A lab: settings with ranges, a pure function from settings to a picture, a question, and tweaks to begin with.

Rule: a lab is a value and knows no page. The same settings always give the same picture and the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from lifecycle_kit.show.interactive.form import Form, Try, Value, View
from lifecycle_kit.show.interactive.knobs import groups_of, knobs_of, places_of, settings_at
from lifecycle_kit.show.svg import Svg

__all__ = ["Bench", "Lab", "Shown", "Tweak"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a lab makes of its settings: a picture with its words, and the answer in a sentence or two."""

    says: str
    picture: Svg


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweak:
    """Something to try: what it does, what to look at then, and the settings that differ from the lab's own."""

    label: str
    watch: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(Generic[S]):
    """One lab.

    Attributes:
        title: what it is called.
        question: what it answers.
        start: the settings it opens with; their class says which knobs there are.
        draw: from settings to what is shown; ValueError where they make no sense together.
        tweaks: two or three things to try first.
        layout: as of a `Form`.
    """

    title: str
    question: str
    start: S
    draw: Callable[[S], Shown]
    tweaks: tuple[Tweak, ...]
    layout: str = "beside"

    @property
    def form(self) -> Form:
        """The part of its page that stays."""
        tries = tuple(Try(label=tweak.label, watch=tweak.watch) for tweak in self.tweaks)
        return Form(
            title=self.title, question=self.question, groups=groups_of(self.start), tries=tries, layout=self.layout
        )


class Bench(Generic[S]):
    """A lab in use: it remembers where the knobs stand and what was shown last.

    Attributes:
        lab: the lab.
        settings: where the knobs stand; `shown` belongs to the last ones that made sense.
    """

    def __init__(self, lab: Lab[S], **given: Any) -> None:
        unknown = [name for name in given if name not in knobs_of(lab.start)]
        if unknown:
            raise ValueError(f"the {lab.title} has no knob {unknown[0]!r}; it has {', '.join(knobs_of(lab.start))}")
        self.lab = lab
        self._start: S = replace(lab.start, **given)  # type: ignore[type-var]
        places_of(self._start)  # refuses a value that its knob does not have
        self.settings, self._problem = self._start, ""
        self.shown = lab.draw(self._start)

    @property
    def form(self) -> Form:
        """The part of the page that stays."""
        return self.lab.form

    @property
    def values(self) -> dict[str, Value]:
        """Where each knob stands."""
        return places_of(self.settings)

    def view(self) -> View:
        """Return what is shown now."""
        return View(says=self.shown.says, picture=self.shown.picture, problem=self._problem)

    def take(self, values: Mapping[str, Value]) -> None:
        """Turn the knobs; settings that make no sense together leave the picture as it was, with the reason."""
        self._show(settings_at(self.settings, values))

    def press(self, button: str) -> None:
        """Go back to the start ("reset"), or begin from there with the n-th tweak ("try-n")."""
        kind, _, number = button.partition("-")
        if kind == "reset":
            self._show(self._start)
        elif kind == "try" and number.isdigit() and int(number) < len(self.lab.tweaks):
            self._show(replace(self.lab.start, **self.lab.tweaks[int(number)].settings))  # type: ignore[type-var]

    def _show(self, settings: S) -> None:
        self.settings, self._problem = settings, ""
        try:
            self.shown = self.lab.draw(settings)
        except ValueError as error:
            self._problem = str(error)
