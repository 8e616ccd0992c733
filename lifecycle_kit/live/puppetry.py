"""Simulated scripts played by real processes: the same lives, through the other driver.

Its one rule: what a `Script` says that a process does, a puppet really does. (What only a fleet
looks at, work and its draining, has no part in it; a start that fails must be really impossible.)
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle_kit.exits import parse_exit
from lifecycle_kit.instance import Unit
from lifecycle_kit.live.checks import Check, Target
from lifecycle_kit.live.program import Program
from lifecycle_kit.probes import KINDS, Outcome
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.units import seconds

__all__ = ["puppet"]

_PUPPET = str(Path(__file__).parent / "programs" / "puppet.py")
_LOOK_S = 0.005


def puppet(unit: Unit, lives: Sequence[Script] | Script, flags: Path) -> Program:
    """Return a program whose processes play `lives`, the last one repeating.

    Args:
        unit: how it is supervised.
        lives: as for `simulate`.
        flags: a folder of its own, where its processes answer probes.

    Raises:
        ValueError: if a life is to fail to spawn; name a program that does not exist instead.
    """
    lives = [lives] if isinstance(lives, Script) else lives
    if any(life.fails_to_spawn for life in lives):
        raise ValueError("a puppet cannot fail to spawn; supervise a program that does not exist")
    plain = json.dumps([{"flags": str(flags), **_plain(life)} for life in lives])
    checks: dict[str, Check] = {kind: Flag(kind, flags) for kind in KINDS}
    hooks = {phase.name: Pause(tuple(lives)) for phase in unit.stop.phases}
    argv = [sys.executable, "-I", "-S", _PUPPET, plain]
    return Program(argv=argv, unit=unit, checks=checks, hooks=hooks)


def _plain(life: Script) -> dict[str, Any]:
    """Return the life in the words of `programs/puppet.py`."""
    plain: dict[str, Any] = {
        "says": [[at_s, _notice(word)] for at_s, word in life.says],
        "health": [
            [seconds(part.from_ns), kind, f"{part.outcome.value} {seconds(part.latency_ns)}"]
            for kind, parts in life.health.items()
            for part in parts
        ],
        "exit": _how(life.exit),
        "deaf": life.on_term == "deaf",
        "stop_takes_s": life.stop_takes_s,
    }
    for key in ("run_s", "hangs_after_s"):
        if getattr(life, key) is not None:
            plain[key] = getattr(life, key)
    return plain if life.stop_exit is None else {**plain, "stop_exit": _how(life.stop_exit)}


def _how(end: int | str) -> int | str | None:
    code, signal = parse_exit(end)
    return signal if code is None else code


def _notice(word: str) -> dict[str, str]:
    kind, _, on = word.partition(":")
    return {"lifecycle": kind, "on": on} if on else {"lifecycle": kind}


@dataclass(frozen=True, slots=True)
class Flag:
    """Look at what the puppet answers to probes of this kind; it may take its time to be up."""

    kind: str
    folder: Path

    async def __call__(self, target: Target) -> Outcome:
        """Return the outcome on the flag; a puppet that hangs never answers."""
        flag = self.folder / f"{target.life}.{self.kind}"
        while not flag.exists():
            await asyncio.sleep(_LOOK_S)
        outcome, _, latency = flag.read_text().partition(" ")
        if outcome == "hang":
            await asyncio.Event().wait()
        await asyncio.sleep(float(latency or 0))
        return Outcome(outcome)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop hook that takes as long as the script of the life says; for ever if it says nothing."""

    lives: tuple[Script, ...]

    async def __call__(self, target: Target) -> Outcome:
        """Return after that time."""
        takes_s = self.lives[min(target.life, len(self.lives)) - 1].hook_takes_s
        await (asyncio.Event().wait() if takes_s is None else asyncio.sleep(takes_s))
        return Outcome.SUCCESS
