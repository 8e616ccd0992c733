"""A lab in use: knobs are turned, tweaks tried, and the picture follows; what makes no sense changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lifecycle_kit.show.interactive.form import Control
from lifecycle_kit.show.interactive.knobs import slider
from lifecycle_kit.show.interactive.lab import Bench, Lab, Shown, Tweak
from lifecycle_kit.show.svg import Svg


@dataclass(frozen=True, kw_only=True)
class Pipe:
    """Settings of a pipe."""

    outer: int = slider("Outer", 5, (3, 5, 9))
    inner: int = slider("Inner", 3, (1, 3, 5))


def draw(pipe: Pipe) -> Shown:
    if pipe.inner >= pipe.outer:
        raise ValueError(f"inner must be less than outer, got {pipe.inner} and {pipe.outer}")
    wall = pipe.outer - pipe.inner
    return Shown(
        says=f"The wall is {wall}.", picture=Svg(width=9, height=9, title="a pipe", text=f"wall {wall}", body="")
    )


LAB = Lab(
    title="Pipe lab", question="How thick is the wall?", start=Pipe(), draw=draw,
    tweaks=(Tweak(label="Wider", watch="the wall grows", settings={"outer": 9}),),
)  # fmt: skip


def test_it_opens_with_its_question_and_its_tweaks() -> None:
    form = Bench(LAB).form
    assert (form.title, form.question) == ("Pipe lab", "How thick is the wall?")
    assert [(each.label, each.watch) for each in form.tries] == [("Wider", "the wall grows")]


def test_turning_a_knob_draws_anew() -> None:
    bench = Bench(LAB)
    assert bench.view().says == "The wall is 2."
    bench.take({"inner": 0})
    assert bench.view().says == "The wall is 4."
    assert bench.values == {"outer": 1, "inner": 0}


def test_settings_that_make_no_sense_together_leave_the_picture_and_say_why() -> None:
    bench = Bench(LAB)
    bench.take({"outer": 0})
    assert bench.view().problem == "inner must be less than outer, got 3 and 3"
    assert bench.view().says == "The wall is 2."
    bench.take({"inner": 0})
    assert (bench.view().problem, bench.view().says) == ("", "The wall is 2.")


def test_a_tweak_begins_from_the_labs_own_settings() -> None:
    bench = Bench(LAB, inner=1)
    bench.press("try-0")
    assert bench.settings == Pipe(outer=9, inner=3)


def test_reset_goes_back_to_where_it_was_opened() -> None:
    bench = Bench(LAB, inner=1)
    bench.press("try-0")
    bench.press("reset")
    assert bench.settings == Pipe(inner=1)


@pytest.mark.parametrize("button", ["try-7", "try-x", "try--1", "launch", ""])
def test_a_button_that_there_is_not_does_nothing(button: str) -> None:
    bench = Bench(LAB)
    bench.press(button)
    assert bench.settings == Pipe()


def test_it_cannot_be_opened_with_a_knob_or_a_value_that_it_has_not() -> None:
    with pytest.raises(ValueError, match=r"the Pipe lab has no knob 'length'; it has outer, inner"):
        Bench(LAB, length=3)
    with pytest.raises(ValueError, match="outer=4 is none of the values"):
        Bench(LAB, outer=4)


def test_a_control_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind='dial' is not known; choose one of slider"):
        Control(name="a", kind="dial", label="A")
