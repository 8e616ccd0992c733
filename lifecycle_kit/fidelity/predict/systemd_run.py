"""What systemd would do in one run of a unit: its sub-states, its start job, its stop, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.fidelity.driving import Watched, reaction, since, watch
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.instance import Instance
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import State
from lifecycle_kit.systems import like
from lifecycle_kit.systems.systemd import PASSED, SystemdPolicy, result_of, substate
from lifecycle_kit.systems.systemd_units import seen_by_others
from lifecycle_kit.trace import Transition

__all__ = ["FAMILIES", "failures", "options", "successes"]

LONG_S = 3600.0
STOP_AT_S = 100.0
# The phases that run hooks, by the names of the options that set them.
HOOKS = {"ExecStop": "stop", "ExecStopPost": "stop-post"}
EXEC_FAILED = 203


def options(policy: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """Return the atlas' policy as options of the room: without `_s`, and without what is not an option of a service."""
    named = {name.removesuffix("_s"): value for name, value in policy.items()}
    return {name: value for name, value in named.items() if name not in ("OnFailure", *without)}


def failures(run: Watched) -> list[float]:
    """Return when units named by OnFailure= would be started: whenever others see this one failed."""
    return [move.at for move in _seen(run) if move.target is State.FAILED]


def successes(run: Watched) -> list[float]:
    """Return when units named by OnSuccess= would be started: whenever others see that this one ended well."""
    return [move.at for move in _seen(run) if move.target is State.TERMINATED]


def _seen(run: Watched) -> list[Transition]:
    policy = run.instance.unit.policy
    assert isinstance(policy, SystemdPolicy)
    return seen_by_others(run.trace.transitions, direct=policy.restart_mode == "direct")


def _stop(given: Given) -> Observed:
    hooks = given.get("hooks", {})
    unit = like("systemd", {**options(given.get("policy", {})), **dict.fromkeys(hooks, "hook")})
    script = Script(**reaction(given), hooks=_hooks(hooks), leaves_child=_child(given), says=((0.0, "ready"),))
    at_s = STOP_AT_S + given["actions"][0].get("t", 0)
    run = watch(unit, script, LONG_S, requests=[(at_s, "stop")], native=substate, passed=PASSED)
    last = run.instance.last
    names = {phase: hook for hook, phase in HOOKS.items()}
    observed: Observed = {
        "signals": [[t, signal, _to(signal, to)] for t, signal, to in since(run.signals, STOP_AT_S)],
        "states": since(run.states, STOP_AT_S),
        "exit": None,
        "final": run.states[-1][1],
        "result": result_of(run.instance),
        "process_left_running": run.alive or run.remains,
        "hooks": [{"t": t, "hook": names[hook], "what": what} for t, hook, what in since(run.hooks, STOP_AT_S)],
    }
    if last is not None and not last.abandoned:
        observed |= {"exit": last.code if last.signal is None else last.signal, "exit_s": run.ends[-1] - STOP_AT_S}
    return observed


def _child(given: Given) -> str:
    """Return what becomes of the process' child: it outlives it, and may not mind signals."""
    child = given.get("child")
    return "" if child is None else "deaf" if child.get("ignores") else "exit"


def _hooks(hooks: Mapping[str, Any]) -> dict[str, tuple[float, int]]:
    return {HOOKS[name]: (how.get("takes_s", 0), how.get("exit", 0)) for name, how in hooks.items()}


def _to(signal: str, to: str) -> str:
    """Return whom systemd's log names: all or the main process at first, what remains for the harder ones."""
    return ("all" if to == "group" else "main") if signal in ("SIGTERM", "SIGINT", "SIGHUP") else "remaining"


def _run(given: Given) -> Observed:
    hooks, policy = given.get("hooks", {}), options(given.get("policy", {}))
    unit = like("systemd", {**policy, **dict.fromkeys(hooks, "hook")})
    script, spawn_s = _script(given, policy.get("Type", "simple"))
    stops = [(action["t"], action["do"]) for action in given.get("actions", ())]
    run = watch(unit, script, LONG_S, requests=stops, spawn_s=spawn_s, native=substate, passed=PASSED)
    if "ExecStop" in hooks and "exited" in [state for _, state in run.states[:-1]]:
        raise NotModelled("ExecStop= of a unit that is active without a process: no process, no stop to walk through")
    return {
        "states": run.states,
        "final": run.states[-1][1],
        "result": result_of(run.instance),
        "start_job": _start_job(run),
        "ends_within_s": run.states[-1][0],
        "hooks": _hook_records(run, given),
    }


