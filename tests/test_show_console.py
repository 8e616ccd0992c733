"""The views in a terminal: the same information with colour, without colour, and through a pipe."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from rich.console import Console, RenderableType

from lifecycle_kit import Trace, like
from lifecycle_kit.show.console import (
    Standing,
    diagram_table,
    instance_table,
    state_text,
    timeline_blocks,
    transition_text,
)
from lifecycle_kit.show.diagram import rows_of
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State


def printed(what: RenderableType, colour: bool = False, **environment: str) -> str:
    out = io.StringIO()
    system: Literal["truecolor", "auto"] = "truecolor" if colour else "auto"
    Console(file=out, width=120, force_terminal=colour, color_system=system, _environ=environment).print(what)
    return out.getvalue()


def crash_loop(run_s: float = 20.0, until_s: float = 100.0, name: str = "worker") -> Trace:
    return simulate(like("kubernetes"), Script(run_s=run_s), until_s, name=name)


@pytest.mark.parametrize("state", list(State))
def test_a_state_shows_its_name_with_and_without_colour(state: State) -> None:
    assert state.value in printed(state_text(state))
    assert "\x1b[" not in printed(state_text(state))
    assert "\x1b[" in printed(state_text(state), colour=True)
    assert "38;2" not in printed(state_text(state), colour=True, NO_COLOR="1")


def test_a_move_is_one_line() -> None:
    first = crash_loop().transitions[0]
    assert printed(transition_text(first)).rstrip() == str(first)


def test_the_table_of_instances_shows_pid_next_restart_and_counters() -> None:
    lines = printed(
        instance_table(
            [
                Standing(name="api", state=State.RUNNING, pid=4711, starts=1),
                Standing(name="worker", state=State.BACKOFF, restart_in_s=12.34, starts=5, failures=4, note="exit 1"),
            ]
        )
    ).splitlines()
    assert lines[0].split() == ["instance", "state", "pid", "next", "restart", "starts", "failures"]
    assert lines[1].split() == ["api", "R", "running", "4711", "-", "1", "0"]
    assert lines[2].split() == ["worker", "o", "backoff", "-", "in", "12.3", "s", "5", "4", "exit", "1"]


def test_a_timeline_has_a_letter_per_share_of_the_time() -> None:
    assert timeline_blocks(crash_loop(), width=20).plain.splitlines() == [
        "worker |sRRRFRRRFosRRRFooosR|",
        "        0 s            100 s",
        "s starting  r ready  R running  F failed  o backoff",
    ]


def test_a_failure_that_took_no_time_is_not_lost_between_two_cells() -> None:
    trace = crash_loop(run_s=0, until_s=1000)
    cells = timeline_blocks(trace, width=10).plain.splitlines()[0]
    failures = {min(int(move.at // 100), 9) for move in trace.transitions if move.target is State.FAILED}
    assert {place for place, letter in enumerate(cells.partition("|")[2]) if letter == "F"} == failures


@pytest.mark.parametrize("width", [1, 7, 64, 200])
def test_a_timeline_is_as_wide_as_asked_for(width: int) -> None:
    row = timeline_blocks(crash_loop(), width=width).plain.splitlines()[0]
    assert len(row.partition("|")[2].rstrip("|")) == width


def test_what_happens_at_the_very_end_is_shown() -> None:
    assert timeline_blocks(crash_loop(run_s=100), width=10).plain.splitlines()[0].endswith("F|")


def test_before_its_first_start_an_instance_is_blank() -> None:
    late = simulate(like("kubernetes"), Script(), 100)
    early = [move for move in late.transitions if move.target is State.STARTING]
    assert early[0].at == 0
    shifted = Trace.from_lines(line.replace('"at": 0.0', '"at": 50.0') for line in late.to_lines())
    assert timeline_blocks(shifted, width=10).plain.splitlines()[0] == "worker |     sRRRR|"


def test_a_timeline_can_be_cut_off_and_its_instances_chosen() -> None:
    trace = crash_loop(name="a")
    trace.entries += crash_loop(name="b").entries
    rows = timeline_blocks(trace, width=10, until_s=15, instances=["b"]).plain.splitlines()
    assert rows[0] == "b |sRRRRRRRRR|"
    assert rows[1].split() == ["0", "s", "15", "s"]


def test_a_timeline_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 cell wide, got width=0"):
        timeline_blocks(crash_loop(), width=0)


def test_the_table_of_moves_holds_every_row_and_marks_the_current_state() -> None:
    lines = printed(diagram_table("backoff")).splitlines()[1:]
    shown = set()
    for line in lines:
        words = line.replace(">   ", "    ", 1).split(maxsplit=5)
        source, target, triggers = words[1], words[4], words[5]
        shown |= {(source, trigger, target) for trigger in triggers.strip().split(", ")}
    assert shown == set(rows_of())
    assert {line.split()[2] for line in lines if line.startswith(">")} == {"backoff"}


def test_without_moments_the_cells_show_where_the_time_went() -> None:
    trace = simulate(like("supervisord"), Script(run_s=5), 100)
    assert "F" in timeline_blocks(trace, width=10).plain.splitlines()[0]
    assert timeline_blocks(trace, width=10, moments=False).plain.splitlines()[0] == "worker |RRRRRRRRRR|"
