"""Docker: a restart policy that never forgets a restart, and a health check that never causes one.

Rule: an end is restarted as `restart` says, after 0.1 s doubling to 60 s; a run of 10 s takes the delay back, but not
the number of restarts that `on-failure:N` counts. A stop or kill by hand switches the policy off until the next start.
The health check only says starting, healthy or unhealthy.

Source: moby daemon/internal/restartmanager/restartmanager.go, daemon/stop.go, daemon/health.go, read at b985e2313a;
recordings of dockerd 26.1.5. Starting a container takes 0.2 to 0.8 s there, which is not in the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, count, duration, signal_name
from lifecycle_kit.units import ns, seconds

__all__ = ["SYSTEM", "DockerPolicy", "failing_streak", "health", "next_delay_s"]

FIRST_S, MAX_S, STEADY_S = 0.1, 60.0, 10.0
_POLICIES = ("no", "always", "unless-stopped", "on-failure", "on-failure:N")
# A check that cannot even be run has failed as well: handleProbeResult knows no third outcome.
CHECKS = {"S": Outcome.SUCCESS, "F": Outcome.FAILURE, "E": Outcome.FAILURE}


def restart_policy(value: Any) -> str:
    """Read a restart policy; `on-failure:3` allows three restarts."""
    text = "no" if value is False else str(value).strip()  # YAML reads a bare `no` as false
    name, colon, most = text.partition(":")
    if name not in _POLICIES or (colon and (name != "on-failure" or not most.isdigit())):
        raise ValueError(f"allowed are {', '.join(_POLICIES)} (N restarts)")
    return text


OPTIONS = (
    Option("restart", "no", restart_policy, "which ends are followed by a restart"),
    Option("stop-signal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("stop-timeout", 10, count(-1), "seconds from the stop signal to SIGKILL; -1 waits for ever"),
    Option("health-cmd", None, str, "have a health check, with these defaults"),
    Option("health-interval", None, duration, "from the end of a check to the next one, and before the first [30s]"),
    Option("health-timeout", None, duration, "a check that takes longer has failed [30s]"),
    Option("health-retries", None, count(), "failures in a row until unhealthy [3]"),
    Option("health-start-period", None, duration, "failures before this age do not count until the first success [0s]"),
    Option("health-start-interval", None, duration, "interval in the start period [the interval; newer versions: 5s]"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerPolicy:
    """What dockerd does after a container has ended.

    In the memory `failures` are the restarts since the last start by hand, `delay_ns` is the last delay, and `starts`
    is 1 after a stop by hand.

    Attributes:
        restart: "no", "always", "unless-stopped" or "on-failure".
        most: restarts that on-failure allows; 0: any number.
    """

    restart: str = "no"
    most: int = 0

    @classmethod
    def of(cls, text: str) -> DockerPolicy:
        """Return the policy of `--restart`."""
        name, _, most = text.partition(":")
        return cls(restart=name, most=int(most or 0))

    def wants(self, exit: Exit, memory: Memory) -> bool:
        """Tell whether this end is followed by a restart, a stop by hand apart."""
        left = self.most == 0 or memory.failures < self.most
        return self.restart in ("always", "unless-stopped") or (
            self.restart == "on-failure" and exit.code != 0 and left
        )

    def after_daemon_restart(self, exit: Exit, memory: Memory) -> bool:
        """Tell whether a container runs again once the daemon does; `exit` is how the old daemon saw it end."""
        return self.wants(exit, memory) and (self.restart == "always" or not memory.starts)

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start; `docker start` counts from zero."""
        return (Memory() if manual else memory), Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing: health has no say in restarts."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Restart after the next delay, or leave it exited."""
        clean = exit.code == 0
        if exit.cause is Cause.REQUEST or memory.starts:
            return memory, Done()
        if not self.wants(exit, memory):
            used_up = self.restart == "on-failure" and not clean
            reason = f"on-failure:{self.most} used up" if used_up else f"restart={self.restart}"
            return memory, Done() if clean else GiveUp(reason)
        delay = ns(next_delay_s(seconds(memory.delay_ns), seconds(exit.uptime_ns)))
        return replace(memory, failures=memory.failures + 1, delay_ns=delay), Restart(delay, clean=clean)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """A stop or kill by hand switches restarts off until the next start."""
        return replace(memory, starts=1) if request in ("stop", "kill") else memory


def next_delay_s(
    previous_s: float, run_s: float, *, first_s: float = FIRST_S, max_s: float = MAX_S, steady_s: float = STEADY_S
) -> float:
    """Return the pause before the next restart, seconds.

    Args:
        previous_s: the pause before, 0 if there was none.
        run_s: how long the run between lasted.
        first_s: the first pause.
        max_s: the longest one.
        steady_s: a run of this length goes back to the first pause.

    >>> next_delay_s(0, 0), next_delay_s(0.1, 9.9), next_delay_s(51.2, 0), next_delay_s(60, 10)
    (0.1, 0.2, 60.0, 0.1)
    """
    if not previous_s or run_s >= steady_s:
        return min(first_s, max_s)
    return min(2 * previous_s, max_s)


def health(settings: ProbeSettings, tally: Tally) -> str:
    """Return what `docker ps` calls the health: "starting", "healthy" or "unhealthy"."""
    if tally.good:
        return "healthy"
    return "unhealthy" if tally.succeeded or failing_streak(tally) >= settings.failure_threshold else "starting"


def failing_streak(tally: Tally) -> int:
    """Return how many failed checks in a row count."""
    return tally.run if tally.last is Outcome.FAILURE else 0


def build(values: Mapping[str, Any]) -> Unit:
    """Return the unit of a container."""
    checked = any(value is not None for name, value in values.items() if name.startswith("health-"))
    timeout = values["stop-timeout"]
    stop = StopPlan(
        phases=(
            Phase(name="stop", signal=values["stop-signal"], limit_s=None if timeout < 0 else timeout),
            Phase(name="kill", signal="SIGKILL"),
        )
    )
    return Unit(
        policy=DockerPolicy.of(values["restart"]),
        readiness=Readiness(by="probe" if checked else "spawn"),
        probes=MappingProxyType({"readiness": _health_check(values)} if checked else {}),
        stop=stop,
    )


def _health_check(values: Mapping[str, Any]) -> ProbeSettings:
    """Return the health check; here 0 means the default, as it does for dockerd."""
    return ProbeSettings(
        kind="readiness",
        period_s=values["health-interval"] or 30,
        timeout_s=values["health-timeout"] or 30,
        failure_threshold=values["health-retries"] or 3,
        from_end=True,
        start_period_s=values["health-start-period"] or 0,
        start_interval_s=values["health-start-interval"] or None,
        carries=False,
    )


SYSTEM = System(
    name="docker",
    options=OPTIONS,
    restarting={"restart": "always"},
    build=build,
    native={
        State.CREATED: "created",
        State.STARTING: "running (health: starting)",
        State.READY: "running (healthy)",
        State.RUNNING: "running (healthy)",
        State.BLOCKED: "running (unhealthy)",
        State.DRAINING: "running",
        State.TERMINATED: "exited",
        State.FAILED: "exited",
        State.BACKOFF: "restarting",
    },
    loses="Without a health check every life is just running. exited says neither whether it ended well nor whether"
    " it was given up: look at the exit code. A container that is being stopped is still called running.",
    source="moby restartmanager.go, stop.go and health.go of daemon/ at b985e2313a; recordings of dockerd 26.1.5",
)
