"""The command line: `lifecycle-kit simulate | supervise | demo | probe | replay | diagram | lab`.

Each command is a module of its own, imported when it is used, so that `--help` is quick.
"""

from __future__ import annotations

import importlib
import sys

import click

from lifecycle_kit import __version__
from lifecycle_kit.cli.out import BadInput

__all__ = ["cli", "main"]

COMMANDS = {
    "compare": "Show the same misbehaving program under every system.",
    "atlas": "Hold what the kit predicts against what real supervisors did.",
    "demo": "Show one phenomenon with real processes, or in virtual time with --fast.",
    "diagram": "Print or save the state diagram.",
    "lab": "Open the course in JupyterLab.",
    "probe": "Show what a probe setting makes of a target's health.",
    "replay": "Make a trace's transitions again from its events.",
    "simulate": "Play an incident, or one misbehaving program, in virtual time.",
    "supervise": "Run a real program under a restart policy.",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"lifecycle_kit.cli.{cmd_name}")
        command: click.Command = module.command
        _keep_lines(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in sorted(COMMANDS)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lifecycle-kit")
def cli() -> None:
    r"""From processes to services: lifecycles you can run.

    \b
    Try these first:
      lifecycle-kit demo crash-loop
      lifecycle-kit simulate half-started
      lifecycle-kit simulate --like kubernetes --run 0 --until 600
      lifecycle-kit supervise --like systemd --set Restart=on-failure -- sleep 5

    Exit status: 0 all went well; 1 the answer is no (given up, or a trace that differs); 2 the command was not
    understood; 130 interrupted.
    """


def _keep_lines(command: click.Command) -> None:
    r"""Let click see the \b before lines that must stay lines: in a raw docstring it is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _keep_lines(inner)


_keep_lines(cli)


def main() -> None:
    """Run the command line; a mistake of the user is one sentence, never a traceback."""
    try:
        status = cli.main(standalone_mode=False)  # what a command asked for with `Exit`, else nothing
        sys.exit(status if isinstance(status, int) else 0)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BadInput as error:
        click.echo(f"lifecycle-kit: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
