"""Replay: the events of a trace, through `step` again, give the transitions of the trace again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifecycle_kit import events as ev
from lifecycle_kit.machine import Instance, Unit, create, step
from lifecycle_kit.states import RequestRefused
from lifecycle_kit.trace import Trace, Transition

__all__ = ["record", "replay"]


def record(trace: Trace, name: str, event: ev.Event, commands: Iterable[ev.Command]) -> None:
    """Write one step into `trace`: the event, then the moves and alerts that came of it."""
    trace.entries.append((name, event))
    for command in commands:
        if isinstance(command, ev.Moved):
            trace.entries.append(Transition.of(name, command))
        elif isinstance(command, ev.Alert):
            trace.alerts.append((command.at, name, command.alert, command.text))


def replay(trace: Trace, units: Mapping[str, Unit]) -> Trace:
    """Return a new trace made from the events of `trace` alone.

    Args:
        trace: recorded or read from a file.
        units: how each instance is supervised, by its name.

    Raises:
        KeyError: naming an instance that has no unit.
    """
    again = Trace(header=dict(trace.header))
    instances: dict[str, Instance] = {}
    for name, event in trace.events:
        instance = instances.get(name) or create(units[name])
        try:
            instances[name], commands = step(instance, event)
        except RequestRefused:  # it was refused then, too, and changed nothing
            again.entries.append((name, event))
            continue
        record(again, name, event, commands)
    return again
