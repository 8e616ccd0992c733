"""Replay: the events give the transitions again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.trace import Trace
from tests.walks import UNITS, walk_trace


@given(st.sampled_from(sorted(UNITS)), st.integers(0, 10_000))
def test_the_events_of_any_walk_give_its_transitions_again(name: str, seed: int) -> None:
    recorded = Trace.from_lines(Trace(header={"x": 1}, entries=walk_trace(UNITS[name], seed, 80).entries).to_lines())
    again = replay(recorded, {"unit": UNITS[name]})
    assert again.entries == recorded.entries


def test_refused_requests_are_replayed_as_refused() -> None:
    unit = like("kubernetes", restartPolicy="Never")
    trace = simulate(unit, Script(run_s=1, exit=0), until_s=9, requests=[(2, "stop"), (3, "start")])
    assert replay(trace, {"worker": unit}).transitions == trace.transitions


def test_alerts_come_again_too() -> None:
    unit = like("systemd", Restart="always")
    trace = simulate(unit, Script(run_s=0), until_s=9)
    assert replay(trace, {"worker": unit}).alerts == trace.alerts
    assert [kind for _, _, kind, _ in trace.alerts] == ["crash-loop", "gave-up"]
