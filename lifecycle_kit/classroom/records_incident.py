"""The plain data the incident exercise works on, made by short calls instead of long dict displays.

Rule: every function here returns a new plain dict and nothing else; print one to see all there is.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ladder", "life", "line", "symptoms"]

Record = dict[str, Any]


def symptoms(ended_by: str = "nobody", **changes: Any) -> Record:
    """Return the symptoms of a service at which nothing else is to be seen, with some values changed.

    >>> symptoms("kernel", ever_ready=True)["ended_by"]
    'kernel'
    """
    usual: Record = {
        "ended_by": ended_by,
        "ever_ready": True,
        "needs_down": False,
        "same_job": False,
        "last_words": "",
        "in_step": False,
        "wanted": 3,
        "owners": 3,
        "unready_routed": False,
        "failed_as": "nothing",
    }
    if unknown := changes.keys() - usual.keys():
        raise ValueError(f"no symptom is called {sorted(unknown)}; there are {', '.join(usual)}")
    return usual | changes


def line(n: int, at: float | None, who: str, what: str) -> Record:
    """Return line number `n`: about `who`, at second `at` (None for a setting), saying `what`."""
    return {"n": n, "at": at, "who": who, "what": what}


def life(born: float, ended: float | None = None) -> Record:
    """Return a life from second `born` to second `ended`; None while it goes on."""
    return {"born": born, "ended": ended}


def ladder(*, first_s: float = 10.0, factor: float = 2.0, cap_s: float = 300.0) -> Record:
    """Return how waits grow: the first one, what each is multiplied with, and the longest; Kubernetes' if left out."""
    return {"first_s": first_s, "factor": factor, "cap_s": cap_s}
