"""Tapes: a unit moved trigger by trigger, and traces played back, both drawn from the same table."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lifecycle_kit import like
from lifecycle_kit.live.film import film
from lifecycle_kit.show.interactive.film_player import FilmPlayer
from lifecycle_kit.show.interactive.os_eyes import OS_EYES
from lifecycle_kit.show.interactive.player import GROUPS, KEYS, STORIES, TracePlayer, Walk, why_not
from lifecycle_kit.show.interactive.tape import frames_of
from lifecycle_kit.show.os_states import LETTERS
from lifecycle_kit.simulate import Script, side_by_side, simulate
from lifecycle_kit.states import HAS_PROCESS, TRANSITIONS, State, Trigger
from lifecycle_kit.trace import Trace

PLAY_KEYS = set("p.,[]")


def drawn(svg: object) -> ET.Element:
    return ET.fromstring(str(svg))


def texts(svg: object) -> list[str]:
    return ["".join(each.itertext()) for each in drawn(svg).iter() if each.tag.endswith("}text")]


def crash_loop() -> Trace:
    return simulate(like("kubernetes"), Script(run_s=0.3), until_s=60)


# --- moving a unit oneself


def test_a_trigger_moves_the_state_and_is_kept_in_the_history() -> None:
    walk = Walk()
    for trigger in ("start", "ready", "work-taken"):
        walk.press(trigger)
    assert walk.state is State.RUNNING
    assert [frame.state.value for frame in walk.frames] == ["created", "starting", "ready", "running"]
    assert walk.view().says == "ready → running (work-taken)."


def test_the_arrow_just_taken_is_marked_with_a_word() -> None:
    walk = Walk()
    assert "just taken" not in texts(walk.view().picture)
    walk.press("start")
    assert "just taken" in texts(walk.view().picture)


def test_what_is_refused_moves_nothing_and_says_why() -> None:
    walk = Walk()
    walk.press("ready")
    assert (walk.state, len(walk.frames)) == (State.CREATED, 1)
    assert walk.view().problem == "'ready' moves nothing while 'created': there is no process; it counts in starting"
    walk.press("start")
    assert walk.view().problem == ""


def test_a_refused_request_is_told_as_step_would_tell_it() -> None:
    assert why_not(State.CREATED, Trigger.RESTART) == "'restart' is refused while 'created'; allowed here: start, stop"


def test_exactly_the_triggers_without_an_arrow_are_refused_in_every_state() -> None:
    for state in State:
        refused = {trigger for trigger in Trigger if why_not(state, trigger)}
        assert refused == {trigger for trigger in Trigger if (state, trigger) not in TRANSITIONS}


def test_a_reason_never_speaks_of_a_process_that_is_not_there() -> None:
    for state in State:
        for trigger in Trigger:
            why = why_not(state, trigger)
            assert not ("there is no process" in why and state in HAS_PROCESS)
            assert not ("a process exists" in why and state not in HAS_PROCESS)


def test_every_trigger_has_one_button_and_a_key_of_its_own() -> None:
    on_buttons = [trigger for group in GROUPS.values() for trigger in group]
    assert sorted(on_buttons, key=str) == sorted(Trigger, key=str)
    assert set(KEYS) == set(Trigger)
    assert len(set(KEYS.values()) | PLAY_KEYS) == len(Trigger) + len(PLAY_KEYS)


def test_a_move_made_in_the_past_goes_on_from_there() -> None:
    walk = Walk()
    for trigger in ("start", "ready", "work-taken"):
        walk.press(trigger)
    walk.take({"place": 1})
    assert walk.state is State.STARTING
    walk.press("exit-failed")
    assert [frame.state.value for frame in walk.frames] == ["created", "starting", "failed"]


@pytest.mark.parametrize("number", range(len(STORIES)))
def test_a_story_is_laid_on_the_tape_without_a_refusal_and_rewound(number: int) -> None:
    walk = Walk()
    walk.press(f"try-{number}")
    assert (walk.place, walk.view().problem) == (0, "")
    assert len(walk.frames) == len(STORIES[number][1]) + 1
    assert walk.view().last == {"place": len(STORIES[number][1])}


def test_beginning_anew_forgets_the_history() -> None:
    walk = Walk()
    walk.press("start")
    walk.press("reset")
    assert (walk.state, len(walk.frames)) == (State.CREATED, 1)


def test_what_a_page_may_not_send_changes_nothing() -> None:
    walk = Walk()
    walk.press("try-9")
    walk.press("explode")
    walk.take({"place": 7, "other": 1})
    assert (walk.state, walk.place) == (State.CREATED, 0)


# --- traces


def test_a_trace_becomes_a_frame_for_every_move() -> None:
    trace = crash_loop()
    frames = frames_of(trace, "worker")
    assert len(frames) == len(trace.transitions) + 1
    assert [frame.state for frame in frames[1:]] == [move.target for move in trace.transitions]


def test_stepping_shows_what_happened_when_and_why() -> None:
    player = TracePlayer(crash_loop(), "Crash loop", "Why?")
    assert player.view().says == "It is created: nothing has happened yet."
    player.take({"place": 4})
    assert player.view().says == "At 0.3 s: running → failed (exit 1)."
    assert len(player.view().words.splitlines()) == 5


def test_the_diagram_keeps_its_size_while_the_tape_is_played() -> None:
    player = TracePlayer(crash_loop(), "Crash loop", "Why?")
    sizes = set()
    for place in range(len(player.frames)):
        player.take({"place": place})
        picture = player.view().picture
        assert picture is not None
        sizes.add((picture.width, drawn(picture).find(".//*[@data-state='created']") is not None))
    assert sizes == {(960, True)}


def test_the_process_stands_beside_the_service_when_asked_for() -> None:
    player = TracePlayer(crash_loop(), "Crash loop", "Why?")
    player.take({"place": 3})
    alone = texts(player.view().picture)
    player.take({"os": True})
    both = texts(player.view().picture)
    assert "waiting" not in alone
    assert "waiting" in both
    assert "ps would show R: it computes; S whenever its work waits for somebody else." in both


def test_ps_shows_something_exactly_while_there_is_a_process_or_its_remains() -> None:
    letters = {letter for group in LETTERS.values() for letter in group}
    for state, (letter, why) in OS_EYES.items():
        assert (letter in letters) == (state in HAS_PROCESS or state in (State.FAILED, State.TERMINATED))
        assert why


def test_several_instances_are_played_one_at_a_time() -> None:
    units = {name: like(name) for name in ("kubernetes", "supervisord")}
    player = TracePlayer(side_by_side(units, Script(run_s=0), 20), "Two", "Who gives up?")
    player.take({"place": 3})
    player.take({"instance": 1})
    assert (player.instance, player.place) == ("supervisord", 0)
    assert "Instance" in [control.label for control in player.form.groups[0].controls]


def test_a_trace_without_a_move_cannot_be_played() -> None:
    with pytest.raises(ValueError, match="nothing moves in this trace"):
        TracePlayer(Trace(), "Nothing", "Why?")


def test_a_long_tape_shows_the_frames_around_the_present_one() -> None:
    trace = simulate(like("kubernetes"), Script(run_s=1), until_s=3600)
    player = TracePlayer(trace, "Long", "Why?")
    player.take({"place": 60})
    shown = texts(player.view().picture)
    assert any(text.startswith("… ") and text.endswith(" before") for text in shown)


# --- films


def test_a_film_of_a_real_process_is_played_with_the_letters_that_were_seen() -> None:
    player = FilmPlayer(film("zombie", "SIGKILL", "reap", recorded=True), "A zombie", "What is left of it?")
    assert player.view().says.startswith("zombie: Z, ended, not yet reaped by its parent: a zombie.")
    assert "Now: terminated (Z)." in texts(player.view().picture)
    player.take({"place": 2})
    assert "gone" in player.view().says
    assert "A recording from" in player.view().says
    assert not any(text.startswith("Now:") for text in texts(player.view().picture))
    player.take({"place": 3})
    assert player.place == 2
