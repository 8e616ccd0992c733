"""What pm2 would do: restarts, with and without an exponential delay, and stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle_kit.fidelity.driving import lead, reaction, restarts, since, watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.pm2 import ERRORED, state_of

__all__ = ["FAMILIES"]

LATER_S = 60.0  # by then an app that is told to stop has been online for a while


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return pm2's options; its own times are milliseconds."""
    return {
        name.removesuffix("_s"): round(value * 1000) if name.endswith("_s") else value for name, value in given.items()
    }


def _restarts(given: Given) -> Observed:
    run = lead(like("pm2", options(given["policy"])), given, native=state_of)
    return restarts(run, limit=ERRORED) | {"final": state_of(run.instance), "announced_delays_s": run.planned}


def _stop(given: Given) -> Observed:
    requests = [(LATER_S + action["t"], "stop") for action in given["actions"]]
    run = watch(like("pm2", options(given["policy"])), Script(**reaction(given)), 86_400, requests=requests)
    end = run.instance.last
    observed: Observed = {
        "signals": since([entry[:2] for entry in run.signals], LATER_S),
        "exit": None if end is None else end.signal or end.code,
        "final": state_of(run.instance),
        "restarted": len(run.births) > 1,
    }
    return observed | ({"exit_s": run.ends[0] - LATER_S} if run.ends else {})


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", "autorestart"): _restarts,
    ("restart", "exp-backoff"): _restarts,
    ("restart", "max-restarts"): _restarts,
    ("stop", "kill-timeout"): _stop,
}
