"""`lifecycle-kit diagram`: the state diagram as text or as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from lifecycle_kit.cli import out
from lifecycle_kit.show import Svg, os_diagram, state_diagram
from lifecycle_kit.states import State

__all__ = ["command"]


@click.command("diagram")
@click.option("--current", type=click.Choice([state.value for state in State]), help="Mark this state.")
@click.option("--all", "every", is_flag=True, help="Draw every move, not only the main ones.")
@click.option("--os", "os_states", is_flag=True, help="The states of an OS process instead.")
@click.option("--svg", "svg_file", type=click.Path(dir_okay=False), help="Write the picture to this file.")
def command(current: str | None, every: bool, os_states: bool, svg_file: str | None) -> None:
    r"""Print or save the state diagram.

    It is generated from the one table that also drives every run, so it cannot be out of date.

    \b
      lifecycle-kit diagram --current backoff
      lifecycle-kit diagram --svg states.svg
    """
    if os_states and (current or every):
        raise out.BadInput("--current and --all are about service states; leave them out with --os")
    picture = os_diagram() if os_states else _states(current, every)
    if svg_file is None:
        click.echo(picture.text)
        return
    try:
        Path(svg_file).write_text(str(picture), encoding="utf-8")
    except OSError as error:
        raise out.BadInput(f"cannot write {svg_file}: {error.strerror}") from None
    click.echo(f"wrote {svg_file}")


def _states(current: str | None, every: bool) -> Svg:
    state = State(current) if current else None
    return state_diagram(current=state, arrows="all" if every else "main")
