"""What `ps` would show of a unit in each of the nine states: a letter, or nothing.

Rule: a simulated process has no operating system, so this is what is typical, not what was measured; a film of real
processes has its own letters. Four of five working states look alike: that is the lesson.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lifecycle_kit.states import State

__all__ = ["OS_EYES", "NOTHING"]

NOTHING = "-"

OS_EYES: Mapping[State, tuple[str, str]] = MappingProxyType(
    {
        State.CREATED: (NOTHING, "there is no process yet"),
        State.STARTING: ("R", "it computes while it loads; S while it waits for a disk or an answer"),
        State.READY: ("S", "it sleeps until work comes"),
        State.RUNNING: ("R", "it computes; S whenever its work waits for somebody else"),
        State.BLOCKED: ("S", "it sleeps until what it waits for is there; D if that is a disk"),
        State.DRAINING: ("S", "it waits for its last work; R while it computes"),
        State.TERMINATED: ("Z", "it has ended: Z until it is reaped, a moment later gone"),
        State.FAILED: ("Z", "it has ended: Z until it is reaped, a moment later gone"),
        State.BACKOFF: (NOTHING, "the restart timer runs in the supervisor, not in a process"),
    }
)
