"""The drain lab: an instance is stopped while it works; what is finished, what is cut, who is sent away?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lifecycle_kit.show.fleet_picture import fleet_chart
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.simulate import Fleet, FleetResult, Load, Script, run_fleet
from lifecycle_kit.simulate.fleet.result import Request
from lifecycle_kit.states import State
from lifecycle_kit.systems import like
from lifecycle_kit.units import ns, seconds, span

__all__ = ["LAB", "STOP_S", "DrainKnobs", "Drained", "drained", "fleet_of"]

STOP_S, UNTIL_S = 20.0, 70.0
LEAVING = "api-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainKnobs:
    """What can be set: how the instance leaves, how long it is given, and its work."""

    on_term: str = choice(
        "When it is asked to stop", "exit",
        {"exit": "it exits at once", "drain": "it finishes its work, then exits", "deaf": "it does not listen"},
        group="The process",
    )  # fmt: skip
    grace_s: int = slider("Grace before SIGKILL", 10, (1, 2, 5, 10, 20, 30), unit="s", group="The stop")
    pause_s: int = slider("Pause before SIGTERM", 0, (0, 1, 2, 5, 10), unit="s", group="The stop",
                          help="preStop sleep: paid from the grace period")  # fmt: skip
    spread_s: float = seconds_slider("The balancer hears it after", 1, (0, 0.5, 1, 2, 5), group="The stop")
    takes_s: float = seconds_slider("One request takes", 2, (0.1, 0.5, 1, 2, 5, 10, 20), group="The work")
    per_s: int = slider("Requests", 10, (1, 2, 5, 10, 20, 40), unit="a second", group="The work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What became of the work of the instance that left.

    Attributes:
        result: of the whole run.
        in_flight: how many requests it had when it was asked to stop.
        ends: how those, and the ones sent to it afterwards, ended, by outcome.
        took_s: from the request to stop to the end of the process, seconds; None if it did not end.
        killed: whether SIGKILL ended it.
    """

    result: FleetResult
    in_flight: int
    ends: dict[str, int]
    took_s: float | None
    killed: bool


def fleet_of(knobs: DrainKnobs) -> Fleet:
    """Return the fleet that the settings mean: two instances, one of which is asked to stop."""
    options = {
        "readinessProbe.periodSeconds": 1, "terminationGracePeriodSeconds": knobs.grace_s,
        **({"lifecycle.preStop.sleep.seconds": knobs.pause_s} if knobs.pause_s else {}),
    }  # fmt: skip
    return Fleet(
        unit=like("kubernetes", options),
        lives=[Script(on_term=knobs.on_term)],
        replicas=2,
        spread_s=knobs.spread_s,
        load=Load(per_s=knobs.per_s, takes_s=knobs.takes_s, steady=True, from_s=6, until_s=40, timeout_s=60),
        requests=[(STOP_S, 0, "stop")],
    )


def drained(knobs: DrainKnobs) -> Drained:
    """Return what becomes of an instance's work when it is asked to stop.

    >>> drained(DrainKnobs(on_term="drain", pause_s=2)).ends.keys()
    dict_keys(['served'])
    """
    result = run_fleet(fleet_of(knobs), UNTIL_S)
    at = ns(STOP_S)
    mine = [request for request in result.requests if request.instance == LEAVING and _after(request, at)]
    end = next((move for move in result.log if move.instance == LEAVING and move.at_ns >= at
                and move.target in (State.TERMINATED, State.FAILED)), None)  # fmt: skip
    return Drained(
        result=result, in_flight=sum(request.at_ns < at for request in mine),
        ends=dict(Counter(request.outcome for request in mine)),
        took_s=None if end is None else seconds(end.at_ns - at), killed=end is not None and "SIGKILL" in end.cause,
    )  # fmt: skip


def _after(request: Request, at: int) -> bool:
    """Tell whether a request was still to be ended at `at`: what is answered at that very instant was not."""
    return request.ended_ns > at or (request.ended_ns == at and request.outcome != "served")


def _said(found: Drained) -> str:
    ends = ", ".join(f"{count} {WORDS.get(word, word)}" for word, count in found.ends.items()) or "nothing to end"
    took = "" if found.took_s is None else f" It was gone after {span(ns(found.took_s)) or '0 s'}"
    how = "" if found.took_s is None else (", by SIGKILL." if found.killed else ", by itself.")
    lost = sum(count for word, count in found.ends.items() if word != "served")
    verdict = "Nobody noticed." if not lost else f"{lost} clients noticed."
    return f"{found.in_flight} requests in flight, more on their way: {ends}. {verdict}{took}{how}"


WORDS = {"served": "finished", "error": "answered with an error"}


def _draw(knobs: DrainKnobs) -> Shown:
    found = drained(knobs)
    chart = fleet_chart(
        found.result, fleet_of(knobs), title=f"{LEAVING} is asked to stop at {STOP_S:g} s", from_s=10, until_s=50
    )
    return Shown(says=_said(found), picture=chart)


LAB = Lab(
    title="Drain lab",
    question="An instance is stopped while it works. What is finished, what is cut, who is sent away?",
    start=DrainKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Finish first", watch="nothing is cut; but who is refused while the balancer has not heard of it?",
              settings={"on_term": "drain"}),
        Tweak(label="Wait for the news", watch="a pause before SIGTERM as long as the news takes: nobody notices",
              settings={"on_term": "drain", "pause_s": 2}),
        Tweak(label="A grace that is too short", watch="the deadline comes before the work is done",
              settings={"on_term": "drain", "takes_s": 10, "grace_s": 5}),
    ),
)  # fmt: skip
