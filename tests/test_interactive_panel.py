"""The display, without a browser: what it sends to the page, what comes back, and what a saved notebook keeps."""

from __future__ import annotations

import asyncio
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest
from nbclient import NotebookClient

from lifecycle_kit.show.interactive import NoWidgets, Panel
from lifecycle_kit.show.interactive import panel as panel_module
from lifecycle_kit.show.interactive.lab import Bench
from lifecycle_kit.show.interactive.lab_probe import LAB
from lifecycle_kit.show.interactive.panel import page_class, still

VIEW, SVG, TEXT = "application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"


@pytest.fixture
def panel() -> Panel:
    pytest.importorskip("anywidget")
    return Panel(Bench(LAB))


def send(panel: Panel, **content: object) -> None:
    """Hand in a message as a page sends it."""
    panel._told(None, content, [])


class Shelf:
    """Keeps what would be saved, in place of a notebook."""

    def __init__(self) -> None:
        self.kept: list[dict[str, str]] = []

    def update(self, data: dict[str, str], raw: bool) -> None:
        assert raw
        self.kept.append(data)


def test_its_output_holds_the_page_and_the_picture_and_the_words(panel: Panel) -> None:
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {VIEW, SVG, TEXT}
    assert bundle[TEXT].startswith("Probe lab: The outage at 63 s is noticed after 27 s")


def test_the_saved_picture_carries_its_answer_in_the_picture_too(panel: Panel) -> None:
    drawn = "".join(ET.fromstring(still(panel.model)[SVG]).itertext())
    assert "The outage at 63 s is noticed after 27 s" in drawn


def test_a_turned_knob_changes_the_picture_on_the_page(panel: Panel) -> None:
    before = panel.widget.view["picture"]
    send(panel, turn={"period_s": 0})
    assert panel.widget.view["picture"] != before
    assert "noticed after 2 s" in panel.widget.view["says"]


def test_a_pressed_button_moves_the_knobs_on_the_page(panel: Panel) -> None:
    send(panel, press="try-0")
    assert panel.widget.view["values"]["period_s"] == 1
    send(panel, press="reset")
    assert panel.widget.view["values"]["period_s"] == 4


def test_every_message_is_answered_so_that_the_page_may_send_the_next(panel: Panel) -> None:
    sent: list[dict[str, object]] = [{"press": "launch"}, {"turn": {"period_s": 99}}, {"hello": 1}]
    for nth, content in enumerate(sent):
        send(panel, **content, nth=f"page:{nth}")
        assert panel.widget.view["nth"] == f"page:{nth}"
    assert panel.widget.view["values"]["period_s"] == 4


def test_even_a_model_that_breaks_answers(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(panel.model, "press", breaks)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        send(panel, press="reset", nth="page:7")
    assert panel.widget.view["nth"] == "page:7"


def test_without_a_running_kernel_the_picture_is_saved_at_once(panel: Panel) -> None:
    panel._still = shelf = Shelf()
    send(panel, press="try-0")
    assert [kept.keys() for kept in shelf.kept] == [{SVG, TEXT}]


def test_a_dragged_slider_saves_one_picture_once_it_rests(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_module, "QUIET_S", 0.01)
    panel._still = shelf = Shelf()

    async def drag() -> None:
        for place in (3, 2, 1, 0):
            send(panel, turn={"period_s": place})
        assert not shelf.kept
        while not shelf.kept:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.03)

    asyncio.run(drag())
    assert [kept[SVG] for kept in shelf.kept] == [still(panel.model)[SVG]]


def test_where_widgets_are_missing_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    page_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(NoWidgets, match=r"need the package anywidget, .*: install lifecycle-kit\[course\]"):
        Panel(Bench(LAB))


def test_a_model_needs_no_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert still(Bench(LAB))[TEXT].startswith("Probe lab:")


@pytest.mark.notebook
def test_a_notebook_that_was_run_keeps_the_page_and_after_it_the_picture() -> None:
    pytest.importorskip("anywidget")
    code = "from lifecycle_kit.show.interactive import probe_lab\nlab = probe_lab()\nlab"
    # The second cell stands in for a browser; a moment after the last change the saved picture must have followed.
    turn = "import asyncio\nlab._told(None, {'press': 'try-2'}, [])\nawait asyncio.sleep(1)"
    cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell(turn)]
    book = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(book, kernel_name="python3", store_widget_state=False).execute()
    page, picture = (output["data"] for output in book.cells[0]["outputs"])
    assert VIEW in page
    assert set(picture) == {SVG, TEXT}
    assert "a process that works is killed" in picture[TEXT]
    assert "a process that works is killed" in picture[SVG]
