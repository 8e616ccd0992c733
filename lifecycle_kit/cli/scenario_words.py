"""What the terminal says about a scenario, in lines of 80 characters."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping

from lifecycle_kit.show import fleet_words
from lifecycle_kit.simulate import summary
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.fleet.world import World
from lifecycle_kit.simulate.scenarios import Change, Scenario
from lifecycle_kit.simulate.story import table
from lifecycle_kit.units import span

__all__ = ["after_cure", "before_cure", "compared", "story", "what_happened", "wrapped"]

WIDTH = 80


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """Return a text in lines of at most 80 characters; `first` stands before it, `rest` before the other lines."""
    indent = " " * len(first) if rest is None else rest
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _listed(texts: Iterable[str]) -> str:
    return "\n".join(wrapped(text, "  - ") for text in texts)


def story(scenario: Scenario, change: Change | None) -> str:
    """Return the title and the story, and what is changed."""
    parts = [wrapped(f"{scenario.name}: {scenario.title}"), "", wrapped(scenario.story)]
    if change is not None:
        sets = [f"{path} = {value!r}" for path, value in change.sets.items()]
        parts += ["", wrapped(f"changed: {change.title}"), _listed(sets)]
    return "\n".join(parts)


def what_happened(scenario: Scenario, world: World, result: WorldResult) -> str:
    """Return a run in sentences, what happened when, and what the scenario is measured by."""
    lines = ["", f"what happened in {span(result.until_ns)} (seed {result.trace.header['seed']})"]
    lines.append(_listed(fleet_words(result, world).splitlines()))
    if (measure := scenario.measure) is not None:
        lines += ["", f"measured: {measure.what} ({measure.on}): {_number(measure.of(result))}"]
    return "\n".join(lines)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{round(value, 1):.10g}"


def before_cure(scenario: Scenario) -> str:
    """Return what to notice, and what could be changed; which of it helps is not told."""
    lines = ["", "what to notice", _listed(scenario.notice)] if scenario.notice else []
    changes = sorted({**scenario.cures, **scenario.wrong_cures}.items())
    if changes:
        lines += ["", "what would you change? Try one with --cure NAME, or all with --compare"]
        width = max(len(name) for name, _ in changes)
        lines += [wrapped(change.title, f"  {name:<{width}}  ") for name, change in changes]
    return "\n".join([*lines, ""])


def after_cure(scenario: Scenario, name: str, result: WorldResult, fault: WorldResult) -> str:
    """Return whether a change has helped, and why."""
    change, measure = scenario.change(name), scenario.measure
    if measure is None:
        return f"\n{wrapped(change.why)}\n"
    before, after = measure.of(fault), measure.of(result)
    verdict = "cured" if measure.cures(before, after) else "not cured"
    text = f"{verdict}: {measure.what} went from {_number(before)} to {_number(after)}. {change.why}"
    return f"\n{wrapped(text)}\n"


def compared(scenario: Scenario, results: Mapping[str | None, WorldResult]) -> str:
    """Return the fault beside all changes: a table, and what each change is."""
    measure, rows = scenario.measure, dict[str, dict[str, int | float | str]]()
    for name, result in results.items():
        world = scenario.world if name is None else scenario.change(name).world
        numbers = summary(result, world)
        row: dict[str, int | float | str] = {}
        if measure is not None:
            row["measured"] = _number(measure.of(result))
            cured = measure.cures(measure.of(results[None]), measure.of(result))
            row["cured"] = "" if name is None else "yes" if cured else "no"
        row |= {"failed": _number(numbers["failed"]), "restarts": _number(numbers["restarts"])}
        if result.jobs:
            row["backlog"] = _number(numbers["backlog"])
        row["first alert, s"] = _number(numbers["first_alert_s"])
        rows["(as it is)" if name is None else name] = row
    lines = [wrapped(f"{scenario.name}: {scenario.title}"), ""]
    if measure is not None:
        lines += [f"measured: {measure.what} ({measure.on})", ""]
    lines += [*table(rows), ""]
    for name in (name for name in results if name is not None):
        change = scenario.change(name)
        lines.append(wrapped(f"{name}: {change.title}. {change.why}", "", "  "))
    return "\n".join(lines)
