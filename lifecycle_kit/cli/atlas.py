"""`lifecycle-kit atlas`: what real supervisors did, beside what the kit predicts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from lifecycle_kit.atlas import KINDS, Case, Problem, read
from lifecycle_kit.cli import out
from lifecycle_kit.fidelity import BadGiven, UnknownCase, Verdict, check, view_case
from lifecycle_kit.fidelity.shown import find
from lifecycle_kit.show import timeline
from lifecycle_kit.show.console import timeline_blocks
from lifecycle_kit.trace import starts

__all__ = ["command"]

PLACES = click.argument("places", nargs=-1, metavar="[FILE-OR-FOLDER]...")
FEW = 40  # starts on both sides: so many failures can be told apart in a line of letters
WIDEST = 400  # characters of one thing given: hundreds of measured lives are no reading


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose cases."""
    for name in ("family", "kind", "system"):
        choose = click.option(f"--{name}", metavar=name.upper(), help=f"Only cases of this {name}.")
        command = choose(command)
    return command


@click.group("atlas")
def command() -> None:
    """Hold what the kit predicts against what real supervisors did."""


@command.command("check")
@PLACES
@_choosing
@out.json_option
def check_(places: Sequence[str], as_json: bool, **wanted: str | None) -> None:
    r"""Predict every case of some files or folders (the shipped atlas by default) and compare.

    Exit status: 1 if a prediction differs; otherwise 2 if a line could not be read, which does not keep the others
    from being checked; otherwise 0. Cases that are not modelled and facts, which are not predicted, are no failure.

    \b
      lifecycle-kit atlas check
      lifecycle-kit atlas check --system systemd --kind restart
      lifecycle-kit atlas check mine.jsonl --json
    """
    cases, problems = _read(places)
    verdicts = []
    for case in _chosen(cases, wanted):
        try:
            verdict = check(case)
        except BadGiven as error:
            problems.append(Problem(file=case.place[0], line=case.place[1], key=error.key, why=str(error)))
            continue
        verdicts.append(verdict)
        click.echo(json.dumps(verdict.to_json()) if as_json else _line(verdict))
    if not as_json:
        click.echo("\n".join(["", *_table(verdicts)]))
    for problem in problems:
        click.echo(f"lifecycle-kit: {problem}", err=True)
    differs = any(verdict.verdict == "differs" for verdict in verdicts)
    sys.stdout.flush()
    raise click.exceptions.Exit(1 if differs else 2 if problems else 0)


@command.command("list")
@PLACES
@_choosing
@out.json_option
def list_(places: Sequence[str], as_json: bool, **wanted: str | None) -> None:
    """List the cases, one a line: id, kind and family, evidence, title."""
    cases, problems = _read(places)
    for case in _chosen(cases, wanted):
        keys = {key: getattr(case, key) for key in ("id", "kind", "family", "level", "evidence", "title")}
        click.echo(json.dumps(keys) if as_json else f"{case.id:<44} {case.kind}/{case.family:<24} {case.title}")
    for problem in problems:
        click.echo(f"lifecycle-kit: {problem}", err=True)
    raise click.exceptions.Exit(2 if problems else 0)


@command.command("show")
@click.argument("name", metavar="ID")
@PLACES
@out.chart_option
def show(name: str, places: Sequence[str], chart: str | None) -> None:
    r"""Show one case: what the real system did, above what the kit predicts.

    A restart case is two timelines, every other case a table of both sides.

    \b
      lifecycle-kit atlas list --system systemd --kind restart
      lifecycle-kit atlas show ID --chart case.svg
    """
    out.check_picture(chart)
    cases, _ = _read(places)
    try:
        view = view_case(find(name, cases))
    except UnknownCase as error:
        raise out.BadInput(str(error)) from None
    except BadGiven as error:
        raise out.BadInput(f"{name}: {error.key}: {error}") from None
    click.echo("\n".join([*view.heading(), "", *_given(view.verdict.case), ""]))
    if view.trace is not None:
        few = len(starts(view.trace.transitions)) <= FEW
        out.show(timeline_blocks(view.trace, moments=few))
        click.echo()
    click.echo("\n".join(view.table()))
    if chart and view.trace is None:
        raise out.BadInput(f"{name} does not say when anything was started, so there is no picture of it")
    if chart and view.trace is not None:
        out.save(timeline(view.trace), chart)


def _read(places: Sequence[str]) -> tuple[tuple[Case, ...], list[Problem]]:
    cases, problems = read(*places)
    return cases, list(problems)


def _chosen(cases: Iterable[Case], wanted: dict[str, str | None]) -> list[Case]:
    return [case for case in cases if all(word in (None, getattr(case, key)) for key, word in wanted.items())]


def _line(verdict: Verdict) -> str:
    line = f"{verdict.verdict:<13} {verdict.case.id}"
    if verdict.verdict == "not modelled":
        line += f": {verdict.reason}"
    for key in verdict.differing:
        line += f"\n    {key}: predicted {_short(verdict.predicted.get(key))}"
        line += f"\n    {' ' * len(key)}  observed  {_short(verdict.case.observed[key])}"
    return line


def _short(value: Any) -> str:
    return json.dumps(value, default=str)


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the count of verdicts by system and kind as lines; what agrees is a plain number."""
    kinds = [kind for kind in KINDS if any(verdict.case.kind == kind for verdict in verdicts)]
    systems = sorted({verdict.case.system for verdict in verdicts})
    rows = [["", *kinds, "all"]]
    for name in [*systems, "all"]:
        own = [verdict for verdict in verdicts if name in (verdict.case.system, "all")]
        rows.append([name, *(_cell(v for v in own if v.case.kind == kind) for kind in kinds), _cell(own)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, "", _sum(verdicts)]


def _cell(verdicts: Iterable[Verdict]) -> str:
    marks = {"agrees": "", "differs": "!", "not modelled": "?", "fact": "f"}
    counts = Counter(verdict.verdict for verdict in verdicts)
    return " ".join(f"{counts[name]}{mark}" for name, mark in marks.items() if counts[name]) or "-"


def _sum(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdict.verdict for verdict in verdicts)
    return (
        f"{counts['agrees']} agree, {counts['differs']} differ (!), {counts['not modelled']} not modelled (?), "
        f"{counts['fact']} facts (f)"
    )


def _given(case: Case) -> list[str]:
    lines = ["given", *(f"  {key}: {_cropped(_short(value))}" for key, value in case.given.items())]
    return [*lines, "", case.notes] if case.notes else lines


def _cropped(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 4]} ..."
