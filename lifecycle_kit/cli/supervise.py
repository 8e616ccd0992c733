"""`lifecycle-kit supervise`: a real program under one system's rules, in real time."""

from __future__ import annotations

import asyncio
import shlex
import signal
from contextlib import suppress
from dataclasses import dataclass, field

import click

from lifecycle_kit.cli import out
from lifecycle_kit.instance import Unit
from lifecycle_kit.live.checks import Check, Exec, HttpGet
from lifecycle_kit.live.errors import LiveError
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.probes import KINDS
from lifecycle_kit.states import RequestRefused, State
from lifecycle_kit.trace import Transition

__all__ = ["command"]

FINAL = frozenset({State.TERMINATED, State.FAILED})


@click.command("supervise", context_settings={"ignore_unknown_options": True})
@out.like_options
@click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="KIND=HOW",
    help="How a probe is made: readiness=http:8080/readyz, liveness=http:/livez (the port that the program"
    " announces), or liveness='test -f ok'. May be repeated.",
)
@click.option("--until", type=out.Span(), help="Stop it after this time.")
@click.option("--name", default="worker", show_default=True, help="Name of the instance.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of every draw.")
@click.option("--trace", "trace_file", type=click.Path(dir_okay=False), help="Write the whole trace to this file.")
@out.json_option
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT]...")
def command(
    system_name: str,
    settings: tuple[str, ...],
    probes: tuple[str, ...],
    until: float | None,
    name: str,
    seed: int,
    trace_file: str | None,
    as_json: bool,
    argv: tuple[str, ...],
) -> None:
    r"""Run a real program under a restart policy.

    Ctrl-C asks the program to stop as the policy says; a second Ctrl-C kills it. Signals sent by others, such as
    `kill -9 PID`, show up as what they are and are answered by the policy. The exit status is 0 if the program ended
    as it should, 1 if the policy gave up, 130 after Ctrl-C.

    \b
      lifecycle-kit supervise --like systemd --set Restart=on-failure -- sleep 60
      lifecycle-kit supervise --like supervisord --trace run.jsonl -- python worker.py
    """
    options = out.read_options(system_name, settings)
    checks = dict(_read_check(text) for text in probes)
    unit = out.unit_of(system_name, {**{f"{kind}Probe": True for kind in checks}, **options})
    header = out.header_of([name], system_name, {**{f"{kind}Probe": True for kind in checks}, **options})
    session = _Session(name, as_json, until)
    supervisor = Supervisor(
        {name: _program(argv, unit, checks)},
        seed=seed,
        header=header,
        on_transition=session.moved,
        on_line=session.heard,
    )
    try:
        asyncio.run(session.run(supervisor))
    except LiveError as error:
        raise out.BadInput(str(error)) from None
    finally:
        if trace_file:
            out.write_trace(supervisor.trace, trace_file)
    if session.interrupted:
        raise click.exceptions.Exit(130)
    raise click.exceptions.Exit(0 if session.last is State.TERMINATED else 1)


def _program(argv: tuple[str, ...], unit: Unit, checks: dict[str, Check]) -> Program:
    try:
        return Program(argv=argv, unit=unit, checks=checks)
    except ValueError as error:
        raise out.BadInput(f"{error} (on the command line: --probe KIND=HOW)") from None


def _read_check(text: str) -> tuple[str, Check]:
    kind, equals, how = text.partition("=")
    if not equals or kind not in KINDS or not how:
        raise out.BadInput(f"--probe {text}: write {', '.join(KINDS)}=http:[PORT]/PATH or a command")
    if not how.startswith("http:"):
        return kind, Exec(tuple(shlex.split(how)))
    port, slash, path = how.removeprefix("http:").partition("/")
    if not slash or (port and not port.isdigit()):
        raise out.BadInput(f"--probe {text}: write http:PORT/PATH, such as http:8080/readyz; probes stay on 127.0.0.1")
    return kind, HttpGet(f"/{path}", int(port) if port else None)


@dataclass(slots=True)
class _Session:
    """What the terminal shows of one run, and what Ctrl-C means in it."""

    name: str
    as_json: bool
    until_s: float | None
    interrupted: bool = False
    last: State = State.CREATED
    pid: int | None = None
    _stops: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, supervisor: Supervisor) -> None:
        """Start the program and stay until it has ended for good."""
        loop = asyncio.get_running_loop()
        async with supervisor:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self._interrupt, supervisor)
            await supervisor.start()
            if self.until_s is not None:
                loop.call_later(self.until_s, self._stop, supervisor)
            await supervisor.until(self._ended)
        for _, name, kind, text in supervisor.trace.alerts:
            click.echo(f"alert: {name} {kind}: {text}", err=True)

    def moved(self, transition: Transition) -> None:
        """Show a transition."""
        self.last = transition.target
        out.say(transition, self.as_json)

    def heard(self, name: str, line: str) -> None:
        """Show a line of the program; not among the JSON Lines."""
        click.echo(f"{name} | {line}", err=self.as_json)

    def _ended(self, supervisor: Supervisor) -> bool:
        pid = supervisor.keeper(self.name).pid
        if pid != self.pid and pid is not None and not self.as_json:
            click.echo(f"{supervisor.now_s:10.3f} s  {self.name:<12} is process {pid}")
        self.pid = pid
        return supervisor.state(self.name) in FINAL

    def _interrupt(self, supervisor: Supervisor) -> None:
        self.interrupted = True
        self._stop(supervisor)

    def _stop(self, supervisor: Supervisor) -> None:
        async def ask() -> None:
            with suppress(RequestRefused):  # it may just have ended by itself
                await supervisor.ask(self.name, "stop")

        task = asyncio.ensure_future(ask())
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)
