"""Arithmetic against counting: both find the same verdicts at the same instants on every piecewise constant target."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle_kit.health import Segment, Watch, advance, next_change, parse_health, segments, walk
from lifecycle_kit.probes import KINDS, Outcome, ProbeSettings, Tally
from lifecycle_kit.units import ns

UNTIL_S = 400
SHORT = st.integers(min_value=0, max_value=250).map(lambda tenths: tenths / 10)


@st.composite
def probes(draw: st.DrawFn) -> ProbeSettings:
    kind = draw(st.sampled_from(KINDS))
    single = kind != "readiness"
    return ProbeSettings(
        kind=kind,
        initial_delay_s=draw(SHORT),
        period_s=draw(st.sampled_from([0.7, 1, 2.5, 5, 10])),
        timeout_s=draw(st.sampled_from([0.3, 1, 4, 12])),
        success_threshold=1 if single else draw(st.integers(1, 4)),
        failure_threshold=draw(st.integers(1, 4)),
        from_end=draw(st.booleans()),
        start_period_s=draw(st.sampled_from([0, 0, 7, 31])),
        start_interval_s=draw(st.sampled_from([None, None, 0.4, 3])),
        initially_good=draw(st.sampled_from([None, None, True, False])),
        holds=single or draw(st.booleans()),
    )


@st.composite
def targets(draw: st.DrawFn) -> tuple[Segment, ...]:
    lengths = draw(st.lists(st.integers(1, 900), min_size=0, max_size=6))
    starts = [0, *accumulate(lengths)]
    outcome, latency = st.sampled_from(list(Outcome)), st.sampled_from([0, 0.05, 0.5, 1.5, 6, 20])
    return tuple(Segment(ns(start / 10), draw(outcome), ns(draw(latency))) for start in starts)


@given(probes(), targets(), st.sampled_from([0, 0, 3.3]), SHORT)
@settings(max_examples=400)
def test_the_arithmetic_form_equals_the_tally(
    probe: ProbeSettings, target: tuple[Segment, ...], phase_s: float, begins_s: float
) -> None:
    watch = Watch.begin(probe, Tally.first(probe), at=ns(begins_s), born_ns=ns(begins_s), phase_ns=ns(phase_s))
    counted, last = [], watch
    for _, ended, _, after in walk(watch, target, ns(UNTIL_S)):
        if (after.tally.good, after.tally.failed) != (last.tally.good, last.tally.failed):
            counted.append((ended, after.tally.good, after.tally.failed))
        last = after
    jumped, leaping = [], watch
    while change := next_change(leaping, target, ns(UNTIL_S)):
        at, leaping = change
        jumped.append((at, leaping.tally.good, leaping.tally.failed))
    assert jumped == counted
    assert advance(watch, target, ns(UNTIL_S)) == last


def test_a_day_of_health_is_one_jump() -> None:
    """What would be 8,640 probes: none is made before the first failure counts."""
    probe = ProbeSettings(kind="liveness", period_s=10, failure_threshold=3)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    change = next_change(watch, segments((0, "ok"), (86_395, "fail")))
    assert change is not None
    assert change[0] == ns(86_420)


def test_the_first_probe_is_at_once_and_the_initial_delay_waits_for_a_tick() -> None:
    probe = ProbeSettings(initial_delay_s=3, period_s=2)
    assert Watch.begin(ProbeSettings(), Tally(good=False), at=0, born_ns=0).next_ns == 0
    assert Watch.begin(probe, Tally(good=False), at=0, born_ns=0, phase_ns=0).next_ns == ns(4)


def test_an_answer_after_the_timeout_is_a_failure() -> None:
    probe = ProbeSettings(kind="liveness", failure_threshold=1, timeout_s=1)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    assert next_change(watch, segments((0, "ok", 1.0))) is None
    change = next_change(watch, segments((0, "ok", 1.1)))
    assert change is not None
    assert change[0] == ns(1)


def test_ticks_that_a_slow_probe_misses_become_one() -> None:
    probe = ProbeSettings(period_s=2, timeout_s=10, failure_threshold=1)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    begun = [start for start, *_ in walk(watch, segments((0, "ok", 5), (1, "ok")), ns(9))]
    assert begun == [ns(0), ns(5), ns(6), ns(8)]


def test_docker_counts_the_interval_from_the_end_of_a_check() -> None:
    probe = ProbeSettings(period_s=2, timeout_s=10, from_end=True)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    assert [start for start, *_ in walk(watch, segments((0, "ok", 1)), ns(9))] == [ns(2), ns(5), ns(8)]


def test_docker_too_can_be_healthy_for_ever() -> None:
    probe = ProbeSettings(from_end=True, failure_threshold=1)
    watch = Watch.begin(probe, Tally(good=True), at=0, born_ns=0)
    assert next_change(watch, segments((0, "ok"))) is None


def test_in_the_start_period_docker_checks_at_its_own_pace_until_the_first_success() -> None:
    probe = ProbeSettings(period_s=4, timeout_s=3, from_end=True, start_period_s=6, start_interval_s=1)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    starts = [start for start, *_ in walk(watch, segments((0, "fail")), ns(14))]
    assert starts == [ns(second) for second in (1, 2, 3, 4, 5, 6, 10, 14)]
    starts = [start for start, *_ in walk(watch, segments((0, "fail"), (2, "ok")), ns(14))]
    assert starts == [ns(second) for second in (1, 2, 6, 10, 14)]


def test_health_scripts_are_read_as_they_are_typed() -> None:
    assert parse_health("20:ok, 15:fail@2,1:error") == (
        Segment(0, Outcome.SUCCESS),
        Segment(ns(20), Outcome.FAILURE, ns(2)),
        Segment(ns(35), Outcome.ERROR),
    )


@pytest.mark.parametrize("wrong", ["", "20", "20:good", "x:ok", "5:ok@x", "-1:ok"])
def test_a_health_script_that_cannot_be_read_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no part of a health script; write SECONDS:ok"):
        parse_health(wrong)


@pytest.mark.parametrize(("parts", "why"), [([(0, "maybe")], "no outcome"), ([(5, "ok"), (5, "fail")], "increase")])
def test_segments_that_make_no_sense_are_refused(parts: list[tuple[float, str]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        segments(*parts)
