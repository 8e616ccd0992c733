"""What Kubernetes would do with one container; rollouts, probes and states are annexes."""

from __future__ import annotations

from lifecycle_kit.fidelity.predict import Predictor, kubernetes_rollout

__all__ = ["FAMILIES"]

FAMILIES: dict[tuple[str, str], Predictor] = {**kubernetes_rollout.FAMILIES}
