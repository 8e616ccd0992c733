"""`python -m benchmarks`: measure everything in one interleaved run and print it beside the targets."""

from __future__ import annotations

import cProfile
import importlib
import io
import json
import os
import pkgutil
import platform
import pstats
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

import benchmarks
from benchmarks.measure import Case, Figures, Row, Topic, measure

__all__ = ["main", "topics"]

WIDTH = 120  # of the tables in a file
COSTLIEST = 12  # functions in a profile


def topics(small: bool) -> list[Topic]:
    """Return what every module called `bench_...` contributes, in order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__, "benchmarks."))
    chosen = [name for name in names if name.startswith("benchmarks.bench_")]
    return [importlib.import_module(name).topic(small) for name in chosen]


def circumstances(collects: bool) -> dict[str, Any]:
    """Return on what and how it was measured."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "simpy")},
        "cpus": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        "garbage collector while timing": "on" if collects else "off",
    }


def rows_of(topics: list[Topic], figures: Figures) -> list[dict[str, Any]]:
    """Return the final rows as plain data."""
    there = [(topic, row) for topic in topics for row in topic.rows if all(name in figures for name in row.of)]
    return [_plain(topic, row, row.value(figures)) for topic, row in there]


def _plain(topic: Topic, row: Row, value: float) -> dict[str, Any]:
    target = row.at_least if row.at_least is not None else row.at_most
    return {
        "topic": topic.title, "title": row.title, "value": value, "unit": row.unit, "target": target,
        "at_least": row.at_least is not None, "met": row.met(value),
    }  # fmt: skip


def show(console: Console, cases: list[Case], figures: Figures, rows: list[dict[str, Any]]) -> None:
    """Print what was timed, and the rows beside their targets."""
    timed = Table("case", *(_right(name) for name in ("median", "fastest", "slowest", "rounds", "per piece")))
    for case in cases:
        figure = figures[case.name]
        low, high = figure.spread
        each = f"{figure.each * 1e6:.2f} µs" if figure.count > 1 else ""
        times = (f"{value * 1e3:.1f} ms" for value in (figure.median, low, high))
        timed.add_row(case.name, *times, str(len(figure.seconds)), each)
    console.print(timed)
    table = Table("", *(_right(name) for name in ("measured", "target")), "")
    for row in rows:
        sign = "≥" if row["at_least"] else "≤"
        target = "" if row["target"] is None else f"{sign} {row['target']:g} {row['unit']}"
        verdict = {True: "met", False: "missed", None: ""}[row["met"]]
        table.add_row(f"{row['topic']}: {row['title']}", f"{row['value']:,.4g} {row['unit']}", target, verdict)
    console.print(table)


def spent(case: Case) -> str:
    """Return the functions in which a case spends most of its time, as the profiler says it."""
    profiler, told = cProfile.Profile(), io.StringIO()
    thunk = case.prepare()
    profiler.runcall(thunk)
    pstats.Stats(profiler, stream=told).strip_dirs().sort_stats("tottime").print_stats(COSTLIEST)
    return told.getvalue()


def _right(name: str) -> Column:
    return Column(name, justify="right")


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes and one round: whether it runs, not how fast.")
@click.option("--rounds", type=click.IntRange(1), help="How many turns every case takes (5, or 1 with --quick).")
@click.option("--only", default="", metavar="WORD", help="Only cases with this word in their names.")
@click.option("--gc", "collects", is_flag=True, help="Leave the garbage collector on while the clock runs.")
@click.option("--profile", is_flag=True, help="Also say where each of these cases spends its time.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write all figures to this file as well.")
def main(quick: bool, rounds: int | None, only: str, collects: bool, profile: bool, file: Path | None) -> None:
    """Measure the simulators beside SimPy; ends with status 1 if two logs that must be equal are not."""
    progress = Console(stderr=True)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    found, about = topics(quick), circumstances(collects)
    cases = [case for topic in found for case in topic.cases if only in case.name]
    console.print(", ".join(f"{name} {value}" for name, value in about.items()), soft_wrap=True)
    with progress.status("") as status:
        say = status.update if progress.is_terminal else lambda text: progress.print(text, highlight=False)
        figures, unequal = measure(cases, rounds or (1 if quick else 5), say, collects)
    rows = rows_of(found, figures)
    show(console, cases, figures, rows)
    if file is not None:
        timings = {name: {"seconds": f.seconds, "count": f.count} for name, f in figures.items()}
        file.write_text(json.dumps({"about": about, "rows": rows, "timings": timings, "unequal": unequal}, indent=1))
    for case in cases if profile else ():
        console.print(f"[bold]{case.name}[/bold]", spent(case), highlight=False)
    console.print("Logs that must be equal are equal." if not unequal else "\n".join(unequal))
    sys.exit(1 if unequal else 0)


if __name__ == "__main__":
    main()
