"""The display: a model as a page in a notebook, and its last picture as an output that stays when the page is gone.

Why an own page and not the controls of ipywidgets: their sliders have no accessible name and their player has no names
for its buttons (axe-core: serious and critical), radio buttons form no group, and no region tells a screen reader
what has changed. So one anywidget - an ipywidget with a page of its own - makes native controls from any form.

Rule: two outputs. The first is the page, which lives as long as its kernel. The second is the picture, as SVG and in
words; it follows the page a moment after the last change, is hidden while the page is there, and is what a saved
notebook, nbconvert and a code host show.
"""

from __future__ import annotations

import asyncio
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from lifecycle_kit.show.interactive.form import Model, View, plain_form, plain_view
from lifecycle_kit.show.svg import Svg, text_block

__all__ = ["NoWidgets", "Panel", "still"]

QUIET_S = 0.6  # without a change, before the saved picture follows
SVG, TEXT = "image/svg+xml", "text/plain"


class NoWidgets(ImportError):
    """The packages for widgets are not installed; the message says how to get them."""


@cache
def page_class() -> Any:
    """Return the widget class of the page.

    Raises:
        NoWidgets: if anywidget or ipywidgets is missing.
    """
    try:
        anywidget, traitlets = import_module("anywidget"), import_module("traitlets")
    except ImportError as error:
        raise NoWidgets(
            f"labs and quizzes need the package {error.name}, which is not installed here: "
            "install lifecycle-kit[course], or ask the model itself, which needs no widgets"
        ) from None
    here = files("lifecycle_kit.show.interactive")

    class Page(anywidget.AnyWidget):  # type: ignore[misc, name-defined]
        """A form and a view, shown by the browser."""

        _esm = here.joinpath("page.js").read_text(encoding="utf-8")
        _css = here.joinpath("page.css").read_text(encoding="utf-8")
        form = traitlets.Dict().tag(sync=True)
        view = traitlets.Dict().tag(sync=True)

    return Page


def still(model: Model, view: View | None = None) -> dict[str, str]:
    """Return what stays of a model when its page is gone: the picture with its answer, and the same in words."""
    view = model.view() if view is None else view
    words = "\n".join(line for line in (f"{model.form.title}: {view.says}", plain_view(view)["words"]) if line)
    return {TEXT: words} if view.picture is None else {SVG: str(_captioned(view.picture, view.says)), TEXT: words}


def _captioned(picture: Svg, says: str) -> Svg:
    """Return the picture with the answer below it: in a saved notebook it stands alone."""
    import textwrap

    lines = textwrap.wrap(says, picture.width // 8)
    height = 20 * len(lines) + 12
    caption = text_block(lines, (14, picture.height + height / 2), size=14, anchor="start")
    return Svg(
        width=picture.width, height=picture.height + height, title=picture.title, text=f"{says}\n{picture.text}",
        body=f"{picture.body}\n{caption}",
    )  # fmt: skip


class Panel:
    """A model on a page; the last expression of a cell shows it.

    Attributes:
        model: what is shown; it can be asked and turned without the page.
        widget: the page.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.widget = page_class()(form=plain_form(model.form), view=self._view(""))
        self.widget.on_msg(self._told)
        self._still: Any = None
        self._later: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return still(self.model)[TEXT]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The page and the picture in one output, for whoever wants one only."""
        return {**self._page(), **still(self.model)}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._page() | {TEXT: f"{self.model.form.title}: run this cell to play with it."}, raw=True)
        self._still = display(still(self.model), raw=True, display_id=True)

    def _page(self) -> dict[str, Any]:
        made = self.widget._repr_mimebundle_()  # with metadata, or without
        return dict(made[0] if isinstance(made, tuple) else made)

    def _view(self, nth: str) -> dict[str, Any]:
        return {**plain_view(self.model.view()), "values": dict(self.model.values), "nth": nth}

    def _told(self, _: Any, content: Any, __: Any) -> None:
        """Do what the page asks, and answer in any case: it sends nothing more until its message came back."""
        try:
            if "turn" in content:
                self.model.take(content["turn"])
            if "press" in content:
                self.model.press(content["press"])
        finally:
            self.widget.view = self._view(str(content.get("nth", "")))
        if self._still is not None:
            self._save_soon()

    def _save_soon(self) -> None:
        if self._later is not None:
            self._later.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel: nothing will come later
            self._save()
        else:
            self._later = loop.call_later(QUIET_S, self._save)

    def _save(self) -> None:
        self._still.update(still(self.model), raw=True)
