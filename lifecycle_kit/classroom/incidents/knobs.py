"""Settings that many incidents have in common: what an operator may turn, and what that does to the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle_kit.classroom.incidents.values import Setting, Value

__all__ = ["Nested", "choice", "fleet", "longest_wait", "number", "option", "patience", "replicas", "sleep", "update"]

Nested = Mapping[str, Any]


def fleet(name: str, changes: Nested) -> Nested:
    """Return a change of one fleet.

    >>> fleet("api", {"replicas": 5})
    {'fleets': {'api': {'replicas': 5}}}
    """
    return {"fleets": {name: dict(changes)}}


def replicas(service: str, value: int) -> Setting:
    """Return the number of instances."""
    return number("replicas", value, (value, 20), "how many instances", lambda n: fleet(service, {"replicas": n}))


def option(service: str, name: str, value: int, least: int, most: int, means: str) -> Setting:
    """Return an option of the system that supervises the service."""
    return number(name, value, (least, most), means, lambda n: fleet(service, {"options": {name: n}}))


def longest_wait(service: str) -> Setting:
    """Return the kubelet's longest back-off."""
    return option(service, "crashLoopBackOff.maxContainerRestartPeriod", 300, 1, 300, "s, the longest back-off")


def sleep(service: str) -> Setting:
    """Return the pause before SIGTERM; 0 is none."""
    name = "lifecycle.preStop.sleep.seconds"
    return number(
        name, 0, (0, 60), "s between the stop and SIGTERM, paid from the grace period",
        lambda n: fleet(service, {"options": {name: n or None}}),
    )  # fmt: skip


def update(service: str, name: str, value: int, least: int, most: int, means: str) -> Setting:
    """Return a number of the rolling update."""
    return number(name, value, (least, most), means, lambda n: fleet(service, {"update": {name: n}}))


def patience(service: str, value: int) -> Setting:
    """Return how long clients wait."""
    return number(
        "client timeout", value, (1, 300), "s that a client waits for an answer",
        lambda n: fleet(service, {"load": {"timeout": n}}),
    )  # fmt: skip


def number(name: str, value: float, allowed: tuple[float, float], means: str, sets: Any) -> Setting:
    """Return a setting with a range."""
    return Setting(name=name, value=value, allowed=allowed, means=means, sets=sets)


def choice(name: str, allowed: tuple[Value, ...], means: str, sets: Any) -> Setting:
    """Return a setting with a few values; the first is how it is."""
    return Setting(name=name, value=allowed[0], allowed=allowed, means=means, sets=sets)
