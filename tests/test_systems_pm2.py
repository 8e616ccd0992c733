"""pm2: delays, unstable runs, and what makes an app errored or stopped."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.atlas import load
from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity import check
from lifecycle_kit.restart import Done, GiveUp, Memory
from lifecycle_kit.simulate import Script, Simulated, simulate
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.systems import OptionError, system
from lifecycle_kit.systems.pm2 import Pm2Policy, next_delay_ms, state_of
from lifecycle_kit.trace import Trace, starts
from lifecycle_kit.units import ns


def begun(
    options: dict[str, Any], *runs: float, until_s: float = 100, exit_: int | str = 1, **more: Any
) -> list[float]:
    """Return when the lives of an app began whose runs last so long; the last one repeats."""
    lives = [Script(run_s=run_s, exit=exit_) for run_s in runs]
    return starts(simulate(like("pm2", options), lives, until_s=until_s, **more).transitions)


def test_the_defaults_are_pm2s_own() -> None:
    assert {option.name: option.default for option in system("pm2").options} == {
        "autorestart": True, "stop_exit_codes": frozenset(), "restart_delay": 0, "exp_backoff_restart_delay": 0,
        "max_restarts": 16, "min_uptime": 1000, "wait_ready": False, "kill_timeout": 1600,
    }  # fmt: skip
    assert like("pm2").policy == Pm2Policy()


def test_sixteen_unstable_runs_in_sixteen_seconds_make_it_errored() -> None:
    assert len(begun({}, 0.9)) == 16
    assert len(begun({}, 1.0)) > 90


def test_only_runs_soon_after_the_creation_count_so_a_delay_makes_it_loop_for_ever() -> None:
    assert begun({"max_restarts": 3, "restart_delay": 1000}, 0.4) == [
        0,
        1.4,
        *[round(1.4 * n, 1) for n in range(2, 72)],
    ]
    assert begun({"max_restarts": 3, "restart_delay": 500}, 0.4) == [0, 0.9, 1.8]


@given(
    st.integers(1, 6),
    st.integers(100, 3000),
    st.lists(st.sampled_from([0.05, 0.5, 0.99, 1.5, 4.0]), min_size=30, max_size=30),
)
def test_errored_needs_max_restarts_unstable_runs_within_their_window(most: int, least: int, runs: list[float]) -> None:
    options = {"max_restarts": most, "min_uptime": least}
    begins = begun(options, *runs, 99, until_s=99)
    ends = [begin + run_s for begin, run_s in zip(begins, runs, strict=False)]
    window_s = most * least / 1000
    unstable = [ns(end) < ns(window_s) and ns(run_s) < ns(least / 1000) for end, run_s in zip(ends, runs, strict=False)]
    if len(begins) <= len(runs):  # it has ended
        assert sum(unstable) == most
        assert unstable[-1]
    else:
        assert sum(unstable) < most


def test_the_exponential_delay_grows_by_half_in_whole_milliseconds_to_15_s() -> None:
    begins = begun({"exp_backoff_restart_delay": 100}, 1, until_s=200)
    ladder = [0.1, 0.15, 0.225, 0.337, 0.505, 0.757, 1.135, 1.702, 2.553, 3.829, 5.743, 8.614, 12.921, 15, 15]
    assert [round(later - earlier - 1, 6) for earlier, later in pairwise(begins)][: len(ladder)] == ladder


@given(st.integers(1, 20_000), st.integers(1, 60))
def test_the_exponential_delay_never_shrinks_and_has_a_cap(first: int, count: int) -> None:
    delays = [0]
    for _ in range(count):
        delays.append(next_delay_ms(delays[-1], first))
    assert delays[1] == first
    assert all(later >= min(earlier, 15_000) for earlier, later in pairwise(delays))
    assert all(delay <= 15_000 for delay in delays[2:])


def test_a_long_run_takes_the_delay_back_only_when_the_worker_has_looked() -> None:
    """The worker looks at 30, 60, 90 s whether the last start is more than 30 s ago, also while nothing runs."""
    options = {"exp_backoff_restart_delay": 1000}
    assert begun(options, 1, 1, 25, 1, until_s=40) == [0, 2, 4.5, 31.75, 36.125]  # 20 s would not do either
    assert begun(options, 1, 1, 56, 1, until_s=70) == [0, 2, 4.5, 61.5, 64, 67.25]  # looked at 60: back to 1 s
    assert begun(options, 1, 1, 54.5, 1, until_s=70) == [0, 2, 4.5, 61.25, 63.25, 65.75, 69]  # after it had waited


@pytest.mark.parametrize(
    ("options", "exit_", "status"),
    [
        ({"autorestart": False}, 1, "stopped"), ({"autorestart": "false"}, 0, "stopped"),
        ({"stop_exit_codes": [0, 3]}, 3, "stopped"), ({"stop_exit_codes": 0}, "SIGKILL", "stopped"),
        ({"stop_exit_codes": [3]}, 1, "online"), ({"max_restarts": 1, "min_uptime": 2000}, 1, "errored"),
    ],
)  # fmt: skip
def test_the_status_after_an_end(options: dict[str, Any], exit_: int | str, status: str) -> None:
    """A death by a signal counts as exit code 0."""
    app = Simulated(Agenda(), Trace(), "app", like("pm2", options), [Script(run_s=1, exit=exit_)])
    app.agenda.at(0, lambda: app.ask("start"))
    app.agenda.run(ns(1))
    assert state_of(app.instance) == status


def test_a_start_by_hand_counts_as_the_creation() -> None:
    options = {"max_restarts": 2}
    assert begun(options, 0.1) == [0, 0.1]
    assert begun(options, 0.1, requests=[(50, "start")]) == [0, 0.1, 50, 50.1]


def test_stop_sequence() -> None:
    phases = like("pm2", kill_timeout=3000).stop.phases
    assert [(phase.signal, phase.limit_s) for phase in phases] == [("SIGINT", 3), ("SIGKILL", None)]
    assert like("pm2", kill_timeout=0).stop.phases[0].limit_s == 1.6


def test_wait_ready_is_readiness_by_notice() -> None:
    assert like("pm2", wait_ready=True).readiness.by == "notice"
    assert like("pm2").readiness.by == "spawn"


def test_what_is_given_up_says_why() -> None:
    memory = Pm2Policy().on_start(Memory(), 0, True)[0]
    assert Pm2Policy(max_restarts=1).on_exit(memory, Exit(code=1), 0, 0.0)[1] == GiveUp("errored: 1 unstable runs")
    assert Pm2Policy(autorestart=False).on_exit(memory, Exit(code=1), 0, 0.0)[1] == GiveUp("autorestart=false")
    assert Pm2Policy(autorestart=False).on_exit(memory, Exit(code=0), 0, 0.0)[1] == Done()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"min_uptime": "10 s"}, "min_uptime=10 s: give whole milliseconds, or a time such as 10s, 5m or 1h"),
        ({"restart_delay": 1.5}, "restart_delay=1.5"),
        ({"max_restart": 3}, "did you mean 'max_restarts'?"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError) as error:
        like("pm2", options)
    assert named in str(error.value)


def test_times_are_milliseconds_or_have_a_unit() -> None:
    assert like("pm2", min_uptime="2m", restart_delay="1h").policy == Pm2Policy(
        min_uptime=120_000, restart_delay=3_600_000
    )


@pytest.mark.parametrize("case", load(system="pm2", level="rule"), ids=lambda case: case.id)
def test_the_atlas_agrees(case: Any) -> None:
    verdict = check(case)
    assert verdict.verdict == "agrees", verdict.reason
