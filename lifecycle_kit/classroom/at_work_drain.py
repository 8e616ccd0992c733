"""The learner's `drain_next` at work: a unit under load is asked to stop, in virtual time.

Rule: the driver here only carries out actions and tells the time; every decision is the learner's.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.at_work import Rows, ask, refuse_form, show_rows
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.units import ns, seconds

__all__ = ["drain_under_load"]

Record = dict[str, Any]
DrainNext = Callable[[Record, Record], Record]

_STOP_AT_S, _GRACE_S, _SPREAD_S, _END_S = 10.0, 4.0, 0.5, 30.0


def drain_under_load(drain_next: DrainNext, *, can_requeue: bool = True) -> None:
    """Print what becomes of the work of a unit that is stopped under load: killed at once, and drained.

    Args:
        drain_next: the learner's function.
        can_requeue: True for a worker with a queue, False for an API.
    """

    def rows() -> Rows:
        return {
            "killed at once": Driver(_pull_the_plug, can_requeue).run(),
            "your drain": Driver(drain_next, can_requeue).run(),
            "your drain, second stop at 11 s": Driver(drain_next, can_requeue).run(second_stop_s=11.0),
        }

    show_rows(rows)


class Driver:
    """One unit on an agenda: work arrives four times a second until the closed route has spread."""

    def __init__(self, drain_next: DrainNext, can_requeue: bool) -> None:
        self.drain_next, self.agenda, self.dice = drain_next, Agenda(), Random("drain under load")
        self.state = records.serving(can_requeue=can_requeue)
        self.arrived: list[str] = []
        self.routed, self.alive, self.ended_s = True, True, _END_S

    def run(self, *, second_stop_s: float | None = None) -> dict[str, int | float | str]:
        """Return how many pieces arrived, what became of them, and when the unit had gone."""
        self.agenda.at(0, self._arrive)
        for at_s in (_STOP_AT_S, second_stop_s):
            if at_s is not None:
                self.agenda.at(ns(at_s), lambda: self._tell(records.stop(at=self._now(), grace_s=_GRACE_S)))
        self.agenda.at(ns(_STOP_AT_S + _GRACE_S), lambda: self._tell(records.tick(at=self._now())))
        self.agenda.run(ns(_END_S))
        counts = Counter(self.state["outcomes"].values())
        lost = answers.lost_work(self.arrived, self.state)
        outcomes = {outcome: counts[outcome] for outcome in ("done", "refused", "requeued", "cut")}
        return {"arrived": len(self.arrived), **outcomes, "lost": len(lost), "gone at s": self.ended_s}

    def _arrive(self) -> None:
        if self.routed:
            name = f"job-{len(self.arrived) + 1}"
            self.arrived.append(name)
            self._tell(records.work(name, at=self._now()))
            self.agenda.after(ns(0.25), self._arrive)

    def _tell(self, event: Record) -> None:
        answer = ask(self.drain_next, [copy.deepcopy(self.state), event], "drain")
        if not _is_a_step(answer):
            raise refuse_form(answer, answers.drain_next(self.state, event), "drain")
        self.state = answer["state"]
        for action in answer["actions"]:
            self._perform(action)

    def _perform(self, action: str) -> None:
        verb, _, name = action.partition(" ")
        match verb:
            case "accept":
                takes_s = self.dice.choice((0.3, 1.0, 2.0, 8.0))
                self.agenda.after(ns(takes_s), lambda: self._finish(name))
            case "close-route":
                self.agenda.after(ns(_SPREAD_S), self._spread)
            case "exit" | "kill":
                self.alive, self.ended_s = False, self._now()

    def _finish(self, name: str) -> None:
        if self.alive:
            self._tell(records.finished(name, at=self._now()))

    def _spread(self) -> None:
        self.routed = False

    def _now(self) -> float:
        return seconds(self.agenda.now_ns)


def _pull_the_plug(state: Record, event: Record) -> Record:
    """Do as the reference does until the stop request, which ends the process at once; then nobody answers."""
    if state["phase"] == "serving" and event["kind"] != "stop":
        return answers.drain_next(state, event)
    actions = ["close-route", "kill"] if state["phase"] == "serving" else []
    return {"state": {**state, "phase": "terminated", "in_flight": [], "ended": "killed"}, "actions": actions}


def _is_a_step(answer: Any) -> bool:
    """Tell whether this is a step at all: the keys and types of one; what it decides is the learner's choice."""
    return (
        type(answer) is dict
        and answer.keys() == {"state", "actions"}
        and _all_words(answer["actions"])
        and _is_a_state(answer["state"])
    )


def _is_a_state(state: Any) -> bool:
    return (
        type(state) is dict
        and state.keys() == records.serving().keys()
        and _all_words(state["in_flight"])
        and type(state["outcomes"]) is dict
        and _all_words([*state["outcomes"], *state["outcomes"].values()])
        and (type(state["deadline"]) in (int, float) or state["phase"] != "draining")
    )


def _all_words(items: Any) -> bool:
    return type(items) is list and all(type(item) is str for item in items)
