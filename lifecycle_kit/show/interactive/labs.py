"""The labs, ready to be shown: the last expression of a cell, such as `probe_lab(period_s=5)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle_kit.show.interactive.lab import Bench
from lifecycle_kit.show.interactive.panel import Panel
from lifecycle_kit.trace import Trace

if TYPE_CHECKING:
    from lifecycle_kit.live.film import Film

__all__ = ["backoff_lab", "drain_lab", "fleet_lab", "play", "probe_lab", "rollout_lab", "routing_lab", "state_lab"]


def state_lab() -> Panel:
    """Return the state diagram to move through: press a trigger, see what follows and why the rest is refused.

    Raises:
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.player import Walk

    return Panel(Walk())


def play(tape: Trace | Film, title: str = "A tape to play", question: str = "What happened, move by move?") -> Panel:
    """Return a trace or a film to be played, stepped and scrubbed in the diagram of states.

    Args:
        tape: a trace, real or simulated, of which one instance is shown at a time; or a film of a real process.
        title: what it is called.
        question: what to look for.

    Raises:
        ValueError: if nothing moves in the trace.
        NoWidgets: if the packages for widgets are missing.
    """
    if isinstance(tape, Trace):
        from lifecycle_kit.show.interactive.player import TracePlayer

        return Panel(TracePlayer(tape, title, question))
    from lifecycle_kit.show.interactive.film_player import FilmPlayer

    return Panel(FilmPlayer(tape, title, question))


def probe_lab(**knobs: Any) -> Panel:
    """Return the probe lab: how late a probe notices an outage, and how often it gives a false alarm.

    Args:
        knobs: where knobs stand at first, by the names in `lab_probe.ProbeKnobs`, such as `period_s=5`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_probe import LAB

    return Panel(Bench(LAB, **knobs))


def backoff_lab(**knobs: Any) -> Panel:
    """Return the backoff lab: how long a policy waits, how often it restarts, and what a herd that waits alike does.

    Args:
        knobs: where knobs stand at first, by the names in `lab_backoff.BackoffKnobs`, such as `like="systemd"`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_backoff import LAB

    return Panel(Bench(LAB, **knobs))


def routing_lab(**knobs: Any) -> Panel:
    """Return the routing lab: which question a balancer should ask before it sends requests to an instance.

    Args:
        knobs: where knobs stand at first, by the names in `lab_routing.RoutingKnobs`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_routing import LAB

    return Panel(Bench(LAB, **knobs))


def drain_lab(**knobs: Any) -> Panel:
    """Return the drain lab: what becomes of the work of an instance that is asked to stop.

    Args:
        knobs: where knobs stand at first, by the names in `lab_drain.DrainKnobs`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_drain import LAB

    return Panel(Bench(LAB, **knobs))


def rollout_lab(**knobs: Any) -> Panel:
    """Return the rollout lab: whether anybody notices that a new version replaces the old one.

    Args:
        knobs: where knobs stand at first, by the names in `lab_rollout.RolloutKnobs`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_rollout import LAB

    return Panel(Bench(LAB, **knobs))


def fleet_lab(**knobs: Any) -> Panel:
    """Return the fleet lab: an hour of many instances that crash or hang by chance, and who brings them back.

    Args:
        knobs: where knobs stand at first, by the names in `lab_fleet.FleetKnobs`.

    Raises:
        ValueError: naming a knob or a value that there is not.
        NoWidgets: if the packages for widgets are missing.
    """
    from lifecycle_kit.show.interactive.lab_fleet import LAB

    return Panel(Bench(LAB, **knobs))
