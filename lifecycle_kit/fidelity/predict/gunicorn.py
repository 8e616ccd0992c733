"""What gunicorn would do with its workers and their requests."""

from __future__ import annotations

from dataclasses import replace

from lifecycle_kit.fidelity.driving import watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.fidelity.serving import Manner, Pool, in_flight, phases, play
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems.gunicorn import LEAVES_S, MASTER_EXIT, SYSTEM, at_once, boot_code, stop_plan, works_alone

__all__ = ["FAMILIES"]

_OPTIONS = {
    "workers": "workers",
    "threads": "threads",
    "worker_class": "worker_class",
    "graceful_timeout_s": "graceful_timeout",
    "timeout_s": "timeout",
}


def _options(policy: Given) -> dict[str, object]:
    return {name: policy[key] for key, name in _OPTIONS.items() if key in policy}


def _to_master(given: Given) -> str | None:
    """Return the first signal to the master."""
    return next((a["signal"] for a in given.get("actions", ()) if a["do"] == "signal" and a["to"] == "master"), None)


def _manner(given: Given) -> Manner:
    policy, signal = given["policy"], _to_master(given)
    unit, alone = (
        SYSTEM.unit(_options(policy)),
        works_alone(policy.get("worker_class", "sync"), policy.get("threads", 1)),
    )
    if signal is not None:
        unit = replace(unit, stop=stop_plan(signal, alone, policy.get("graceful_timeout_s", 30)))
    drops = at_once(alone)
    return Manner(
        unit=unit, workers=policy.get("workers", 1), alone=alone, at_once=drops, excuses=drops, keeps_socket=True,
        replaced=signal == "SIGHUP",
    )  # fmt: skip


def _act(pool: Pool, action: Given) -> None:
    if action["do"] == "signal" and action["to"] == "master" and not pool.leaving:
        pool.leave()
    elif action["do"] == "signal" and action["to"] == "worker":
        pool.workers[0].end(pool.workers[0].instance.number, pool.agenda.now_ns, action["signal"])


def _serving(given: Given) -> Observed:
    manner = _manner(given)
    pool = play(given, manner, _act)
    observed: Observed = {"in_flight": in_flight(pool), "new_request_phases": phases(pool.words)}
    gone_s = pool.all_gone_s() if pool.leaving and not manner.replaced else None
    if gone_s is None:
        return observed | {"exit": None, "final": "running"}
    return observed | {"exit": MASTER_EXIT, "exit_s": gone_s + LEAVES_S, "final": "exited"}


def _boot(given: Given) -> Observed:
    code = boot_code(given["cause"], given.get("system_exit_code"))
    run = watch(SYSTEM.unit(_options(given["policy"])), Script(run_s=0.05, exit=code), 60)
    gave_up = bool(run.gave_up)
    return {
        "restarted": len(run.births) > 1,
        "gave_up": gave_up,
        "final": "master-exits" if gave_up else "master-runs",
        "worker_exit": code,
        "master_exit": code if gave_up else None,
    }


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{("stop", family): _serving for family in ("graceful-stop", "reload", "worker-lost")},
    ("decision", "boot-failure"): _boot,
}
