"""Labs to play with in a notebook: models first, tested without a page; one display for all of them.

Names are loaded when they are first used; only showing something needs the packages for widgets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle_kit.show.interactive.labs import backoff_lab as backoff_lab
    from lifecycle_kit.show.interactive.labs import drain_lab as drain_lab
    from lifecycle_kit.show.interactive.labs import fleet_lab as fleet_lab
    from lifecycle_kit.show.interactive.labs import play as play
    from lifecycle_kit.show.interactive.labs import probe_lab as probe_lab
    from lifecycle_kit.show.interactive.labs import rollout_lab as rollout_lab
    from lifecycle_kit.show.interactive.labs import routing_lab as routing_lab
    from lifecycle_kit.show.interactive.labs import state_lab as state_lab
    from lifecycle_kit.show.interactive.panel import NoWidgets as NoWidgets
    from lifecycle_kit.show.interactive.panel import Panel as Panel

_HOME = {
    "NoWidgets": "panel",
    "Panel": "panel",
    "backoff_lab": "labs",
    "drain_lab": "labs",
    "fleet_lab": "labs",
    "play": "labs",
    "probe_lab": "labs",
    "rollout_lab": "labs",
    "routing_lab": "labs",
    "state_lab": "labs",
}

__all__ = [
    "NoWidgets",
    "Panel",
    "backoff_lab",
    "drain_lab",
    "fleet_lab",
    "play",
    "probe_lab",
    "rollout_lab",
    "routing_lab",
    "state_lab",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"lifecycle_kit.show.interactive has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"lifecycle_kit.show.interactive.{_HOME[name]}"), name)
