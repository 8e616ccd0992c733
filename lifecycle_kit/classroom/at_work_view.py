"""The learner's `lifecycle_view` at work: it decides where a balancer sends requests.

Rule: both rows of the table see the same fleet and the same requests; only the question asked differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lifecycle_kit.classroom.at_work import ask, show_rows
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fleet, FleetResult, Load, Script, run_fleet
from lifecycle_kit.states import State
from lifecycle_kit.systems import like
from lifecycle_kit.trace import intervals

__all__ = ["route_traffic"]

View = Callable[[bool, bool, bool, bool], str]

# The board of the exercise: half started, useful, asked to leave at 10 s, without a database from 5 to 25 s.
_LIVES = (
    Script(serves_from_s=None, health={"readiness": parse_health("1:fail")}),
    Script(),
    Script(on_term="drain", stop_takes_s=8),
    Script(says=((5, "blocked:database"), (25, "unblocked"))),
)


def route_traffic(lifecycle_view: View) -> None:
    """Print what becomes of the same requests, routed to every process and routed by `lifecycle_view`."""

    def by_view(*facts: bool) -> str:
        return str(ask(lifecycle_view, facts, "lifecycle-view"))

    show_rows(lambda: {"to every process": _outcomes("process"), "by your view": _outcomes(by_view)})


def _outcomes(route_on: str | View) -> dict[str, int | float | str]:
    fleet = Fleet(
        unit=like("kubernetes", {"readinessProbe.periodSeconds": 1}),
        replicas=len(_LIVES),
        lives=lambda number: [_LIVES[number]],
        route_on=route_on,
        load=Load(per_s=20, takes_s=0.1, steady=True, from_s=2, until_s=32),
        requests=[(10.01, 2, "stop")],  # between two requests, so that no order of the two is hidden in a tie
    )
    result = run_fleet(fleet, until_s=40)
    stuck = _stuck(result)
    counts = Counter(result.outcomes)
    return {
        "requests": len(result.requests),
        "served": counts["served"] - stuck,
        "stuck": stuck,
        "errors": counts["error"],
        "refused": counts["refused"] + counts["no-route"],
    }


def _stuck(result: FleetResult) -> int:
    """Count the requests handed to an instance that was waiting for its database, and so could not answer them."""
    parts = intervals(result.trace.transitions, result.trace.until_ns)
    waiting = [part for part in parts if part.state is State.BLOCKED]
    return sum(
        request.outcome == "served"
        and any(part.instance == request.instance and part.start_ns <= request.at_ns < part.end_ns for part in waiting)
        for request in result.requests
    )
