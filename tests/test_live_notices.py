"""Notices: what a program says of itself, on lines that are otherwise its log."""

from __future__ import annotations

import json

import pytest

from lifecycle_kit import events as ev
from lifecycle_kit.live.notices import event_of, parse


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"ready",
        b'{"lifecycle": "ready"',
        b'{"level": "info", "lifecycle": "ready"}',
        b' {"lifecycle": "ready"}',
        b'{"lifecycle" "ready"}',
        b'{"lifecycle": "\xff"}',
    ],
)
def test_any_other_line_is_a_log_line(line: bytes) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"lifecycle": "ready"}, ev.Notified(at=5, life=2, notice="ready")),
        ({"lifecycle": "not-ready"}, ev.Notified(at=5, life=2, notice="not-ready")),
        ({"lifecycle": "stopping"}, ev.Notified(at=5, life=2, notice="stopping")),
        ({"lifecycle": "working"}, ev.Working(at=5, life=2)),
        ({"lifecycle": "idle"}, ev.Idle(at=5, life=2)),
        ({"lifecycle": "blocked", "on": "queue"}, ev.Blocked(at=5, life=2, on="queue")),
        ({"lifecycle": "blocked"}, ev.Blocked(at=5, life=2, on="something")),
        ({"lifecycle": "unblocked"}, ev.Unblocked(at=5, life=2)),
        ({"lifecycle": "drained"}, ev.Drained(at=5, life=2)),
    ],
    ids=str,
)
def test_each_notice_is_one_piece_of_news(said: dict[str, str], event: ev.Event) -> None:
    notice = parse(json.dumps(said).encode())
    assert notice == said
    assert event_of(notice, at=5, life=2) == event


@pytest.mark.parametrize("word", ["listening", "splendid", 7, None])
def test_what_the_state_machine_does_not_know_is_no_news(word: object) -> None:
    notice = parse(json.dumps({"lifecycle": word}).encode())
    assert notice is not None
    assert event_of(notice, at=0, life=1) is None
