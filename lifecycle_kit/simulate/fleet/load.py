"""The requests that come to a service: when they arrive, how long they take, how patient the clients are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.units import ns

__all__ = ["Load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The requests that come in.

    Attributes:
        per_s: mean arrivals a second.
        takes_s: how long one takes, seconds (the mean, if `varies`).
        steady: evenly spaced instead of by chance (a Poisson stream).
        from_s, until_s: when they come; `until_s` None: to the end of the run.
        timeout_s: when a client stops waiting for an answer.
        steps: `(from_s, per_s)` in order of time: the rate changes then; `per_s` holds before the first one.
        recorded: arrival instants in seconds, in order, instead of all that.
        varies: service times are exponentially distributed, in whole milliseconds.
        retries: how often a client tries again after an error, a refusal, a cut, a timeout or no route.
        retry: how long it waits before each of those, with the jitter of that curve.
    """

    per_s: float = 10.0
    takes_s: float = 0.2
    steady: bool = False
    from_s: float = 0.0
    until_s: float | None = None
    timeout_s: float = 5.0
    steps: tuple[tuple[float, float], ...] = ()
    recorded: tuple[float, ...] = ()
    varies: bool = False
    retries: int = 0
    retry: Backoff = field(default_factory=lambda: Backoff(first_s=0.5))

    def __post_init__(self) -> None:
        if not (0 < self.per_s < math.inf):
            raise ValueError(f"per_s must be greater than 0 and finite, got {self.per_s}")
        for value in (self.takes_s, self.from_s, self.timeout_s):
            ns(value)
        if self.retries < 0:
            raise ValueError(f"retries must not be negative, got {self.retries}")
        for name, instants in (("steps", [at for at, _ in self.steps]), ("recorded", list(self.recorded))):
            if instants != sorted(instants):
                raise ValueError(f"{name} must stand in order of time, got {instants}")
            for instant in instants:
                ns(instant)
        if any(not 0 <= rate < math.inf for _, rate in self.steps):
            raise ValueError(f"a rate in steps must be finite and not negative, got {self.steps}")
