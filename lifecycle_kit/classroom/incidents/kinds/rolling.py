"""Updates that replace one instance after the other, the next as soon as the new one is ready."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.classroom.incidents import knobs
from lifecycle_kit.classroom.incidents.values import Setting

__all__ = ["LOAD_FROM_S", "rolling", "update_settings"]

LOAD_FROM_S = 30  # by then every instance is ready, and the balancer has heard of it


def rolling(
    name: str, *, count: int, ready_s: int, at_s: int, load: dict[str, Any], new: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return the data of a fleet that is updated.

    Args:
        name: of the fleet.
        count: how many replicas.
        ready_s: how long a start takes, seconds.
        at_s: when the update begins.
        load: the requests.
        new: what the new version's program does.
        more: further keys of the fleet; its options are added to those here.
    """
    options = {"readinessProbe.periodSeconds": 1, **more.pop("options", {})}
    return {"fleets": {name: {
        "like": "kubernetes", "replicas": count, "options": options,
        "program": {"works_after": ready_s, "on_term": "drain"}, "new": {"program": {"on_term": "drain", **new}},
        "update_at": at_s, "update": {"maxSurge": 1, "maxUnavailable": 0},
        "load": {"from": LOAD_FROM_S, **load}, **more,
    }}}  # fmt: skip


def update_settings(name: str, count: int, *, timeout_s: int = 5, grace_s: int = 30) -> list[Setting]:
    """Return the settings that every update has."""
    return [
        knobs.option(name, "terminationGracePeriodSeconds", grace_s, 1, 120, "s from the stop to SIGKILL"),
        knobs.sleep(name),
        knobs.update(name, "minReadySeconds", 0, 0, 60, "s that a new one must have been ready to count"),
        knobs.replicas(name, count),
        knobs.patience(name, timeout_s),
    ]
