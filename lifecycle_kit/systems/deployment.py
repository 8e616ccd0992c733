"""Kubernetes Deployments: how many new instances may be added and how many old ones removed at a moment.

Rule: never more than `replicas + surge` instances, never fewer available ones than `replicas - unavailable`.

Source: kubernetes v1.36.2 pkg/controller/deployment/util/deployment_util.go (`ResolveFenceposts`, `MaxUnavailable`,
`NewRSNewReplicas`, `DeploymentComplete`, `DeploymentTimedOut`), pkg/controller/deployment/rolling.go
(`reconcileNewReplicaSet`, `scaleDownOldReplicaSetsForRollingUpdate`, `cleanupUnhealthyReplicas`),
pkg/controller/deployment/util/deployment_util.go (`DeploymentProgressing`), pkg/controller/deployment/progress.go
(`requeueStuckDeployment`), pkg/api/v1/pod/util.go (`IsPodAvailable`); defaults in pkg/apis/apps/v1/defaults.go, what
is refused in pkg/apis/apps/validation/validation.go (`ValidateDeploymentSpec`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lifecycle_kit.systems.options import OptionError
from lifecycle_kit.units import ns

__all__ = [
    "LOOKS_AFTER_S", "RollingUpdate", "Status", "available", "complete", "fenceposts", "may_add", "may_clean_up",
    "may_remove", "max_unavailable", "new_target", "progressed", "reconciled", "resolve", "timed_out",
]  # fmt: skip

STRATEGIES = ("RollingUpdate", "Recreate")
NO_DEADLINE = 2_147_483_647  # the largest progressDeadlineSeconds means none
LOOKS_AFTER_S = 1.0  # how long after the deadline Kubernetes looks whether it has passed
INCLUSIVE_SINCE = 36  # minor version since which a pod that has been ready for exactly minReadySeconds is available


def _share(name: str, value: int | str | None, replicas: int, *, up: bool) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = str(value)
    if re.fullmatch(r"\d+%", text):
        part = int(text[:-1]) * replicas / 100
        return math.ceil(part) if up else math.floor(part)
    raise OptionError(f"kubernetes {name}={value}: give a whole number or a per cent such as 25%")


def fenceposts(
    replicas: int, max_surge: int | str | None = "25%", max_unavailable: int | str | None = "25%"
) -> tuple[int, int]:
    """Return `(surge, unavailable)` as whole instances: surge is rounded up, unavailable down, never both 0.

    Args:
        replicas: instances wanted.
        max_surge: number, per cent, or None for 0.
        max_unavailable: likewise.

    Raises:
        OptionError: if one is neither a number nor a per cent.

    >>> fenceposts(3), fenceposts(10, "39%", "39%"), fenceposts(0, 0, 0)
    ((1, 0), (4, 3), (0, 1))
    """
    surge = _share("maxSurge", max_surge, replicas, up=True)
    unavailable = _share("maxUnavailable", max_unavailable, replicas, up=False)
    return surge, 1 if surge == 0 and unavailable == 0 else unavailable


def resolve(replicas: int, max_surge: int | str = "25%", max_unavailable: int | str = "25%") -> tuple[int, int]:
    """Return the fenceposts as they can be used: no more can be unavailable than there are.

    >>> resolve(3), resolve(1, 0, 0), resolve(2, 1, 5)
    ((1, 0), (0, 1), (1, 2))
    """
    surge, unavailable = fenceposts(replicas, max_surge, max_unavailable)
    return surge, min(unavailable, replicas)


def max_unavailable(
    replicas: int, maxSurge: int | str | None = "25%", maxUnavailable: int | str | None = "25%",  # noqa: N803
    strategy: str = "RollingUpdate",
) -> int:  # fmt: skip
    """Return how many may be missing; Recreate promises nothing, so nothing counts as missing."""
    if strategy == "Recreate":
        return 0
    return min(fenceposts(replicas, maxSurge, maxUnavailable)[1], replicas)


def may_add(replicas: int, surge: int, *, total: int, new: int) -> int:
    """Return how many new instances may be created now, given all instances and the new ones among them."""
    return max(0, min(replicas - new, replicas + surge - total))


def may_remove(replicas: int, unavailable: int, *, total: int, new_unavailable: int) -> int:
    """Return how many old instances may be removed now; new ones that are not yet available do not count as help."""
    return max(0, total - (replicas - unavailable) - new_unavailable)


def new_target(replicas: int, surge: int, *, total: int, new: int, strategy: str = "RollingUpdate") -> int:
    """Return the size that the new replica set is to have; a full house leaves it as it is.

    >>> new_target(6, 10, total=7, new=2), new_target(1, 1, total=10, new=5)
    (6, 5)
    """
    if strategy == "Recreate":
        return replicas
    if total >= replicas + surge:
        return new
    return new + min(replicas + surge - total, replicas - new)


def reconciled(replicas: int, surge: int, *, total: int, new: int) -> int:
    """Return the size of the new replica set after one look at it; one that is too large shrinks at once."""
    return replicas if new >= replicas else new_target(replicas, surge, total=total, new=new)


def may_clean_up(old: int, ready: int, most: int) -> int:
    """Return how many old instances that are not ready go first, at most `most`."""
    return max(0, min(most, old - ready))


def available(ready: bool, ready_for_s: float, min_ready_s: float, minor: int = INCLUSIVE_SINCE) -> bool:
    """Return whether an instance counts as available.

    Args:
        ready: whether it is ready.
        ready_for_s: for how long, seconds.
        min_ready_s: minReadySeconds.
        minor: of Kubernetes 1.x.

    >>> available(True, 5, 5, minor=32), available(True, 5, 5, minor=36)
    (False, True)
    """
    if not ready or min_ready_s == 0:
        return ready
    return ready_for_s >= min_ready_s if minor >= INCLUSIVE_SINCE else ready_for_s > min_ready_s


def complete(desired: int, *, updated: int, current: int, available: int) -> bool:
    """Return whether a rollout is over: all there are new and available, and as many as wanted."""
    return updated == current == available == desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a rollout shows of itself at one look.

    Attributes:
        updated: new instances that were created.
        old: old instances that were not asked to go.
        ready, available: old and new ones together.
    """

    updated: int
    old: int
    ready: int
    available: int


