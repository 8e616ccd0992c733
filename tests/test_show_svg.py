"""Small SVG helpers: escaping, arrows, pictures beside each other, pictures on disk."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from IPython.core.formatters import DisplayFormatter

from lifecycle_kit.show.svg import Svg, arrow, beside, element, rounded_path, text_block

SVG = "{http://www.w3.org/2000/svg}"


def picture(name: str, width: int = 100, height: int = 50) -> Svg:
    return Svg(width=width, height=height, title=name, text=f"{name} in words", body=element("text", name, x=1, y=20))


def test_text_that_looks_like_markup_stays_text() -> None:
    odd = Svg(width=9, height=9, title='a < b & "c"', text="<x> & 'y'", body=element("text", "1 < 2 & 3", x=0))
    root = ET.fromstring(str(odd))
    assert root.get("aria-label") == 'a < b & "c"'
    assert root.findtext(f"{SVG}title") == 'a < b & "c"'
    assert root.findtext(f"{SVG}desc") == "<x> & 'y'"
    assert root.findtext(f"{SVG}text") == "1 < 2 & 3"


def test_an_arrow_is_a_line_and_a_head_that_ends_at_the_last_point() -> None:
    line, head = ET.fromstring(f"<g>{arrow([(0, 0), (50, 0)], colour='#123456', dash='2 2')}</g>")
    assert head.get("d", "").startswith("M50 0 ")
    assert (line.get("stroke"), head.get("fill")) == ("#123456", "#123456")
    assert line.get("stroke-dasharray") == "2 2"


def test_corners_are_rounded_by_no_more_than_half_a_side() -> None:
    assert rounded_path([(0, 0), (10, 0), (10, 100)]) == "M0 0 L5 0 Q10 0 10 5 L10 100"


def test_a_block_of_lines_is_centred_on_its_point() -> None:
    lines = ET.fromstring(f"<g>{text_block(['one', 'two', 'three'], (5, 100), size=10)}</g>")
    heights = [float(line.get("y", "")) for line in lines]
    assert [line.text for line in lines] == ["one", "two", "three"]
    assert sum(heights) / 3 == 100 + 3.5  # the middle of a line of 10 is 3.5 above its baseline


def test_two_pictures_beside_each_other_keep_their_words_and_do_not_overlap() -> None:
    both = beside(picture("left", 100, 50), picture("right", 80, 70), gap=10)
    root = ET.fromstring(str(both))
    assert (both.width, both.height) == (190, 70)
    assert both.text == "left in words\n\nright in words"
    assert [text.text for text in root.iter(f"{SVG}text")] == ["left", "right"]
    assert [group.get("transform") for group in root.findall(f"{SVG}g")] == [None, "translate(110 0)"]


def test_two_pictures_too_wide_for_a_page_stand_one_below_the_other() -> None:
    both = beside(picture("upper", 800, 50), picture("lower", 700, 70), gap=10)
    assert (both.width, both.height) == (800, 130)
    assert both.title == "upper; below it: lower"
    assert 'transform="translate(0 60)"' in str(both)


def test_a_picture_wider_than_a_page_is_shown_smaller_in_the_same_proportion() -> None:
    root = ET.fromstring(str(picture("wide", 1800, 400)))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("900", "200", "0 0 1800 400")


def test_a_picture_can_be_saved_and_is_the_same_on_disk(tmp_path: Path) -> None:
    path = picture("π").save(tmp_path / "a.svg")
    assert path.read_text(encoding="utf-8") == str(picture("π"))


def test_a_notebook_shows_the_picture_and_keeps_the_words_beside_it() -> None:
    shown, _ = DisplayFormatter().format(picture("a"))
    assert shown["image/svg+xml"] == str(picture("a"))
    assert shown["text/plain"] == "a in words"
