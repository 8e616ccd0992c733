"""Knobs: fields of a settings value that know which values they can take, and what a browser may send for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from lifecycle_kit.show.interactive.knobs import (
    choice,
    groups_of,
    knobs_of,
    places_of,
    seconds_slider,
    settings_at,
    slider,
    switch,
    text,
)


@dataclass(frozen=True, kw_only=True)
class Oven:
    """Settings of an oven."""

    heat: int = slider("Heat", 180, (150, 180, 220), unit="°C", group="Baking", help="of the air")
    time_s: float = seconds_slider("Time", 90, (0, 90, float("inf")), group="Baking")
    shelf: str = choice("Shelf", "mid", {"low": "at the bottom", "mid": "in the middle"})
    fan: bool = switch("Fan", False)
    note: str = text("Note", "")
    serial: int = 7  # no knob: nobody can turn it


def test_a_knob_says_its_values_as_people_say_them() -> None:
    knobs = knobs_of(Oven)
    assert knobs["heat"].words == ("150 °C", "180 °C", "220 °C")
    assert knobs["time_s"].words == ("0 s", "90 s", "no limit")
    assert knobs["shelf"].words == ("at the bottom", "in the middle")
    assert "serial" not in knobs


def test_settings_are_told_as_places_that_fit_into_json() -> None:
    places = places_of(Oven(time_s=float("inf"), fan=True))
    assert places == {"heat": 1, "time_s": 2, "shelf": 1, "fan": True, "note": ""}
    assert json.loads(json.dumps(places, allow_nan=False)) == places


def test_places_become_settings_again() -> None:
    turned = settings_at(Oven(), {"heat": 2, "time_s": 0, "shelf": 0, "fan": True, "note": "bread"})
    assert turned == Oven(heat=220, time_s=0, shelf="low", fan=True, note="bread")
    assert settings_at(Oven(), places_of(turned)) == turned


@pytest.mark.parametrize("places", [{"heat": 3}, {"heat": -1}, {"heat": "hot"}, {"colour": 1}, {"serial": 0}])
def test_a_place_or_name_that_there_is_not_changes_nothing(places: dict[str, int | str | bool | list[int]]) -> None:
    assert settings_at(Oven(), places) == Oven()


def test_a_value_off_the_knob_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"heat=181 is none of the values of this knob; it has 150, 180, 220"):
        places_of(Oven(heat=181))


def test_a_default_off_the_knob_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="Heat: the default 100 is none of its values"):
        slider("Heat", 100, (150, 180))


def test_controls_stand_under_their_headings_in_the_order_of_the_fields() -> None:
    baking, rest = groups_of(Oven())
    assert (baking.legend, [control.name for control in baking.controls]) == ("Baking", ["heat", "time_s"])
    assert (rest.legend, [control.kind for control in rest.controls]) == ("Settings", ["choice", "switch", "text"])
    assert baking.controls[0].help == "of the air"
