"""What s6-supervise, s6-svc and s6-svwait would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lifecycle_kit.fidelity.driving import lead, restarts, script_of, watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.fidelity.told import (
    CLOCK_S,
    Told,
    ask_up,
    done_s,
    ends_of,
    finish_hook,
    finish_option,
    only,
    seen,
    told,
)
from lifecycle_kit.instance import Instance, Unit
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.s6 import PERMANENT_FAILURE, Permafailon, finish_args, state_of, wait_returns
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

SETTLES_S = 60.0  # after the last action
COMMANDS = {"s6-svc-down": False, "s6-svc-restart": True}  # whether it waits until the service is up again
COMMANDED: Mapping[str, Callable[[Told], None]] = {"svc-down": lambda service: service.ask("stop"), "svc-up": ask_up}


def _unit(policy: Given, lives: Iterable[Given] = (), **more: Any) -> Unit:
    options: dict[str, Any] = finish_option(policy, lives)
    if policy.get("notification_fd") is not None:
        options["notification-fd"] = policy["notification_fd"]
    for key, name in (("timeout_finish_s", "timeout-finish"), ("timeout_kill_s", "timeout-kill")):
        if policy.get(key) is not None:
            options[name] = round(policy[key] * 1000)
    kind = policy.get("finish", {}).get("permafailon")
    if kind is not None:
        match = frozenset(kind["match"])
        options["s6-permafailon"] = Permafailon(seconds=kind["seconds"], deaths=kind["deaths"], match=match)
    return like("s6", options, **more)


def _word(instance: Instance) -> str:
    return state_of(instance).split("-")[0]


def _restarts(given: Given) -> Observed:
    policy, actions = given["policy"], given.get("actions", ())
    scripts = [script_of(life, **finish_hook(policy, life.get("finish_s"))) for life in given["lives"]]
    once = any(action["do"] == "once" for action in actions)
    unit = _unit(policy, given["lives"], **{"s6-svc": "-o" if once else "-d"})
    run = lead(unit, given, scripts=scripts, requests={"once": "stop"}, native=_word)
    observed = restarts(run, limit=PERMANENT_FAILURE) | {"final": _word(run.instance)}
    if "finish" in policy:
        observed["finish_args"] = [list(finish_args(end)) for end in ends_of(run)]
    return observed


def _decision(given: Given) -> Observed:
    script = Script(run_s=1.0, exit=given["exit"], **finish_hook(given["policy"]))
    return {"restarted": len(watch(_unit(given["policy"]), script, SETTLES_S).births) > 1}


def _stop(given: Given) -> Observed:
    action = only(given["actions"])
    again = COMMANDS[action["command"]]

    def tell(service: Told) -> None:
        if again:
            service.pass_on("SIGTERM")
        else:
            service.ask("stop")

    service = told(_unit(given["policy"]), given, _word, tell, finish_hook(given["policy"]))
    observed = seen(service) | {"final": _word(service.instance)}
    returned = wait_returns(done_s(service, again), action.get("wait_s"))
    if returned is not None:
        observed["command_returns_s"], observed["command_rc"] = returned
    return observed


def _control(given: Given) -> Observed:
    policy, actions = given["policy"], given.get("actions", ())
    ready_s = given.get("ready_after_s")
    says = () if ready_s is None else ((ready_s, "ready"),)
    service = Told(_unit(policy), [Script(says=says, **finish_hook(policy))], state_of)
    agenda = service.agenda
    if not policy.get("down"):
        agenda.at(ns(CLOCK_S), lambda: service.ask("start"))
    for action in actions:
        if action["do"] in COMMANDED:
            agenda.at(ns(CLOCK_S + action["t"]), lambda do=COMMANDED[action["do"]]: do(service))  # type: ignore[misc]
    agenda.run(ns(CLOCK_S + max((action["t"] for action in actions), default=0) + SETTLES_S))
    return {
        "states": [[t - CLOCK_S, state] for t, state in service.states],
        "starts_s": [birth - CLOCK_S for birth in service.births],
        "command_returns": [_returns(service, action) for action in actions],
        "final": _word(service.instance),
    }


def _returns(service: Told, action: Given) -> Observed | None:
    """Return when a command returns: s6-svwait when the service is up, or up and ready; s6-svc at once."""
    asked_s = CLOCK_S + action["t"]
    wanted = {"svwait-up": "up-", "svwait-ready": "up-wantup-ready"}.get(action["do"])
    if wanted is None:
        return {"t": action["t"], "rc": 0}
    before = [state for t, state in service.states if t <= asked_s][-1:]
    later = [(t, state) for t, state in service.states if t > asked_s]
    done = 0.0 if before and before[0].startswith(wanted) else None
    if done is None:
        done = next((t - asked_s for t, state in later if state.startswith(wanted)), None)
    returned = wait_returns(done, action.get("wait_s"))
    return None if returned is None else {"t": action["t"] + returned[0], "rc": returned[1]}


def _at_boot(given: Given) -> Observed:
    service = Told(_unit(given["policy"]), [Script()], _word)
    if not given["policy"].get("down", False):
        service.ask("start")
    return {"starts": len(service.births), "final": _word(service.instance)}


def _run_missing(given: Given) -> Observed:
    run = watch(_unit(given["policy"]), Script(fails_to_spawn="no ./run"), 2 * SETTLES_S)
    return {"retry_after_s": run.births[1] - run.births[0]}


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{
        ("restart", family): _restarts
        for family in ("finish", "notify", "once", "outside-signal", "permanent-failure", "throttle")
    },
    ("decision", "permanent-failure"): _decision,
    **{("stop", family): _stop for family in ("stop-clean", "stop-timeout")},
    ("state", "control"): _control,
    ("state", "readiness"): _control,
    ("state", "down-file"): _at_boot,
    ("state", "run-missing"): _run_missing,
}
