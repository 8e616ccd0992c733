"""Kubernetes' words for pods and containers: phase, ready, serving, terminating, and who is stopped after whom.

Rule: the phase looks at containers one by one and says little: a pod whose containers all wait for their back-off is
Running. Whether it may be given work stands in `ready` alone.

Source: kubernetes v1.36.2 pkg/kubelet/kubelet_pods.go (`getPhase`), pkg/kubelet/prober/prober_manager.go
(`UpdatePodStatus`), pkg/kubelet/container/helpers.go (`ShouldContainerBeRestarted`), staging/src/k8s.io/endpointslice/
utils.go, pkg/kubelet/kuberuntime/kuberuntime_termination_order.go; KEP-753, KEP-5307.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lifecycle_kit.systems.kubernetes import restarts

__all__ = ["Container", "container_ready", "endpoint_conditions", "phase", "should_start", "stops_after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container's status, as far as phases and restarts look at it.

    Attributes:
        state: "none" (no status), "waiting", "running" or "terminated".
        exit: exit code of a terminated one.
        last_exit: exit code of its last life, while it waits for the next; None if it has had none.
        policy: its own restartPolicy; None: that of the pod.
        rules: exit codes after which it is restarted whatever its policy says (restartPolicyRules, action Restart).
    """

    state: str = "none"
    exit: int | None = None
    last_exit: int | None = None
    policy: str | None = None
    rules: frozenset[int] = frozenset()

    def will_restart(self, pod_policy: str) -> bool:
        """Return whether its end is followed by another life."""
        if self.state == "terminated" and self.exit in self.rules:
            return True
        done = self.state == "terminated" and self.exit == 0
        return restarts(self.policy or pod_policy, failed=not done)

    @property
    def stopped(self) -> bool:
        """Whether it has had a life and has none now."""
        return self.state == "terminated" or (self.state == "waiting" and self.last_exit is not None)


def phase(
    pod_policy: str, containers: Sequence[Container], *, init: Container | None = None, terminal: bool = False
) -> str:
    """Return the phase of a pod.

    Args:
        pod_policy: its restartPolicy.
        containers: its main containers.
        init: its init container, if it has one.
        terminal: whether nothing in it will be started again.

    >>> crashed = Container(state="waiting", last_exit=1)
    >>> phase("Always", [crashed]), phase("Never", [Container(state="terminated", exit=1)])
    ('Running', 'Failed')
    """
    if init is not None:
        failed = (init.exit if init.state == "terminated" else init.last_exit) not in (None, 0)
        if failed and pod_policy == "Never":
            return "Failed"
        if not init.stopped:
            return "Pending"
    if any(part.state == "waiting" and not part.stopped for part in containers):
        return "Pending"
    if not containers or any(part.state == "none" for part in containers):
        return "Pending"
    if any(part.state == "running" for part in containers):
        return "Running"
    if not terminal and any(part.will_restart(pod_policy) for part in containers):
        return "Running"
    return "Succeeded" if all(part.state == "terminated" and part.exit == 0 for part in containers) else "Failed"


def should_start(pod_policy: str, state: str, exit: int | None = None, *, deleted: bool = False) -> bool:
    """Return whether the kubelet starts a container now.

    Args:
        pod_policy: restartPolicy.
        state: "running", "exited", "no-history" (never started here) or "unknown".
        exit: exit code of one that has exited.
        deleted: whether the pod is being deleted: then nothing is started any more.
    """
    if deleted or state == "running":
        return False
    return state in ("no-history", "unknown") or restarts(pod_policy, failed=exit != 0)


def container_ready(*, running: bool, started: bool, readiness_probe: bool, last_good: bool) -> bool:
    """Return `ready` of a container: it runs, its startup probe has passed, and so has its readiness probe, if any."""
    return running and started and (last_good or not readiness_probe)


def endpoint_conditions(*, pod_ready: bool, deleting: bool, publish_not_ready: bool) -> Mapping[str, bool]:
    """Return the three conditions of an endpoint; only `ready` ones are given new work."""
    return {
        "ready": publish_not_ready or (pod_ready and not deleting),
        "serving": pod_ready,
        "terminating": deleting,
    }


def stops_after(mains: Iterable[str], sidecars: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return who must have ended before each container of a pod is sent its stop signal.

    Args:
        mains: ordinary containers.
        sidecars: restartable init containers, in the order in which they are declared.

    >>> sorted(stops_after(["main"], ["proxy", "log"])["proxy"])
    ['log', 'main']
    """
    first = frozenset(mains)
    waits = {name: frozenset[str]() for name in first}
    return waits | {name: first | set(sidecars[place + 1 :]) for place, name in enumerate(sidecars)}
