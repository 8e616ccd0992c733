"""Kubernetes: containers of one pod under the kubelet.

Rule: every end is restarted as restartPolicy says and never given up; a back-off entry holds the next start
back by 10 s doubling to 300 s, counted from the end. The first end finds no entry, so the first restart is free.
An entry is forgotten when an end comes more than 600 s after the last start.

The entries have a page of their own (`kubernetes_backoff`), so have probes (`kubernetes_prober`), the states of pods
(`kubernetes_pod`) and Deployments (`deployment`).

Source: kubernetes v1.36.2 pkg/kubelet/kuberuntime/kuberuntime_manager.go (`doBackOff`), pkg/kubelet/kubelet.go
(initial, maximum, expiry), kuberuntime_container.go (`killContainer`), pkg/apis/core/v1/defaults.go; recordings of the
same code at 1.32. Not modelled: detection by the PLEG (up to 1 s) and the requeue jitter of the pod workers; the
housekeeping that drops entries during a wait is switched off here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.probes import KINDS, ProbeSettings
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.kubernetes_backoff import INITIAL_S, MAX_S, ClientBackoff, Entry
from lifecycle_kit.systems.options import Option, OptionError, System, choice, count, number, switch

__all__ = ["SYSTEM", "KubernetesPolicy", "restarts"]

REDUCED_INITIAL_S, REDUCED_MAX_S = 1.0, 60.0
EXPIRE_S = 600.0  # in the kubelet whatever the maximum
MINIMUM_GRACE_S = 2.0  # killContainer never gives less

_PROBE_OPTIONS: tuple[tuple[str, Any, Any, str], ...] = (
    ("initialDelaySeconds", 0, count(), "no probe before this age of the container"),
    ("periodSeconds", 10, count(1), "from one probe to the next"),
    ("timeoutSeconds", 1, count(1), "an answer later than this is a failure"),
    ("successThreshold", 1, count(1), "successes in a row that count (1 for liveness and startup)"),
    ("failureThreshold", 3, count(1), "failures in a row that count"),
    (
        "terminationGracePeriodSeconds",
        None,
        count(1),
        "grace period after this probe failed, instead of the pod's",
    ),
)

_GENERAL = (
    Option(
        "restartPolicy",
        "Always",
        choice("Always", "OnFailure", "Never"),
        "which ends are followed by a restart",
    ),
    Option(
        "crashLoopBackOff.maxContainerRestartPeriod",
        None,
        number(1.0),
        "longest back-off, 1 to 300 s (kubelet)",
    ),
    Option("ReduceDefaultCrashLoopBackOffDecay", False, switch, "feature gate: back-off of 1 s to 60 s"),
    Option("terminationGracePeriodSeconds", 30, count(), "from the deletion (or kill) to SIGKILL"),
    Option(
        "lifecycle.preStop.sleep.seconds",
        None,
        count(),
        "pause before SIGTERM, paid from the grace period",
    ),
)


def _probe_options(kind: str) -> list[Option]:
    """Return the options of one probe; a pod has the probe if at least one of them is given."""
    made = [Option(f"{kind}Probe", None, switch, f"have a {kind} probe, with these defaults")]
    for name, default, reader, text in _PROBE_OPTIONS:
        if not (kind == "readiness" and name == "terminationGracePeriodSeconds"):
            made.append(Option(f"{kind}Probe.{name}", None, reader, f"{text} [{default}]" if default else text))
    return made


OPTIONS = _GENERAL + tuple(option for kind in KINDS for option in _probe_options(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesPolicy:
    """What the kubelet does after a container has ended (times in seconds).

    In the memory `delay_ns` and `window_ns` are the back-off entry (its back-off and last update), `times` holds the
    end of the instance before, and `starts` is 1 if the coming start must advance the entry.
    """

    restart_policy: str = "Always"
    backoff: ClientBackoff = field(default_factory=lambda: ClientBackoff(expire_s=EXPIRE_S))

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; a restart after an end advances the back-off entry."""
        if manual or not memory.starts:
            return memory, Go()
        entry = self.backoff.next(_entry(memory), at)
        return replace(memory, delay_ns=entry.backoff_ns, window_ns=entry.updated_ns, starts=0), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: readiness is not what resets the back-off."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Restart after the rest of the back-off, as restartPolicy says."""
        clean = exit.code == 0
        # A container killed by a probe is replaced whatever it returned.
        failed = not clean or exit.cause is Cause.PROBE
        if exit.cause is Cause.REQUEST or not restarts(self.restart_policy, failed=failed):
            return memory, Done() if clean or exit.cause is Cause.REQUEST else GiveUp("restartPolicy=Never")
        # After its own kill the kubelet still looks at the status from before it: the end of the instance before.
        seen = (memory.times[-1] if memory.times else None) if exit.cause is Cause.PROBE else at
        memory = replace(memory, times=(at,), starts=0 if seen is None else 1)
        return memory, Restart(self._held_back(memory, seen, at), clean=clean)

    def _held_back(self, memory: Memory, seen: int | None, at: int) -> int:
        if seen is None or at >= (until := self.backoff.held_until(_entry(memory), seen)):
            return 0
        # It is looked at again with the status that shows this end: the wait counts from here after all.
        return until - seen

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """A new kubelet has lost the entries: they are kept in memory."""
        return Memory() if request == "supervisor-restarted" else memory


