"""What supervisord would do: restarts."""

from __future__ import annotations

from lifecycle_kit.fidelity.driving import lead, restarts
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.systems import like
from lifecycle_kit.systems.supervisord import state_of

__all__ = ["FAMILIES"]


def _restarts(given: Given) -> Observed:
    run = lead(like("supervisord", given["policy"]), given, native=state_of)
    observed = restarts(run, limit="FATAL")
    observed["final"] = run.states[-1][1]
    observed["reached_running"] = [number in run.ready for number in range(1, len(run.births) + 1)]
    return observed


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", family): _restarts for family in ("autorestart", "exitcodes", "start-retries", "start-retries-manual")
}
