"""What `lifecycle-kit simulate` does with a scenario: run it, tell about it, write its trace and chart."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from lifecycle_kit.cli import out
from lifecycle_kit.cli.scenario_words import after_cure, before_cure, compared, story, what_happened, wrapped
from lifecycle_kit.simulate import alerts_of, summary
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.scenarios import BadScenario, Scenario, load_scenario, scenario_names
from lifecycle_kit.trace import Trace

__all__ = ["list_all", "play"]


def list_all(as_json: bool) -> None:
    """Print every scenario with its title."""
    width = max(map(len, scenario_names()))
    for name in scenario_names():
        title = load_scenario(name).title
        as_text = wrapped(title, f"{name:<{width}}  ")
        click.echo(json.dumps({"scenario": name, "title": title}) if as_json else as_text)


def play(
    name: str,
    *,
    cure: str | None,
    compare: bool,
    folder: str,
    chart: str | None,
    until: float | None,
    seed: int | None,
    trace_file: str | None,
    as_json: bool,
    files: bool,
) -> None:
    """Run a scenario and tell what happened.

    Args:
        name: of the scenario, or of a file.
        cure: a change to make; None: none.
        compare: run it with every change instead, and print a table.
        folder: where trace and chart go.
        chart: another name for the chart.
        trace_file: another name for the trace.
        until: end of the run, seconds; None: as the scenario says.
        seed: likewise.
        as_json: print objects for machines.
        files: whether to write trace and chart under names of our own.
    """
    try:
        scenario = load_scenario(name)
        change = None if cure is None else scenario.change(cure)
    except (BadScenario, ValueError) as error:
        raise out.BadInput(str(error)) from None
    if chart and not chart.endswith(".svg"):
        raise out.BadInput(f"cannot write {chart}: the chart of a scenario is an SVG; its name must end in .svg")
    if compare:
        if cure or chart or trace_file:
            raise out.BadInput("--compare runs the scenario with every change; leave out --cure, --trace and --chart")
        _compare(scenario, seed, until, as_json)
        return
    result = scenario.run(cure, seed=seed, until_s=until)
    fault = result if cure is None else scenario.run(seed=seed, until_s=until)
    if as_json:
        click.echo(json.dumps(numbers(scenario, cure, result, fault)))
    else:
        world = scenario.world if change is None else change.world
        click.echo(story(scenario, change))
        click.echo(what_happened(scenario, world, result))
        click.echo(before_cure(scenario) if change is None else after_cure(scenario, cure or "", result, fault))
    _write(scenario, cure, result, folder, chart, trace_file, files)


def _compare(scenario: Scenario, seed: int | None, until: float | None, as_json: bool) -> None:
    changes = [None, *scenario.cures, *scenario.wrong_cures]
    results = {cure: scenario.run(cure, seed=seed, until_s=until) for cure in changes}
    if as_json:
        for cure, result in results.items():
            click.echo(json.dumps(numbers(scenario, cure, result, results[None])))
    else:
        click.echo(compared(scenario, results))


def numbers(scenario: Scenario, cure: str | None, result: WorldResult, fault: WorldResult) -> dict[str, Any]:
    """Return what came of a run as plain data; what is not known is null."""
    world = scenario.world if cure is None else scenario.change(cure).world
    made: dict[str, Any] = {
        "scenario": scenario.name,
        "cure": cure,
        "seed": result.trace.header["seed"],
        "until_s": result.until_ns / 1e9,
        "numbers": {key: _plain(value) for key, value in summary(result, world).items()},
        "alerts": [
            {"at_s": each.at_s, "late_s": each.late_s, "on": each.on, "kind": each.kind, "text": each.text}
            for each in alerts_of(world, result)
        ],
    }
    if (measure := scenario.measure) is not None:
        value = measure.of(result)
        cured = None if cure is None else measure.cures(measure.of(fault), value)
        made["measure"] = {"what": measure.what, "on": measure.on, "value": _plain(value), "cured": cured}
    return made


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


# --- files


def _write(
    scenario: Scenario,
    cure: str | None,
    result: WorldResult,
    folder: str,
    chart: str | None,
    trace_file: str | None,
    files: bool,
) -> None:
    if files:
        trace_file, chart = _free_names(Path(folder), scenario, cure, result.trace)
    if trace_file:
        out.write_trace(result.trace, trace_file)
        click.echo(f"wrote {trace_file}", err=True)
    if chart:
        _draw(scenario, cure, result, chart)


def _free_names(folder: Path, scenario: Scenario, cure: str | None, trace: Trace) -> tuple[str, str]:
    """Return names for trace and chart that are not taken; the same run may write its own files again."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise out.BadInput(f"cannot write to {folder}: {error.strerror}") from None
    text = "".join(f"{line}\n" for line in trace.to_lines())
    stem = scenario.name if cure is None else f"{scenario.name}.{cure}"
    number = 1
    while True:
        base = stem if number == 1 else f"{stem}-{number}"
        traced, drawn = folder / f"{base}.trace.jsonl", folder / f"{base}.svg"
        if not (traced.exists() or drawn.exists()) or _holds(traced, text):
            return str(traced), str(drawn)
        number += 1


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _draw(scenario: Scenario, cure: str | None, result: WorldResult, chart: str) -> None:
    from lifecycle_kit.show import fleet_chart

    world = scenario.world if cure is None else scenario.change(cure).world
    title = scenario.title if cure is None else f"{scenario.name}: {scenario.change(cure).title}"
    try:
        fleet_chart(result, world, title=title).save(chart)
    except OSError as error:
        raise out.BadInput(f"cannot write {chart}: {error.strerror}") from None
    click.echo(f"wrote {chart}", err=True)
