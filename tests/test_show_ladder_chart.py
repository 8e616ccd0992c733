"""The ladder: a unit's delays are those of its run, a curve's those of its formula."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.backoff import JITTERS
from lifecycle_kit.show.ladder_chart import climb, ladder, ladder_text

KUBERNETES, SYSTEMD, SUPERVISORD = like("kubernetes"), like("systemd", Restart="always"), like("supervisord")


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    plt.close("all")


def values(ax: Axes, name: str) -> list[float]:
    line = next(line for line in ax.lines if str(line.get_label()).startswith(name))
    return [float(value) for value in line.get_ydata()]  # type: ignore[union-attr,arg-type]


def test_kubernetes_restarts_at_once_and_then_ever_later_up_to_five_minutes() -> None:
    assert climb(KUBERNETES, 9).delays_s == [0, 10, 20, 40, 80, 160, 300, 300, 300]
    assert climb(KUBERNETES, 9).starts_s == [0, 0, 10, 30, 70, 150, 310, 610, 910, 1210]


def test_a_policy_that_gives_up_has_a_short_ladder_and_says_why() -> None:
    assert (climb(SYSTEMD).delays_s, climb(SYSTEMD).gave_up) == ([0.1] * 4, "start-limit-hit")
    assert (climb(SUPERVISORD).delays_s, climb(SUPERVISORD).gave_up) == ([1, 2, 3], "FATAL, startretries used up")


def test_a_policy_that_never_restarts_has_no_rung() -> None:
    climbed = climb(like("kubernetes", restartPolicy="Never"))
    assert (climbed.delays_s, climbed.gave_up) == ([], "restartPolicy=Never")


def test_a_policy_that_spawns_at_one_instant_for_ever_ends() -> None:
    hot = Unit(policy=PlainPolicy(backoff=Backoff(first_s=0)))
    assert climb(hot, 2000).gave_up == "hot-loop"


@settings(max_examples=40)
@given(first=st.floats(0.5, 1e6), factor=st.floats(1, 4), n=st.integers(1, 12))
def test_the_ladder_of_a_bare_curve_is_the_curves_own(first: float, factor: float, n: int) -> None:
    curve = Backoff(first_s=first, factor=factor, cap_s=1e7)
    assert climb(curve, n).delays_s == curve.ladder(n)


@pytest.mark.parametrize("jitter", JITTERS)
def test_jitter_stays_in_its_range_and_the_seed_repeats_it(jitter: str) -> None:
    curve = Backoff(first_s=1, factor=2, cap_s=60, jitter=jitter)
    climbed = climb(curve, 8, seed=3)
    assert climbed == climb(curve, 8, seed=3)
    assert (climbed == climb(curve, 8, seed=4)) == (jitter == "none")
    previous = 0
    for nth, delay in enumerate(climbed.delays_s, start=1):
        low, high = curve.bounds_ns(nth, previous_ns=previous)
        assert low <= round(delay * 1e9) <= high
        previous = round(delay * 1e9)


def test_the_axes_handed_in_are_the_axes_handed_back() -> None:
    _, ax = plt.subplots()
    assert ladder({"kubernetes": KUBERNETES}, ax=ax) is ax
    assert len(plt.get_fignums()) == 1


def test_the_chart_shows_delays_or_the_instants_of_the_starts() -> None:
    assert values(ladder({"kubernetes": KUBERNETES}, 4), "kubernetes") == [0, 10, 20, 40]
    assert values(ladder({"kubernetes": KUBERNETES}, 4, by="start"), "kubernetes") == [0, 10, 30, 70]


def test_the_chart_says_who_gives_up() -> None:
    legend = ladder({"systemd": SYSTEMD, "kubernetes": KUBERNETES}).get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["systemd: gives up after 4 restarts", "kubernetes"]


def test_the_range_of_jitter_is_shaded_and_only_there() -> None:
    assert len(ladder({"a": Backoff(jitter="full")}).collections) == 1
    assert len(ladder({"a": Backoff()}).collections) == 0


def test_the_text_has_a_column_per_policy_and_a_dash_after_the_end() -> None:
    assert ladder_text({"kubernetes": KUBERNETES, "supervisord": SUPERVISORD}, 4).splitlines() == [
        "restart    kubernetes    supervisord",
        "      1           0 s            1 s",
        "      2          10 s            2 s",
        "      3          20 s            3 s",
        "      4          40 s              -",
        "supervisord gives up after 3 restarts: FATAL, startretries used up",
    ]


def test_what_cannot_be_drawn_is_answered_with_what_can() -> None:
    with pytest.raises(ValueError, match="at least 1 rung, got n=0"):
        ladder({"kubernetes": KUBERNETES}, 0)
    with pytest.raises(ValueError, match="by='speed' is not known; choose one of delay, start"):
        ladder({}, by="speed")
    with pytest.raises(ValueError, match="by='speed' is not known"):
        ladder_text({}, by="speed")
