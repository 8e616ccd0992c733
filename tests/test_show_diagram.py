"""The state diagram: what is drawn is the table, and what is marked is what was asked for."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lifecycle_kit import like
from lifecycle_kit.show.diagram import MAIN, rows_of, state_diagram
from lifecycle_kit.show.layout import STATES_ALL
from lifecycle_kit.show.os_states import os_diagram
from lifecycle_kit.show.svg import Svg
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import TRANSITIONS, State, Trigger, allowed

SVG = "{http://www.w3.org/2000/svg}"
MEMBERS = {name: frame.members for name, frame in STATES_ALL.frames.items()}
TABLES = [
    pytest.param({key: to for key, to in TRANSITIONS.items() if key != gone}, id=f"{gone[0].value}-{gone[1].value}")
    for gone in TRANSITIONS
]


def parsed(picture: Svg) -> ET.Element:
    return ET.fromstring(str(picture))


def arrows(picture: Svg) -> dict[tuple[str, str], ET.Element]:
    found = ((element.get("data-from"), element.get("data-to"), element) for element in parsed(picture).iter(f"{SVG}g"))
    return {(source, target): element for source, target, element in found if source and target}


def drawn_rows(picture: Svg) -> list[tuple[str, str, str]]:
    """Return the rows that the arrows of a picture stand for, an arrow from a frame once for each member."""
    rows = []
    for (source, target), element in arrows(picture).items():
        for member in MEMBERS.get(source) or [source]:
            rows += [(member, trigger, target) for trigger in (element.get("data-when") or "").split(", ")]
    return rows


def words(picture: Svg) -> list[str]:
    return [element.text or "" for element in parsed(picture).iter(f"{SVG}text")]


def dashed(picture: Svg) -> set[tuple[str, str]]:
    return {way for way, group in arrows(picture).items() if group.find(f"{SVG}path[@stroke-dasharray]") is not None}


def thick(picture: Svg) -> set[tuple[str, str]]:
    widths = {way: group.find(f"{SVG}path") for way, group in arrows(picture).items()}
    return {way for way, path in widths.items() if path is not None and float(path.get("stroke-width", "0")) >= 4}


def test_the_picture_has_a_title_a_description_and_a_size() -> None:
    root = parsed(state_diagram("ready"))
    assert root.findtext(f"{SVG}title") == "The nine states of a unit of execution, now ready"
    assert root.findtext(f"{SVG}desc") == state_diagram("ready").text
    assert root.get("viewBox") == f"0 0 {state_diagram('ready').width} {state_diagram('ready').height}"
    assert root.get("role") == "img"


def test_the_picture_fits_a_page_and_its_smallest_words_are_at_least_eleven_and_a_half_pixels_high() -> None:
    for picture in (state_diagram("ready"), state_diagram("ready", arrows="all"), os_diagram("R")):
        root = parsed(picture)
        assert float(root.get("width", "")) <= 900
        scale = float(root.get("width", "")) / picture.width
        assert min(float(text.get("font-size", "")) for text in root.iter(f"{SVG}text")) * scale >= 11.5


@pytest.mark.parametrize("which", ["main", "all"])
def test_all_nine_states_are_in_the_picture_by_name(which: str) -> None:
    assert {state.value for state in State} <= set(words(state_diagram(arrows=which)))


def test_every_row_of_the_table_is_in_the_whole_picture_exactly_once() -> None:
    assert sorted(drawn_rows(state_diagram(arrows="all"))) == sorted(rows_of())


def test_every_trigger_of_an_arrow_is_written_at_it() -> None:
    written = ", ".join(words(state_diagram(arrows="all")))
    assert [trigger.value for trigger in Trigger if trigger.value not in written] == []


def test_the_main_picture_shows_the_moves_of_the_specification_and_no_others() -> None:
    assert set(arrows(state_diagram())) == MAIN


@pytest.mark.parametrize("table", TABLES)
def test_a_row_taken_out_of_the_table_is_gone_from_the_picture(table: dict[tuple[State, Trigger], State]) -> None:
    assert sorted(drawn_rows(state_diagram(arrows="all", table=table))) == sorted(rows_of(table))


def test_a_row_put_into_the_table_appears_in_the_picture_and_in_the_words() -> None:
    table = {**TRANSITIONS, (State.CREATED, Trigger.READY): State.RUNNING, (State.READY, Trigger.READY): State.READY}
    picture = state_diagram(arrows="all", table=table)
    assert sorted(drawn_rows(picture)) == sorted(rows_of(table))
    assert "created -> starting (start); -> terminated (stop); -> failed (start-refused); -> running" in picture.text


def test_a_row_that_leads_elsewhere_moves_its_arrow() -> None:
    picture = state_diagram(table={**TRANSITIONS, (State.FAILED, Trigger.RESTART_PLANNED): State.STARTING})
    assert ("failed", "backoff") not in arrows(picture)


@pytest.mark.parametrize("state", list(State))
def test_the_current_state_is_marked_by_a_word_and_a_thick_border(state: State) -> None:
    picture = state_diagram(state)
    assert words(picture).count("now") == 1
    box = parsed(picture).find(f".//{SVG}g[@data-state='{state.value}']")
    assert box is not None
    assert "now" in [text.text for text in box.iter(f"{SVG}text")]
    assert float(box.findall(f"{SVG}rect")[0].get("stroke-width", "0")) >= 4


@pytest.mark.parametrize("state", list(State))
def test_the_moves_possible_from_the_current_state_are_dashed(state: State) -> None:
    picture = state_diagram(state, arrows="all")
    nexts = {TRANSITIONS[state, trigger].value for trigger in allowed(state)}
    assert {target for _, target in dashed(picture)} == nexts
    assert all(state.value in (MEMBERS.get(source) or [source]) for source, _ in dashed(picture))
    now = next(word for word in words(picture) if word.startswith("Now: "))
    assert now.endswith(
        f"Possible next: {', '.join(dict.fromkeys(TRANSITIONS[state, t].value for t in allowed(state)))}."
    )


def test_moves_that_were_made_are_thick_and_counted() -> None:
    picture = state_diagram(taken=[("created", "starting"), ("failed", "backoff"), ("failed", "backoff")])
    assert thick(picture) == {("created", "starting"), ("failed", "backoff")}
    assert words(picture).count("×2") == 1, "beside the label of failed -> backoff"
    assert "Taken: created -> starting, failed -> backoff (2 times)." in picture.text


def test_a_restart_is_counted_at_its_own_arrow_and_not_as_a_start_too() -> None:
    taken = [("created", "starting"), ("backoff", "starting"), ("backoff", "starting")]
    shown = words(state_diagram(taken=taken, arrows="all"))
    assert "restart-due ×2" in shown
    assert "start" in shown, "taken once, from created"


def test_a_count_stands_behind_the_last_trigger_where_there_is_room() -> None:
    assert "readiness-lost" in words(picture := state_diagram(taken=[("running", "blocked")] * 3))
    assert "dependency-lost ×3" in words(picture)


def test_a_move_that_was_made_is_shown_even_if_it_is_not_a_main_one() -> None:
    assert ("running", "ready") in thick(state_diagram(taken=[(State.RUNNING, State.READY)]))


def test_the_moves_of_a_trace_can_be_handed_in() -> None:
    trace = simulate(like("kubernetes"), Script(run_s=0), 100)
    picture = state_diagram(trace.transitions[-1].target, taken=trace.transitions)
    assert ("backoff", "starting") in thick(picture)
    assert (
        f"failed -> backoff ({len([t for t in trace.transitions if t.target is State.BACKOFF])} times)" in picture.text
    )


def key(picture: Svg) -> set[str]:
    return {"taken", "possible next", "other"} & set(words(picture))


def test_the_key_explains_the_kinds_of_arrows_that_there_are() -> None:
    assert key(state_diagram()) == set()
    assert key(state_diagram("ready")) == {"possible next", "other"}
    assert key(state_diagram(taken=[("ready", "running")])) == {"taken", "other"}
    assert key(state_diagram("running", taken=[("ready", "running")])) == {"taken", "possible next", "other"}


def test_the_words_name_every_state_that_can_be_left_and_every_trigger() -> None:
    lines = state_diagram().text.splitlines()
    for source, trigger, target in rows_of():
        line = next(line for line in lines if line.startswith(f"{source} ->"))
        assert trigger in line.partition(f"-> {target} (")[2].partition(")")[0].split(", ")


@pytest.mark.parametrize(
    "picture", [state_diagram("running"), state_diagram(arrows="all", taken=[("ready", "running")])]
)
def test_two_pictures_on_one_page_share_nothing(picture: Svg) -> None:
    assert not any(name in str(picture) for name in (" id=", "url(", "href"))


def test_a_state_that_does_not_exist_is_answered_with_the_nine_that_do() -> None:
    with pytest.raises(ValueError, match="'up' is no state; the nine are created, starting, ready"):
        state_diagram("up")
    with pytest.raises(ValueError, match="'down' is no state"):
        state_diagram(taken=[("ready", "down")])


def test_an_unknown_choice_of_arrows_is_answered_with_the_two_there_are() -> None:
    with pytest.raises(ValueError, match="arrows='some' is not known; choose 'main' or 'all'"):
        state_diagram(arrows="some")


def test_the_move_made_just_now_stands_out_among_those_taken() -> None:
    moves = [("created", "starting"), ("starting", "ready")]
    picture = state_diagram("ready", taken=moves, last=moves[-1])
    assert key(picture) == {"taken", "possible next", "other"}
    assert "just taken" in words(picture)
    assert "Just taken: starting -> ready." in picture.text
    assert str(picture) != str(state_diagram("ready", taken=moves))


def test_moves_to_come_have_their_arrows_already() -> None:
    picture = state_diagram("created", also=[("starting", "blocked")])
    assert "dependency-lost" in words(picture)
    assert ("starting", "blocked") not in thick(picture)
