"""`lifecycle-kit compare`: the same misbehaving program under every system."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from lifecycle_kit.cli import out
from lifecycle_kit.cli.simulate import scripts_of
from lifecycle_kit.show.console import timeline_blocks
from lifecycle_kit.simulate.compared import Answer, compare_systems
from lifecycle_kit.simulate.story import table
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, span

__all__ = ["command"]


PICTURES = (".svg", ".png", ".pdf")


@click.command("compare")
@click.option("--run", "runs", default="2s", show_default=True, metavar="TIMES", help="How long each run lasts.")
@click.option("--exit", "exits", default="1", show_default=True, metavar="ENDS", help="How each run ends.")
@click.option("--until", type=out.Span(), default="10min", show_default=True, help="Length of the simulated time.")
@click.option("--like", "names", multiple=True, metavar="SYSTEM", help="Only this system; may be repeated.")
@click.option("--chart", type=click.Path(dir_okay=False), help="Write the picture to this file (.svg, .png, .pdf).")
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
    if chart and Path(chart).suffix not in PICTURES:
        raise out.BadInput(f"cannot write {chart}: its name must end in {', '.join(PICTURES)}")
    trace, answers = compare_systems(scripts_of(runs, exits), until, systems=names or tuple(SYSTEMS), seed=seed)
    if chart:
        _draw(trace, chart)
    if as_json:
        for answer in answers:
            click.echo(json.dumps(asdict(answer)))
        return
    out.show(timeline_blocks(trace, moments=False))
    click.echo()
    click.echo("\n".join(table({answer.system: _row(answer) for answer in answers})))


def _row(answer: Answer) -> dict[str, int | float | str]:
    return {
        "starts": answer.starts,
        "gave up": "never" if answer.gave_up_s is None else f"after {span(ns(answer.gave_up_s))}",
        "restarts an hour": round(answer.restarts_per_hour),
        "longest silence": span(ns(answer.longest_silence_s)),
        "at the end": answer.final,
    }


def _draw(trace: Trace, chart: str) -> None:
    import matplotlib.pyplot as plt

    from lifecycle_kit.show import timeline

    figure, axes = plt.subplots(figsize=(10, 0.5 * len(trace.instances) + 1.5), layout="constrained")
    timeline(trace, axes, scale="log")
    try:
        figure.savefig(Path(chart))
    except OSError as error:
        raise out.BadInput(f"cannot write {chart}: {error.strerror}") from None
    finally:
        plt.close(figure)
    click.echo(f"wrote {chart}", err=True)
