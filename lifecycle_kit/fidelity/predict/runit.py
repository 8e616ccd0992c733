"""What runsv and sv would do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
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
from lifecycle_kit.states import HAS_PROCESS
from lifecycle_kit.systems import like
from lifecycle_kit.systems.runit import WAIT_S, finish_args, state_of, sv_returns, sv_sends_term
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

SETTLES_S = 60.0  # after the last action


def _unit(policy: Given, lives: Iterable[Given] = (), **more: Any) -> Unit:
    control = {"control/t": policy["control_t"]["exit"]} if "control_t" in policy else {}
    return like("runit", {**finish_option(policy, lives), **control, **more})


def _word(instance: Instance) -> str:
    return state_of(instance).split("-")[0]


def _restarts(given: Given) -> Observed:
    policy, actions = given["policy"], given.get("actions", ())
    scripts = [script_of(life, **finish_hook(policy, life.get("finish_s"))) for life in given["lives"]]
    once = any(action["do"] == "once" for action in actions)
    unit = _unit(policy, given["lives"], sv="once" if once else "stop")
    run = lead(unit, given, scripts=scripts, requests={"once": "stop"}, native=_word)
    observed = restarts(run) | {"final": _word(run.instance)}
    if "finish" in policy:
        observed["finish_args"] = [list(finish_args(end)) for end in ends_of(run)]
    return observed


def _stop(given: Given) -> Observed:
    action = only(given["actions"])
    command = action["command"].removeprefix("sv-")
    wait_s = WAIT_S if action.get("wait_s") is None else action["wait_s"]
    again = command == "restart"
    unit = _unit(given["policy"], SVWAIT=wait_s, **({} if again else {"sv": command}))

    def tell(service: Told) -> None:
        if again:
            service.pass_on("SIGTERM")
        else:
            service.ask("stop")

    service = told(unit, given, _word, tell, finish_hook(given["policy"]))
    killed = any(signal == "SIGKILL" for _, signal, *_ in service.signals)
    returns_s, code = sv_returns(None if killed else done_s(service, again), wait_s)
    return seen(service) | {
        "final": _word(service.instance),
        "command_returns_s": returns_s,
        "command_rc": code,
    }


class _Controlled:
    """A service under sv: what `./control/t` and a pause do to the signals that reach it."""

    def __init__(self, given: Given) -> None:
        policy = given["policy"]
        control = policy.get("control_t")
        self.sends_term = sv_sends_term(None if control is None else control["exit"])
        self.has_control = control is not None
        self.paused = self.pending = False
        self.control_runs: list[float] = []
        script = Script(**finish_hook(policy))
        self.service = Told(_unit(policy), [script], lambda instance: state_of(instance, self.paused))
        # How long after its start ./check passes, None if never; at once if there is no such file.
        waits = policy.get("check") == "passes-when-ready"
        self.checked_s = None if policy.get("check") == "always-fails" else given["ready_after_s"] if waits else 0.0

    def do(self, word: str) -> None:
        """Do what an sv command asks."""
        service = self.service
        alive = service.instance.state in HAS_PROCESS
        if word in ("sv-term", "sv-down") and alive and self.has_control:
            self.control_runs.append(service.now_s)
        if word in ("sv-up", "sv-start"):
            ask_up(service)
        elif word == "sv-down":
            service.ask("stop")
        elif word == "sv-term" and self.sends_term and alive:
            self._term()
        elif word == "sv-pause":
            self.paused = True
        elif word == "sv-cont":
            self._cont()
        service.note(state_of(service.instance, self.paused))

    def _term(self) -> None:
        if self.paused:
            self.pending = True  # a stopped process takes SIGTERM when it goes on
        else:
            self.service.pass_on("SIGTERM")

    def _cont(self) -> None:
        self.paused = False
        if self.pending and self.service.instance.state in HAS_PROCESS:
            self.service.pass_on("SIGTERM")
        self.pending = False


def _control(given: Given) -> Observed:
    controlled, actions = _Controlled(given), given.get("actions", ())
    service, agenda = controlled.service, controlled.service.agenda
    if not given["policy"].get("down"):
        agenda.at(ns(CLOCK_S), lambda: service.ask("start"))
    for action in actions:
        agenda.at(ns(CLOCK_S + action["t"]), lambda word=action["do"]: controlled.do(word))  # type: ignore[misc]
    agenda.run(ns(CLOCK_S + max((action["t"] for action in actions), default=0) + SETTLES_S))
    return {
        "states": [[t - CLOCK_S, state] for t, state in _lasting(service.states)],
        "starts_s": [birth - CLOCK_S for birth in service.births],
        "command_returns": [_returns(controlled, action) for action in actions],
        "control_t_runs_s": [at - CLOCK_S for at in controlled.control_runs],
        "final": _word(service.instance),
    }


def _lasting(states: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Leave out states that took no time: nobody could sample them, nor tell what is the same before and after."""
    seen = [entry for entry, later in pairwise([*states, [float("inf"), ""]]) if later[0] > entry[0]]
    return seen[:1] + [entry for before, entry in pairwise(seen) if entry[1] != before[1]]


def _returns(controlled: _Controlled, action: Given) -> Observed:
    """Return when an sv command returns: `start` waits for ./check, the others for nothing."""
    if action["do"] != "sv-start":
        return {"t": action["t"], "rc": 0}
    births = [birth - CLOCK_S for birth in controlled.service.births]
    # ./check looks at the life that is going on at the command, or that the command begins.
    born = next((birth for birth in reversed(births) if birth <= action["t"]), births[0] if births else None)
    checked = None if controlled.checked_s is None or born is None else born + controlled.checked_s
    done = None if checked is None else max(0.0, checked - action["t"])
    wait_s = WAIT_S if action.get("wait_s") is None else action["wait_s"]
    after_s, code = sv_returns(done, wait_s)
    return {"t": action["t"] + after_s, "rc": code}


def _at_boot(given: Given) -> Observed:
    down = given["policy"].get("down", False)
    service = Told(_unit(given["policy"]), [Script()], _word)
    if not down:
        service.ask("start")
    return {"starts": len(service.births), "final": _word(service.instance)}


def _run_missing(given: Given) -> Observed:
    run = watch(_unit(given["policy"]), Script(fails_to_spawn="no ./run"), given["within_s"])
    return {"attempts": sum(birth < given["within_s"] for birth in run.births)}


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{("restart", family): _restarts for family in ("finish", "once", "outside-signal", "throttle")},
    **{("stop", family): _stop for family in ("stop-clean", "stop-timeout")},
    ("state", "control"): _control,
    ("state", "readiness"): _control,
    ("state", "down-file"): _at_boot,
    ("state", "run-missing"): _run_missing,
}
