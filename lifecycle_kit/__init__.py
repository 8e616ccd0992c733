"""lifecycle-kit: from OS process states to orchestrated service states, as values, drivers and pictures.

The names here are the pure core; drivers, pictures and the classroom are imported from their own rooms
(`lifecycle_kit.simulate`, `lifecycle_kit.live`, `lifecycle_kit.show`, `lifecycle_kit.classroom`).
"""

from __future__ import annotations

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import Fate, Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit, classify
from lifecycle_kit.machine import Instance, Readiness, Unit, create, step
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.restart import PlainPolicy, RestartPolicy
from lifecycle_kit.states import TRANSITIONS, RequestRefused, State, Trigger
from lifecycle_kit.systems import like
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.view import lifecycle_view, view_of

__version__ = "0.1.0"

__all__ = [
    "TRANSITIONS",
    "Backoff",
    "Cause",
    "Exit",
    "Fate",
    "Instance",
    "Phase",
    "PlainPolicy",
    "ProbeSettings",
    "Readiness",
    "RequestRefused",
    "RestartPolicy",
    "State",
    "StopPlan",
    "Trace",
    "Transition",
    "Trigger",
    "Unit",
    "classify",
    "create",
    "lifecycle_view",
    "like",
    "step",
    "view_of",
]
