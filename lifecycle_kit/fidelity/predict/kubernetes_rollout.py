"""What a Kubernetes Deployment would do at one moment: plain numbers, for which nothing needs to be driven."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.systems import deployment
from lifecycle_kit.systems.options import OptionError

__all__ = ["FAMILIES"]


def _allowed(given: Given) -> dict[str, Any]:
    """Return maxSurge and maxUnavailable as far as they are given; null is not the same as missing."""
    return {key: given[key] for key in ("maxSurge", "maxUnavailable") if key in given}


def _rounding(given: Given) -> Observed:
    desired = given["desired"]
    shares = _allowed(given)
    try:
        surge, unavailable = deployment.fenceposts(
            desired, shares.get("maxSurge", "25%"), shares.get("maxUnavailable", "25%")
        )
    except OptionError:
        return {"surge": "error", "unavailable": "error"}
    least = desired - min(unavailable, desired)
    return {"surge": surge, "unavailable": unavailable, "max_pods": desired + surge, "min_available": least}


def _max_unavailable(given: Given) -> Observed:
    strategy = given.get("strategy", "RollingUpdate")
    return {"max_unavailable": deployment.max_unavailable(given["replicas"], **_allowed(given), strategy=strategy)}


def _min_available(given: Given) -> Observed:
    strategy = given.get("strategy", "RollingUpdate")
    if strategy == "Recreate":
        return {"min_available": 0}
    return {"min_available": given["replicas"] - deployment.max_unavailable(given["replicas"], **_allowed(given))}


def _surge(given: Given, replicas: int) -> int:
    return deployment.fenceposts(replicas, given.get("maxSurge", "25%"), given.get("maxUnavailable", "25%"))[0]


def _new_replicas(given: Given) -> Observed:
    replicas, new = given["deployment_replicas"], given["new_rs_replicas"]
    target = deployment.new_target(
        replicas, _surge(given, replicas), total=new + given["old_rs_replicas"], new=new,
        strategy=given.get("strategy", "RollingUpdate"),
    )  # fmt: skip
    return {"new_rs_target": target}


def _reconcile(given: Given) -> Observed:
    desired, new = given["desired"], given["new"]
    target = deployment.reconciled(desired, _surge(given, desired), total=new + given["old"], new=new)
    return {"scaled": target != new, "new_target": target}


def _scale_down(given: Given) -> Observed:
    desired, old = given["desired"], given["old"]
    unavailable = deployment.max_unavailable(desired, **_allowed(given))
    gone = min(old, deployment.may_remove(desired, unavailable, total=given["old_ready"], new_unavailable=0))
    return {"scaled": gone > 0, "old_target": old - gone}


def _clean_up(given: Given) -> Observed:
    return {"cleaned": deployment.may_clean_up(given["old"], given["ready"], given["max_cleanup"])}


def _available(given: Given) -> Observed:
    minor = given.get("kubernetes_minor", deployment.INCLUSIVE_SINCE)
    ready_for_s, least_s = given.get("ready_for_s", 0), given.get("minReadySeconds", 0)
    return {"available": deployment.available(given["ready"], ready_for_s, least_s, minor)}


def _complete(given: Given) -> Observed:
    counts = {key: given[key] for key in ("updated", "current", "available")}
    return {"complete": deployment.complete(given["desired"], **counts)}


def _deadline(given: Given) -> Observed:
    return {"timed_out": deployment.timed_out(given["progressDeadlineSeconds"], given["elapsed_since_progress_s"])}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("rollout", "cleanup-unhealthy-old"): _clean_up,
    ("rollout", "deployment-complete"): _complete,
    ("rollout", "max-unavailable"): _max_unavailable,
    ("rollout", "min-available"): _min_available,
    ("rollout", "new-rs-replicas"): _new_replicas,
    ("rollout", "pod-available"): _available,
    ("rollout", "progress-deadline"): _deadline,
    ("rollout", "reconcile-new-rs"): _reconcile,
    ("rollout", "scale-down-old-rs"): _scale_down,
    ("rollout", "surge-unavailable-rounding"): _rounding,
}
