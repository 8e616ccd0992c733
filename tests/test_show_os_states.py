"""The states of a process: the textbook's five, the one Linux adds, and Linux' letters."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lifecycle_kit.show.os_states import LETTERS, OS_TRANSITIONS, OsState, os_diagram, os_states

SVG = "{http://www.w3.org/2000/svg}"


def marked(current: OsState | str | None) -> set[str]:
    boxes = ET.fromstring(str(os_diagram(current))).findall(f".//{SVG}g[@data-state]")
    return {
        box.get("data-state", "") for box in boxes if "now" in {text.text for text in box.iter(f"{SVG}text")}
    }  # fmt: skip


def test_the_letter_r_marks_two_states_because_linux_does_not_tell_which() -> None:
    assert marked("R") == {"ready", "running"}
    assert "Now: ready or running (R); R does not tell which." in os_diagram("R").text


@pytest.mark.parametrize(
    ("letter", "name"), [("S", "waiting"), ("D", "waiting"), ("T", "stopped"), ("t", "stopped"), ("Z", "terminated")]
)
def test_every_other_letter_marks_one_state(letter: str, name: str) -> None:
    assert marked(letter) == {name}


def test_a_state_can_be_marked_by_name_or_as_itself() -> None:
    assert marked("waiting") == marked(OsState.WAITING) == {"waiting"}
    assert marked(None) == set()


def test_the_picture_holds_every_row_of_the_table() -> None:
    alive = ("ready", "running", "waiting")
    rows = set()
    for arrow in ET.fromstring(str(os_diagram())).findall(f".//{SVG}g[@data-from]"):
        source = arrow.get("data-from", "")
        for member in alive if source == "any of these three" else (source,):
            rows |= {(member, when, arrow.get("data-to")) for when in arrow.get("data-when", "").split(", ")}
    assert rows == {(a.value, trigger, b.value) for (a, trigger), b in OS_TRANSITIONS.items()}


def test_every_state_but_the_last_can_be_left_and_every_state_but_the_first_reached() -> None:
    assert {source for source, _ in OS_TRANSITIONS} == set(OsState) - {OsState.TERMINATED}
    assert set(OS_TRANSITIONS.values()) == set(OsState) - {OsState.NEW}


def test_the_words_give_every_state_its_letters() -> None:
    text = os_diagram().text
    assert "ready: R; running: R; waiting: S or D; stopped: T or t; terminated: Z or X." in text
    assert set(LETTERS) == set(OsState)


def test_what_is_neither_a_state_nor_a_letter_is_answered_with_what_is() -> None:
    with pytest.raises(ValueError, match=r"'Q' is no state of a process; use new, ready, .*: R, S, D, T, t, Z, X$"):
        os_states("Q")