def progressed(before: Status, now: Status) -> bool:
    """Return whether a rollout has made progress from one look to the next; that begins its deadline anew.

    >>> from dataclasses import replace
    >>> status = Status(updated=1, old=3, ready=3, available=3)
    >>> progressed(status, replace(status, old=2)), progressed(status, replace(status, ready=2))
    (True, False)
    """
    return (
        now.updated > before.updated
        or now.old < before.old
        or now.ready > before.ready
        or now.available > before.available
    )


def timed_out(deadline_s: float | None, since_progress_s: float) -> bool:
    """Return whether a rollout is called stuck (`ProgressDeadlineExceeded`); nothing is rolled back by itself."""
    return deadline_s is not None and deadline_s != NO_DEADLINE and since_progress_s > deadline_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdate:
    """How a Deployment goes from one version to the next, under its own names.

    Attributes:
        strategy: "RollingUpdate", or "Recreate": all old instances end before the first new one is created.
        maxSurge: instances above `replicas`, number or per cent; Recreate does not look at it.
        maxUnavailable: instances that may be missing, number or per cent; likewise.
        minReadySeconds: seconds that a new instance must have been ready to count as available.
        progressDeadlineSeconds: without any progress for longer than so many seconds it is called stuck; nothing is
            rolled back and it goes on trying. None: it never is.

    Raises:
        OptionError: naming the option that Kubernetes would refuse.
    """

    strategy: str = "RollingUpdate"
    maxSurge: int | str = "25%"  # noqa: N815 - the option's own name
    maxUnavailable: int | str = "25%"  # noqa: N815
    minReadySeconds: float = 0.0  # noqa: N815
    progressDeadlineSeconds: float | None = 600.0  # noqa: N815

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise OptionError(f"kubernetes strategy={self.strategy}: choose one of {', '.join(STRATEGIES)}")
        resolve(1, self.maxSurge, self.maxUnavailable)
        ns(self.minReadySeconds)
        deadline_s = self.progressDeadlineSeconds
        if deadline_s is not None and deadline_s <= self.minReadySeconds:
            raise OptionError(
                f"kubernetes progressDeadlineSeconds={deadline_s:g}: it must be greater than minReadySeconds,"
                f" which is {self.minReadySeconds:g}"
            )
