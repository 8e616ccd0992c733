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
    for one in instances:
        view = lifecycle_view(one["process_alive"], one["ready"], one["draining"], one["dependency_blocked"])
        if view == "ready":
            names.append(one["name"])
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
    # 1. The exit code is one of LASTING_EXIT_CODES.
    if failure["exit_code"] in LASTING_EXIT_CODES:
        return "persistent"
    # 2. The last log line contains one of LASTING_WORDS, in capitals or not.
    last_log = failure["last_log"].lower()
    if any(words in last_log for words in LASTING_WORDS):
        return "persistent"
    # 3. The same failure came SAME_FAILURE_LIMIT times in a row, or more.
    if failure["same_in_a_row"] >= SAME_FAILURE_LIMIT:
        return "persistent"
    # 4. No sign that it will last.
    return "transient"


def next_delay(nth: int, first_s: float, factor: float, cap_s: float) -> float:
    """Return the seconds to wait before the restart that follows failure number `nth`."""
    # 1. The first failure waits the first delay.
    delay_s = first_s
    # 2. Each further failure multiplies it. Cut at the cap every time: no number gets too large.
    for _ in range(nth - 1):
        delay_s = min(cap_s, delay_s * factor)
    return delay_s


def decide(failures: Sequence[Record], policy: Record) -> Record:
    """Return what the supervisor does after the last of `failures`."""
    # 1. Count the streak. A life of healthy_after_s or longer ends the streak before it:
    #    its own failure is number 1 of a new one.
    streak = 0
    for one in failures:
        streak = 1 if one["uptime_s"] >= policy["healthy_after_s"] else streak + 1
    # 2. Give up if the newest failure is persistent, or if the streak has already been
    #    restarted max_restarts times.
    persistent = classify(failures[-1]) == "persistent"
    give_up = persistent or streak > policy["max_restarts"]
    # 3. Fill in the four answers.
    after_s = next_delay(streak, policy["first_s"], policy["factor"], policy["cap_s"])
    return {
        "action": "give-up" if give_up else "restart",
        "after_s": None if give_up else after_s,
        "crash_loop": streak >= policy["loop_after"],
        "alert": give_up or streak >= policy["alert_after"],
    }


def lost_work(arrived: Sequence[str], state: Record) -> list[str]:
    """Return the arrived pieces that are neither in flight nor have an outcome, in order."""
    # 1. A piece is accounted for while it is in flight, and once it has an outcome.
    # 2. Whatever arrived and is neither has been lost.
    return [name for name in arrived if name not in state["in_flight"] and name not in state["outcomes"]]


def drain_next(state: Record, event: Record) -> Record:
    """Return the state after `event`, and the actions it causes, in order."""
    state = {**state, "in_flight": [*state["in_flight"]], "outcomes": {**state["outcomes"]}}
    kind, phase = event["kind"], state["phase"]  # phase: before this event
    actions: list[str] = []
    # 1. Work arrives. While serving: it goes to the end of in_flight, action "accept NAME".
    #    Later: its outcome is "refused", action "refuse NAME".
    if kind == "work" and phase == "serving":
        state["in_flight"].append(event["work"])
        actions.append(f"accept {event['work']}")
    elif kind == "work":
        state["outcomes"][event["work"]] = "refused"
        actions.append(f"refuse {event['work']}")
    # 2. A piece that is in flight is finished: it leaves in_flight, its outcome is "done".
    #    If it is not in flight, the news is stale and changes nothing.
    if kind == "finished" and event["work"] in state["in_flight"]:
        state["in_flight"].remove(event["work"])
        state["outcomes"][event["work"]] = "done"
    # 3. The first stop request: phase "draining", deadline grace_s after `at`,
    #    action "close-route".
    if kind == "stop" and phase == "serving":
        state["phase"], state["deadline"] = "draining", event["at"] + event["grace_s"]
        actions.append("close-route")
    # 4. Draining with nothing left in flight: phase "terminated", ended "clean", action "exit".
    if state["phase"] == "draining" and not state["in_flight"]:
        state["phase"], state["ended"] = "terminated", "clean"
        actions.append("exit")
    # 5. A tick at the deadline or later, or a second stop request: each piece in flight, the
    #    oldest first, gets the outcome "requeued" (action "requeue NAME") if can_requeue, else
    #    "cut" ("cut NAME"). Then in_flight is empty, phase "terminated", ended "killed",
    #    action "kill". The deadline stays what it was.
    time_is_up = kind == "tick" and phase == "draining" and event["at"] >= state["deadline"]
    if time_is_up or (kind == "stop" and phase == "draining"):
        action, outcome = ("requeue", "requeued") if state["can_requeue"] else ("cut", "cut")
        for name in state["in_flight"]:
            state["outcomes"][name] = outcome
            actions.append(f"{action} {name}")
        state["in_flight"], state["phase"], state["ended"] = [], "terminated", "killed"
        actions.append("kill")
    return {"state": state, "actions": actions}
