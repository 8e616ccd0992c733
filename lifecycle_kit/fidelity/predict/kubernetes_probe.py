"""What Kubernetes' prober and the words for pods and containers would say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.fidelity.driving import Watched
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.probes import KINDS, Outcome, ProbeSettings
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems import like
from lifecycle_kit.systems.kubernetes import KubernetesPolicy
from lifecycle_kit.systems.kubernetes_backoff import ClientBackoff
from lifecycle_kit.systems.kubernetes_pod import Container, container_ready, endpoint_conditions, phase
from lifecycle_kit.systems.kubernetes_prober import BAD, GOOD, Sight, Worker, after_kubelet_restart, one_pass
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

LETTERS = {"S": Outcome.SUCCESS, "F": Outcome.FAILURE, "E": Outcome.ERROR}
RUNNING, ENDED = Container(state="running"), Container(state="terminated", exit=1)


def _settings(kind: str, given: Mapping[str, Any]) -> ProbeSettings:
    """Return the settings of a probe as the room reads them, its defaults included."""
    options = {f"{kind}Probe.{name}": value for name, value in given.items()}
    return like("kubernetes", {f"{kind}Probe": True, **options}).probes[kind]


# --- pass by pass


def _passes(given: Given) -> Observed:
    if given["probe"] != "each":
        return _of_kind(given["probe"], given, given.get("started", True))
    # A startup probe is only made of a container that has not started.
    each = [_of_kind(kind, given, kind != "startup") for kind in KINDS]
    return {key: value for key, value in each[0].items() if all(other[key] == value for other in each)}


def _of_kind(kind: str, given: Given, started: bool) -> Observed:
    worker = Worker.of(_settings(kind, given.get("settings", {})))
    sight = Sight(started=started, age_ns=ns(given.get("since_start_s", 10**6)))
    seen: dict[str, list[Any]] = {key: [] for key in PASS_KEYS}
    letters = ""
    for number, letter in enumerate(given["outcomes"], start=1):
        for event in given.get("events", ()):
            if event["before_step"] == number:
                sight = _changed(sight, event["event"], started)
        worker, done = one_pass(worker, sight, LETTERS[letter])
        letters += worker.verdict[:1]
        row = (done.attempts > 0, done.goes_on, worker.on_hold, done.attempts, worker.tally.run, list(done.updates))
        for key, value in zip(PASS_KEYS, row, strict=True):
            seen[key].append(value)
    return {"verdicts": letters, **seen}


PASS_KEYS = ("probed", "worker_continues", "on_hold", "probe_attempts", "run_counter", "updates")


def _changed(sight: Sight, event: str, started: bool) -> Sight:
    match event:
        case "container-terminated":
            return replace(sight, container=ENDED)
        case "new-container":
            return replace(sight, container=RUNNING, number=sight.number + 1, started=started)
        case "pod-deletion":
            return replace(sight, deleting=True)
        case "started":
            return replace(sight, started=True)
    raise NotModelled(f"the prober does not know what {event!r} is")


def _worker(given: Given) -> Observed:
    if given["question"] == "initial-value":
        settings = _settings(given["probe"], {})
        early, gate = given["container_started_before_kubelet"], given["gate_ChangeContainerStatusOnKubeletRestart"]
        written = after_kubelet_restart(settings, started=early, gate=gate)
        return {"result_written": written is not None, "result": RESULTS.get(written or "")}
    sights = {kind: _sight(given, started=kind != "startup") for kind in KINDS}
    outcome = Outcome.SUCCESS if given.get("probe_result", "success") == "success" else Outcome.FAILURE
    made = {kind: one_pass(Worker.of(_settings(kind, {})), sight, outcome) for kind, sight in sights.items()}
    verdict = made["liveness"][0].verdict
    return {
        "worker_continues": {kind: done.goes_on for kind, (_, done) in made.items()},
        "result_written": verdict != "",
        "result": RESULTS.get(verdict),
    }


RESULTS = {GOOD: "success", BAD: "failure"}


def _sight(given: Given, *, started: bool) -> Sight:
    rules = [rule for rule in given.get("restart_rules") or () if rule["action"] == "Restart"]
    container = _container(
        given.get("container") or {"state": "none"}, frozenset(code for rule in rules for code in rule["exit_codes"])
    )
    return Sight(
        known=given["pod_status_known"], phase=given.get("pod_phase") or "", deleting=given.get("deleting", False),
        container=container, started=started, age_ns=ns(10**6), pod_policy=given.get("restartPolicy", "Always"),
    )  # fmt: skip


# --- in time


class Probing(Watched):
    """A container whose probes are made one by one, by workers that tick, and a status that is refreshed.

    Attributes:
        times: when each probe was made, by kind.
        kills: `[t, kind]` of the probes that had the container replaced.
        changes: each change of started and ready that a refresh of the status brought to light.
    """

    def __init__(self, given: Given) -> None:
        settings = {kind: _settings(kind, own) for kind, own in given["settings"].items()}
        at_once = KubernetesPolicy(backoff=ClientBackoff(initial_s=0, max_s=0))  # as the prober's own harness does
        unit = replace(like("kubernetes"), policy=at_once, probes=settings)
        super().__init__(unit, [Script()])
        self.times: dict[str, list[float]] = {kind: [] for kind in settings}
        self.kills: list[list[Any]] = []
        self.changes: list[dict[str, Any]] = []
        self._workers = {kind: Worker.of(own) for kind, own in settings.items()}
        self._outcomes, self._shown, self._ticks = given.get("outcomes", {}), (1, False, False), dict[str, int]()
        self._started = 0  # the container that is known to have started
        self._sync_ns = ns(given["status_sync_s"])
        if not self._sync_ns:
            raise ValueError("status_sync_s must be greater than 0: the status is refreshed every so often")

    def begin(self) -> None:
        """Start the container and let the workers tick; a worker makes its first pass at once."""
        self.agenda.at(0, lambda: self.ask("start"))
        for kind in self._workers:
            self.agenda.at(0, lambda kind=kind: self._tick(kind, 0))  # type: ignore[misc]
        self.agenda.at(self._sync_ns, self._sync)

    def _perform(self, command: ev.Command) -> None:
        if not isinstance(command, ev.WatchProbe):  # the workers tick all the time, whatever they are told
            super()._perform(command)

    def _tick(self, kind: str, serial: int) -> None:
        if serial == self._ticks.get(kind, 0):
            self.agenda.after(ns(self._workers[kind].settings.period_s), lambda: self._tick(kind, serial))
            self.agenda.after(0, lambda: self._pass(kind))

    def _pass(self, kind: str) -> None:
        life = self.instance.number
        exists = self.instance.state in HAS_PROCESS - {State.DRAINING} and self.alive
        sight = Sight(
            container=RUNNING if exists else Container(), number=life, started=self._is_started(),
            age_ns=self.agenda.now_ns - self.born_ns,
        )  # fmt: skip
        before = self._workers[kind]
        worker, done = one_pass(before, sight, self._next_outcome(kind))
        self._workers[kind] = worker
        if not done.attempts:
            return
        self.times[kind].append(self.now_s)
        if done.updates and done.updates[-1] in RESULTS:
            good = done.updates[-1] == GOOD
            if not good and kind != "readiness":
                self.kills.append([self.now_s, kind])
            self.tell(ev.Probed(at=self.agenda.now_ns, life=life, probe=kind, good=good))

    def _next_outcome(self, kind: str) -> Outcome:
        letters: Sequence[str] = self._outcomes.get(kind, "S")
        return LETTERS[letters[min(len(self.times[kind]), len(letters) - 1)]]

    def _is_started(self) -> bool:
        return "startup" not in self._workers or self._started == self.instance.number

    def _sync(self) -> None:
        """Refresh the status; a container that has started and is not ready is asked again at once."""
        life = self.instance.number
        if self.alive and self.instance.life.started:
            self._started = life
        readiness = self._workers.get("readiness")
        known = readiness is not None and readiness.number == life and readiness.verdict == GOOD
        started = self.alive and self._is_started()
        ready = container_ready(
            running=self.alive, started=started, readiness_probe=readiness is not None, last_good=known
        )
        if (life, started, ready) != self._shown and (started or ready or self._shown[0] == life):
            self.changes.append({"t": self.now_s, "container": f"c{life}", "started": started, "ready": ready})
            self._shown = (life, started, ready)
        if started and not ready and readiness is not None:
            self._ticks["readiness"] = serial = self._ticks.get("readiness", 0) + 1
            self._tick("readiness", serial)
        self.agenda.after(self._sync_ns, self._sync)


def _real_time(given: Given) -> Observed:
    if not given["status_sync_s"]:
        raise NotModelled("a status that is refreshed without a pause leaves no time for anything else")
    probing = Probing(given)
    probing.begin()
    probing.agenda.run(ns(given["until_s"]))
    times = {kind: made for kind, made in probing.times.items() if made}
    return {"probe_times_s": times, "restarts": probing.kills, "ready_changes": probing.changes}


# --- words


def _container(given: Given, rules: frozenset[int] = frozenset()) -> Container:
    return Container(
        state=given["state"], exit=given.get("exit"), last_exit=given.get("last_exit"),
        policy=given.get("restartPolicy"), rules=rules,
    )  # fmt: skip


def _phase(given: Given) -> Observed:
    init = given.get("init")
    containers = [_container(part) for part in given["containers"]]
    own = None if init is None else _container(init)
    return {"phase": phase(given["restartPolicy"], containers, init=own, terminal=given.get("pod_terminal", False))}


def _ready(given: Given) -> Observed:
    good, probe = given.get("last_result") == "success", given.get("probe") == "readiness"
    ready = container_ready(running=given["running"], started=given["started"], readiness_probe=probe, last_good=good)
    return {"ready": ready}


def _endpoint(given: Given) -> Observed:
    return dict(
        endpoint_conditions(
            pod_ready=given["pod_ready"],
            deleting=given["deleting"],
            publish_not_ready=given["publishNotReadyAddresses"],
        )
    )


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("probe", "probe-lifecycle"): _passes,
    ("probe", "probe-threshold"): _passes,
    ("probe", "probe-realtime"): _real_time,
    ("state", "probe-worker"): _worker,
    ("state", "container-ready"): _ready,
    ("state", "endpoint-conditions"): _endpoint,
    ("state", "pod-phase"): _phase,
    ("state", "pod-phase-container-policy"): _phase,
    ("state", "pod-phase-init"): _phase,
}
