"""`lifecycle-kit compare`: the same misbehaving program under every system."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from lifecycle_kit.cli import out
from lifecycle_kit.cli.simulate import scripts_of
from lifecycle_kit.show import systems_chart, systems_text
from lifecycle_kit.show.console import timeline_blocks
from lifecycle_kit.simulate.compared import compare_systems
from lifecycle_kit.systems import SYSTEMS

__all__ = ["command"]


@click.command("compare")
@click.option("--run", "runs", default="2s", show_default=True, metavar="TIMES", help="How long each run lasts.")
@click.option("--exit", "exits", default="1", show_default=True, metavar="ENDS", help="How each run ends.")
@click.option("--until", type=out.Span(), default="10min", show_default=True, help="Length of the simulated time.")
@click.option("--like", "names", multiple=True, metavar="SYSTEM", help="Only this system; may be repeated.")
@out.chart_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of every draw.")
@out.json_option
def command(
    runs: str, exits: str, until: float, names: tuple[str, ...], chart: str | None, seed: int, as_json: bool
) -> None:
    r"""Show the same misbehaving program under every system: restart policy is a design decision.

    Every system has its own defaults, but for the one option that makes it restart at all (systemd Restart=always,
    Docker restart=always, supervisord autorestart=true).

    \b
      lifecycle-kit compare --run 2s --exit 1 --until 10min
      lifecycle-kit compare --run 0 --like systemd --like kubernetes --chart systems.svg
    """
    for name in names:
        out.unit_of(name, {})  # an unknown system is told before anything runs
    out.check_picture(chart)
    trace, answers = compare_systems(scripts_of(runs, exits), until, systems=names or tuple(SYSTEMS), seed=seed)
    if chart:
        out.save(systems_chart(trace, answers), chart)
    if as_json:
        for answer in answers:
            click.echo(json.dumps(asdict(answer)))
        return
    out.show(timeline_blocks(trace, moments=False))
    click.echo()
    click.echo(systems_text(answers))
