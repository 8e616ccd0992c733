"""What is to be supervised: a command, how it is supervised, and how to look at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lifecycle_kit.instance import Unit
from lifecycle_kit.live.checks import Check

__all__ = ["LIFE", "Argv", "Program"]

Argv = Sequence[str | os.PathLike[str]]
LIFE = "LIFECYCLE_KIT_LIFE"  # in the environment of each process: which life of its instance it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A real program under supervision.

    Attributes:
        argv: program and arguments; the program is looked up on PATH. Or a function that returns
            them, asked before each start: for what is only known then, such as another's port.
        unit: how it is supervised, for example `like("systemd")`.
        env: added to the environment of the supervisor.
        cwd: its working directory, the supervisor's own if None.
        checks: how each probe of the unit is made, by kind.
        hooks: what a stop plan may run, by the name of its phase; without one a phase is a pause.
        after: programs that must be ready before this one is started with the others.

    Raises:
        ValueError: if the unit has a probe that nobody knows how to make.
    """

    argv: Argv | Callable[[], Argv]
    unit: Unit = field(default_factory=Unit)
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    hooks: Mapping[str, Check] = field(default_factory=dict)
    after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in self.unit.probes:
            if kind not in self.checks:
                raise ValueError(
                    f"the unit has a {kind} probe, but no check says how to make it: "
                    f'give one, such as checks={{"{kind}": HttpGet("/readyz")}}'
                )
