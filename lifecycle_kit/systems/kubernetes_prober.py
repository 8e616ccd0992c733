"""Kubernetes' prober: one worker per probe, pass by pass.

Rule: a pass first asks whether there is anything to probe; only then does it probe, and only a probe that could be
made is counted (`probes.observe`). A new container gets the initial verdict and ends a hold; the run of equal results
goes on.

Source: kubernetes v1.36.2 pkg/kubelet/prober/worker.go (`newWorker`, `doProbe`), prober.go (`maxProbeRetries`),
results/results_manager.go; recordings of the same code at 1.32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, new_life, observe
from lifecycle_kit.systems.kubernetes_pod import Container
from lifecycle_kit.units import NS_PER_S

__all__ = ["Pass", "Sight", "Worker", "after_kubelet_restart", "initial_result", "one_pass"]

TRIES = 3  # an error is tried again at once, and then thrown away
GOOD, BAD, UNKNOWN = "Success", "Failure", "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the worker sees of its pod.

    Attributes:
        known: whether the pod has a status.
        phase: of the pod.
        deleting: whether it is being deleted.
        container: status of the container; with state "none" it does not exist yet.
        number: which container this is; another number is a new container.
        started: whether its startup probe has passed (or it has none).
        age_ns: how long it has been running.
        pod_policy: restartPolicy.
    """

    known: bool = True
    phase: str = "Running"
    deleting: bool = False
    container: Container = Container(state="running")  # noqa: RUF009 - a frozen value
    number: int = 1
    started: bool = True
    age_ns: int = 0
    pod_policy: str = "Always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker: its probe, its counting, the verdict that it has published, and the container it knows.

    Attributes:
        settings: the probe.
        tally: where the counting stands.
        verdict: what the results manager holds, "" for nothing.
        number: the container it knows, 0 for none yet.
    """

    settings: ProbeSettings
    tally: Tally
    verdict: str = ""
    number: int = 0

    @classmethod
    def of(cls, settings: ProbeSettings) -> Worker:
        """Return a worker that has not made a pass yet."""
        return cls(settings=settings, tally=Tally.first(settings))

    @property
    def on_hold(self) -> bool:
        """Whether it waits for a new container."""
        return self.tally.on_hold(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did: whether the worker goes on, how many probes it made, and which verdicts it published."""

    goes_on: bool
    attempts: int = 0
    updates: tuple[str, ...] = ()


def initial_result(settings: ProbeSettings) -> str:
    """Return the verdict that a new container begins with."""
    if settings.kind == "startup":
        return UNKNOWN
    return GOOD if settings.initial else BAD


def one_pass(worker: Worker, sight: Sight, outcome: Outcome) -> tuple[Worker, Pass]:
    """Return the worker after one pass, and what the pass did.

    Args:
        worker: before it.
        sight: what it sees of the pod.
        outcome: what a probe would see, if one is made.
    """
    if not sight.known:
        return worker, Pass(goes_on=True)
    if sight.phase in ("Failed", "Succeeded"):
        return worker, Pass(goes_on=False)
    if sight.container.state == "none":
        return worker, Pass(goes_on=True)
    updates: list[str] = []
    if worker.number != sight.number:
        tally = new_life(worker.settings, worker.tally)
        worker = replace(worker, tally=tally, number=sight.number, verdict="")
        worker = _publish(worker, initial_result(worker.settings), updates)
    worker, goes_on, attempts = _look(worker, sight, outcome, updates)
    return worker, Pass(goes_on=goes_on, attempts=attempts, updates=tuple(updates))


def _look(worker: Worker, sight: Sight, outcome: Outcome, updates: list[str]) -> tuple[Worker, bool, int]:
    kind = worker.settings.kind
    if worker.on_hold:
        return worker, True, 0
    if sight.container.state != "running":
        ended = sight.container.state == "terminated"
        goes_on = not ended or sight.container.will_restart(sight.pod_policy)
        return _publish(worker, BAD, updates), goes_on, 0
    if sight.deleting and kind != "readiness":
        return _publish(worker, GOOD, updates), False, 0
    too_early = sight.age_ns // NS_PER_S < worker.settings.initial_delay_s
    if too_early or sight.started == (kind == "startup"):
        return worker, True, 0
    return _probe(worker, outcome, updates)


def _probe(worker: Worker, outcome: Outcome, updates: list[str]) -> tuple[Worker, bool, int]:
    if outcome is Outcome.ERROR:
        return worker, True, TRIES
    tally = observe(worker.settings, worker.tally, outcome)
    worker = replace(worker, tally=tally)
    success = outcome is Outcome.SUCCESS
    threshold = worker.settings.success_threshold if success else worker.settings.failure_threshold
    if worker.on_hold or tally.run >= threshold:
        worker = _publish(worker, GOOD if success else BAD, updates)
    return worker, True, 1


def _publish(worker: Worker, verdict: str, updates: list[str]) -> Worker:
    if verdict != worker.verdict:
        updates.append(verdict)
    return replace(worker, verdict=verdict)


def after_kubelet_restart(settings: ProbeSettings, *, started: bool, gate: bool) -> str | None:
    """Return the verdict written for a container that a new kubelet finds running, None if none is.

    Args:
        settings: the probe.
        started: whether the container was started before the kubelet.
        gate: the feature gate ChangeContainerStatusOnKubeletRestart, off since 1.35.
    """
    if not started or gate:
        return initial_result(settings)
    return GOOD if settings.kind == "startup" else None
