"""Traces: on paper and back, measured, and checked for what no trace may show."""

from __future__ import annotations

import json

import pytest

from lifecycle_kit import like
from lifecycle_kit.simulate import Script, side_by_side, simulate
from lifecycle_kit.states import State
from lifecycle_kit.trace import BadTrace, Trace, Transition, broken_rules, intervals, last_moves, starts, time_in, waits

CRASH = simulate(like("supervisord"), Script(run_s=0.5), until_s=20, name="web", header={"instances": {"web": {}}})
HEADER = '{"trace": "lifecycle-kit trace", "version": 1}'


def test_a_trace_survives_the_way_through_its_lines() -> None:
    again = Trace.from_lines(CRASH.to_lines())
    assert (again.header, again.entries) == (CRASH.header, CRASH.entries)


def test_the_first_line_is_a_header_and_the_others_are_events_and_transitions() -> None:
    first, *others = [json.loads(line) for line in CRASH.to_lines()]
    assert first["trace"] == "lifecycle-kit trace"
    assert {"event" in line for line in others} == {True, False}
    moved = next(line for line in others if "event" not in line)
    assert moved == {"at": 0.0, "instance": "web", "from": "created", "to": "starting", "cause": "start requested"}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "line 1: the file is empty"),
        (["{"], "line 1: "),
        (["[1]"], "line 1: "),
        (['{"trace": "something else"}'], "line 1: a trace begins with"),
        ([HEADER, '{"at": 0, "instance": "a", "from": "created"}'], "line 2: key 'to' is missing"),
        ([HEADER, "", '{"event": "Sneezed", "instance": "a", "at_ns": 0}'], "line 3: 'Sneezed' is no event"),
        ([HEADER, '{"event": "Working", "instance": "a"}'], "line 2: a Working event has the wrong keys"),
        ([HEADER, '{"at": -1, "instance": "a", "from": "created", "to": "starting", "cause": ""}'], "line 2: -1 s"),
    ],
)
def test_a_file_that_is_no_trace_is_told_by_line(lines: list[str], why: str) -> None:
    with pytest.raises(BadTrace) as caught:
        Trace.from_lines(lines)
    assert str(caught.value).startswith(why)


def test_intervals_say_how_long_each_state_lasted() -> None:
    parts = intervals(CRASH.transitions, CRASH.until_ns)
    assert [(p.state.value, p.start_ns / 1e9, p.end_ns / 1e9) for p in parts[:4]] == [
        ("starting", 0, 0.5), ("failed", 0.5, 0.5), ("backoff", 0.5, 1.5), ("starting", 1.5, 2.0),
    ]  # fmt: skip
    assert parts[-1].end_ns == CRASH.until_ns
    assert time_in(parts) == 2.0  # four lives of half a second
    assert time_in(parts, State.BACKOFF) == 6.0


def test_starts_are_the_births_of_lives() -> None:
    assert starts(CRASH.transitions) == [0, 1.5, 4, 7.5]
    assert starts(CRASH.transitions, "nobody") == []


def test_waits_are_the_time_without_a_process_before_a_restart_or_a_stop() -> None:
    assert waits(CRASH.transitions) == [1.0, 2.0, 3.0]
    stopped = simulate(like("supervisord"), Script(run_s=0.5), until_s=20, requests=[(3.0, "stop")])
    assert waits(stopped.transitions) == [1.0, 1.0]  # the second one would have lasted 2 s


def test_a_wait_that_is_not_over_is_not_counted() -> None:
    assert waits(simulate(like("supervisord"), Script(run_s=0.5), until_s=3.9).transitions) == [1.0]


def test_waits_and_last_moves_keep_instances_apart() -> None:
    units = {"one": like("supervisord"), "two": like("systemd", Restart="always")}
    moves = side_by_side(units, Script(run_s=0.5), until_s=20).transitions
    assert waits(moves, "one") == [1.0, 2.0, 3.0]
    assert set(waits(moves, "two")) == {0.1}
    assert {name: move.target for name, move in last_moves(moves).items()} == {
        "one": State.FAILED, "two": State.FAILED,
    }  # fmt: skip
    assert [move.instance for move in last_moves(moves).values()] == ["one", "two"]


def test_a_sound_trace_breaks_no_rule() -> None:
    assert broken_rules(CRASH.transitions) == []


def one(at_s: int, source: State, target: State) -> Transition:
    """Return a transition of instance a."""
    return Transition(at_ns=at_s * 10**9, instance="a", source=source, target=target, cause="")


@pytest.mark.parametrize(
    ("moves", "why"),
    [
        ([one(0, State.STARTING, State.READY)], "a at 0.0 s: leaves starting but stood in created"),
        ([one(0, State.CREATED, State.RUNNING)], "a at 0.0 s: no arrow from created to running"),
        (
            [one(5, State.CREATED, State.STARTING), one(4, State.STARTING, State.READY)],
            "a at 4.0 s: time runs back",
        ),
    ],
)
def test_what_no_trace_may_show_is_found(moves: list[Transition], why: str) -> None:
    assert broken_rules(moves) == [why]
