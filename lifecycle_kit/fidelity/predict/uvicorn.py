"""What uvicorn would do with the requests in flight."""

from __future__ import annotations

from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.fidelity.serving import Manner, Pool, in_flight, phases, play
from lifecycle_kit.systems.uvicorn import PARENT_LOOKS_S, SYSTEM, TICK_S, exit_of, forces
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]


def _stop(given: Given) -> Observed:
    policy, signals = given["policy"], list[str]()
    workers = policy.get("workers", 1)
    options = {"workers": workers, "timeout_graceful_shutdown": policy.get("timeout_graceful_shutdown_s")}
    unit = SYSTEM.unit({name: value for name, value in options.items() if value is not None})

    def act(pool: Pool, action: Given) -> None:
        signals.append(action["signal"])
        if len(signals) == 1:
            # A parent looks every half second, and so is late by half of that on average.
            pool.agenda.after(ns(PARENT_LOOKS_S / 2 if workers > 1 else 0), pool.leave)
        elif forces(signals, workers):
            pool.leave()

    kill = frozenset({"SIGKILL"})
    pool = play(given, Manner(unit=unit, workers=workers, keeps_socket=workers > 1, excuses=kill), act)
    forced = any(forces(signals[: index + 1], workers) for index in range(len(signals)))
    observed: Observed = {
        "in_flight": in_flight(pool),
        "new_request_phases": phases(pool.words),
        "app_events": _app_events(pool, hook=not forced),
        "idle_keepalive": ["closed" for _ in given.get("idle_keepalive_used_s", ())],
    }
    gone_s = pool.all_gone_s()
    if not signals or gone_s is None:
        return observed | {"exit": None, "final": "running"}
    hook_s = 0 if forced else given.get("shutdown_hook_takes_s", 0)
    return observed | {"exit": exit_of(signals, workers), "exit_s": gone_s + TICK_S + hook_s, "final": "exited"}


def _app_events(pool: Pool, hook: bool) -> list[str]:
    """Return what the application is told: each cancelled request, then the shutdown hook, worker by worker."""
    told: list[str] = []
    gone = [(at, worker.name) for worker in pool.workers if (at := pool.gone_s(worker)) is not None]
    for _, name in sorted(gone):
        lost = [request for request in pool.requests if request.instance == name and request.outcome == "error"]
        told += ["request-cancelled"] * len(lost) + ["shutdown-hook"] * hook
    return told


FAMILIES: dict[tuple[str, str], Predictor] = {("stop", "graceful-stop"): _stop}
