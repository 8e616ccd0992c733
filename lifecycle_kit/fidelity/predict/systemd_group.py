"""What systemd would do with a unit that depends on another, and when it would start those of OnFailure=."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.fidelity.driving import lead, since
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.fidelity.predict.systemd_run import failures, options, successes
from lifecycle_kit.group.bonds import bind
from lifecycle_kit.simulate.bonded import Bonded
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems import like
from lifecycle_kit.systems.systemd_units import member, substates
from lifecycle_kit.units import ns

__all__ = ["FAMILIES"]

# Both are up for a while before anything happens.
EVENT_S, LONG_S = 100.0, 1000.0


def _dependency(given: Given) -> Observed:
    base = options(given["base"])
    event = given["event"]
    fails = event.startswith("base-start-fails")
    unit = like("systemd", base)
    members = {
        "base": member(unit),
        "top": member(
            like("systemd"), {"base": given["dependency"]}, after=["base"] if given.get("after", True) else []
        ),
    }
    pair = Bonded(bind(members), {"base": _base_lives(event, base.get("Type", "simple"))})
    if not fails:
        pair.agenda.at(0, lambda: pair.ask("base", "start"))
    pair.agenda.at(ns(EVENT_S if fails else 1), lambda: pair.ask("top", "start"))
    if event in REQUESTS:
        pair.agenda.at(ns(EVENT_S), lambda: pair.ask("base", REQUESTS[event]))
    pair.agenda.run(ns(LONG_S))
    return _seen(pair, base)


REQUESTS = {"base-stop": "stop", "base-restart": "restart"}


def _base_lives(event: str, kind: str) -> list[Script]:
    ends_well = Script(run_s=0.0, exit=0) if kind == "oneshot" else Script()
    match event:
        case "base-crash":
            return [Script(run_s=EVENT_S, exit=1), Script()]
        case "base-start-fails-once":
            return [Script(run_s=0.5, exit=1), ends_well]
        case "base-start-fails" | "base-start-fails-always":
            return [Script(run_s=0.5, exit=1)]
        case _ if event in REQUESTS:
            return [ends_well]
    raise NotModelled(f"nothing is known of the event {event!r}")


def _seen(pair: Bonded, base: dict[str, Any]) -> Observed:
    direct = base.get("RestartMode") == "direct"
    top = [move for move in pair.trace.transitions if move.instance == "top" and move.at >= EVENT_S]
    begun = [move.at - EVENT_S for move in top if move.target is State.DRAINING]
    stops = [place for place, move in enumerate(top) if move.target not in HAS_PROCESS]
    base_states = _states(pair, "base", base.get("Type", "simple"), direct=direct)
    top_states = _states(pair, "top", "simple")
    observed: Observed = {
        "top_start_job": pair.bound.results.get("top", ("waiting",))[0],
        "top_stopped": bool(stops),
        "top_started_again": any(move.target is State.STARTING for place in stops[:1] for move in top[place:]),
        "top_active": pair.bound.instances["top"].state in HAS_PROCESS,
        "top_final": top_states[-1][1] if top_states else "dead",
        "base_final": base_states[-1][1] if base_states else "dead",
        "top_states_after": since(top_states, EVENT_S),
        "base_states_after": since(base_states, EVENT_S),
    }
    return observed | ({"top_stopped_after_s": begun[0]} if begun else {})


def _states(pair: Bonded, name: str, kind: str, *, direct: bool = False) -> list[tuple[float, str]]:
    """Return when a unit went into each of its sub-states."""
    moves = [move for move in pair.trace.transitions if move.instance == name]
    timeline: list[tuple[float, str]] = []
    for move, states in zip(moves, substates(moves, kind, direct=direct), strict=True):
        timeline += [(move.at, state) for state in states if not timeline or state != timeline[-1][1]]
    return timeline


def _hooks(given: Given) -> Observed:
    lives = [Script(run_s=run.get("run_s", 0.0), exit=run["exit"]) for run in given["runs"]]
    run = lead(like("systemd", options(given["base"])), {"repeat_last": given.get("repeat_last", False)}, scripts=lives)
    failed, ended = failures(run), successes(run)
    return {
        "onfailure_triggered": len(failed) if "OnFailure" in given["hooks"] else 0,
        "onsuccess_triggered": len(ended) if "OnSuccess" in given["hooks"] else 0,
        "onfailure_triggered_s": failed,
    }


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{
        ("group", f"dependency-{kind}"): _dependency
        for kind in ("bindsto", "partof", "requires", "requisite", "startfail", "wants")
    },
    ("group", "restart-mode"): _dependency,
    ("group", "on-failure-hook"): _hooks,
}
