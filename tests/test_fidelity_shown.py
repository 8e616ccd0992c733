"""Cases to look at: both sides above each other as timelines, or beside each other as a table."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle_kit.atlas import Case, load
from lifecycle_kit.fidelity import UnknownCase, show_case, view_case
from lifecycle_kit.fidelity.sides import sides
from lifecycle_kit.states import State
from lifecycle_kit.trace import Transition, broken_rules, last_moves, starts, time_in, waits
from lifecycle_kit.trace import intervals as stays


def case(name: str) -> Case:
    (found,) = load(id=name)
    return found


def moves(name: str, side: str) -> list[Transition]:
    """Return one side's moves in the drawn trace of a case."""
    trace = view_case(case(name)).trace
    assert trace is not None
    return [move for move in trace.transitions if move.instance == side]


def restart(lives: list[dict[str, object]], observed: dict[str, object], **given: object) -> Case:
    """Return a made-up case with a real one's other keys."""
    made = {"policy": {"Restart": "always"}, "lives": lives, "repeat_last": False, "until_s": None, **given}
    return replace(case("systemd/lim-life1s"), given=made, observed=observed)


# --- the two sides


def test_every_restart_case_makes_sound_timelines() -> None:
    drawn = [view_case(one).trace for one in load(kind="restart")]
    traces = [trace for trace in drawn if trace is not None]
    assert len(traces) > 0.9 * len(drawn)
    for trace in traces:
        for side in trace.instances:
            assert broken_rules([move for move in trace.transitions if move.instance == side]) == []


def test_the_drawn_starts_and_waits_are_those_of_the_atlas() -> None:
    name = "kubernetes/backoff-run2min-each"
    recorded = moves(name, "recorded")
    assert starts(recorded) == case(name).observed["starts_s"]
    assert waits(recorded) == pytest.approx(case(name).observed["delays_s"])
    assert waits(moves(name, "predicted")) == pytest.approx(waits(recorded))


def test_who_gave_up_lies_failed_from_then_on_and_is_marked() -> None:
    trace = view_case(case("systemd/lim-life1s")).trace
    assert trace is not None
    last = last_moves(trace.transitions)
    assert [(last[side].target, last[side].cause) for side in ("recorded", "predicted")] == [
        (State.FAILED, "gave up")
    ] * 2
    assert last["recorded"].at == case("systemd/lim-life1s").observed["gave_up_s"]
    assert [(name, kind) for _, name, kind, _ in trace.alerts] == [("recorded", "gave-up"), ("predicted", "gave-up")]


def test_a_start_by_hand_after_giving_up_begins_anew() -> None:
    recorded = moves("supervisord/a-exit1-now", "recorded")
    given_up = [move.at for move in recorded if move.cause == "gave up"]
    assert given_up == case("supervisord/a-exit1-now").observed["gave_up_times_s"]
    assert len(starts(recorded)) == 8


def test_a_last_life_that_goes_on_is_shown_running_to_the_end() -> None:
    trace = view_case(case("supervisord/f-term-ext")).trace
    assert trace is not None
    assert last_moves(trace.transitions)["recorded"].target is State.RUNNING


def test_where_only_waits_are_known_the_lives_are_laid_end_to_end() -> None:
    trace = sides(restart([{"run_s": 2, "exit": 1}], {"delays_s": [[1, 1.25], 5]}, repeat_last=True), {})
    assert trace is not None
    assert starts(trace.transitions) == [0, 3, 10]
    assert trace.instances == ["recorded"]


def test_a_clean_end_is_terminated_and_a_signal_is_named() -> None:
    ends: list[dict[str, object]] = [{"run_s": 1, "exit": 0}, {"run_s": 1, "exit": "SIGKILL"}]
    trace = sides(restart(ends, {"starts_s": [0, 2], "delays_s": [1], "gave_up": False}), {})
    assert trace is not None
    causes = {move.target: move.cause for move in trace.transitions}
    assert (causes[State.TERMINATED], causes[State.FAILED]) == ("exit 0", "ended by SIGKILL")
    assert time_in(stays(trace.transitions, trace.until_ns), State.BACKOFF) == 1


def test_without_times_there_is_nothing_to_draw() -> None:
    assert sides(restart([{"run_s": 0, "exit": 1}], {"gave_up": True}), {"starts_s": [0.0]}) is None


# --- table and picture


def test_the_text_has_both_sides_of_every_key_and_cuts_long_lists() -> None:
    text = repr(show_case("systemd/steps-longrun"))
    assert "systemd 257 (257.13-1~deb13u1), recorded: systemd 257 as PID 1 (debug log)" in text
    lines = text.splitlines()
    assert ["recorded", "predicted"] in [line.split() for line in lines]
    assert ["delays_s", "0.109", "0.1"] in [line.split() for line in lines]
    assert "... 4 more" in text


def test_what_differs_is_marked() -> None:
    wrong = replace(case("systemd/ext-term"), observed={"restarted": True, "result": "success"})
    lines = repr(view_case(wrong)).splitlines()
    assert "!  restarted  yes       no" in lines
    assert "   result     success   success" in lines


def test_a_fact_is_shown_and_not_predicted() -> None:
    view = show_case("erlang/intensity1-5-gap5300")
    assert "fact: not predictable from what is given" in repr(view)
    assert "predicted" not in "\n".join(view.table())
    assert view.trace is not None
    assert view.trace.instances == ["recorded"]


def test_the_picture_has_a_row_for_each_side_and_takes_given_axes() -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    show_case("systemd/lim-life1s", "gave_up", ax=axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["recorded", "predicted"]
    plt.close(figure)


def test_a_wrong_id_or_key_is_answered_with_what_there_is() -> None:
    with pytest.raises(UnknownCase, match="did you mean systemd/lim-life1s"):
        show_case("lim-life")
    with pytest.raises(UnknownCase, match="atlas list"):
        show_case("upstart/expect-fork")
    with pytest.raises(ValueError, match="does not observe 'starts_s'; it observes restarted"):
        show_case("systemd/ext-term", "starts_s")


# --- the command


def show(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return the finished command."""
    command = [sys.executable, "-m", "lifecycle_kit.cli", "atlas", "show", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_shows_two_timelines_and_writes_the_picture(tmp_path: Path) -> None:
    chart = tmp_path / "case.svg"
    done = show("systemd/lim-life1s", "--chart", str(chart))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" ")[0] for line in lines if "|" in line] == ["recorded", "predicted"]
    assert "given" in lines
    assert "predicted" in chart.read_text()


def test_the_command_shows_a_decision_as_a_table() -> None:
    done = show("systemd/ext-term")
    assert done.returncode == 0
    assert "|" not in done.stdout
    assert "restarted  no        no" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["systemd/lim-life"], "did you mean systemd/lim-life1s?"),
        (["systemd/ext-term", "--chart", "x.svg"], "there is no picture of it"),
        (["systemd/lim-life1s", "--chart", "x.nonsense"], "its name must end in"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], why: str) -> None:
    done = show(*arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
