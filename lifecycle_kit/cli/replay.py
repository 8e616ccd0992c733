"""`lifecycle-kit replay`: the events of a trace give its transitions again."""

from __future__ import annotations

from itertools import zip_longest

import click

from lifecycle_kit.cli import out
from lifecycle_kit.replay import replay

__all__ = ["command"]


@click.command("replay")
@click.argument("file", metavar="FILE")
@out.json_option
def command(file: str, as_json: bool) -> None:
    r"""Make a trace's transitions again from its events.

    FILE is a trace written with --trace by `simulate` or `supervise`; - is standard input. The exit status is 1 if
    the transitions made again differ from those in the file.

    \b
      lifecycle-kit simulate --run 0 --trace crash.jsonl
      lifecycle-kit replay crash.jsonl
    """
    recorded = out.read_trace(file)
    again = replay(recorded, out.units_of(recorded))
    for transition in again.transitions:
        out.say(transition, as_json)
    pairs = zip_longest(recorded.transitions, again.transitions)
    if differing := next(((was, now) for was, now in pairs if was != now), None):
        was, now = (str(side).strip() if side else "nothing" for side in differing)
        click.echo(f"lifecycle-kit: the file differs from its own events: it says {was}; they give {now}", err=True)
        raise click.exceptions.Exit(1)