def _script(given: Given, kind: str) -> tuple[Script, float]:
    """Return what the program does, and how long the start of its process takes."""
    says, end, reloading = [], None, False
    # STOPPING=1 before the start is over is only looked at then (`service_enter_running`).
    begun = [event["t"] for event in given.get("program_events", ()) if event["event"] == "ready"]
    ready_s = 0.0 if kind != "notify" else min(begun, default=None)
    for event in given.get("program_events", ()):
        match event["event"]:
            case "main-exits":
                end = event
            case "extend-timeout":
                says.append((event["t"], f"extend:{event['extend_s']}"))
            case "reloading":
                reloading = True
                says.append((event["t"], "blocked:reload"))
            case "stopping":
                says += [(max(event["t"], ready_s), "stopping")] if ready_s is not None else []
            case word:
                says.append((event["t"], "unblocked" if word == "ready" and reloading else word))
                reloading = reloading and word != "ready"
    if kind == "exec" and end is not None and end.get("exit") == EXEC_FAILED:
        return Script(fails_to_spawn="the program cannot be executed"), end["t"]
    script = Script(
        says=tuple(says), run_s=None if end is None else end["t"], exit=0 if end is None else end.get("exit", 0),
        ignores=frozenset(given.get("ignores", ())), leaves_child=_child(given),
        hooks=_hooks(given.get("hooks", {})),
    )  # fmt: skip
    return script, 0.0


def _start_job(run: Watched) -> dict[str, Any]:
    """Return when the start job was over and how: when the unit left `start`, or when it had failed."""
    at_s, state = next(([t, name] for t, name in run.states if name != "start"), (0.0, "running"))
    well = 1 in run.ready or _ended_well(run.instance)
    if well or state == "running":
        return {"t": at_s, "result": "done"}
    return {"t": run.states[-1][0], "result": "failed"}


def _ended_well(instance: Instance) -> bool:
    policy = instance.unit.policy
    assert isinstance(policy, SystemdPolicy)
    return instance.last is not None and policy.result(instance.last) == "success"


def _hook_records(run: Watched, given: Given) -> list[dict[str, Any]]:
    """Return the hooks that ran, with what systemd.exec(5) says stands in their environment."""
    names = {phase: hook for hook, phase in HOOKS.items()}
    last = run.instance.last
    if last is None:
        return []
    return [
        {"t": t, "hook": names[hook], **_environment(run, given, last, t, names[hook])}
        for t, hook, what in run.hooks
        if what == "start"
    ]


def _environment(run: Watched, given: Given, last: Exit, at_s: float, hook: str) -> dict[str, str]:
    """Return what is known when a hook begins: of the end only if it has come, of hooks only those before."""
    policy = run.instance.unit.policy
    assert isinstance(policy, SystemdPolicy)
    if at_s < run.ends[-1]:
        timed_out = last.cause in (Cause.TIMEOUT, Cause.WATCHDOG)
        return {"SERVICE_RESULT": policy.result(last) if timed_out else "success"}
    before = given["hooks"].get("ExecStop", {}).get("exit", 0) if hook == "ExecStopPost" else 0
    ran = any(phase == HOOKS["ExecStop"] for _, phase, _ in run.hooks)
    result = policy.result(replace(last, hook_code=before if ran else 0))
    if last.signal is not None:
        how = {"EXIT_CODE": "dumped" if last.core else "killed", "EXIT_STATUS": last.signal.removeprefix("SIG")}
    else:
        how = {"EXIT_CODE": "exited", "EXIT_STATUS": str(last.code)}
    return {"SERVICE_RESULT": result, **how}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("stop", "stop-sequence"): _stop,
    **{
        ("state", family): _run
        for family in (
            "exec-fail",
            "notify",
            "notify-stopping",
            "oneshot",
            "runtime-max",
            "stop-children",
            "stop-hooks",
        )
    },
}
