"""One room per real supervisor: its options, its policy, its readiness rule and its stop sequence, as values.

A room has no loop over time: predictions come from driving `machine.step` with what the room builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle_kit.machine import Unit
from lifecycle_kit.systems import circus, docker, erlang, kubernetes, nomad, pm2, runit, s6, supervisord, systemd
from lifecycle_kit.systems.options import Option, OptionError, System

__all__ = ["SYSTEMS", "Option", "OptionError", "System", "like", "system"]

SYSTEMS: dict[str, System] = {
    room.SYSTEM.name: room.SYSTEM
    for room in (kubernetes, systemd, supervisord, docker, nomad, erlang, runit, s6, pm2, circus)
}


def system(name: str) -> System:
    """Return what the kit knows of the system called `name`.

    Raises:
        OptionError: naming the systems there are.
    """
    try:
        return SYSTEMS[name]
    except KeyError:
        raise OptionError(f"no system is called {name!r} here; choose one of {', '.join(SYSTEMS)}") from None


def like(name: str, options: Mapping[str, Any] | None = None, **more: Any) -> Unit:
    """Return a unit supervised the way a real system does it, with that system's own option names and defaults.

    Args:
        name: a name from `SYSTEMS`, such as "systemd".
        options: options by name, for names that are no Python words.
        more: options by name.

    Raises:
        OptionError: naming the option, the value and what is allowed.

    >>> like("systemd", Restart="on-failure", RestartSec="2s").policy.restart_sec
    2.0
    """
    return system(name).unit({**(options or {}), **more})
