"""What the commands share: options of real systems, times as people type them, and output for people or machines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lifecycle_kit.instance import Unit
from lifecycle_kit.systems import SYSTEMS, OptionError, like, system
from lifecycle_kit.systems.options import timespan
from lifecycle_kit.trace import BadTrace, Trace, Transition

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.console import RenderableType

__all__ = [
    "BadInput",
    "Span",
    "chart_option",
    "check_picture",
    "header_of",
    "json_option",
    "like_options",
    "read_options",
    "read_trace",
    "save",
    "say",
    "show",
    "unit_of",
    "units_of",
    "write_trace",
]

F = TypeVar("F", bound=Callable[..., Any])

PICTURES = (".svg", ".png", ".pdf")


class BadInput(Exception):
    """Something that the user gave cannot be used; the message says what, why, and what to do."""


class Span(click.ParamType[float]):
    """A time such as 5, 100ms, 10min; `forever` where that makes sense."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, int | float):
            return float(value)
        try:
            seconds = timespan(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        if math.isinf(seconds):
            self.fail(f"{value!r}: give a time that ends, such as 10min", param, ctx)
        return seconds


json_option = click.option("--json", "as_json", is_flag=True, help="JSON Lines for machines, one object a line.")

chart_option = click.option(
    "--chart", type=click.Path(dir_okay=False), help="Write the picture to this file (.svg, .png, .pdf)."
)


def like_options(command: F) -> F:
    """Add `--like` and `--set` to a command."""
    setting = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="OPTION=VALUE",
        help="An option of that system under its own name; may be repeated. `--set help` lists them.",
    )
    which = click.option(
        "--like",
        "system_name",
        default="kubernetes",
        show_default=True,
        metavar="SYSTEM",
        help=f"Whose rules: {', '.join(SYSTEMS)}.",
    )
    return which(setting(command))


def read_options(name: str, settings: Iterable[str]) -> dict[str, str]:
    """Return the options typed as OPTION=VALUE; print the list and end for `help`."""
    made = {}
    for setting in settings:
        if setting == "help":
            _list_options(name)
        option, equals, value = setting.partition("=")
        if not equals:
            raise BadInput(f"--set {setting}: write OPTION=VALUE, or `--set help` to see the options")
        made[option.strip()] = value.strip()
    return made


def _list_options(name: str) -> None:
    try:
        room = system(name)
    except OptionError as error:
        raise BadInput(str(error)) from None
    for option in room.options:
        default = _shown(option.default)
        click.echo(f"  {option.name:<46} {default:<10} {option.help}")
    click.echo(f"\nSource: {room.source}")
    raise click.exceptions.Exit(0)


def _shown(value: Any) -> str:
    if isinstance(value, frozenset):
        return ",".join(str(part) for part in sorted(value, key=str)) or "-"
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def unit_of(name: str, options: Mapping[str, Any]) -> Unit:
    """Return the unit that `--like` and `--set` mean."""
    try:
        return like(name, options)
    except OptionError as error:
        raise BadInput(str(error)) from None


def header_of(names: Iterable[str], system_name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a trace must say so that it can be replayed."""
    return {"instances": {name: {"like": system_name, "options": dict(options)} for name in names}}


def units_of(trace: Trace) -> dict[str, Unit]:
    """Return the units that a trace's header describes."""
    described = trace.header.get("instances")
    if not isinstance(described, dict) or not described:
        raise BadInput("the trace's header names no instances, so nobody knows under which rules it was made")
    try:
        units = {name: _described_unit(how) for name, how in described.items()}
    except (TypeError, KeyError, AttributeError):
        raise BadInput('the trace\'s header needs "instances": {NAME: {"like": SYSTEM, "options": {...}}}') from None
    for name, _ in trace.events:
        if name not in units:
            raise BadInput(f"the trace has events of {name!r}, which its header does not describe")
    return units


def _described_unit(how: Mapping[str, Any]) -> Unit:
    if "plain" not in how:
        return unit_of(how["like"], how.get("options", {}))
    from lifecycle_kit.simulate.scenarios.units import plain_unit

    try:
        return plain_unit(how["plain"])
    except ValueError as error:
        raise BadInput(str(error)) from None


def read_trace(path: str) -> Trace:
    """Return the trace in a file; `-` is standard input."""
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return Trace.from_lines(file)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from None
    except (BadTrace, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from None


def write_trace(trace: Trace, path: str) -> None:
    """Write a trace to a file, whole or not at all."""
    target = Path(path)
    try:
        target.write_text("".join(f"{line}\n" for line in trace.to_lines()), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from None


def say(transition: Transition, as_json: bool) -> None:
    """Print one transition, for people or for machines."""
    if as_json:
        click.echo(json.dumps(transition.to_json()))
        return
    from lifecycle_kit.show.console import transition_text

    show(transition_text(transition))


def show(renderable: RenderableType) -> None:
    """Print something for people: in colour on a terminal, plain in a pipe or with NO_COLOR."""
    from rich.console import Console

    # A line that is too long for the terminal goes on in the next one; nothing is cut off or re-flowed.
    Console(highlight=False, soft_wrap=True).print(renderable)


def check_picture(path: str | None) -> None:
    """Tell a name that no picture can have before anything runs."""
    if path and Path(path).suffix not in PICTURES:
        raise BadInput(f"cannot write {path}: its name must end in {', '.join(PICTURES)}")


def save(axes: Axes, path: str) -> None:
    """Write the figure of these axes to a file and close it."""
    import matplotlib.pyplot as plt

    figure = axes.get_figure(root=True)
    assert figure is not None  # axes that were drawn have one
    try:
        figure.savefig(Path(path))
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from None
    finally:
        plt.close(figure)
    click.echo(f"wrote {path}", err=True)
