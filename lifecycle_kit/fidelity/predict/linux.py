"""What the Linux kernel would do with a process."""

from __future__ import annotations

from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.systems.linux import Process, new_parent, orphaned_group_signals, pid1_takes, process

__all__ = ["FAMILIES"]


def _steps(given: Given) -> Observed:
    now = process(given["process"], waits=given.get("parent_ignores_sigchld", False), code=given.get("exit_code"))
    observed: Observed = {"states": [], "signals": []}
    for word in given["steps"]:
        if word == "parent-exits":
            observed["new_parent"] = new_parent(given.get("subreaper", False))
        if word == "leader-exits":
            signals = orphaned_group_signals(now.state == "T")
            observed["signals"] += signals
            for signal in signals:
                now = now.signalled(signal)
        else:
            now = _after(now, word, given)
        observed["states"].append(now.state)
    return observed | {
        key: value for key, value in (("ended_by", now.ended_by), ("wait_status", now.wait_status)) if value is not None
    }


def _after(now: Process, word: str, given: Given) -> Process:
    match word:
        case "look":
            return now
        case "parent-exits":
            # Whether a subreaper waits is a step of its own.
            return now.adopted(waits=given.get("pid1_waits", False) and not given.get("subreaper", False))
        case "process-exits":
            return now.ended(code=given.get("exit_code", 0))
        case "parent-waits" | "subreaper-waits":
            return now.waited()
        case "freeze-cgroup":
            return now.frozen()
        case "thaw-filesystem":
            return now.released()
        case signal if signal.startswith("SIG"):
            return now.signalled(signal)
    raise ValueError(f"{word!r} is no step here")


def _pid1(given: Given) -> Observed:
    inside = given["sent_from"] == "inside"
    return {"alive": not pid1_takes(given["signal"], given.get("handler", False), inside)}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("state", "proc-state"): _steps,
    ("state", "orphans"): _steps,
    ("state", "pid1-signals"): _pid1,
}
