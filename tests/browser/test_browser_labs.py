"""Every lab in JupyterLab: it appears, a click, a key and a slider change its picture, and it can be read by all."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.timeout(360)]

IMPORTS = """from lifecycle_kit import like
from lifecycle_kit.classroom.quiz_widget import quiz
from lifecycle_kit.show import interactive
from lifecycle_kit.simulate import Script, simulate
"""
CELLS = (
    f"{IMPORTS}interactive.probe_lab()",
    "interactive.backoff_lab()",
    "interactive.routing_lab()",
    "interactive.drain_lab()",
    "interactive.rollout_lab()",
    "interactive.state_lab()",
    "interactive.play(simulate(like('kubernetes'), Script(run_s=0.3), until_s=60), title='Crash loop')",
    "quiz('liveness-readiness')",
    "quiz('restart-harm')",
    "quiz('leave-in-order')",
)
PICTURES = 7  # of them have one


@pytest.fixture(scope="module")
def labs(desk: Desk) -> Desk:
    """A notebook with all of them, run once."""
    desk.server.write("labs.ipynb", *CELLS)
    desk.open("labs.ipynb")
    desk.run_all(len(CELLS))
    return desk


def first_slider(sheet: Any) -> Any:
    return sheet.locator("input[type=range]").first


def test_a_slider_moved_by_a_key_changes_the_picture_and_its_words(labs: Desk) -> None:
    sheet = labs.sheet("Probe lab")
    assert "noticed after 27 s" in sheet.locator(".lk-says").inner_text()
    with labs.changing(sheet):
        first_slider(sheet).press("Home")
    assert "noticed after 2 s" in sheet.locator(".lk-says").inner_text()
    assert first_slider(sheet).get_attribute("aria-valuetext") == "1 s"
    labs.shot("probe-lab", sheet)


def test_a_slider_dragged_by_the_mouse_changes_the_picture(labs: Desk) -> None:
    sheet = labs.sheet("Backoff lab")
    box = first_slider(sheet).bounding_box()
    middle = box["y"] + box["height"] / 2
    with labs.changing(sheet):
        labs.page.mouse.move(box["x"] + box["width"] / 2, middle)
        labs.page.mouse.down()
        labs.page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
        labs.page.mouse.up()
    labs.shot("backoff-lab", sheet)


@pytest.mark.parametrize(
    ("title", "label", "option"),
    [
        ("Routing lab", "Route to whoever", 2),
        ("Drain lab", "When it is asked to stop", 1),
        ("Rollout lab", "Readiness", 1),
    ],
)
def test_a_choice_changes_the_fleet(labs: Desk, title: str, label: str, option: int) -> None:
    sheet = labs.sheet(title)
    with labs.changing(sheet), labs.changing(sheet, ".lk-says"):
        sheet.get_by_label(label, exact=True).select_option(index=option)
    with labs.changing(sheet):
        sheet.get_by_label("Requests", exact=True).press("ArrowLeft")
    labs.shot(title.lower().replace(" ", "-"), sheet)


def test_a_tweak_turns_the_knobs_and_reset_turns_them_back(labs: Desk) -> None:
    sheet = labs.sheet("Probe lab")
    with labs.changing(sheet):
        sheet.get_by_role("button", name="Kill what is slow").click()
    assert sheet.get_by_label("What a bad verdict does").input_value() == "1"
    with labs.changing(sheet):
        sheet.get_by_role("button", name="Reset").click()
    assert sheet.get_by_label("What a bad verdict does").input_value() == "0"


def test_a_script_that_cannot_be_read_is_answered_with_a_reason(labs: Desk) -> None:
    sheet = labs.sheet("Probe lab")
    with labs.changing(sheet):
        sheet.get_by_label("What happens to it").select_option(label="a script of your own")
    script = sheet.get_by_label("Own script")
    with labs.changing(sheet, ".lk-problem"):
        script.fill("20:okay")
        script.press("Tab")
    assert "no part of a health script" in sheet.locator(".lk-problem").inner_text()
    with labs.changing(sheet, ".lk-problem"):
        sheet.get_by_role("button", name="Reset").click()


def test_a_key_moves_the_state_and_the_notebook_hears_nothing_of_it(labs: Desk) -> None:
    sheet = labs.sheet("State lab")
    cells = labs.page.locator(".jp-Cell").count()
    sheet.get_by_role("button", name="Begin anew").focus()
    for key in "sywdx":  # x and d would cut and delete cells
        with labs.changing(sheet):
            labs.page.keyboard.press(key)
    assert sheet.locator(".lk-says").inner_text() == "blocked → draining (stop)."
    assert labs.page.locator(".jp-Cell").count() == cells
    labs.shot("state-lab", sheet)


def test_a_click_on_what_is_refused_says_why(labs: Desk) -> None:
    sheet = labs.sheet("State lab")
    with labs.changing(sheet):
        sheet.get_by_role("button", name="Begin anew").click()
    refused = sheet.get_by_role("button", name="ready", exact=True)
    assert refused.get_attribute("aria-disabled") == "true"
    with labs.changing(sheet, ".lk-problem"):
        refused.click(force=True)  # it can be clicked, although it says that it does nothing
    assert "there is no process" in sheet.locator(".lk-problem").inner_text()


def test_an_arrow_of_the_diagram_can_be_clicked(labs: Desk) -> None:
    sheet = labs.sheet("State lab")
    with labs.changing(sheet):
        sheet.get_by_role("button", name="start", exact=True).click()
    with labs.changing(sheet):
        sheet.locator(".lk-picture [data-from=starting][data-to=ready] path").last.click(force=True)
    assert sheet.locator(".lk-says").inner_text() == "starting → ready (ready)."


def test_a_trace_is_played_paused_stepped_and_scrubbed(labs: Desk) -> None:
    sheet = labs.sheet("Crash loop")
    scrub = sheet.get_by_label("Move shown")
    with labs.changing(sheet):
        sheet.get_by_role("button", name="Play").click()
    labs.page.keyboard.press("p")
    assert "Play" in sheet.locator(".lk-play").inner_text()
    here = int(scrub.input_value())
    with labs.changing(sheet):
        labs.page.keyboard.press(".")
    assert int(scrub.input_value()) == here + 1
    with labs.changing(sheet):
        scrub.press("End")
    assert sheet.locator(".lk-says").inner_text().startswith("At 31.2 s: failed → backoff")
    with labs.changing(sheet):
        sheet.get_by_label("Show the states of the process too").check()
    labs.shot("trace", sheet)


def test_playing_goes_on_by_itself_to_the_end(labs: Desk) -> None:
    sheet = labs.sheet("Crash loop")
    scrub = sheet.get_by_label("Move shown")
    with labs.changing(sheet):
        labs.page.keyboard.press("[")
    sheet.get_by_label("Pace").select_option(label="as fast as it can")
    sheet.get_by_role("button", name="Play").click()
    labs.until(lambda: scrub.input_value() == scrub.get_attribute("max"), "the tape did not come to its end")
    labs.until(lambda: "Play" in sheet.locator(".lk-play").inner_text(), "it still says that it plays")


@pytest.mark.parametrize(
    ("heading", "options", "says"),
    [
        ("Question, lesson 03", ["b)"], "Not yet, try 1."),
        ("Question, lesson 03", ["a)"], "Done, at try 2."),
        ("Question, lesson 04", ["a)", "e)"], "Not yet, try 1. So far it is right"),
    ],
)
def test_a_question_is_answered_by_keyboard(labs: Desk, heading: str, options: list[str], says: str) -> None:
    sheet = labs.sheet(heading)
    for option in options:
        sheet.locator("label", has_text=option).first.locator("xpath=../input").focus()
        labs.page.keyboard.press("Space")
    sheet.get_by_role("button", name="Check", exact=True).press("Enter")
    labs.until(lambda: sheet.locator(".lk-says").inner_text().startswith(says), f"it does not say {says!r}")
    labs.shot(f"quiz-{heading[-2:]}", sheet)


def test_steps_are_put_in_order_by_keyboard_and_the_focus_stays(labs: Desk) -> None:
    sheet = labs.sheet("Question, lesson 05")
    for letter in "bdfa":
        sheet.get_by_role("button", name=f"put next: {letter})").press("Enter")
    earlier = sheet.get_by_role("button", name="earlier: d)")
    earlier.press("Enter")
    assert labs.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("earlier: d)")
    sheet.get_by_role("button", name="Check", exact=True).press("Enter")
    labs.until(lambda: sheet.locator(".lk-says").inner_text().startswith("Done, at try 1."), "it is not done")
    labs.shot("quiz-order", sheet)


def test_every_control_is_reached_by_the_tab_key(labs: Desk) -> None:
    sheet = labs.sheet("Backoff lab")
    controls = sheet.locator("button, input, select, summary")
    controls.first.focus()
    for nth in range(controls.count()):
        here = controls.nth(nth)
        assert here.evaluate("element => element === document.activeElement"), here.evaluate("e => e.outerHTML")
        labs.page.keyboard.press("Tab")


def test_axe_finds_nothing_serious_in_any_page(labs: Desk, axe: str) -> None:
    for sheet in labs.page.locator(".lk-page summary").all():
        sheet.scroll_into_view_if_needed()
        sheet.click()
    assert labs.violations(".lk-page", axe) == []


def test_the_console_is_quiet_and_nothing_leaves_the_machine(labs: Desk) -> None:
    assert (labs.problems, labs.strangers) == ([], [])


def test_while_a_page_lives_its_saved_picture_is_hidden(labs: Desk) -> None:
    assert labs.page.locator(".jp-RenderedSVG:visible").count() == 0


def test_a_saved_notebook_shows_every_last_picture_without_a_kernel(labs: Desk) -> None:
    sheet = labs.sheet("Probe lab")
    with labs.changing(sheet):
        sheet.get_by_role("button", name="Kill what is slow").click()
    labs.save()
    labs.server.end_sessions()
    labs.page.goto("about:blank")
    labs.open("labs.ipynb")
    labs.until(lambda: labs.page.locator(".jp-RenderedSVG:visible").count() == PICTURES, "a picture is not shown")
    sources = [image.get_attribute("src") for image in labs.page.locator(".jp-RenderedSVG img").all()]
    assert any("killed" in source for source in sources)
    labs.shot("saved-without-kernel")


def test_its_html_shows_every_picture_offline(labs: Desk, browser: Any) -> None:
    book = nbformat.reads((labs.server.folder / "labs.ipynb").read_text(encoding="utf-8"), as_version=4)
    assert "widgets" not in json.dumps(book.metadata)
    exporter: Any = HTMLExporter
    html, _ = exporter(embed_images=True).from_notebook_node(book)
    path = labs.server.folder.parent / "labs.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    pictures = page.locator("img[src^='data:image/svg+xml;base64,']")
    assert pictures.count() == PICTURES
    drawn = [b64decode(each.get_attribute("src").partition(",")[2]).decode() for each in pictures.all()]
    assert any("a process that works is killed" in each for each in drawn)
    assert all(each.evaluate("image => image.complete && image.naturalWidth > 100") for each in pictures.all())
    page.close()
