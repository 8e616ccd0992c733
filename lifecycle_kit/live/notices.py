"""What a program tells its supervisor about itself: one JSON object on a line of its output.

Its one rule: a line is a notice only if it is a JSON object whose first key is "lifecycle"; every
other line is a log line. It is systemd's sd_notify(3) in a form that any program can print:

    {"lifecycle": "listening", "port": 41233}     where probes and work find it
    {"lifecycle": "ready"}                        may be given work
    {"lifecycle": "not-ready"}                    alive, but should not be given work
    {"lifecycle": "working"}                      has taken work
    {"lifecycle": "idle"}                         has no work left
    {"lifecycle": "blocked", "on": "queue"}       waits for something
    {"lifecycle": "unblocked"}                    waits no longer
    {"lifecycle": "stopping"}                     is leaving by itself
    {"lifecycle": "drained"}                      has nothing in flight any more

Each must be written out at once (flushed): a pipe is buffered unless the program says otherwise.
"""

from __future__ import annotations

import json
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.simulate.script import news_of

__all__ = ["PREFIX", "event_of", "parse"]

PREFIX = b'{"lifecycle"'


def parse(line: bytes) -> dict[str, Any] | None:
    """Return the notice on a line, None if the line is a log line.

    >>> parse(b'{"lifecycle": "blocked", "on": "queue"}')
    {'lifecycle': 'blocked', 'on': 'queue'}
    >>> parse(b"queue: connection refused")
    """
    if not line.startswith(PREFIX):
        return None
    try:
        notice = json.loads(line)
    except ValueError:
        return None
    return notice if isinstance(notice, dict) else None


def event_of(notice: dict[str, Any], at: int, life: int) -> ev.Event | None:
    """Return the news in a notice, None if it is none for the state machine.

    Args:
        notice: as `parse` returned it.
        at: when it was read, nanoseconds.
        life: which life of the instance said so.
    """
    word, on = str(notice["lifecycle"]), notice.get("on", "")
    if word == "drained":
        return ev.Drained(at=at, life=life)
    try:
        return news_of(f"{word}:{on}", at=at, life=life)
    except ValueError:
        return None
