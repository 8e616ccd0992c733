"""What Nomad would do: restarts of a task within its attempts and beyond, and single decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lifecycle_kit.fidelity.driving import Watched, lead, restarts, script_of
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.nomad import JITTER, NOT_RESTARTING, NomadPolicy, policy, state_of

__all__ = ["FAMILIES"]

NAMES = {"job": "type", "hook": "lifecycle.hook", "sidecar": "lifecycle.sidecar"}


def unit_of(given: Mapping[str, Any]) -> Unit:
    """Return the unit of a task without dice: each pause is the shortest one."""
    values = {NAMES.get(name, name.removesuffix("_s")): value for name, value in given.items()}
    own = policy(values)
    return replace(like("nomad"), policy=replace(own, jitter=0.0))


def _restarts(given: Given) -> Observed:
    run = _lead(given)
    observed = restarts(run, limit=NOT_RESTARTING) | {"final": state_of(run.instance)}
    if given.get("until_s") is None:  # no clock is given either, so only bounds can be told
        own = run.instance.unit.policy
        assert isinstance(own, NomadPolicy)
        observed["delays_s"] = _bounds(own, len(run.planned))
    return observed


def _lead(given: Given) -> Watched:
    lives = [script_of(life, fails_to_spawn=_start_error(life)) for life in given["lives"]]
    timed = given.get("until_s") is not None
    if given.get("repeat_last") and not timed:
        lives += lives[-1:] * (given.get("failures", given["policy"].get("attempts", 0) + 1) - len(lives))
    repeats = timed and given.get("repeat_last", False)
    return lead(unit_of(given["policy"]), {**given, "repeat_last": repeats}, scripts=lives, native=state_of)


def _start_error(life: Mapping[str, Any]) -> str:
    return "the driver could not start it" if life.get("cause") == "start-error" else ""


def _bounds(own: NomadPolicy, count: int) -> list[list[float]]:
    """Return between which bounds each wait lies: the pause with its jitter, then what is left of the window."""
    jittered, left = [own.delay_s, own.delay_s * (1 + JITTER)], [own.delay_s, own.interval_s]
    return [jittered if number < own.attempts else left for number in range(count)]


def _decision(given: Given) -> Observed:
    cause = given.get("cause", "exit")
    request = {"killed": "stop", "restart-by-hand": "restart"}.get(cause)
    exit_ = given.get("exit")
    code = 1 if exit_ is None else exit_
    life = Script(run_s=None if request else 1.0, exit=code, stop_exit=code)
    run = lead(
        unit_of(given["policy"]),
        {"actions": [{"t": 1.0, "do": request}] if request else []},
        scripts=[life],
        requests={"restart": "restart"},
        native=state_of,
    )
    if run.beyond:
        return {"restarted": True, "final": "restarting", "delay_s": round(run.births[1] - run.ends[0], 9)}
    return {"restarted": False, "final": state_of(run.instance)}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", "mode-fail"): _restarts,
    ("restart", "mode-delay"): _restarts,
    ("decision", "exit-decision"): _decision,
    ("decision", "lifecycle"): _decision,
}
