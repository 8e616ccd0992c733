"""Reference answers to the functions of the incident exercise: plain data in, plain data out.

Rule: each is written the way its notebook asks for, with the same numbered steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["cause_of", "change_for", "next_start", "telling_lines"]

Record = dict[str, Any]


def cause_of(symptoms: Record) -> str:
    """Return the cause that these symptoms speak for, or "look-closer"."""
    by = symptoms["ended_by"]
    # 1. A probe ended the lives: something they need was down, or they had never been ready.
    if by == "probe":
        if symptoms["needs_down"]:
            return "liveness-on-dependency"
        return "look-closer" if symptoms["ever_ready"] else "no-startup-probe"
    # 2. The kernel ended them, or their deadline did.
    if by in ("kernel", "deadline"):
        return "leak" if by == "kernel" else "drain-cut"
    # 3. They ended by themselves: all took the same job; or their last words have "password"
    #    in them; or they came back in step.
    if by == "itself":
        if symptoms["same_job"]:
            return "poison-message"
        if "password" in symptoms["last_words"]:
            return "wrong-credentials"
        return "herd" if symptoms["in_step"] else "look-closer"
    # 4. Nobody ended, or only who was asked to: more owners than the one that is wanted; or
    #    requests for a life that is not ready; or requests that fail as "refused", or as "error".
    if symptoms["wanted"] == 1 and symptoms["owners"] > 1:
        return "two-owners"
    if symptoms["unready_routed"]:
        return "half-started"
    answers = {"refused": "slow-route", "error": "superficial-readiness"}
    return answers.get(symptoms["failed_as"], "look-closer")


def telling_lines(lines: Sequence[Record], units: Sequence[str], began: float) -> list[int]:
    """Return the numbers of the lines that may tell one cause from another, in order."""
    # 1. The words of the calm: what any line says before the trouble began. A setting has no time.
    calm = {one["what"] for one in lines if one["at"] is not None and one["at"] < began}
    # 2. Keep a line that has a time, comes when the trouble has begun, is about one of the units,
    #    and says something that was not said in the calm.
    # 3. Of lines that say the same, keep the first.
    told, numbers = set(calm), []
    for one in lines:
        timely = one["at"] is not None and one["at"] >= began
        if timely and one["who"] in units and one["what"] not in told:
            told.add(one["what"])
            numbers.append(one["n"])
    return numbers


def next_start(lives: Sequence[Record], ladder: Record) -> float:
    """Return the second at which the next life begins, after the one that is going on."""
    before, present = lives[-2], lives[-1]
    # 1. The present life will be as long as the one before it.
    end = present["born"] + (before["ended"] - before["born"])
    # 2. The last wait lasted from the end of the life before to the birth of the present one.
    wait = present["born"] - before["ended"]
    # 3. The next wait: first_s if there was none, else factor times as long, cap_s at the most.
    wait = min(ladder["cap_s"], wait * ladder["factor"]) if wait > 0 else ladder["first_s"]
    # 4. The next life begins when the present one has ended and the wait is over.
    return float(end + wait)


def change_for(cause: str, settings: Record, measured: Record) -> Record:
    """Return the change that cures this cause: a setting, and its new value."""
    # 1. Where there is another program, password, question or strategy: take the other one.
    others = {
        "leak": "version",
        "wrong-credentials": "credentials",
        "liveness-on-dependency": "livenessProbe asks",
        "superficial-readiness": "readinessProbe asks",
        "two-owners": "update strategy",
    }
    if cause in others:
        setting = settings[others[cause]]
        return {others[cause]: next(value for value in setting["allowed"] if value != setting["now"])}
    # 2. Where one value is right: the balancer asks for readiness, delays are drawn by lot in full,
    #    a job is delivered three times.
    right: dict[str, Record] = {
        "half-started": {"balancer asks": "readiness"},
        "herd": {"jitter": "full"},
        "poison-message": {"deliveries of a job": 3},
    }
    if cause in right:
        return right[cause]
    # 3. Where a time is too short: as long as what it must cover, and a little longer.
    #    start_s: startup probes come every 10 s. work_s: the grace period. spread_s: the sleep.
    if cause == "no-startup-probe":
        return {"startupProbe.failureThreshold": measured["start_s"] // 10 + 3}
    if cause == "drain-cut":
        return {"terminationGracePeriodSeconds": measured["work_s"] + 5}
    if cause == "slow-route":
        return {"lifecycle.preStop.sleep.seconds": measured["spread_s"] + 2}
    return {}
