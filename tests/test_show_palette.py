"""The palette: text can be read on every fill, and the fills can be told apart, by everyone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import pytest

from lifecycle_kit.show.palette import INK, LOOKS, MUTED, NOW, PAPER, SERIES, SHADE, key_line, look
from lifecycle_kit.states import State

# How linear RGB looks without one kind of cone: Machado, Oliveira and Fernandes (2009), severity 1.
SIGHTS: dict[str, Sequence[Sequence[float]]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
CLEARLY_APART = 18.0  # CIE76; about 2.3 is a just noticeable difference


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    lights = sorted(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lab(colour: str, sight: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Return a colour's place in CIELAB, as seen with a certain sight."""
    r, g, b = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, linear(colour), strict=True))))
        for row in sight
    )
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_the_arithmetic_of_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("state", list(State))
def test_text_can_be_read_on_a_states_fill(state: State) -> None:
    assert contrast(INK, LOOKS[state].fill) >= 4.5


@pytest.mark.parametrize("state", list(State))
def test_a_states_dark_shade_can_be_read_on_white(state: State) -> None:
    assert contrast(LOOKS[state].edge, PAPER) >= 4.5


@pytest.mark.parametrize(("words", "ground"), list(product((INK, MUTED, NOW), (PAPER, SHADE))))
def test_words_can_be_read_on_paper_and_on_the_shaded_ground(words: str, ground: str) -> None:
    assert contrast(words, ground) >= 4.5


def test_the_word_now_can_be_read_on_its_badge() -> None:
    assert contrast(PAPER, NOW) >= 4.5


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_states_can_be_told_apart_by_colour(sight: str) -> None:
    seen = {state: lab(style.fill, SIGHTS[sight]) for state, style in LOOKS.items()}
    close = {
        (one.value, other.value)
        for one, other in combinations(State, 2)
        if sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5 < CLEARLY_APART
    }
    assert not close


def test_any_two_states_can_be_told_apart_without_colour() -> None:
    assert len({style.letter for style in LOOKS.values()}) == len(State)
    assert all(len(style.letter) == 1 for style in LOOKS.values())


def test_the_lines_of_a_chart_differ_in_more_than_colour_and_stand_out_from_white() -> None:
    assert len({marker for _, marker, _ in SERIES}) == len(SERIES)
    assert min(contrast(colour, PAPER) for colour, _, _ in SERIES) >= 4.5


def test_a_look_is_found_by_name_or_state_and_an_unknown_name_is_refused() -> None:
    assert look("failed") == look(State.FAILED) == LOOKS[State.FAILED]
    with pytest.raises(ValueError, match="'up' is not a valid State"):
        look("up")


def test_the_key_names_only_the_states_that_are_shown() -> None:
    assert key_line({State.READY, State.STARTING}) == "s starting  r ready"
    assert len(key_line().split("  ")) == len(State)
