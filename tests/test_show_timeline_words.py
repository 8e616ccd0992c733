"""A trace as a table: who stood where, from when to when, how long."""

from __future__ import annotations

import pytest

from lifecycle_kit import Trace, like
from lifecycle_kit.show.timeline_words import crop, timeline_text
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.units import ns


def crash_loop(until_s: float = 100.0, name: str = "worker") -> Trace:
    return simulate(like("kubernetes"), Script(run_s=5), until_s, name=name)


def test_the_table_tells_every_state_that_lasted_and_those_passed_through() -> None:
    assert timeline_text(crash_loop(20)).splitlines() == [
        "worker",
        "        from          to  how long        state",
        "         0 s         5 s  5 s             running (at once through starting, ready)",
        "         5 s        10 s  5 s             running (at once through failed, backoff, starting, ready)",
        "        10 s        20 s  10 s            backoff (at once through failed)",
        "        20 s         end  0 s so far      running (at once through starting, ready)",
    ]


def test_instances_follow_each_other_in_the_order_asked_for() -> None:
    trace = crash_loop(8, "a")
    trace.entries += crash_loop(8, "b").entries
    heads = [line for line in timeline_text(trace, instances=["b", "a"]).splitlines() if not line.startswith(" ")]
    assert heads == ["b", "a"]


def test_alerts_stand_below_the_table() -> None:
    lines = timeline_text(crash_loop()).splitlines()
    assert lines[-1] == "alert at 25 s: worker: crash-loop (3 failures in a row, the last: exit 1)"
    assert "alert" not in timeline_text(crash_loop(), until_s=24)


def test_a_trace_can_be_cut_off_before_its_end() -> None:
    moves, end = crop(crash_loop(), until_s=12)
    assert (max(move.at for move in moves), end) == (10.0, ns(12))
    assert "end  2 s so far" in timeline_text(crash_loop(), until_s=12)


def test_an_instance_that_is_not_in_the_trace_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="the trace has no instance 'api'; it has worker"):
        timeline_text(crash_loop(), instances=["api"])


def test_a_trace_in_which_nothing_moved_says_so() -> None:
    assert timeline_text(Trace()) == "Nothing has moved."
