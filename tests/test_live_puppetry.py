"""Puppets: real processes that play the simulator's scripts; how well they do it, test_agreement shows."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from lifecycle_kit import PlainPolicy, State, Unit
from lifecycle_kit.live.puppetry import puppet
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.simulate import Script
from tests.process_table import PATIENCE_S, pid_of

pytestmark = pytest.mark.live

UNIT = Unit(policy=PlainPolicy(when="never"))


def test_a_life_that_fails_to_spawn_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="supervise a program that does not exist"):
        puppet(UNIT, Script(fails_to_spawn="no such file"), tmp_path)


@pytest.mark.parametrize("exit", [0, 7, 255, "SIGKILL", "SIGTERM", "SIGSEGV", "SIGINT"])
def test_a_puppet_ends_the_way_its_script_says(exit: int | str, tmp_path: Path) -> None:
    async def scene() -> str:
        async with Supervisor({"it": puppet(UNIT, Script(run_s=0, exit=exit), tmp_path)}) as supervisor:
            await supervisor.start()
            ends = State.TERMINATED, State.FAILED
            await supervisor.until(lambda s: s.state("it") in ends, PATIENCE_S)
        return supervisor.trace.transitions[-1].cause

    how = f"signal {exit}" if isinstance(exit, str) else f"exit {exit}"
    assert asyncio.run(scene()).startswith(how)


@pytest.mark.parametrize("name_of_signal", ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"])
def test_a_puppet_ends_by_the_signal_that_stops_it_unless_told_otherwise(name_of_signal: str, tmp_path: Path) -> None:
    async def scene() -> list[str]:
        programs = {
            "by signal": puppet(UNIT, Script(says=((0, "ready"),)), tmp_path),
            "by code": puppet(UNIT, Script(says=((0, "ready"),), stop_exit=3), tmp_path),
        }
        async with Supervisor(programs) as supervisor:
            await supervisor.start()
            for name in programs:
                await supervisor.until(partial(heard, name), PATIENCE_S)
                os.kill(pid_of(supervisor, name), signal.Signals[name_of_signal])
                await supervisor.until(partial(has_failed, name), PATIENCE_S)
        return [t.cause for t in supervisor.trace.transitions if t.target is State.FAILED]

    ends = asyncio.run(scene())
    assert ends[0].startswith(f"signal {name_of_signal}")
    assert ends[1].startswith("exit 3")


def has_failed(name: str, supervisor: Supervisor) -> bool:
    """Return whether it has ended badly."""
    return supervisor.state(name) is State.FAILED


def heard(name: str, supervisor: Supervisor) -> bool:
    """Return whether the puppet has said something: it heeds signals from then on."""
    return any(who == name and type(event).__name__ == "Notified" for who, event in supervisor.trace.events)
