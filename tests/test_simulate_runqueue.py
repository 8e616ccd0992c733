"""The run queue keeps OSTEP's timing: its totals, its tables, its two options."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.simulate.runqueue import (
    IoDone,
    ProcessState,
    RunQueueTrace,
    Switch,
    program,
    random_programs,
    run_queue,
)

CPU5, IO3 = "c5", "i,i,i"


@pytest.mark.parametrize(
    ("programs", "options", "totals"),
    [
        (["c5", "c5"], {}, (10, 10, 0)),
        (["i,i,i"], {}, (21, 6, 15)),
        (["c4", "i"], {}, (11, 6, 5)),
        (["i", "c4"], {}, (7, 6, 5)),
        (["i", "c4"], {"switch": Switch.ON_END}, (11, 6, 5)),
        (["c7,i,c1,i"], {}, (22, 12, 10)),
        ([IO3, CPU5, CPU5, CPU5], {}, (31, 21, 15)),
        ([IO3, CPU5, CPU5, CPU5], {"io_done": IoDone.RUN_IMMEDIATE}, (21, 21, 15)),
    ],
)
def test_the_totals_are_those_of_ostep(
    programs: list[str], options: dict[str, object], totals: tuple[int, int, int]
) -> None:
    """Total, CPU and IO ticks (OSTEP homework cpu-intro, README and runs of process-run.py)."""
    trace = run_queue(programs, **options)  # type: ignore[arg-type]
    assert (trace.total_ticks, trace.cpu_ticks, trace.io_ticks) == totals


def test_an_io_issued_in_tick_1_is_back_in_tick_7_when_it_takes_5() -> None:
    assert run_queue([IO3]).io_done_ticks == (7, 14, 21)


def test_a_longer_io_only_lengthens_the_wait() -> None:
    assert run_queue(["i"], io_length=9).total_ticks == 1 + 9 + 1


def test_two_processes_that_want_the_cpu_are_never_both_running() -> None:
    """The second is READY for as long as the first has the CPU: Linux calls both R."""
    trace = run_queue(["c5", "c5"])
    assert trace.ticks[0].states == (ProcessState.RUNNING, ProcessState.READY)
    assert trace.ticks_in(1, ProcessState.READY) == 5
    assert trace.ticks[5].states == (ProcessState.DONE, ProcessState.RUNNING)


def test_while_one_waits_for_its_io_the_other_works() -> None:
    trace = run_queue(["i", "c4"])
    assert [tick.op for tick in trace.ticks] == ["io", "cpu", "cpu", "cpu", "cpu", None, "io_done"]
    assert trace.ticks[1].states == (ProcessState.BLOCKED, ProcessState.RUNNING)


def test_without_a_switch_on_io_the_cpu_stands_idle_beside_a_ready_process() -> None:
    trace = run_queue(["i", "c4"], switch=Switch.ON_END)
    assert trace.ticks[1].op is None
    assert trace.ticks[1].states == (ProcessState.BLOCKED, ProcessState.READY)


def test_run_immediate_takes_the_cpu_from_the_one_that_has_it() -> None:
    trace = run_queue(["i", "c9"], io_length=2, io_done=IoDone.RUN_IMMEDIATE)
    assert trace.ticks[2].states == (ProcessState.BLOCKED, ProcessState.RUNNING)
    assert trace.ticks[3].states == (ProcessState.RUNNING, ProcessState.READY)
    assert trace.ticks[4].states == (ProcessState.DONE, ProcessState.RUNNING)


def test_run_later_lets_the_one_that_has_the_cpu_finish_first() -> None:
    trace = run_queue(["i", "c9"], io_length=2)
    assert trace.ticks[3].states == (ProcessState.READY, ProcessState.RUNNING)
    assert trace.ticks[-1].op == "io_done"


def test_the_cpu_goes_round_in_a_circle() -> None:
    """Process 1 issues its io last, yet process 2 is asked before process 0 is again."""
    trace = run_queue(["i,c1", "i", "c1"], io_length=1)
    running = [_who_runs(tick.states) for tick in trace.ticks]
    assert running == [0, 1, 2, 0, 0, 1]


def test_the_table_reads_like_a_page() -> None:
    assert run_queue(["i", "c1"], io_length=2).table().splitlines() == [
        " tick  process 0       process 1       CPU   IO",
        "   1   RUNNING io      READY           busy  -",
        "   2   BLOCKED         RUNNING cpu     busy  1",
        "   3   BLOCKED         DONE            idle  1",
        "   4*  RUNNING io_done DONE            busy  -",
    ]


def test_the_rows_are_plain_data() -> None:
    first = run_queue(["i", "c1"]).rows()[0]
    assert first == {
        "tick": 1,
        "states": ["running", "ready"],
        "op": "io",
        "ios": 0,
        "io_came_back": False,
    }


def test_the_summary_names_the_three_totals() -> None:
    assert run_queue([IO3]).summary() == ("21 ticks in all: the CPU worked in 6 of them, an io was under way in 15.")


def test_a_process_without_instructions_is_done_from_the_start() -> None:
    trace = run_queue(["c0", "c2"])
    assert trace.total_ticks == 2
    assert trace.ticks[0].states == (ProcessState.DONE, ProcessState.RUNNING)


def test_nothing_but_empty_programs_takes_no_tick() -> None:
    assert run_queue(["c0"]).table() == " tick  CPU   IO"


def test_the_same_seed_gives_the_same_programs() -> None:
    assert random_programs("9:50,9:50", seed=7) == random_programs("9:50,9:50", seed=7)
    assert random_programs("9:50,9:50", seed=7) != random_programs("9:50,9:50", seed=8)


def test_a_seed_draws_what_ostep_draws() -> None:
    """As `process-run.py -s 0 -l 5:50` does."""
    assert random_programs("5:50", seed=0) == (("io", "io", "cpu", "cpu", "io"),)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: run_queue(["c1"], io_length=-1), "io_length is -1 ticks"),
        (lambda: run_queue([]), "no program to run"),
        (lambda: run_queue([["cpu", "nap"]]), "'nap' is not an instruction"),
        (lambda: program("c3,x"), "'x' in 'c3,x' is not an instruction; write c and a number"),
        (lambda: random_programs("5", seed=0), "'5' in '5' is not a mix"),
        (lambda: random_programs("5:101", seed=0), "'5:101' in '5:101' is not a mix"),
    ],
)
def test_an_error_names_the_value_and_the_way_out(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        wrong()  # type: ignore[operator]


ops = st.lists(st.sampled_from(["cpu", "io"]), max_size=6)
settings = st.tuples(
    st.lists(ops, min_size=1, max_size=4),
    st.integers(0, 6),
    st.sampled_from(Switch),
    st.sampled_from(IoDone),
)


@given(settings)
def test_in_every_tick_at_most_one_process_runs(
    drawn: tuple[list[list[str]], int, Switch, IoDone],
) -> None:
    for tick in _run(drawn).ticks:
        running = tick.states.count(ProcessState.RUNNING)
        assert running == (tick.op is not None)


@given(settings)
def test_the_cpu_works_through_every_instruction_once(
    drawn: tuple[list[list[str]], int, Switch, IoDone],
) -> None:
    """An io costs two ticks of CPU, whatever the settings: they move work, they save none."""
    programs = drawn[0]
    due = sum(code.count("cpu") + 2 * code.count("io") for code in programs)
    assert _run(drawn).cpu_ticks == due


@given(settings)
def test_a_blocked_process_stays_blocked_for_at_least_the_length_of_its_io(
    drawn: tuple[list[list[str]], int, Switch, IoDone],
) -> None:
    programs, io_length = drawn[0], drawn[1]
    trace = _run(drawn)
    for pid, code in enumerate(programs):
        assert trace.ticks_in(pid, ProcessState.BLOCKED) == io_length * code.count("io")


@given(settings)
def test_the_cpu_is_never_idle_beside_a_ready_process_if_it_switches_on_io(
    drawn: tuple[list[list[str]], int, Switch, IoDone],
) -> None:
    programs, io_length, _, io_done = drawn
    for tick in run_queue(programs, io_length=io_length, io_done=io_done).ticks:
        assert tick.op is not None or ProcessState.READY not in tick.states


def _run(drawn: tuple[list[list[str]], int, Switch, IoDone]) -> RunQueueTrace:
    programs, io_length, switch, io_done = drawn
    return run_queue(programs, io_length=io_length, switch=switch, io_done=io_done)


def _who_runs(states: tuple[ProcessState, ...]) -> int | None:
    return states.index(ProcessState.RUNNING) if ProcessState.RUNNING in states else None
