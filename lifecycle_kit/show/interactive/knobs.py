"""Settings that can be turned: fields of a frozen dataclass that know their values and how to say them.

Rule: a knob has a finite list of values. The browser sends places in that list and nothing else, so whatever arrives
is a value the lab was made for; only a text is taken as it is typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from lifecycle_kit.show.interactive.form import Control, Group, Value
from lifecycle_kit.units import ns, span

__all__ = ["Knob", "choice", "groups_of", "knobs_of", "places_of", "seconds_slider", "settings_at", "slider", "switch"]
__all__ += ["text"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One thing that can be set.

    Attributes:
        kind: "slider", "choice", "switch" or "text".
        label: what stands beside it.
        values: those it can take; none for a text.
        words: how each of them is said.
        group: the heading under which it stands.
        help: what it means, in a sentence.
    """

    kind: str
    label: str
    values: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    group: str = ""
    help: str = ""


def _field(default: Any, knob: Knob) -> Any:
    if knob.values and default not in knob.values:
        raise ValueError(f"{knob.label}: the default {default!r} is none of its values {knob.values}")
    return field(default=default, metadata={"knob": knob})


def slider(
    label: str, default: float, values: Sequence[float], *, unit: str = "", group: str = "", help: str = ""
) -> Any:
    """Return a field whose knob moves over `values`, from left to right."""
    words = tuple(f"{value:g} {unit}".rstrip() for value in values)
    return _field(default, Knob(kind="slider", label=label, values=tuple(values), words=words, group=group, help=help))


def seconds_slider(label: str, default: float, values: Sequence[float], *, group: str = "", help: str = "") -> Any:
    """Return a field whose knob moves over durations in seconds, said as people say them; infinity is "no limit"."""
    words = tuple("no limit" if value == float("inf") else span(ns(value)) or "0 s" for value in values)
    return _field(default, Knob(kind="slider", label=label, values=tuple(values), words=words, group=group, help=help))


def choice(label: str, default: str | int, options: Mapping[Any, str], *, group: str = "", help: str = "") -> Any:
    """Return a field whose knob is a list to choose from: values with their words."""
    words = tuple(options.values())
    return _field(default, Knob(kind="choice", label=label, values=tuple(options), words=words, group=group, help=help))


def switch(label: str, default: bool, *, group: str = "", help: str = "") -> Any:
    """Return a field whose knob is on or off."""
    knob = Knob(kind="switch", label=label, values=(False, True), words=("no", "yes"), group=group, help=help)
    return _field(default, knob)


def text(label: str, default: str, *, group: str = "", help: str = "") -> Any:
    """Return a field whose knob is a line of text."""
    return _field(default, Knob(kind="text", label=label, group=group, help=help))


def knobs_of(settings: Any) -> dict[str, Knob]:
    """Return the knobs of a settings class, or of one of its values, by the names of their fields."""
    return {each.name: each.metadata["knob"] for each in fields(settings) if "knob" in each.metadata}


def groups_of(settings: Any) -> tuple[Group, ...]:
    """Return the knobs as controls of a form, under their headings, in the order of the fields."""
    by_heading: dict[str, list[Control]] = {}
    for name, knob in knobs_of(settings).items():
        control = Control(name=name, kind=knob.kind, label=knob.label, words=knob.words, help=knob.help)
        by_heading.setdefault(knob.group or "Settings", []).append(control)
    return tuple(Group(legend=heading, controls=tuple(controls)) for heading, controls in by_heading.items())


def places_of(settings: Any) -> dict[str, Value]:
    """Return where each knob stands, as plain data: a place, yes or no, or a text.

    Raises:
        ValueError: naming a value that its knob does not have.
    """
    return {name: _place(name, knob, getattr(settings, name)) for name, knob in knobs_of(settings).items()}


def _place(name: str, knob: Knob, value: Any) -> Value:
    if knob.kind == "text":
        return str(value)
    if knob.kind == "switch":
        return bool(value)
    if value not in knob.values:
        raise ValueError(
            f"{name}={value!r} is none of the values of this knob; it has {', '.join(map(str, knob.values))}"
        )
    return knob.values.index(value)


def settings_at(settings: S, places: Mapping[str, Value]) -> S:
    """Return `settings` with its knobs at `places`; a name or place that there is not is left alone."""
    knobs = knobs_of(settings)
    turned = {
        name: _value(knobs[name], place, getattr(settings, name)) for name, place in places.items() if name in knobs
    }
    return replace(settings, **turned)  # type: ignore[type-var]


def _value(knob: Knob, place: Value, before: Any) -> Any:
    if knob.kind == "text":
        return str(place)
    if knob.kind == "switch":
        return bool(place)
    return knob.values[place] if isinstance(place, int) and 0 <= place < len(knob.values) else before
