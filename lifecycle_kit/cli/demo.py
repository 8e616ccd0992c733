"""`lifecycle-kit demo`: one phenomenon, with real processes or in virtual time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Coroutine
from typing import Any

import click

from lifecycle_kit.cli import out
from lifecycle_kit.simulate.stories import TELL
from lifecycle_kit.simulate.story import STORIES, Story, table
from lifecycle_kit.trace import Transition

__all__ = ["command"]


@click.command("demo")
@click.argument("name", required=False)
@click.option("--list", "list_them", is_flag=True, help="List the demos.")
@click.option("--fast", is_flag=True, help="In virtual time: the same numbers' shape, in milliseconds.")
@click.option("--like", "system_name", metavar="SYSTEM", help="Restart policy of crash-loop; supervisord if left out.")
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="An option of that system.")
@click.option("--trace", "trace_file", type=click.Path(dir_okay=False), help="Write the trace to this file.")
@out.json_option
def command(
    name: str | None,
    list_them: bool,
    fast: bool,
    system_name: str | None,
    settings: tuple[str, ...],
    trace_file: str | None,
    as_json: bool,
) -> None:
    r"""Show one phenomenon with real processes, or in virtual time with --fast.

    Real processes are started, watched and removed again; Ctrl-C removes them as well.

    \b
      lifecycle-kit demo crash-loop
      lifecycle-kit demo half-started --fast
      lifecycle-kit demo drain
    """
    if list_them or name is None:
        for each, question in STORIES.items():
            click.echo(f"{each:<14} {question}")
        return
    if name not in STORIES:
        raise out.BadInput(f"no demo is called {name!r}; there are {', '.join(STORIES)}")
    options = _policy(name, system_name, settings)
    if not as_json:
        click.echo(f"{STORIES[name]}\n")
    story = (_fast if fast else _live)(name, options, as_json)
    if trace_file:
        out.write_trace(story.trace, trace_file)
    _sum_up(story, as_json)


def _policy(name: str, system_name: str | None, settings: tuple[str, ...]) -> dict[str, Any]:
    if name != "crash-loop":
        if system_name or settings:
            raise out.BadInput(f"--like and --set choose a restart policy; {name} does not depend on one")
        return {}
    system = system_name or "supervisord"
    options = out.read_options(system, settings)
    out.unit_of(system, options)  # a wrong option is told before anything starts
    return {"system": system, "options": options}


def _fast(name: str, options: dict[str, Any], as_json: bool) -> Story:
    story: Story = TELL[name](**options)
    for transition in story.trace.transitions:
        out.say(transition, as_json)
    for at_ns, who, kind, text in story.trace.alerts if not as_json else ():
        click.echo(f"alert at {at_ns / 1e9:.1f} s: {who} {kind}: {text}")
    return story


def _live(name: str, options: dict[str, Any], as_json: bool) -> Story:
    from lifecycle_kit.live import stories
    from lifecycle_kit.live.errors import LiveError

    def moved(transition: Transition) -> None:
        out.say(transition, as_json)

    def heard(who: str, line: str) -> None:
        click.echo(f"{'':14}{who} | {line}", err=as_json)

    try:
        return asyncio.run(_until_interrupted(stories.TELL[name](**options, on_transition=moved, on_line=heard)))
    except LiveError as error:
        raise out.BadInput(f"{error}; --fast needs no processes") from None
    except asyncio.CancelledError:
        click.echo("interrupted; nothing is left running", err=True)
        raise click.exceptions.Exit(130) from None


async def _until_interrupted(story: Coroutine[Any, Any, Story]) -> Story:
    """Tell the story; Ctrl-C cancels it, however often it is pressed.

    asyncio's own answer to a second Ctrl-C is an exception at any point of its loop, which then may lose a wake-up
    and wait for ever.
    """
    task = asyncio.ensure_future(story)
    for number in (signal.SIGINT, signal.SIGTERM) if os.name == "posix" else ():
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _sum_up(story: Story, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"story": story.name, "numbers": story.numbers}), err=True)
        return
    click.echo("\n".join(["", *table(story.rows), "", story.moral]))
