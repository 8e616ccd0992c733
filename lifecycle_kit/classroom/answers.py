"""Reference answers to the graded exercises: plain data in, plain data out.

Rule: each is written the way its notebook asks for, with the same numbered steps, so that the
last hint can show its source and the instant check can compare with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifecycle_kit.view import lifecycle_view

__all__ = [
    "classify",
    "decide",
    "drain_next",
    "lifecycle_view",
    "lost_work",
    "next_delay",
    "operator_action",
    "route_to",
]

Record = dict[str, Any]

LASTING_EXIT_CODES = (77, 78, 126, 127)
LASTING_WORDS = ("invalid credentials", "permission denied", "no such file", "unknown option")
SAME_FAILURE_LIMIT = 8


def route_to(instances: Sequence[Record]) -> list[str]:
    """Return the names of the instances that may get work, in the order given."""
    # 1. Look at each instance through lifecycle_view.
    # 2. Keep the name if the view is "ready", and only then.
    names = []
    for instance in instances:
        view = lifecycle_view(
            instance["process_alive"],
            instance["ready"],
            instance["draining"],
            instance["dependency_blocked"],
        )
        if view == "ready":
            names.append(instance["name"])
    return names


def operator_action(view: str) -> str:
    """Return what the person on call should do about an instance seen like this."""
    # 1. Each of the five views has its own action.
    # 2. Any other word is too vague to act on.
    actions = {
        "starting": "wait",
        "ready": "send-work",
        "alive_but_blocked": "check-dependency",
        "draining": "let-it-finish",
        "terminated": "ask-why-it-ended",
    }
    return actions.get(view, "look-closer")


def classify(failure: Record) -> str:
    """Return whether the evidence points to a "transient" or a "persistent" cause."""
    # 1. The program could not be run, or says that its setup is wrong: the exit code.
    if failure["exit_code"] in LASTING_EXIT_CODES:
        return "persistent"
    # 2. The last log line names something that waiting does not change.
    last_log = failure["last_log"].lower()
    if any(words in last_log for words in LASTING_WORDS):
        return "persistent"
    # 3. The same failure again and again: restarting has been tried, and has not healed.
    if failure["same_in_a_row"] >= SAME_FAILURE_LIMIT:
        return "persistent"
    # 4. No sign that it will last: recovery is plausible.
    return "transient"


def next_delay(nth: int, first_s: float, factor: float, cap_s: float) -> float:
    """Return the seconds to wait before restarting after failure number `nth`."""
    # 1. The first failure waits the first delay.
    delay_s = first_s
    # 2. Each further failure multiplies it. Cut at the cap every time: no number gets too large.
    for _ in range(nth - 1):
        delay_s = min(cap_s, delay_s * factor)
    return delay_s


def decide(failures: Sequence[Record], policy: Record) -> Record:
    """Return what the supervisor does after the last of `failures`."""
    # 1. Count the streak: the failures since the last life that stayed up long enough.
    streak = 0
    for one in failures:
        streak = 1 if one["uptime_s"] >= policy["healthy_after_s"] else streak + 1
    # 2. Give up on a persistent cause, or when the restarts of this streak are used up.
    persistent = classify(failures[-1]) == "persistent"
    give_up = persistent or streak > policy["max_restarts"]
    # 3. Expose the crash loop, and alert when restarting has stopped healing.
    return {
        "action": "give-up" if give_up else "restart",
        "after_s": None if give_up else next_delay(streak, policy["first_s"], policy["factor"], policy["cap_s"]),
        "crash_loop": streak >= policy["loop_after"],
        "alert": give_up or streak >= policy["alert_after"],
    }


def lost_work(arrived: Sequence[str], state: Record) -> list[str]:
    """Return the arrived pieces that are neither in flight nor have an outcome, in order."""
    # 1. A piece is accounted for while it is in flight, and once it has an outcome.
    # 2. Whatever arrived and is neither has been lost.
    return [work for work in arrived if work not in state["in_flight"] and work not in state["outcomes"]]


def drain_next(state: Record, event: Record) -> Record:
    """Return the state after `event`, and the actions it causes, in order."""
    # 1. Work on a copy, so that the state you were given stays as it was.
    state = {**state, "in_flight": [*state["in_flight"]], "outcomes": {**state["outcomes"]}}
    kind, phase = event["kind"], state["phase"]
    actions: list[str] = []
    # 2. Work arrives: accept it while serving, refuse it ever after.
    if kind == "work" and phase == "serving":
        state["in_flight"].append(event["work"])
        actions.append(f"accept {event['work']}")
    elif kind == "work":
        state["outcomes"][event["work"]] = "refused"
        actions.append(f"refuse {event['work']}")
    # 3. Work is finished: done, if it was still in flight; otherwise the news is stale.
    if kind == "finished" and event["work"] in state["in_flight"]:
        state["in_flight"].remove(event["work"])
        state["outcomes"][event["work"]] = "done"
    # 4. The first stop request closes the route and sets the one deadline.
    if kind == "stop" and phase == "serving":
        state["phase"], state["deadline"] = "draining", event["at"] + event["grace_s"]
        actions.append("close-route")
    # 5. Draining, and nothing is left in flight: end clean.
    if state["phase"] == "draining" and not state["in_flight"]:
        state["phase"], state["ended"] = "terminated", "clean"
        actions.append("exit")
    # 6. Time is up, or this is the second stop request: give up what is in flight, and be killed.
    time_is_up = kind == "tick" and phase == "draining" and event["at"] >= state["deadline"]
    if time_is_up or (kind == "stop" and phase == "draining"):
        action, outcome = ("requeue", "requeued") if state["can_requeue"] else ("cut", "cut")
        for work in state["in_flight"]:
            state["outcomes"][work] = outcome
            actions.append(f"{action} {work}")
        state["in_flight"], state["phase"], state["ended"] = [], "terminated", "killed"
        actions.append("kill")
    return {"state": state, "actions": actions}
