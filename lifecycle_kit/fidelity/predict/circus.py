"""What the arbiter of circus would do."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.fidelity.driving import lead, restarts, watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.fidelity.told import seen, told
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.circus import GIVES_UP, state_of

__all__ = ["FAMILIES"]

_OPTIONS = {
    "check_delay_s": "check_delay",
    "respawn": "respawn",
    "max_retry": "max_retry",
    "graceful_timeout_s": "graceful_timeout",
}


def _unit(policy: Given, **more: Any) -> Unit:
    return like("circus", {**{name: policy[key] for key, name in _OPTIONS.items() if key in policy}, **more})


def _restarts(given: Given) -> Observed:
    look = {} if given.get("first_tick_s") is None else {"first_look": given["first_tick_s"]}
    run = lead(_unit(given["policy"], **look), given, native=state_of)
    return restarts(run) | {"final": state_of(run.instance)}


def _start_failure(given: Given) -> Observed:
    run = watch(_unit(given["policy"]), Script(fails_to_spawn="command not found"), 60, native=state_of)
    gave_up = any(GIVES_UP in reason for _, reason in run.gave_up)
    return {"restarted": not gave_up, "final": "stopped" if gave_up else "active"}


def _stop(given: Given) -> Observed:
    service = told(_unit(given["policy"]), given, state_of, lambda service: service.ask("stop"), {})
    return seen(service) | {"final": state_of(service.instance)}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", "check-delay"): _restarts,
    ("decision", "start-failure"): _start_failure,
    ("stop", "graceful-timeout"): _stop,
}
