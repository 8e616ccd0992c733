"""What a group told its members, told apart: the answer to an event, and the requests that the group made of it."""

from __future__ import annotations

from lifecycle_kit import events as ev
from lifecycle_kit.states import Trigger

__all__ = ["Told", "by_cause"]

Told = tuple[tuple[str, ev.Command], ...]

_REQUESTS = {
    Trigger.START: "start",
    Trigger.START_REFUSED: "start",
    Trigger.STOP: "stop",
    Trigger.RESTART: "restart",
}


def by_cause(
    told: Told, at: int, cause: tuple[str, ev.Event] | None = None
) -> list[tuple[str, ev.Event, list[ev.Command]]]:
    """Return the commands by what they came of: the event itself, or what the group then asked of its members.

    Written down as requests, a group's doings can be replayed member by member.

    Args:
        told: by `group_step`, `start_all` or `stop_all`.
        at: when, nanoseconds.
        cause: the member and its event; None if the group itself was asked.
    """
    causes: list[tuple[str, ev.Event, list[ev.Command]]] = [] if cause is None else [(*cause, [])]
    latest = {whom: commands for whom, _, commands in causes}
    for whom, command in told:
        # Only a second stop makes a member do something without a move.
        request = _REQUESTS.get(command.trigger) if isinstance(command, ev.Moved) else "stop"
        if whom not in latest or (latest[whom] and isinstance(command, ev.Moved) and request):
            causes.append((whom, ev.Request(at=at, request=request or "start"), []))
            latest[whom] = causes[-1][2]
        latest[whom].append(command)
    return causes
