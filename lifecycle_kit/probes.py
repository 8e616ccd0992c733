"""Probes: a stream of single outcomes becomes a verdict, by counting.

Rule: a verdict changes only when `threshold` equal outcomes have come in a row. `observe` counts one
outcome (the tally); `health.next_change` jumps from verdict to verdict by arithmetic where the target is
piecewise constant, and equals the tally on every such target.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from lifecycle_kit.units import ns

__all__ = ["KINDS", "Outcome", "ProbeSettings", "Tally", "new_life", "observe"]

KINDS = ("startup", "readiness", "liveness")


class Outcome(enum.Enum):
    """What one probe saw."""

    SUCCESS = "ok"
    FAILURE = "fail"
    ERROR = "error"  # the probe itself could not be carried out: says nothing about the target


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How often a target is asked and how many equal answers count.

    Attributes:
        kind: "startup", "readiness" or "liveness"; decides the initial verdict and what a failure does.
        initial_delay_s: no probe before this age of the life, seconds.
        period_s: from one probe's start to the next one's, seconds, > 0.
        timeout_s: an answer later than this is a failure, seconds, > 0.
        success_threshold: equal successes in a row that make the verdict good, >= 1.
        failure_threshold: equal failures in a row that make it bad, >= 1.
        from_end: the period is counted from the end of a probe instead (Docker's health interval).
        start_period_s: failures before this age do not count until the first success (Docker).
        start_interval_s: the period during that time; None: `period_s` (Docker).
        initially_good: verdict before the first one is reached; None: by kind (liveness good, others not).
        holds: after a bad liveness or any startup verdict no further probe in this life (Kubernetes).
        carries: the run of equal outcomes goes on counting in the next life (Kubernetes; Docker begins anew).

    Source: Kubernetes pkg/apis/core/v1/defaults.go and pkg/kubelet/prober/worker.go.
    """

    kind: str = "readiness"
    initial_delay_s: float = 0.0
    period_s: float = 10.0
    timeout_s: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3
    from_end: bool = False
    start_period_s: float = 0.0
    start_interval_s: float | None = None
    initially_good: bool | None = None
    holds: bool = True
    carries: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"probe kind {self.kind!r} is not known; choose one of {', '.join(KINDS)}")
        for name in ("period_s", "timeout_s", "start_interval_s"):
            value = getattr(self, name)
            if value is not None and not ns(value):
                raise ValueError(f"{name} must be greater than 0, got {value}")
        for name in ("success_threshold", "failure_threshold"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.kind != "readiness" and self.holds and self.success_threshold != 1:
            raise ValueError(f"success_threshold must be 1 for a {self.kind} probe, got {self.success_threshold}")
        ns(self.initial_delay_s), ns(self.start_period_s)

    @property
    def initial(self) -> bool:
        """The verdict of a new life before any probe."""
        return self.kind == "liveness" if self.initially_good is None else self.initially_good

    def in_start(self, tally: Tally, age_ns: int) -> bool:
        """Tell whether a life of this age is in its start period still: failures do not count yet."""
        return not tally.succeeded and age_ns < ns(self.start_period_s)

    def interval_ns(self, tally: Tally, age_ns: int) -> int:
        """Return the period that holds at this age of a life, nanoseconds."""
        if self.start_interval_s is not None and self.in_start(tally, age_ns):
            return ns(self.start_interval_s)
        return ns(self.period_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Where the counting stands.

    Attributes:
        good: the verdict. (A startup probe that is not good yet is neither passed nor failed.)
        last: the outcome that is being counted, None at first.
        run: how many of them in a row.
        failed: a startup or liveness verdict of failure has been reached in this life.
        succeeded: a success has been seen in this life (ends the start period).
    """

    good: bool
    last: Outcome | None = None
    run: int = 0
    failed: bool = False
    succeeded: bool = False

    def on_hold(self, settings: ProbeSettings) -> bool:
        """Tell whether no further probe is made in this life."""
        return settings.holds and (self.failed or (settings.kind == "startup" and self.good))

    @classmethod
    def first(cls, settings: ProbeSettings) -> Tally:
        """Return the tally of a unit that has never been probed."""
        return cls(good=settings.initial)


def new_life(settings: ProbeSettings, tally: Tally) -> Tally:
    """Return the tally at the start of another life: the verdict starts anew, the run goes on if the probe carries it.

    So two liveness failures, a crash for another reason, and one failure of the new life reach a threshold
    of three. Source: Kubernetes pkg/kubelet/prober/worker.go (a new container ID clears only the hold).
    """
    if not settings.carries:
        return Tally.first(settings)
    return replace(tally, good=settings.initial, failed=False, succeeded=False)


def observe(settings: ProbeSettings, tally: Tally, outcome: Outcome, age_ns: int = 0) -> Tally:
    """Return the tally after one more outcome.

    Args:
        settings: the probe.
        tally: before this outcome; unchanged if it is on hold.
        outcome: what this probe saw; an error counts as nothing and breaks no run.
        age_ns: age of the life when the probe began, nanoseconds; for the start period.

    >>> probe = ProbeSettings(kind="liveness")
    >>> tally = Tally.first(probe)
    >>> for seen in (Outcome.FAILURE, Outcome.ERROR, Outcome.FAILURE, Outcome.FAILURE):
    ...     tally = observe(probe, tally, seen)
    >>> tally.good, tally.on_hold(probe)
    (False, True)
    """
    if outcome is Outcome.ERROR or tally.on_hold(settings):
        return tally
    success = outcome is Outcome.SUCCESS
    if not success and settings.in_start(tally, age_ns):
        return tally
    run = tally.run + 1 if tally.last is outcome else 1
    counted = replace(tally, last=outcome, run=run, succeeded=tally.succeeded or success)
    if run < (settings.success_threshold if success else settings.failure_threshold):
        return counted
    decided = replace(counted, good=success, failed=not success and settings.kind != "readiness")
    # A verdict that replaces the container clears its run, as the kubelet does.
    return replace(decided, run=0) if decided.on_hold(settings) else decided
