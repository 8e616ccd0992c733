"""What nginx would do with the requests in flight."""

from __future__ import annotations

from dataclasses import replace

from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.fidelity.serving import Manner, Pool, in_flight, phases, play
from lifecycle_kit.systems.nginx import FAST, MASTER_EXIT, SYSTEM, meaning, stop_plan

__all__ = ["FAMILIES"]


def _word(action: Given) -> str | None:
    """Return what an action means to all workers, None if it is meant for one of them."""
    if action["do"] == "command":
        return meaning(action["command"])
    if action["to"] != "master":
        return None
    if action["signal"] == "SIGKILL":
        raise NotModelled("SIGKILL leaves the workers of nginx without a master, which no rule here covers")
    return meaning(action["signal"])


def _act(pool: Pool, action: Given) -> None:
    if _word(action) is not None:
        pool.leave()
    else:
        worker = pool.workers[0]
        worker.end(worker.instance.number, pool.agenda.now_ns, action["signal"])


def _serving(given: Given) -> Observed:
    shutdown_s = given["policy"].get("worker_shutdown_timeout_s")
    unit = SYSTEM.unit({} if shutdown_s is None else {"worker_shutdown_timeout": shutdown_s})
    word = next((word for action in given["actions"] if (word := _word(action)) is not None), None)
    if word is not None:
        unit = replace(unit, stop=stop_plan(word, shutdown_s))
    pool = play(given, Manner(unit=unit, at_once=FAST, replaced=word == "reload"), _act)
    observed: Observed = {
        "in_flight": in_flight(pool),
        "new_request_phases": phases(pool.words),
        "idle_keepalive": ["closed" for _ in given.get("idle_keepalive_used_s", ())],
    }
    gone_s = pool.all_gone_s() if word in ("quit", "stop") else None
    if gone_s is None:
        return observed | {"exit": None, "final": "running"}
    return observed | {"exit": MASTER_EXIT, "exit_s": gone_s, "final": "exited"}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("stop", family): _serving for family in ("graceful-stop", "reload", "worker-lost")
}
