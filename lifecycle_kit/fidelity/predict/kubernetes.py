"""What Kubernetes would do with the containers of one pod; rollouts, probes and states are annexes."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity.driving import Watched, lead, restarts, watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor, kubernetes_probe, kubernetes_rollout
from lifecycle_kit.health import segments
from lifecycle_kit.instance import Unit
from lifecycle_kit.restart import Memory, Restart
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS
from lifecycle_kit.systems import like
from lifecycle_kit.systems.kubernetes import KubernetesPolicy, grace_plan
from lifecycle_kit.systems.kubernetes_backoff import INITIAL_S, MAX_S, ClientBackoff, Entry
from lifecycle_kit.systems.kubernetes_pod import should_start, stops_after
from lifecycle_kit.units import ns, seconds

__all__ = ["FAMILIES"]


def _with(backoff: ClientBackoff, restart_policy: str = "Always") -> Unit:
    return replace(like("kubernetes"), policy=KubernetesPolicy(restart_policy=restart_policy, backoff=backoff))


def _restarts(given: Given) -> Observed:
    policy = given.get("policy", {})
    backoff = ClientBackoff(initial_s=policy.get("initial_s", INITIAL_S), max_s=policy.get("max_s", MAX_S))
    return restarts(lead(_with(backoff, policy.get("restartPolicy", "Always")), given))


def _decision(given: Given) -> Observed:
    policy, deleted = given.get("policy", {}).get("restartPolicy", "Always"), given.get("pod_deleted", False)
    if given["cause"] != "exit":
        return {"restarted": should_start(policy, given["cause"], given.get("exit"), deleted=deleted)}
    actions = [{"t": 0.5, "do": "stop"}] if deleted else []
    script = Script(run_s=1, exit=given["exit"], on_term="deaf")
    run = lead(like("kubernetes", restartPolicy=policy), {"actions": actions}, scripts=[script])
    return {"restarted": run.beyond}


def _grace(given: Given) -> Observed:
    """Kill a deaf container in the way that is given, and measure how long it had."""
    reason, own = given["kill_reason"].removesuffix("Probe"), given["policy"]
    options: dict[str, Any] = {"terminationGracePeriodSeconds": own.get("pod_terminationGracePeriodSeconds") or 0}
    for kind in ("liveness", "startup"):
        grace = own.get(f"{kind}_terminationGracePeriodSeconds")
        if grace is not None or kind == reason:
            options |= {f"{kind}Probe": True, f"{kind}Probe.failureThreshold": 1}
        if grace is not None:
            options[f"{kind}Probe.terminationGracePeriodSeconds"] = grace
    health = {kind: segments((0, "fail" if kind == reason else "ok")) for kind in ("liveness", "startup")}
    stops = [(100.0, "stop")] if reason == "unknown" else []
    run = watch(like("kubernetes", options), Script(on_term="deaf", health=health), 7200, requests=stops)
    asked, killed = run.signals[0][0], run.signals[1][0]
    return {"grace_s": killed - asked}


# --- back-off entries


def _config(given: Given) -> Observed:
    options: dict[str, Any] = {
        "ReduceDefaultCrashLoopBackOffDecay": given.get("ReduceDefaultCrashLoopBackOffDecay", False)
    }
    if given.get("maxContainerRestartPeriod_s") is not None:
        options["crashLoopBackOff.maxContainerRestartPeriod"] = given["maxContainerRestartPeriod_s"]
    policy = like("kubernetes", options).policy
    assert isinstance(policy, KubernetesPolicy)
    return {"max_s": policy.backoff.max_s, "initial_s": policy.backoff.initial_s}


def _crashloop_decision(given: Given) -> Observed:
    held_s = given.get("entry_backoff_s")
    if given["container_state"] == "running" or held_s is None:
        return {"in_backoff": False}
    memory = Memory(delay_ns=ns(held_s), window_ns=0)
    _, decision = KubernetesPolicy().on_exit(memory, Exit(code=1), 0, 0.0)
    assert isinstance(decision, Restart)
    if ns(given.get("since_exit_s", 0)) >= decision.after_ns:
        return {"in_backoff": False}
    return {"in_backoff": True, "retry_after_exit_s": seconds(decision.after_ns)}


def _crashloop_reset(given: Given) -> Observed:
    gc, count = given.get("gc") or {}, int(given["count"])
    backoff = ClientBackoff(
        initial_s=given.get("initial_s", INITIAL_S), max_s=given.get("max_s", MAX_S),
        collect_every_s=gc.get("every_s"), collect_after_s=gc.get("drops_older_than_s"),
    )  # fmt: skip
    runs = [given["run_s"], *[given.get("later_runs_s", 0)] * (count - 1)]
    run = Watched(_with(backoff), [Script(run_s=run_s) for run_s in runs])
    # The entry was last updated when the present life was started.
    if given.get("entry_backoff_s") is not None:
        run.instance = replace(run.instance, memory=Memory(delay_ns=ns(given["entry_backoff_s"]), window_ns=0))
    run.agenda.at(0, lambda: run.ask("start"))
    while len(run.planned) < count and run.agenda.one(ns(10**9)):
        pass
    return {"delays_s": run.planned}


def _client_backoff(given: Given) -> Observed:
    backoff = ClientBackoff(
        initial_s=given["initial_s"], max_s=given["max_s"], expire_s=given["expire_after_s"],
        jitter=given.get("max_jitter_factor", 0),
    )  # fmt: skip
    held_s, at = given.get("entry_backoff_s"), ns(given.get("elapsed_s", 0))
    entry = None if held_s is None else Entry(ns(held_s), 0)
    every, count = ns(given.get("every_s", 0)), int(given.get("count", 1))
    match given["op"]:
        case "query":
            return {"in_backoff": not backoff.expired(entry, at) and backoff.held_until(entry, 0) > at}
        case "gc":
            return {"entry_present": not backoff.expired(entry, at)}
        case "reset":
            return {"backoff_s": 0, "entry_present": False}
        case "tick":
            return _ticks(backoff, entry, [ns(t) for t in given["ticks_s"]])
        case op:
            return _updates(backoff, entry, [at + n * every for n in range(count)], read_first=op == "read-then-next")


def _updates(backoff: ClientBackoff, entry: Entry | None, instants: list[int], *, read_first: bool) -> Observed:
    """Update the entry at each instant; with jitter a delay is a range, from the least luck to the most."""
    low, high = entry, entry
    seen: list[float | list[float]] = []
    for at in instants:
        if read_first:
            seen.append(0 if low is None else seconds(low.backoff_ns))
        low, high = backoff.next(low, at, u=0.0), backoff.next(high, at, u=1.0)
        if not read_first:
            bounds = [seconds(low.backoff_ns), seconds(high.backoff_ns)]
            seen.append(bounds if backoff.jitter else bounds[0])
    return {"delays_s": seen, "backoff_s": 0 if low is None else seconds(low.backoff_ns)}


def _ticks(backoff: ClientBackoff, entry: Entry | None, instants: list[int]) -> Observed:
    """Ask at each instant, as a restart would, and update the entry whenever it is not held back."""
    held: list[tuple[int, Entry]] = []
    free = []
    for at in instants:
        if entry is not None and not backoff.expired(entry, at) and at - entry.updated_ns < entry.backoff_ns:
            held.append((at, entry))
        else:
            free.append(seconds(at))
            entry = backoff.next(entry, at)
    spans = [[at for at, _ in group] for _, group in groupby(held, key=lambda pair: pair[1])]
    waits = [entry.backoff_ns for entry, _ in groupby(entry for _, entry in held)]
    records = [
        {"from_s": seconds(times[0]), "to_s": seconds(times[-1]), "backoff_s": seconds(wait)}
        for times, wait in zip(spans, waits, strict=True)
    ]
    return {"not_in_backoff_at_s": free, "held_back": records}


# --- several containers


def _sidecars(given: Given) -> Observed:
    """Delete a pod: signal each container once those before it have ended, and all at the end of the grace period."""
    grace_s, agenda = given["policy"].get("terminationGracePeriodSeconds", 30), Agenda()
    children = {child["id"]: child for child in given["children"]}
    sidecars = [name for name, child in children.items() if child["role"] == "sidecar"]
    waits = stops_after((name for name in children if name not in sidecars), sidecars)
    pods = {name: Watched(_left(grace_s), [_leaver(child)], agenda=agenda) for name, child in children.items()}
    start_ns = ns(100)

    def proceed(_: int = 0) -> None:
        up = {name for name, pod in pods.items() if pod.instance.state in HAS_PROCESS}
        over = agenda.now_ns >= start_ns + ns(grace_s)
        for name, pod in pods.items():
            if name in up and not pod.signals and (over or not waits[name] & up):
                pod.ask("stop")

    for pod in pods.values():
        agenda.at(0, lambda pod=pod: pod.ask("start"))  # type: ignore[misc]
        pod.on_end.append(lambda _: agenda.after(0, proceed) if agenda.now_ns >= start_ns else None)
    for instant in (start_ns, start_ns + ns(grace_s)):
        agenda.at(instant, proceed)
    agenda.run(ns(10**6))
    return {"signal_after_whole_s": {name: int(pod.signals[0][0] - 100) for name, pod in pods.items() if pod.signals}}


def _left(grace_s: float) -> Unit:
    return replace(like("kubernetes"), stop=grace_plan(grace_s, None))


def _leaver(child: Given) -> Script:
    takes_s = child.get("stop_takes_s", 0)
    return Script(on_term="deaf") if takes_s is None else Script(stop_takes_s=takes_s, stop_exit=0)


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", "crashloop-backoff"): _restarts,
    ("decision", "restart-policy"): _decision,
    ("stop", "grace-period"): _grace,
    ("backoff", "client-backoff"): _client_backoff,
    ("backoff", "crashloop-config"): _config,
    ("backoff", "crashloop-decision"): _crashloop_decision,
    ("backoff", "crashloop-reset"): _crashloop_reset,
    ("group", "sidecar-termination"): _sidecars,
    **kubernetes_probe.FAMILIES,
    **kubernetes_rollout.FAMILIES,
}
