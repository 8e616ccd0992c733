"""What several kinds of incidents share: a rehearsal to choose a moment from, and counts of a run."""

from __future__ import annotations

import numpy as np

from lifecycle_kit.classroom.incidents.draft import Event
from lifecycle_kit.classroom.incidents.lives import Life, lives_of
from lifecycle_kit.classroom.incidents.worlds import Data, merged, run
from lifecycle_kit.simulate.fleet.result import OUTCOMES, WorldResult
from lifecycle_kit.units import ns

__all__ = [
    "API_COLUMNS", "END_COLUMNS", "arrived", "cut_with", "ended_by_liveness", "failed", "queue_columns", "rehearsed",
    "waiting",
]  # fmt: skip

END_COLUMNS = {"ready": "ready", "routed": "routed", "arrived": "arrived", "served": "served", "failed": "failed",
               "restarts": "restarts"}  # fmt: skip
API_COLUMNS = {"ready": "ready", "routed": "routed", "arrived": "arrived", "served": "served"}


def queue_columns(queue: str) -> dict[str, str]:
    """Return the metrics of workers and of their queue."""
    own = {"come": f"{queue}.arrived", "done": f"{queue}.done", "waiting": f"{queue}.backlog"}
    return {"ready": "ready", "restarts": "restarts", **own}


def rehearsed(data: Data, service: str, until_s: float) -> list[Life]:
    """Return the lives of the first instance of a world that is still being drawn, to choose a moment from.

    No requests come to a rehearsal: they end no life.
    """
    quiet = merged(data, {"fleets": {service: {"load": None}}})
    return [life for life in lives_of(run(quiet, until_s, 0), service) if life.instance == f"{service}-0"]


def ended_by_liveness(event: Event) -> str:
    """Return the fact that a liveness probe ended a life, "" for any other event."""
    return "killed" if "liveness probe failed" in event.causes else ""


def arrived(result: WorldResult, service: str, from_s: float, until_s: float) -> int:
    """Return how many requests arrive in a time."""
    at = result.fleets[service].requests.at_ns
    return int(((at > ns(from_s)) & (at <= ns(until_s))).sum())


def failed(result: WorldResult, service: str, from_s: float, until_s: float) -> int:
    """Return how many of the requests that arrive in a time end badly."""
    requests = result.fleets[service].requests
    come = (requests.at_ns > ns(from_s)) & (requests.at_ns <= ns(until_s))
    return int((come & (requests.outcome > OUTCOMES.index("served"))).sum())


def cut_with(result: WorldResult, service: str, life: Life) -> int:
    """Return how many requests were cut by the end of a life."""
    requests = result.fleets[service].requests
    with_it = (requests.outcome == OUTCOMES.index("cut")) & (requests.ended_ns == ns(life.ended_s or 0))
    return int((with_it & (requests.who == list(requests.names).index(life.instance))).sum())


def waiting(result: WorldResult, queue: str, at_s: float) -> int:
    """Return how many jobs of a queue wait at an instant."""
    jobs, at = result.jobs[queue], ns(at_s)
    over = (jobs.end > 0) & (jobs.ended_ns <= at)
    return int(np.count_nonzero(jobs.at_ns <= at) - np.count_nonzero(over))
