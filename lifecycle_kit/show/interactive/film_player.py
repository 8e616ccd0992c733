"""A film of a real process to be played: what was done to it, and the letter that its system showed then."""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle_kit.live.film import Film
from lifecycle_kit.live.observe import GONE
from lifecycle_kit.show.interactive.form import Control, Form, Group, Value, View
from lifecycle_kit.show.os_states import LETTERS, os_diagram

__all__ = ["FilmPlayer"]

KNOWN = {letter for letters in LETTERS.values() for letter in letters}


class FilmPlayer:
    """A film, one look at the process at a time.

    Attributes:
        film: real, or a recording of a real one.
        place: of the look shown.
    """

    def __init__(self, film: Film, title: str, question: str) -> None:
        self.film, self.place = film, 0
        self._title, self._question = title, question

    @property
    def form(self) -> Form:
        """The part of the page that stays."""
        tape = Group(legend="Film", controls=(Control(name="place", kind="play", label="Look shown"),))
        return Form(title=self._title, question=self._question, groups=(tape,), reset="", layout="wide")

    @property
    def values(self) -> dict[str, Value]:
        """Which look is shown."""
        return {"place": self.place}

    def view(self) -> View:
        """Return what is shown now."""
        label, look = self.film.frames[self.place]
        letter = look.state if look.state in KNOWN else None
        gone = "gone" if look.state == GONE else f"{look.state}, {look.words}"
        source = "" if self.film.recorded is None else f" (A recording from {self.film.recorded}.)"
        return View(
            says=f"{label}: {gone}.{source}", picture=os_diagram(letter), words=repr(self.film),
            last={"place": len(self.film.frames) - 1},
        )  # fmt: skip

    def take(self, values: Mapping[str, Value]) -> None:
        """Show another look."""
        place = values.get("place")
        if isinstance(place, int) and 0 <= place < len(self.film.frames):
            self.place = place

    def press(self, button: str) -> None:
        """Do nothing: a film has no buttons beside those of the page."""
