"""Stories on a system without POSIX processes."""

from __future__ import annotations

import asyncio

import pytest

from lifecycle_kit.live import stories
from lifecycle_kit.simulate import stories as simulated


@pytest.mark.parametrize("name", sorted(stories.TELL))
def test_without_processes_a_story_is_told_in_virtual_time_and_says_so(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifecycle_kit.live.errors.os.name", "nt")
    story = asyncio.run(stories.TELL[name](on_line=lambda *_: None))
    assert story.rows == simulated.TELL[name]().rows
    assert str(story).startswith("In virtual time, not with real processes: real processes need Linux or macOS")
