"""What the back-off formulas of the AWS architecture blog give."""

from __future__ import annotations

from typing import Any

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.units import ns, seconds

__all__ = ["FAMILIES"]

# Their names for what `Backoff` calls jitter.
JITTERS = {"exponential": "none", "full-jitter": "full", "equal-jitter": "equal", "decorrelated-jitter": "decorrelated"}


def _jitter(given: Given) -> Observed:
    base_s, cap_s, jitter = given["base_s"], given["cap_s"], JITTERS[given["formula"]]
    curve = Backoff(first_s=min(base_s, cap_s), factor=1 if jitter == "decorrelated" else 2, cap_s=cap_s, jitter=jitter)
    previous_s = given.get("previous_s")
    previous_ns = ns(base_s if previous_s is None else previous_s)
    # Their n-th retry waits base x 2^n: the curve's delay number n + 1.
    bounds = [curve.bounds_ns(n + 1, previous_ns=previous_ns) for n in given.get("n", [1])]
    return {"delays_s": [_plain(low, high, jitter) for low, high in bounds]}


def _plain(low: int, high: int, jitter: str) -> Any:
    return seconds(high) if jitter == "none" else [seconds(low), seconds(high)]


FAMILIES: dict[tuple[str, str], Predictor] = {("backoff", "jitter"): _jitter}
