"""What systemd would do with one unit: restarts, decisions and delays; runs and stops, and other units, are annexes."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.exits import Cause
from lifecycle_kit.fidelity.driving import Watched, lead, restarts, script_of
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor, systemd_group, systemd_run
from lifecycle_kit.fidelity.predict.systemd_run import failures, options
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.systemd import ACTIVE_STATE, PASSED, SystemdPolicy, result_of, substate

__all__ = ["FAMILIES"]

CAUSES = {"timeout": Cause.TIMEOUT, "watchdog": Cause.WATCHDOG}
# One end of each class of the table in systemd.service(5).
CLASSES: dict[str, dict[str, Any]] = {
    "clean": {"exit": 0},
    "unclean-exit-code": {"exit": 1},
    "unclean-signal": {"exit": "SIGKILL"},
    "timeout": {"exit": "SIGTERM", "cause": Cause.TIMEOUT},
    "watchdog": {"exit": "SIGABRT", "cause": Cause.WATCHDOG},
    "oom-kill": {"exit": "SIGKILL", "cause": Cause.MEMORY},
}


def _restarts(given: Given) -> Observed:
    # A life is given with all that shortened it, so neither watchdog nor hooks are played once more.
    policy = options(given.get("policy", {}), without=("WatchdogSec", "TimeoutAbortSec"))
    run = lead(
        like("systemd", policy), given, scripts=_lives(given), requests={"reset-failed": "reset"}, native=substate
    )
    count = run.instance.memory.failures
    return restarts(run, limit="start-limit-hit") | {
        "announced_delays_s": run.planned,
        "final": run.states[-1][1],
        "result": result_of(run.instance),
        "restarts_count": count,
        "restarts_count_max": count,
        "onfailure_triggered_s": failures(run),
    }


def _lives(given: Given) -> list[Script]:
    lives = []
    for number, life in enumerate(given["lives"]):
        cause = CAUSES.get(life.get("cause", ""))
        more: dict[str, Any] = {} if cause is None else {"cause": cause, "on_term": "deaf"}
        # One that was still running at the end of the recording had become ready, whenever that was.
        ready_s = life.get("ready_after_s", 0.0 if life["run_s"] is None else None)
        events = given.get("program_events", ()) if number == 0 else ()  # their times count from the first start
        stopping = [(event["t"], "stopping") for event in events if event["event"] == "stopping"]
        says = [*([] if ready_s is None else [(ready_s, "ready")]), *stopping]
        lives.append(script_of(life, says=tuple(says), **more))
    return lives


def _decision(given: Given) -> Observed:
    stop = [{"t": 1.0, "do": "stop"}] if given.get("cause") == "stop-request" else []
    unit = like("systemd", options(given.get("policy", {})))
    run = lead(unit, {"actions": stop}, scripts=[_end(given)], native=substate, passed=PASSED)
    if run.instance.last is None and given.get("cause") in BROUGHT_ABOUT:  # by settings that are not given
        run = lead(unit, {}, scripts=[_brought_about(given)], native=substate, passed=PASSED)
    policy, last = unit.policy, run.instance.last
    assert isinstance(policy, SystemdPolicy)
    if last is None:
        raise NotModelled("the process never ends in this situation")
    result = policy.result(last)
    observed: Observed = {
        "restarted": run.beyond,
        "clean": result == "success",
        "result": result,
        "path": [state for _, state in run.states],
    }
    return observed | ({"delay_s": run.births[1] - run.ends[0]} if run.beyond else {"final": run.states[-1][1]})


def _end(given: Given) -> Script:
    """Return the life that comes to the end that is given."""
    how, ready = given.get("exit"), READY if given.get("policy", {}).get("Type") == "notify" else ()
    if "end_class" in given:
        return Script(run_s=1, says=ready, **CLASSES[given["end_class"]])
    match given["cause"]:
        case "exit" | "signal":
            return Script(run_s=1, exit=given["exit"], says=ready)
        case "exec-fail":
            return Script(run_s=0.05, exit=given["exit"])
        case "core-dump":
            return Script(run_s=1, exit=given["exit"], says=ready, dumps_core=True)
        case "exec-condition-skip":
            return Script(run_s=0, exit=1, cause=Cause.SKIPPED)
        case "start-timeout":
            return Script(ignores=_deaf(how, "SIGTERM"), stop_exit=_exit_of(how))
        case "stop-request":
            return Script(says=ready, ignores=_deaf(how, "SIGTERM"), stop_exit=_exit_of(how))
        case "watchdog":
            return Script(says=ready, ignores=_deaf(how, "SIGABRT"), stop_exit=_exit_of(how))
    raise NotModelled(f"an end by {given['cause']!r} is not known to the room of systemd")


READY = ((0.1, "ready"),)
BROUGHT_ABOUT = {"watchdog": ("SIGABRT", Cause.WATCHDOG), "start-timeout": ("SIGTERM", Cause.TIMEOUT)}


def _brought_about(given: Given) -> Script:
    """Return the life that systemd ended, without what made it do so."""
    how, cause = BROUGHT_ABOUT[given["cause"]]
    return Script(run_s=1, exit=how if given.get("exit") is None else given["exit"], cause=cause, says=READY)


def _deaf(how: int | str | None, signal: str) -> frozenset[str]:
    return frozenset({signal}) if how == "SIGKILL" else frozenset()


def _exit_of(how: int | str | None) -> int | None:
    return how if isinstance(how, int) else None


MOST_STEPS = 10_000


def _steps(given: Given) -> Observed:
    before, count = int(given.get("restarts_before", 0)), int(given["count"])
    if count > MOST_STEPS:
        raise NotModelled(f"{count} restarts are more than anyone reads; at most {MOST_STEPS} are played")
    longest = given.get("RestartMaxDelaySec_s")
    before = min(before, given.get("RestartSteps", 0) + 1)  # from then on every wait is the same
    policy = {
        "Restart": "always", "StartLimitIntervalSec": 0, "RestartSec": given["RestartSec_s"],
        "RestartSteps": given.get("RestartSteps", 0), **({} if longest is None else {"RestartMaxDelaySec": longest}),
    }  # fmt: skip
    runs = [*[0.0] * before, given.get("last_run_s", 0.0), *[0.0] * (count - 1)]
    run: Watched = lead(like("systemd", policy), {}, scripts=[Script(run_s=run_s) for run_s in runs])
    return {"delays_s": run.planned[before : before + count]}


def _active_state(given: Given) -> Observed:
    return {"ActiveState": ACTIVE_STATE[given["SubState"]]}


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{
        ("restart", family): _restarts
        for family in (
            *("exec-fail", "notify-stopping", "on-failure-hook", "oneshot", "restart-steps", "runtime-max"),
            *("start-limit", "start-pre-fail", "watchdog"),
        )
    },
    ("decision", "clean-exit"): _decision,
    ("decision", "restart-override"): _decision,
    ("decision", "restart-table"): _decision,
    ("backoff", "restart-steps"): _steps,
    ("state", "substate"): _active_state,
    **systemd_run.FAMILIES,
    **systemd_group.FAMILIES,
}
