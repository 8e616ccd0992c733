"""Several instances side by side move as each would alone."""

from __future__ import annotations

import pytest

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.simulate import Script, side_by_side, simulate
from lifecycle_kit.trace import broken_rules, starts

UNITS = {
    "kubernetes": like("kubernetes"),
    "systemd": like("systemd", Restart="always"),
    "supervisord": like("supervisord"),
    "dice": Unit(policy=PlainPolicy(backoff=Backoff(first_s=1, factor=2, jitter="full"))),
}
CRASHES = [Script(run_s=0), Script(run_s=2, exit="SIGSEGV"), Script(run_s=0)]


@pytest.mark.parametrize("name", UNITS)
def test_each_moves_as_it_would_alone(name: str) -> None:
    both = side_by_side(UNITS, CRASHES, until_s=100, requests=[(50, "stop")], seed=3)
    alone = simulate(UNITS[name], CRASHES, until_s=100, requests=[(50, "stop")], seed=3, name=name)
    assert [move for move in both.transitions if move.instance == name] == alone.transitions
    assert [alert for alert in both.alerts if alert[1] == name] == alone.alerts


def test_the_trace_is_one_sound_trace_in_order_of_time() -> None:
    trace = side_by_side(UNITS, CRASHES, until_s=100)
    assert trace.instances == list(UNITS)
    assert trace.until_ns == 100 * 10**9
    assert not broken_rules(trace.transitions)


def test_equal_units_with_jitter_do_not_start_in_step() -> None:
    herd = side_by_side({f"worker-{n}": UNITS["dice"] for n in range(10)}, Script(run_s=0), until_s=1)
    assert len({tuple(starts(herd.transitions, name)) for name in herd.instances}) == 10
