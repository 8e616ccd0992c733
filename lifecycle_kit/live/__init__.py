"""Real children in real time: the asyncio driver over the same `step` that the simulator drives.

POSIX only. No child outlives its supervisor: not after an error, an interrupted cell, a restarted kernel or a
`kill -9`. See `children` for what is promised, and `sentinel` for the one process it cannot hold.

The names here are imported when they are first used: the programs in this room must be up at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle_kit.live.checks import Call, Exec, HttpGet
    from lifecycle_kit.live.errors import LiveError, NotPosix, SpawnFailed
    from lifecycle_kit.live.program import Program
    from lifecycle_kit.live.puppetry import puppet
    from lifecycle_kit.live.specimen import Specimen
    from lifecycle_kit.live.supervisor import Supervisor

__all__ = [
    "Call",
    "Exec",
    "HttpGet",
    "LiveError",
    "NotPosix",
    "Program",
    "SpawnFailed",
    "Specimen",
    "Supervisor",
    "puppet",
]

_HOMES = {
    "checks": ("Call", "Exec", "HttpGet"),
    "errors": ("LiveError", "NotPosix", "SpawnFailed"),
    "program": ("Program",),
    "puppetry": ("puppet",),
    "specimen": ("Specimen",),
    "supervisor": ("Supervisor",),
}


def __getattr__(name: str) -> object:
    """Import a name from its home, the first time it is asked for."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
