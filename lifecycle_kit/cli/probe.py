"""`lifecycle-kit probe`: a probe's settings and a target's health give the verdicts in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import click

from lifecycle_kit.cli import out
from lifecycle_kit.health import Segment, Watch, parse_health, walk
from lifecycle_kit.probes import KINDS, ProbeSettings, Tally
from lifecycle_kit.units import ns, seconds, span

__all__ = ["command"]

_WORDS = {True: "good", False: "bad"}


@dataclass(frozen=True, slots=True)
class _Change:
    """The verdict became `good` at `at_ns`, `after_ns` later than the target changed."""

    at_ns: int
    good: bool
    cause: str
    after_ns: int


@click.command("probe")
@out.like_options
@click.option("--kind", type=click.Choice(KINDS), default="readiness", show_default=True, help="Which probe.")
@click.option(
    "--health",
    required=True,
    metavar="SCRIPT",
    help="The target: SECONDS:ok|fail|error[@LATENCY], in a row, such as 20:ok,15:fail,30:ok.",
)
@click.option(
    "--until", type=out.Span(), help="End of the run; the health script's length and three periods if left out."
)
@click.option("--each", is_flag=True, help="Show every single probe as well.")
@out.json_option
def command(
    system_name: str,
    settings: tuple[str, ...],
    kind: str,
    health: str,
    until: float | None,
    each: bool,
    as_json: bool,
) -> None:
    r"""Show what a probe setting makes of a target's health.

    The probe's options go by their own names, with or without the probe's name in front.

    \b
      lifecycle-kit probe --health 20:ok,15:fail,30:ok
      lifecycle-kit probe --kind liveness --set periodSeconds=5 --set failureThreshold=2 --health 20:ok,60:fail
    """
    probe = _settings(system_name, kind, settings)
    try:
        target = parse_health(health)
    except ValueError as error:
        raise out.BadInput(f"--health: {error}") from None
    end = ns(until) if until is not None else _length(health) + 3 * ns(probe.period_s)
    watch = Watch.begin(probe, Tally.first(probe), at=0, born_ns=0)
    changes = []
    for start, ended, outcome, after in walk(watch, target, end):
        before, watch = watch, after
        if each and not as_json:
            click.echo(f"{seconds(start):10.3f} s  probe: {outcome.value}")
        if (before.tally.good, before.tally.failed) != (after.tally.good, after.tally.failed):
            changes.append(_change(ended, after, probe, target))
            _say(changes[-1], kind, as_json)
    if not as_json:
        _sum_up(changes, probe, watch, end)


def _settings(system_name: str, kind: str, settings: tuple[str, ...]) -> ProbeSettings:
    prefix = f"{kind}Probe"
    given = out.read_options(system_name, settings)
    # Short names are allowed here, where it is clear which probe is meant.
    options: dict[str, Any] = {n if n.startswith(prefix) else f"{prefix}.{n}": v for n, v in given.items()}
    if system_name != "kubernetes":
        out.unit_of(system_name, {})  # an unknown system is told first
        raise out.BadInput(f"{system_name} makes no probes: it watches processes only; use --like kubernetes")
    return out.unit_of(system_name, {prefix: True, **options}).probes[kind]


def _length(health: str) -> int:
    return ns(sum(float(part.strip().partition(":")[0]) for part in health.split(",")))


def _change(ended: int, watch: Watch, probe: ProbeSettings, target: tuple[Segment, ...]) -> _Change:
    good = watch.tally.good
    count = probe.success_threshold if good else probe.failure_threshold
    cause = f"{count} {'success' if good else 'failure'}{'' if count == 1 else 'es' if good else 's'} in a row"
    since = max((part.from_ns for part in target if part.from_ns <= ended), default=0)
    return _Change(ended, good, cause, ended - since)


def _say(change: _Change, kind: str, as_json: bool) -> None:
    if as_json:
        line = {
            "at": seconds(change.at_ns),
            "instance": "target",
            "from": _WORDS[not change.good],
            "to": _WORDS[change.good],
            "cause": f"{kind}: {change.cause}",
        }
        click.echo(json.dumps(line))
    else:
        delay = f"{span(change.after_ns)} after the target changed"
        click.echo(f"{seconds(change.at_ns):10.3f} s  {kind} becomes {_WORDS[change.good]}: {change.cause}, {delay}")


def _sum_up(changes: list[_Change], probe: ProbeSettings, watch: Watch, end: int) -> None:
    if not changes:
        click.echo(f"The verdict stayed {_WORDS[probe.initial]} for {span(end)}.")
    if watch.tally.failed:
        click.echo("The container would be killed and replaced now; this probe makes no more checks of it.")
    elif watch.tally.on_hold(probe):
        click.echo("Started: the startup probe rests, liveness and readiness take over.")
