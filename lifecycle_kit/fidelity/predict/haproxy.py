"""What HAProxy would make of checks, of an administrator, and of signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.fidelity.serving import CLOCK_S, Manner, in_flight, play
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.systems.haproxy import IMMEDIATE, INTER_S, SOFT, SYSTEM, Backend, stop_plan
from lifecycle_kit.units import ns, seconds

__all__ = ["FAMILIES"]

SETTLES_S = 60.0  # after the last thing that is given
SERVED, UNAVAILABLE = "200", "503"
CONNECTS = {"ok": SERVED, "refused": "refused"}


def _backend(settings: Given) -> Backend:
    given = {name: settings[name] for name in ("rise", "fall", "disable_on_404") if name in settings}
    return Backend(**given)


def _health_check(given: Given) -> Observed:
    server, seen = _backend(given["settings"]), list[tuple[float, Backend]]()
    for check in given["checks"]:
        server = server.checked(check["outcome"])
        seen.append((check["t"], server))
    return {
        "transitions": _changes([(t, str(server)) for t, server in seen], given.get("initial_state", "UP")),
        "request_outcomes": [_outcome(given, seen, t) for t in given.get("request_times_s", ())],
    }


def _outcome(given: Given, seen: Sequence[tuple[float, Backend]], t: float) -> str:
    """Return what a request at `t` gets: another server, this one if it is up and exists, or a 503."""
    if given.get("other_servers_up", 0):
        return SERVED
    known = [server for at, server in seen if at <= t] or [_backend(given["settings"])]
    lives = [action["do"] for action in given.get("actions", ()) if action["t"] <= t and "-server" in action["do"]]
    dead = lives[-1:] == ["kill-server"]
    return SERVED if known[-1].takes_new and not dead else UNAVAILABLE


def _changes(states: Sequence[tuple[float, str]], before: str) -> list[list[Any]]:
    made: list[list[Any]] = []
    for t, state in states:
        if state != before:
            made.append([t, state])
            before = state
    return made


class _Administered:
    """One server under checks and an administrator, in virtual time."""

    def __init__(self, given: Given) -> None:
        self.given, self.policy = given, given["policy"]
        self._inter_s = self.policy.get("inter_s", INTER_S)
        if not all(self.policy.get(key, INTER_S) for key in ("inter_s", "fastinter_s", "downinter_s")):
            raise NotModelled("checks without a pause between them")
        self.agenda, self.server = Agenda(), _backend(self.policy)
        self.seen: list[tuple[float, Backend]] = [(-CLOCK_S, self.server)]
        self.health = "ok"
        self._series = 0
        if given.get("first_check_s") is not None:
            self._check_in(CLOCK_S + given["first_check_s"])
        for action in given.get("actions", ()):
            self.agenda.at(ns(CLOCK_S + action["t"]), lambda action=action: self._do(action))  # type: ignore[misc]
        times = [action["t"] for action in given.get("actions", ())] + list(given.get("new_request_times_s", ()))
        self.agenda.run(ns(CLOCK_S + max(times, default=0) + SETTLES_S))

    def _now(self, server: Backend) -> None:
        self.server = server
        self.seen.append((seconds(self.agenda.now_ns) - CLOCK_S, server))

    def _do(self, action: Mapping[str, Any]) -> None:
        if action["do"] == "set-health":
            self.health = "ok" if action["status"] == SERVED else action["status"]
        elif action["do"] == "set-state":
            fresh = self.server.admin == "maint" and action["state"] != "maint"
            self._now(self.server.administered(action["state"]))
            if fresh:  # the checks begin anew
                self._check_in(self._inter_s)

    def _check_in(self, after_s: float) -> None:
        self._series += 1
        series = self._series

        def check() -> None:
            if series == self._series:
                self._now(self.server.checked(self.health))
                pace = [self.policy.get(key) for key in ("fastinter_s", "downinter_s")]
                self.agenda.after(ns(self.server.interval_s(self._inter_s, *pace)), check)

        self.agenda.after(ns(after_s), check)

    def at(self, t: float) -> Backend:
        """Return the server as it was at `t`."""
        return [server for at, server in self.seen if at <= t][-1]

    def cut_s(self, sent_s: float) -> float | None:
        """Return when what was sent then is cut, None if it never is."""
        if self.policy.get("on_marked_down") != "shutdown-sessions":
            return None
        return next((at for at, server in self.seen if at >= sent_s and server.marked_down), None)


def _drain(given: Given) -> Observed:
    first = _Administered(given)
    several = given.get("servers", 1) > 1
    ups = [first.at(t).takes_new for t in given.get("new_request_times_s", ())]
    return {
        "states": _changes([(t, str(server)) for t, server in first.seen], str(first.seen[0][1])),
        "in_flight": [_fate(first, request) for request in given.get("in_flight", ())],
        "new_request_outcomes": [SERVED if up or several else UNAVAILABLE for up in ups],
        "new_request_servers": [None if up or not several else "s2" for up in ups],
        "exit": None,
        "final": str(first.server),
    }


def _fate(first: _Administered, request: Given) -> Observed:
    done_s = request["sent_s"] + request["duration_s"]
    cut_s = first.cut_s(request["sent_s"]) if request.get("server", "s1") == "s1" else None
    if cut_s is not None and cut_s < done_s:
        return {"outcome": "cut", "done_s": cut_s}
    return {"outcome": SERVED, "done_s": done_s}


def _process_stop(given: Given) -> Observed:
    signals = [(action["t"], action["signal"]) for action in given["actions"] if action["do"] == "signal"]
    if not signals:
        raise NotModelled("nothing tells HAProxy to stop")
    unit = replace(SYSTEM.unit({}), stop=stop_plan(signals[0][1], given["policy"].get("hard_stop_after_s")))
    manner = Manner(unit=unit, at_once=frozenset({IMMEDIATE}))
    pool = play(given, manner, lambda pool, _: pool.leave())
    gone_s = pool.all_gone_s()
    observed: Observed = {
        "in_flight": in_flight(pool),
        "new_request_outcomes": [CONNECTS[pool.word_at(t)] for t in given.get("new_request_times_s", ())],
    }
    if gone_s is None:
        return observed | {"exit": None, "final": "running"}
    last = [signal for t, signal in signals if t <= gone_s][-1]
    return observed | {"exit": 0 if last == SOFT else last, "exit_s": gone_s, "final": "exited"}


FAMILIES: dict[tuple[str, str], Predictor] = {
    ("probe", "health-check"): _health_check,
    ("stop", "drain"): _drain,
    ("stop", "process-stop"): _process_stop,
}
