"""The Linux kernel's own rules, OSTEP's run queue and the AWS formulas, as the atlas asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.atlas import Case, load
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.systems.linux import KINDS, new_parent, orphaned_group_signals, pid1_takes, process

SIGNALS = ["SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGHUP"]


def letters(kind: str, *steps: str, **more: Any) -> list[str]:
    """Return the letter after each step."""
    shown: list[str] = predictor("linux", "state", "proc-state")({"process": kind, "steps": steps, **more})["states"]
    return shown


@pytest.mark.parametrize(("kind", "letter"), sorted(KINDS.items()))
def test_each_kind_shows_its_letter(kind: str, letter: str) -> None:
    assert process(kind).state == letter


def test_a_stopped_process_keeps_a_polite_signal_for_later_but_not_a_kill() -> None:
    assert letters("sleeping", "SIGSTOP", "SIGTERM", "look", "SIGCONT") == ["T", "T", "T", "Z"]
    assert letters("busy", "SIGSTOP", "SIGCONT", "look") == ["T", "R", "R"]
    assert letters("sleeping", "SIGSTOP", "SIGKILL") == ["T", "Z"]
    assert process("sleeping").signalled("SIGSTOP").signalled("SIGTERM").signalled("SIGCONT").ended_by == "SIGTERM"


def test_a_traced_process_gets_its_signals_from_its_tracer() -> None:
    assert letters("traced-stopped", "SIGTERM", "SIGCONT", "SIGKILL") == ["t", "t", "Z"]


def test_not_every_sleep_in_d_can_be_killed() -> None:
    assert letters("vfork-parent", "SIGTERM") == ["Z"]
    assert letters("frozen-filesystem-writer", "SIGKILL", "look", "thaw-filesystem") == ["D", "D", "Z"]
    assert letters("frozen-filesystem-writer", "thaw-filesystem") == ["R"]


def test_a_frozen_cgroup_shows_s_and_can_be_killed() -> None:
    assert letters("busy", "freeze-cgroup", "SIGTERM") == letters("busy", "freeze-cgroup", "SIGKILL") == ["S", "Z"]


def test_a_zombie_stays_until_it_is_waited_for() -> None:
    assert letters("exited", "look", "SIGKILL", "parent-waits", "parent-waits") == ["Z", "Z", "gone", "gone"]
    assert letters("sleeping", "SIGTERM", parent_ignores_sigchld=True) == ["gone"]
    seen = predictor("linux", "state", "proc-state")({"process": "exited", "steps": ["parent-waits"], "exit_code": 7})
    assert seen["wait_status"] == 7
    assert process("sleeping").signalled("SIGKILL").waited().wait_status == -9


@pytest.mark.parametrize(
    ("subreaper", "pid1_waits", "steps", "states"),
    [
        (False, True, ["parent-exits", "process-exits"], ["S", "gone"]),
        (False, False, ["parent-exits", "process-exits"], ["S", "Z"]),
        (True, True, ["parent-exits", "process-exits", "subreaper-waits"], ["S", "Z", "gone"]),
        (False, True, ["process-exits", "parent-exits"], ["Z", "gone"]),
    ],
)
def test_an_orphan_stays_a_zombie_until_its_new_parent_waits(
    subreaper: bool, pid1_waits: bool, steps: list[str], states: list[str]
) -> None:
    seen = predictor("linux", "state", "orphans")(
        {"process": "grandchild", "subreaper": subreaper, "pid1_waits": pid1_waits, "steps": steps, "exit_code": 0}
    )
    assert (seen["new_parent"], seen["states"]) == (new_parent(subreaper), states)


def test_only_a_group_with_a_stopped_member_is_woken_when_it_is_orphaned() -> None:
    assert orphaned_group_signals(stopped=True) == ("SIGHUP", "SIGCONT")
    assert orphaned_group_signals(stopped=False) == ()


@given(st.sampled_from(SIGNALS), st.booleans())
def test_without_a_handler_nothing_from_inside_reaches_pid_1(signal: str, handler: bool) -> None:
    assert not pid1_takes(signal, handler=False, inside=True)
    assert pid1_takes(signal, handler=False, inside=False) == (signal in ("SIGKILL", "SIGSTOP"))
    assert pid1_takes("SIGTERM", handler=handler, inside=True) == handler


@given(st.sampled_from(sorted(KINDS)), st.lists(st.sampled_from(SIGNALS), max_size=8))
def test_what_has_ended_never_comes_back(kind: str, signals: list[str]) -> None:
    ended = False
    now = process(kind)
    for signal in signals:
        now = now.signalled(signal)
        assert not (ended and now.state not in ("Z", "gone"))
        ended = now.state in ("Z", "gone")


def test_an_unknown_kind_or_step_is_told() -> None:
    with pytest.raises(ValueError, match="no process is 'lazy' here; known are busy"):
        process("lazy")
    with pytest.raises(ValueError, match="'dance' is no step here"):
        letters("busy", "dance")


# --- OSTEP and AWS


def jitter(formula: str, n: list[int], **more: float) -> list[Any]:
    """Return the delays, or their bounds."""
    given_ = {"formula": formula, "base_s": 5, "cap_s": 100, "n": n, **more}
    delays: list[Any] = predictor("aws-backoff", "backoff", "jitter")(given_)["delays_s"]
    return delays


def test_the_first_retry_of_the_aws_formulas_waits_twice_the_base() -> None:
    assert jitter("exponential", [1, 2, 4, 5, 10_000]) == [10, 20, 80, 100, 100]
    assert jitter("full-jitter", [1, 5]) == [[0, 10], [0, 100]]
    assert jitter("equal-jitter", [1, 5]) == [[5, 10], [50, 100]]


@pytest.mark.parametrize(("previous_s", "bounds"), [(5, [5, 15]), (20, [5, 60]), (40, [5, 100])])
def test_decorrelated_jitter_looks_at_the_delay_before(previous_s: float, bounds: list[float]) -> None:
    assert jitter("decorrelated-jitter", [1], previous_s=previous_s) == [bounds]


def test_process_run_counts_ticks_under_every_setting() -> None:
    programs = [["io"], ["cpu"] * 4]
    count = predictor("ostep", "state", "process-run")
    assert count({"processes": programs})["total_ticks"] == 7
    assert count({"processes": programs, "switch": "SWITCH_ON_END"})["total_ticks"] == 11
    assert count({"processes": programs, "io_length": 1})["io_done_ticks"] == [3]


@pytest.mark.parametrize("case", load(system=["linux", "ostep", "aws-backoff"], level="rule"), ids=lambda case: case.id)
def test_what_was_seen_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason
