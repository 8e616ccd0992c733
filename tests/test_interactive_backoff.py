"""The backoff lab: an hour of restarts as `step` makes them, a herd held to `Backoff`, and a picture that says so."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.backoff import JITTERS, Backoff
from lifecycle_kit.show.interactive.crashes import HOUR_S, MANY, crashes, unit_like
from lifecycle_kit.show.interactive.herd import TENTHS, attempts, herd
from lifecycle_kit.show.interactive.lab import Bench
from lifecycle_kit.show.interactive.lab_backoff import LAB, BackoffKnobs, waited
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns, seconds

# --- an hour of restarts


def test_the_waits_are_those_of_a_run() -> None:
    assert crashes("kubernetes").delays_s[:7] == (0, 10, 20, 40, 80, 160, 300)
    assert crashes("kubernetes").restarts == 16


def test_a_policy_that_gives_up_says_why_and_when() -> None:
    found = crashes("supervisord")
    assert (found.gave_up, found.gave_up_s, found.restarts) == ("FATAL, startretries used up", 6.0, 3)


@pytest.mark.parametrize(("name", "life_s"), [("runit", 0), ("s6", 1), ("systemd", 5), ("docker", 1), ("pm2", 10)])
def test_what_is_counted_on_is_what_the_whole_hour_would_show(name: str, life_s: float) -> None:
    whole = len(starts(simulate(unit_like(name), Script(run_s=life_s), HOUR_S).transitions)) - 1
    found = crashes(name, life_s=life_s)
    assert found.restarts == pytest.approx(whole, rel=0.01, abs=1)
    assert found.about == (whole > MANY and found.starts_s[-1] < HOUR_S - 60)


def test_a_fault_that_passes_ends_the_restarts() -> None:
    found = crashes(curve=Backoff(first_s=1, factor=2, cap_s=60), good_after=3)
    assert (found.restarts, found.about, found.delays_s) == (3, False, (1, 2, 4))


# --- the herd


@given(
    st.sampled_from(JITTERS),
    st.sampled_from(
        [Backoff(first_s=1, factor=2, cap_s=20), Backoff(first_s=3), Backoff(first_s=0.5, factor=3, cap_s=9)]
    ),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=6, max_size=6),
)
def test_a_client_of_the_herd_waits_as_backoff_does(jitter: str, curve: Backoff, draws: list[float]) -> None:
    at: list[int] = []
    jittered, previous = replace(curve, jitter=jitter), 0
    for nth, u in enumerate(draws, start=1):
        previous = jittered.delay_ns(nth, u=u, previous_ns=previous)
        at.append((at[-1] if at else 0) + previous)
    made = attempts(curve.ladder(6), np.array([draws]), jitter, curve.cap_s)
    assert made[0].tolist() == pytest.approx([seconds(each) for each in at], abs=1e-6)


def test_without_jitter_the_whole_herd_comes_at_once_and_with_it_never() -> None:
    waits = [1, 2, 4, 8]
    alone = herd(waits, 100, "none", 20)
    assert {place / TENTHS: count for place, count in enumerate(alone) if count} == {1: 100, 3: 100, 7: 100, 15: 100}
    for jitter in ("full", "equal", "decorrelated"):
        assert max(herd(waits, 100, jitter, 20, cap_s=60)) < 50


def test_one_client_more_of_another_seed_changes_the_dice_and_nothing_else() -> None:
    assert herd([1, 2], 50, "full", 9, seed=1) == herd([1, 2], 50, "full", 9, seed=1)
    assert herd([1, 2], 50, "full", 9, seed=1) != herd([1, 2], 50, "full", 9, seed=2)
    assert sum(herd([1, 2], 50, "full", 9, seed=1)) == 100


def test_an_unknown_jitter_is_refused() -> None:
    with pytest.raises(ValueError, match="jitter 'some' is not known; choose one of none, full, equal, decorrelated"):
        herd([1], 5, "some", 9)


# --- the lab


def test_every_system_and_every_jitter_draws_a_picture_that_is_well_formed() -> None:
    for like in ("own", *SYSTEMS):
        for life_s, jitter in ((0, "full"), (5, "equal"), (600, "decorrelated")):
            shown = LAB.draw(BackoffKnobs(like=like, life_s=life_s, jitter=jitter))
            ET.fromstring(str(shown.picture))
            assert shown.says.endswith(".")


def test_no_column_stands_outside_the_picture() -> None:
    for like in ("kubernetes", "systemd", "own"):
        drawn = ET.fromstring(str(LAB.draw(BackoffKnobs(like=like, clients=200)).picture))
        for path in (each.get("d", "") for each in drawn.iter() if each.tag.endswith("}path")):
            xs = [float(part.split()[0]) for part in path.split("M")[1:] if part.split()[0].replace(".", "").isdigit()]
            assert all(0 <= x <= 780 for x in xs)


def test_a_first_wait_above_the_cap_is_refused_with_a_reason() -> None:
    bench = Bench(LAB)
    bench.take({"first_s": 7, "cap_s": 0})
    assert "need 0 <= first_s <= cap_s" in bench.view().problem


def test_no_cap_is_a_place_of_the_knob_as_well() -> None:
    assert waited(BackoffKnobs(cap_s=math.inf)).made.delays_s[9] == 512


def test_who_never_waits_has_a_herd_without_end() -> None:
    shown = LAB.draw(BackoffKnobs(like="supervisord", life_s=5))
    assert "try again at once, over and over" in shown.says
    assert "never waits" in shown.picture.text


def test_each_tweak_shows_what_it_promises() -> None:
    start = waited(BackoffKnobs()).made
    bench = Bench(LAB)
    made = []
    for number in range(len(LAB.tweaks)):
        bench.press(f"try-{number}")
        made.append(waited(bench.settings).made)
    flat, passing, long_lived = made
    assert flat.restarts > 50 * start.restarts
    assert (passing.restarts, passing.gave_up) == (3, "")
    assert long_lived.restarts == pytest.approx(720, abs=1)
    assert crashes("supervisord").gave_up, "with lives of no length it gives up"


def test_the_words_name_the_numbers_of_the_picture() -> None:
    shown = LAB.draw(BackoffKnobs())
    drawn = " ".join(
        "".join(each.itertext()) for each in ET.fromstring(str(shown.picture)).iter() if each.tag.endswith("}text")
    )
    found = waited(BackoffKnobs())
    assert f"at most {max(found.without)}" in drawn
    assert f"at most {max(found.with_jitter)} in one" in shown.picture.text
    assert "waits of your own curve: 1 s, 2 s, 4 s" in shown.picture.text
    assert f"{found.made.restarts} restarts an hour" in shown.says
    assert ns(found.made.alarm_s or 0) == ns(3)
