"""`lifecycle-kit simulate`: an incident, or one misbehaving program under one system's rules, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from lifecycle_kit.cli import out
from lifecycle_kit.exits import parse_exit
from lifecycle_kit.health import parse_health
from lifecycle_kit.show.console import timeline_blocks
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems.options import timespan
from lifecycle_kit.trace import Trace, intervals, starts, time_in
from lifecycle_kit.units import ns, span

__all__ = ["command", "scripts_of"]


@click.command("simulate")
@click.argument("scenario", required=False, metavar="[SCENARIO|FILE]")
@click.option("--list", "list_them", is_flag=True, help="List the scenarios.")
@click.option("--cure", metavar="NAME", help="Run the scenario with one of its changes.")
@click.option("--compare", is_flag=True, help="The fault beside all changes, in one table.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False),
    default=".",
    show_default="the present one",
    help="Folder for a scenario's trace and chart.",
)
@click.option("--chart", type=click.Path(dir_okay=False), help="Write a scenario's picture to this file (.svg).")
@click.option("--until", type=out.Span(), help="Length of the simulated time (10min, or what the scenario says).")
@click.option("--seed", type=int, help="Of every draw (0, or what the scenario says).")
@click.option("--trace", "trace_file", type=click.Path(dir_okay=False), help="Write the whole trace to this file.")
@out.json_option
@out.like_options
@click.option(
    "--run",
    "runs",
    default="1",
    show_default=True,
    metavar="TIMES",
    help="How long each run lasts: 0, 2s, 5,1min,forever. The last one repeats.",
)
@click.option(
    "--exit",
    "exits",
    default="1",
    show_default=True,
    metavar="ENDS",
    help="How each run ends: 1, 0, SIGKILL, 1,0,137. The last one repeats.",
)
@click.option("--ready-after", type=out.Span(), help="When each run says that it is ready (for readiness by notice).")
@click.option(
    "--health",
    "healths",
    multiple=True,
    metavar="PROBE=SCRIPT",
    help="What a probe sees from birth on, such as liveness=20:ok,15:fail. May be repeated.",
)
@click.option("--stop-takes", type=out.Span(), default=0.0, help="How long it takes to stop when asked.")
@click.option("--deaf", is_flag=True, help="It ignores the stop signal.")
@click.option(
    "--at",
    "requests",
    multiple=True,
    metavar="TIME:REQUEST",
    help="A request on the way, such as 30:stop (start, stop, restart, kill, reset). May be repeated.",
)
@click.option("--name", default="worker", show_default=True, help="Name of the instance.")
@click.pass_context
def command(context: click.Context, /, scenario: str | None, list_them: bool, **given: Any) -> None:
    r"""Play an incident, or one misbehaving program, in virtual time.

    A scenario is an incident of a whole fleet, with a story. It is named, or it is a file of your own; its trace and
    chart go to SCENARIO.trace.jsonl and SCENARIO.svg in the present folder, or to other names if these are taken.

    \b
      lifecycle-kit simulate --list
      lifecycle-kit simulate half-started
      lifecycle-kit simulate half-started --cure readiness
      lifecycle-kit simulate half-started --compare
      lifecycle-kit simulate ./mine.toml --seed 7 --out incidents

    Without a scenario the options describe a single program: when would it be started again, and when not?

    \b
      lifecycle-kit simulate --like systemd --set Restart=always --run 0
      lifecycle-kit simulate --like supervisord --run 0.5,0.5,30 --exit 1
      lifecycle-kit simulate --like kubernetes --run 5min --exit 0 --until 1h
      lifecycle-kit simulate --like systemd --set help
    """
    from lifecycle_kit.cli import scenario as scenarios  # here: fleets need NumPy, one program does not

    if list_them:
        scenarios.list_all(given["as_json"])
        return
    _refuse_options_of_the_other_form(context, OF_A_PROGRAM if scenario else OF_A_SCENARIO, scenario)
    if scenario is None:
        _simulate_program(**{key: value for key, value in given.items() if key not in OF_A_SCENARIO})
        return
    chosen = {key: value for key, value in given.items() if key not in OF_A_PROGRAM}
    named = any(chosen[key] for key in ("trace_file", "chart"))
    scenarios.play(scenario, **chosen, files=not (named or chosen["as_json"]) or _typed(context, "folder"))


OF_A_SCENARIO = ("cure", "compare", "folder", "chart")
OF_A_PROGRAM = (
    *("system_name", "settings", "runs", "exits", "ready_after", "healths", "stop_takes", "deaf", "requests", "name"),
)


def _typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _refuse_options_of_the_other_form(context: click.Context, names: Sequence[str], scenario: str | None) -> None:
    for option in context.command.params:
        if option.name in names and _typed(context, option.name):
            word = option.opts[0]
            if scenario is None:
                raise out.BadInput(f"{word} belongs to a scenario: name one, such as half-started, or see --list")
            raise out.BadInput(f"{word} describes a single program; {scenario} says itself what its programs do")


def _simulate_program(
    *,
    system_name: str,
    settings: tuple[str, ...],
    runs: str,
    exits: str,
    until: float | None,
    ready_after: float | None,
    healths: tuple[str, ...],
    stop_takes: float,
    deaf: bool,
    requests: tuple[str, ...],
    name: str,
    seed: int | None,
    trace_file: str | None,
    as_json: bool,
) -> None:
    options = out.read_options(system_name, settings)
    unit = out.unit_of(system_name, options)
    lives = scripts_of(
        runs,
        exits,
        health=dict(_read_health(text) for text in healths),
        says=() if ready_after is None else ((ready_after, "ready"),),
        on_term="deaf" if deaf else "exit",
        stop_takes_s=stop_takes,
    )
    asked = [_read_request(text) for text in requests]
    header = out.header_of([name], system_name, options)
    until_s = 600.0 if until is None else until
    trace = simulate(unit, lives, until_s, requests=asked, name=name, seed=seed or 0, header=header)
    if trace_file:
        out.write_trace(trace, trace_file)
    for transition in trace.transitions:
        out.say(transition, as_json)
    if not as_json:
        _sum_up(trace)


def scripts_of(runs: str, exits: str, **shared: Any) -> list[Script]:
    """Return the lives that `--run` and `--exit` mean; `shared` holds for all of them."""
    return [Script(run_s=run, exit=end, **shared) for run, end in _lives(runs, exits)]


def _lives(runs: str, exits: str) -> list[tuple[float | None, int | str]]:
    lengths, ends = _words("--run", runs), _words("--exit", exits)
    count = max(len(lengths), len(ends))
    made: list[tuple[float | None, int | str]] = []
    for number in range(count):
        length, end = lengths[min(number, len(lengths) - 1)], ends[min(number, len(ends) - 1)]
        try:
            end_how = next(part for part in parse_exit(end) if part is not None)
            run = None if length in ("forever", "infinity") else timespan(length)
        except ValueError as error:
            raise out.BadInput(f"--run {length} --exit {end}: {error}") from None
        made.append((run, end_how))
    return made


def _words(option: str, text: str) -> Sequence[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise out.BadInput(f"{option} {text!r}: an entry of the list is empty; write 1,2,3")
    return words


def _read_health(text: str) -> tuple[str, object]:
    probe, equals, script = text.partition("=")
    if not equals or probe not in ("startup", "readiness", "liveness"):
        raise out.BadInput(
            f"--health {text}: write startup=, readiness= or liveness= and a script such as 20:ok,15:fail"
        )
    try:
        return probe, parse_health(script)
    except ValueError as error:
        raise out.BadInput(f"--health {text}: {error}") from None


def _read_request(text: str) -> tuple[float, str]:
    at, _, request = text.partition(":")
    if request not in ("start", "stop", "restart", "kill", "reset"):
        raise out.BadInput(f"--at {text}: write TIME:REQUEST with start, stop, restart, kill or reset, such as 30:stop")
    try:
        return timespan(at), request
    except ValueError as error:
        raise out.BadInput(f"--at {text}: {error}") from None


def _sum_up(trace: Trace) -> None:
    click.echo()
    out.show(timeline_blocks(trace))
    parts = intervals(trace.transitions, trace.until_ns)
    last = trace.transitions[-1]
    born = len(starts(trace.transitions))
    up = span(ns(time_in(parts)))
    click.echo(
        f"\n{born} starts in {span(trace.until_ns)}, a process existed for {up}; it ends in {last.target.value!r}."
    )
    for at_ns, name, kind, text in trace.alerts:
        click.echo(f"alert at {span(at_ns)}: {name} {kind}: {text}")
