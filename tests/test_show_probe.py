"""The probe strip: target, probes and verdicts as `health.walk` makes them, and the delay in between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

from lifecycle_kit.health import Watch, next_change, parse_health
from lifecycle_kit.probes import KINDS, Outcome, ProbeSettings, Tally
from lifecycle_kit.show.probe_chart import probe_strip
from lifecycle_kit.show.probe_words import Part, probe_strip_text, watch_target
from lifecycle_kit.units import ns

READINESS = ProbeSettings(kind="readiness", period_s=5, failure_threshold=3)
LIVENESS = ProbeSettings(kind="liveness", period_s=10, failure_threshold=3, timeout_s=1)


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    plt.close("all")


def whole_seconds(parts: tuple[Part, ...]) -> list[tuple[int, int, str]]:
    return [(part.start_ns // 10**9, part.end_ns // 10**9, part.word) for part in parts]


def words(ax: Axes) -> list[str]:
    return [text.get_text().strip() for text in ax.texts if text.get_text().strip()]


def test_the_verdict_follows_the_target_with_a_delay() -> None:
    strip = watch_target(READINESS, "22:ok,30:fail,60:ok", 80)
    assert whole_seconds(strip.target) == [(0, 22, "ok"), (22, 52, "fail"), (52, 80, "ok")]
    assert whole_seconds(strip.verdicts) == [(0, 35, "good"), (35, 55, "bad"), (55, 80, "good")]
    assert whole_seconds(strip.delays) == [(22, 35, "bad"), (52, 55, "good")]
    assert strip.missed == ()


def test_a_failure_between_two_verdicts_is_never_noticed() -> None:
    strip = watch_target(READINESS, "22:ok,3:fail,60:ok", 60)
    assert whole_seconds(strip.missed) == [(22, 25, "fail")]
    assert {probe.outcome for probe in strip.probes} == {Outcome.SUCCESS}


def test_an_answer_that_comes_too_late_is_a_failure_of_the_target() -> None:
    strip = watch_target(LIVENESS, "25:ok,60:ok@5", 100)
    assert whole_seconds(strip.target) == [(0, 25, "ok"), (25, 100, "fail")]
    assert whole_seconds(strip.verdicts) == [(0, 51, "good"), (51, 100, "bad")]
    assert strip.ended


def test_an_error_is_neither_good_nor_bad_and_is_not_called_missed() -> None:
    strip = watch_target(READINESS, "10:ok,40:error,10:ok", 60)
    assert whole_seconds(strip.verdicts) == [(0, 60, "good")]
    assert strip.missed == ()


def test_a_startup_probe_is_undecided_until_it_passes_or_fails() -> None:
    startup = ProbeSettings(kind="startup", period_s=10, failure_threshold=3)
    assert whole_seconds(watch_target(startup, "15:fail,60:ok", 60).verdicts) == [
        (0, 20, "undecided"),
        (20, 60, "good"),
    ]
    assert whole_seconds(watch_target(startup, "60:fail", 60).verdicts) == [(0, 20, "undecided"), (20, 60, "bad")]


@given(
    kind=st.sampled_from(KINDS),
    parts=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["ok", "fail", "error", "ok@3"])), min_size=1),
    period=st.integers(1, 20),
    threshold=st.integers(1, 4),
)
def test_the_first_change_of_the_verdict_is_the_one_that_arithmetic_finds(
    kind: str, parts: list[tuple[int, str]], period: int, threshold: int
) -> None:
    settings = ProbeSettings(kind=kind, period_s=period, failure_threshold=threshold)
    health = parse_health(",".join(f"{lasts}:{word}" for lasts, word in parts))
    verdicts = watch_target(settings, health, 500).verdicts
    watch = Watch.begin(settings, Tally.first(settings), at=0, born_ns=0)
    found = next_change(watch, health, ns(500))
    if found and 0 < found[0] < ns(500):
        assert verdicts[0].end_ns == found[0]
    elif not found:
        assert len(verdicts) == 1


def test_the_parts_fill_the_view_without_gaps() -> None:
    strip = watch_target(READINESS, "7:ok,20:fail,9:error,30:ok", 90)
    for parts in (strip.target, strip.verdicts):
        assert (parts[0].start_ns, parts[-1].end_ns) == (0, ns(90))
        assert all(one.end_ns == two.start_ns for one, two in pairwise(parts))


def test_the_text_tells_what_is_drawn() -> None:
    lines = probe_strip_text(READINESS, "22:ok,3:fail,20:ok,60:fail", 70).splitlines()
    assert lines[0] == "target: ok until 22 s, fail until 25 s, ok until 45 s, fail until 70 s"
    assert lines[1].startswith("probes: 0 ok, 5 ok, ")
    assert lines[2:] == [
        "readiness verdict: good until 55 s, bad until 70 s",
        "the verdict became bad at 55 s, 10 s after the target",
        "never noticed: fail from 22 s to 25 s",
    ]
    assert probe_strip_text(LIVENESS, "5:fail", 40).splitlines()[-1] == "no further probe in this life"


def test_the_axes_handed_in_are_the_axes_handed_back() -> None:
    _, ax = plt.subplots()
    assert probe_strip(READINESS, "10:ok", 60, ax) is ax
    assert len(plt.get_fignums()) == 1


def test_every_probe_has_a_mark_and_each_outcome_a_shape() -> None:
    ax = probe_strip(READINESS, "20:ok,20:fail,20:error", 55)
    shapes = {str(line.get_marker()): len(line.get_xydata()) for line in ax.lines if line.get_label() != "_"}  # type: ignore[arg-type]
    assert shapes == {"o": 4, "X": 4, "s": 4}


def test_target_and_verdict_have_a_bar_per_part_with_its_word() -> None:
    ax = probe_strip(READINESS, "22:ok,30:fail,60:ok", 80)
    assert len(ax.patches) == 3 + 3
    assert [word for word in words(ax) if word in ("ok", "fail", "good", "bad")] == [
        "ok", "fail", "ok", "good", "bad", "good",
    ]  # fmt: skip


def test_delays_and_what_was_never_noticed_are_written_out() -> None:
    assert "13 s late" in words(probe_strip(READINESS, "22:ok,60:fail", 60))
    assert "never noticed" in words(probe_strip(READINESS, "22:ok,3:fail,60:ok", 60))
    assert "no further probe in this life" in words(probe_strip(LIVENESS, "5:ok,60:fail", 60))
