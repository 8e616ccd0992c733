"""Kubernetes Deployments: how many new instances may be added and how many old ones removed at a moment.

Rule: never more than `replicas + surge` instances, never fewer available ones than `replicas - unavailable`.

Source: kubernetes v1.36.2 pkg/controller/deployment/util/deployment_util.go (`ResolveFenceposts`, `NewRSNewReplicas`),
pkg/controller/deployment/rolling.go; defaults in pkg/apis/apps/v1/defaults.go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lifecycle_kit.systems.options import OptionError
from lifecycle_kit.units import ns

__all__ = ["RollingUpdate", "may_add", "may_remove", "resolve"]


def _share(name: str, value: int | str, replicas: int, *, up: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        part = int(text[:-1]) * replicas / 100
        return math.ceil(part) if up else math.floor(part)
    raise OptionError(f"kubernetes {name}={value}: give a whole number or a per cent such as 25%")


def resolve(replicas: int, max_surge: int | str = "25%", max_unavailable: int | str = "25%") -> tuple[int, int]:
    """Return `(surge, unavailable)` as whole instances: surge is rounded up, unavailable down, never both 0.

    >>> resolve(3), resolve(1, 0, 0)
    ((1, 0), (0, 1))
    """
    surge = _share("maxSurge", max_surge, replicas, up=True)
    unavailable = _share("maxUnavailable", max_unavailable, replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, replicas)


def may_add(replicas: int, surge: int, *, total: int, new: int) -> int:
    """Return how many new instances may be created now, given all instances and the new ones among them."""
    return max(0, min(replicas - new, replicas + surge - total))


def may_remove(replicas: int, unavailable: int, *, total: int, new_unavailable: int) -> int:
    """Return how many old instances may be removed now; new ones that are not yet available do not count as help."""
    return max(0, total - (replicas - unavailable) - new_unavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdate:
    """A rolling update's numbers, under the Deployment's names.

    Attributes:
        maxSurge: instances above `replicas`, number or per cent.
        maxUnavailable: instances that may be missing, number or per cent.
        minReadySeconds: seconds that a new instance must have been ready to count as available.
    """

    maxSurge: int | str = "25%"  # noqa: N815 - the option's own name
    maxUnavailable: int | str = "25%"  # noqa: N815
    minReadySeconds: float = 0.0  # noqa: N815

    def __post_init__(self) -> None:
        resolve(1, self.maxSurge, self.maxUnavailable)
        ns(self.minReadySeconds)
