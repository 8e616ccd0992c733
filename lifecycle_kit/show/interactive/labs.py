"""The labs, ready to be shown: the last expression of a cell, such as `probe_lab(period_s=5)`."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.show.interactive.lab import Bench
from lifecycle_kit.show.interactive.panel import Panel

__all__ = ["probe_lab"]


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