def restarts(restart_policy: str, *, failed: bool) -> bool:
    """Return whether an end is followed by a restart under this restartPolicy."""
    return restart_policy == "Always" or (restart_policy == "OnFailure" and failed)


def _entry(memory: Memory) -> Entry | None:
    return None if memory.window_ns is None else Entry(memory.delay_ns, memory.window_ns)


def grace_plan(grace_s: float, pre_stop_s: float | None) -> StopPlan:
    """Return preStop, SIGTERM and SIGKILL, all paid from one grace period of at least 2 s."""
    phases = [Phase(name="SIGTERM", signal="SIGTERM"), Phase(name="SIGKILL", signal="SIGKILL")]
    if pre_stop_s is not None and grace_s > 0:
        phases.insert(0, Phase(name="preStop", until=Until.HOOK, limit_s=pre_stop_s))
    return StopPlan(
        phases=tuple(phases),
        budget_s=max(grace_s, MINIMUM_GRACE_S),
        floor_s=MINIMUM_GRACE_S,
        whole_seconds=True,
    )


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a container in a pod."""
    pre_stop, grace = (
        values["lifecycle.preStop.sleep.seconds"],
        values["terminationGracePeriodSeconds"],
    )
    probes = {kind: probe for kind in KINDS if (probe := _probe(kind, values)) is not None}
    graces = {kind: values.get(f"{kind}Probe.terminationGracePeriodSeconds") for kind in probes}
    return Unit(
        policy=_policy(values),
        readiness=Readiness(by="probe"),
        probes=MappingProxyType(probes),
        stop=grace_plan(grace, pre_stop),
        probe_stops=MappingProxyType({kind: grace_plan(own, pre_stop) for kind, own in graces.items() if own}),
    )


def _policy(values: Mapping[str, Any]) -> KubernetesPolicy:
    reduced = values["ReduceDefaultCrashLoopBackOffDecay"]
    initial, longest = (REDUCED_INITIAL_S, REDUCED_MAX_S) if reduced else (INITIAL_S, MAX_S)
    period = values["crashLoopBackOff.maxContainerRestartPeriod"]
    if period is not None:
        if period > MAX_S:
            raise OptionError(
                f"kubernetes crashLoopBackOff.maxContainerRestartPeriod={period:g}: allowed are 1 to {MAX_S:g} seconds"
            )
        initial, longest = min(initial, period), period
    backoff = ClientBackoff(initial_s=initial, max_s=longest, expire_s=EXPIRE_S)
    return KubernetesPolicy(restart_policy=values["restartPolicy"], backoff=backoff)


def _probe(kind: str, values: Mapping[str, Any]) -> ProbeSettings | None:
    """Return the settings of a probe, None if the pod has none: at least one of its options must be given."""
    given = {name: values.get(f"{kind}Probe.{name}") for name, *_ in _PROBE_OPTIONS}
    asked = values[f"{kind}Probe"]
    if asked is False or (asked is None and all(value is None for value in given.values())):
        return None
    own: dict[str, Any] = {
        name: default if given[name] is None else given[name] for name, default, *_ in _PROBE_OPTIONS
    }
    try:
        return ProbeSettings(
            kind=kind,
            initial_delay_s=own["initialDelaySeconds"],
            period_s=own["periodSeconds"],
            timeout_s=own["timeoutSeconds"],
            success_threshold=own["successThreshold"],
            failure_threshold=own["failureThreshold"],
        )
    except ValueError as error:
        raise OptionError(f"kubernetes {kind}Probe: {error}") from None


SYSTEM = System(
    name="kubernetes",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "Waiting (ContainerCreating)",
        State.STARTING: "Running (not ready)",
        State.READY: "Running (ready)",
        State.RUNNING: "Running (ready)",
        State.BLOCKED: "Running (not ready)",
        State.DRAINING: "Running (terminating)",
        State.TERMINATED: "Terminated (Completed)",
        State.FAILED: "Terminated (Error)",
        State.BACKOFF: "Waiting (CrashLoopBackOff)",
    },
    loses="phase Running covers five of the nine states and the back-off as well; ready does not say whether there is"
    " work.",
    source="kubernetes v1.36.2 pkg/kubelet, client-go util/flowcontrol/backoff.go; KEP-4603, 5593, 753, 3960",
)
