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
from lifecycle_kit.fidelity import BadGiven, Verdict, check

__all__ = ["command"]

PLACES = click.argument("places", nargs=-1, metavar="[FILE-OR-FOLDER]...")


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
def show(name: str, places: Sequence[str]) -> None:
    """Show one case: what was given, what was recorded, and what the kit predicts, side by side."""
    cases, _ = _read(places)
    found = [case for case in cases if case.id == name]
    if not found:
        near = ", ".join([case.id for case in cases if name in case.id][:5])
        hint = f"did you mean {near}?" if near else "`lifecycle-kit atlas list` names them all"
        raise out.BadInput(f"no case is called {name!r}; {hint}")
    try:
        verdict = check(found[0])
    except BadGiven as error:
        raise out.BadInput(f"{name}: {error.key}: {error}") from None
    click.echo("\n".join(_shown(verdict)))


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


def _shown(verdict: Verdict) -> list[str]:
    case = verdict.case
    lines = [f"{case.id}: {case.title}", f"{case.system} {case.version}, {case.evidence}: {case.source}"]
    if case.notes:
        lines.append(case.notes)
    lines += ["", "given"] + [f"  {key}: {_short(value)}" for key, value in case.given.items()]
    lines += ["", f"{verdict.verdict}{': ' + verdict.reason if verdict.reason else ''}"]
    for key, value in case.observed.items():
        mark = "!" if key in verdict.differing else " "
        lines.append(f"{mark} {key}: observed  {_short(value)}")
        if verdict.predicted:
            lines.append(f"  {' ' * len(key)}  predicted {_short(verdict.predicted.get(key))}")
    return lines
