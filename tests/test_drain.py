"""Stop plans and the fates of work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.drain import Fate, Phase, StopPlan, fates, term_then_kill
from lifecycle_kit.units import ns

TIMES = st.integers(0, 300).map(lambda tenths: tenths / 10)


def test_all_phases_are_paid_from_one_deadline() -> None:
    plan = term_then_kill(30, pre_stop_s=10)
    assert plan.limit_ns(0, 0) == ns(10)
    assert plan.limit_ns(1, ns(10)) == ns(20)
    assert plan.limit_ns(2, ns(30)) is None


def test_only_whole_seconds_of_the_pause_are_charged_and_two_are_always_left() -> None:
    plan = term_then_kill(30, pre_stop_s=60)
    assert plan.limit_ns(0, 0) == ns(30)
    assert plan.limit_ns(1, ns(12.9)) == ns(18)
    assert plan.limit_ns(1, ns(30)) == ns(2)


def test_without_a_budget_each_phase_has_its_own_limit() -> None:
    plan = StopPlan(phases=(Phase(name="a", signal="SIGTERM", limit_s=5), Phase(name="b", signal="SIGKILL", limit_s=7)))
    assert (plan.limit_ns(0, ns(3)), plan.limit_ns(1, ns(99))) == (ns(5), ns(7))
    assert plan.kill_index == 1


def test_a_plan_that_never_kills_says_so() -> None:
    assert StopPlan(phases=(Phase(name="term", signal="SIGTERM"),)).kill_index is None


def test_an_empty_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one phase"):
        StopPlan(phases=())


@given(st.lists(st.tuples(TIMES, TIMES), max_size=20), TIMES, TIMES, st.booleans())
def test_every_piece_of_work_has_exactly_one_fate(
    work: list[tuple[float, float]], closed: float, ended: float, requeues: bool
) -> None:
    made = fates(work, closed_s=closed, ended_s=ended, requeues=requeues)
    assert len(made) == len(work)
    for (arrives, takes), fate in zip(work, made, strict=True):
        assert (fate is Fate.REFUSED) == (arrives >= min(closed, ended))
        assert (fate is Fate.DONE) == (arrives < min(closed, ended) and arrives + takes <= ended)
    assert (Fate.CUT in made) <= (not requeues)
    assert (Fate.REQUEUED in made) <= requeues
