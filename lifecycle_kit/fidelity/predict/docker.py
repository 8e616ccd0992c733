"""What Docker would do: restarts and their delays, decisions, health checks and stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lifecycle_kit.exits import Exit, parse_exit, signal_number
from lifecycle_kit.fidelity.driving import Watched, lead, reaction, restarts, since, watch
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.health import Segment, Watch, walk
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, observe
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS
from lifecycle_kit.systems import like
from lifecycle_kit.systems.docker import CHECKS, DockerPolicy, failing_streak, health, next_delay_s
from lifecycle_kit.units import ns, seconds

__all__ = ["FAMILIES"]

# What no rule says and every recording shows: it takes time to start a container, and to run a check inside one.
START_S, CHECK_S = 0.4, 0.1
LATER_S = 86_400.0  # by then a container has settled in the life that a case is about


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return Docker's options; what --init changes, the reaction of the program to signals tells already."""
    return {name.removesuffix("_s"): value for name, value in given.items() if name != "init"}


def final(container: Watched) -> str:
    """Return the container's status in the atlas: it runs, or it has exited."""
    return "running" if container.instance.state in HAS_PROCESS else "exited"


def exit_code(end: Exit | None) -> int | None:
    """Return the exit code that Docker shows: after a signal, 128 and its number."""
    if end is None or end.signal is None:
        return None if end is None else end.code
    return 128 + signal_number(end.signal)


def _restarts(given: Given) -> Observed:
    run = lead(like("docker", options(given["policy"])), given, spawn_s=START_S)
    observed = restarts(run, limit="used up") | {"final": final(run)}
    observed["delays_s"] = [delay + START_S for delay in observed["delays_s"]]
    if "gave_up_s" in observed:  # the atlas counts from the moment when the first container ran
        observed["gave_up_s"] -= START_S
    return observed


def _delays(given: Given) -> Observed:
    names = {"first_s": "initial_s", "max_s": "max_s", "steady_s": "reset_after_run_s"}
    more = {name: given[key] for name, key in names.items() if key in given}
    delays = [given.get("previous_delay_s", 0)]
    for _ in range(given["count"]):
        delays.append(next_delay_s(delays[-1], given.get("run_s", 0), **more))
    return {"delays_s": delays[1:]}


# --- decisions


def _decision(given: Given) -> Observed:
    before = given.get("restarts_so_far", 0)
    by_hand = "kill" if given.get("cause") == "docker-kill" else "stop" if given.get("manually_stopped") else None
    last = Script(run_s=None if by_hand else 1.0, exit=given["exit"], stop_exit=given["exit"])
    run = lead(
        like("docker", options(given["policy"])),
        {"actions": [{"t": LATER_S, "do": by_hand}] if by_hand else []},
        scripts=[*[Script(run_s=0, exit=1)] * before, last],
        requests={"kill": "kill"},
        spawn_s=START_S,
    )
    observed: Observed = {
        "restarted": run.beyond, "final": final(run), "restarts_count": max(before, len(run.births) - 1),
    }  # fmt: skip
    return observed | ({"delay_s": run.births[-1] - run.ends[-1] + START_S} if run.beyond else {})


def _daemon_restart(given: Given) -> Observed:
    stops = [(LATER_S, "stop")] if given.get("manually_stopped") else []
    unit = like("docker", options(given["policy"]))
    run = watch(unit, Script(stop_exit=given["exit"]), LATER_S, requests=stops)
    memory, policy = run.instance.memory, unit.policy
    assert isinstance(policy, DockerPolicy)
    if not stops:  # the old daemon takes the container down with it
        run.end(run.instance.number, run.agenda.now_ns, given["exit"])
        run.agenda.run(run.agenda.now_ns)
    code, signal = parse_exit(given["exit"])
    restarted = policy.after_daemon_restart(Exit(code=code, signal=signal), memory)
    if restarted:
        run.ask("start")
    return {"restarted": restarted, "final": final(run), "restarts_count": given.get("restarts_so_far", 0)}


# --- health checks


def _health(given: Given) -> Observed:
    unit = like("docker", {"health-cmd": "check", **options(given["settings"])})
    check = unit.probes["readiness"]
    if "outcomes" in given:
        return _verdicts(check, given)
    takes = ns(given.get("probe_takes_s", 0) + CHECK_S)
    ok = {True: Outcome.SUCCESS, False: Outcome.FAILURE}
    target = tuple(Segment(ns(part["from_s"]), ok[part["ok"]], takes) for part in given["healthy"])
    # Starting a check does not count towards its timeout.
    check = replace(check, timeout_s=check.timeout_s + CHECK_S)
    run = watch(replace(unit, probes={"readiness": check}), Script(health={"readiness": target}), given["until_s"])
    changes = _transitions(check, target, given["until_s"])
    return {
        "transitions": changes,
        "restarts_count": len(run.births) - 1,
        "final": final(run),
        "final_health": changes[-1]["state"],
    }


def _transitions(check: ProbeSettings, target: tuple[Segment, ...], until_s: float) -> list[dict[str, Any]]:
    watching = Watch.begin(check, Tally.first(check), at=0, born_ns=0)
    seen = [{"t": 0.0, "state": health(check, watching.tally)}]
    for _, end, _, after in walk(watching, target, ns(until_s)):
        state = health(check, after.tally)
        if state != seen[-1]["state"]:
            seen.append({"t": seconds(end), "state": state})
    return seen


def _verdicts(check: ProbeSettings, given: Given) -> Observed:
    every_s = check.period_s
    ages = given.get("check_times_s") or [every_s * number for number in range(1, len(given["outcomes"]) + 1)]
    tally, verdicts, streaks = Tally.first(check), [], []
    for letter, age_s in zip(given["outcomes"], ages, strict=True):
        tally = observe(check, tally, CHECKS[letter], ns(age_s))
        verdicts.append(health(check, tally))
        streaks.append(failing_streak(tally))
    return {"verdicts": verdicts, "run_counter": streaks, "final_health": verdicts[-1]}


# --- stops


def _stop(given: Given) -> Observed:
    # `docker stop` and a daemon that is told to end do the same to a container.
    requests = [(LATER_S + action["t"], "stop") for action in given["actions"]]
    unit = like("docker", options(given["policy"]))
    run = watch(unit, Script(**reaction(given)), 2 * LATER_S, requests=requests)
    observed = {
        "signals": since([entry[:2] for entry in run.signals], LATER_S),
        "exit": exit_code(run.instance.last),
        "final": final(run),
        "restarts_count": len(run.births) - 1,
        "restarted": len(run.births) > 1,
    }
    return observed | ({"exit_s": run.ends[0] - LATER_S} if run.ends else {})


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("restart", "restart-delay"): _restarts,
    ("restart", "on-failure-n"): _restarts,
    ("backoff", "restart-delay"): _delays,
    ("decision", "restart-policy"): _decision,
    ("decision", "daemon-restart"): _daemon_restart,
    ("probe", "healthcheck"): _health,
    ("stop", "stop-timeout"): _stop,
}
