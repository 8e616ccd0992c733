"""HAProxy: a load balancer that believes its checks, and a process that can leave softly.

Rule: a server is UP at first; `fall` bad checks in a row make it DOWN, `rise` good ones UP again, and any other result
clears the count. An administrator's `drain` and `maint` are beside that; neither they nor DOWN cut what is in flight,
unless on-marked-down says so. SIGUSR1 lets the process finish, SIGTERM does not.

Source: haproxy src/check.c (`set_server_check_status`, `check_notify_stopping`), src/tcpcheck.c (404), src/server.c,
src/stats.c (the names of the states), doc/configuration.txt and doc/management.txt (stopping); recordings of 3.0.11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, observe
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, choice, count, switch

__all__ = ["IMMEDIATE", "INTER_S", "SOFT", "SYSTEM", "Backend", "time"]

SOFT, IMMEDIATE = "SIGUSR1", "SIGTERM"
INTER_S = 2.0
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def time(value: Any) -> float:
    """Read a time as HAProxy does: "2s", "500ms", "1m"; a bare number is milliseconds. Returns seconds.

    >>> time("2s"), time(500)
    (2.0, 0.5)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d|)\s*", str(value))
    if match is None:
        raise ValueError("give a time such as 2s, 500ms or 1m; a bare number is milliseconds")
    return float(match[1]) * _UNITS[match[2] or "ms"]


OPTIONS = (
    Option("inter", INTER_S, time, "from one check to the next [2s]"),
    Option("fastinter", None, time, "the same while the state is changing [inter]"),
    Option("downinter", None, time, "the same while the server is DOWN [inter]"),
    Option("rise", 2, count(1), "good checks in a row that make it UP"),
    Option("fall", 3, count(1), "bad checks in a row that make it DOWN"),
    Option("timeout check", None, time, "an answer later than this is a bad check [inter]"),
    Option("http-check disable-on-404", False, switch, "whether a 404 takes a server out of the balancing"),
    Option("on-marked-down", "", choice("", "shutdown-sessions"), "what becomes of what is in flight"),
    Option("hard-stop-after", None, time, "longest soft stop; none: no limit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One server as HAProxy sees it.

    Attributes:
        rise, fall: thresholds, checks in a row.
        disable_on_404: whether a 404 takes it out of the balancing.
        tally: where the counting stands.
        not_balanced: taken out by a 404 (NOLB).
        admin: what an administrator has set: "ready", "drain" or "maint".
    """

    rise: int = 2
    fall: int = 3
    disable_on_404: bool = False
    tally: Tally = field(default_factory=lambda: Tally(good=True))
    not_balanced: bool = False
    admin: str = "ready"

    @property
    def settings(self) -> ProbeSettings:
        """The check as a probe: UP before the first one, and never on hold."""
        return _settings(self.rise, self.fall)

    def checked(self, outcome: str) -> Backend:
        """Return the server after one check: "ok", "404", or anything else, which is bad; none is made in maint.

        >>> server = Backend()
        >>> [str(server := server.checked(outcome)) for outcome in ("500", "timeout", "refused", "ok", "ok")]
        ['UP 2/3', 'UP 1/3', 'DOWN', 'DOWN 1/2', 'UP']
        """
        if self.admin == "maint":
            return self
        excused = outcome == "404" and self.disable_on_404 and self.tally.good
        seen = Outcome.SUCCESS if outcome == "ok" or excused else Outcome.FAILURE
        tally = observe(self.settings, self.tally, seen)
        leaves = excused or (self.not_balanced and seen is Outcome.FAILURE and tally.good)
        return replace(self, tally=tally, not_balanced=leaves)

    def administered(self, admin: str) -> Backend:
        """Return the server after `set server ... state`; from maint it comes back UP, one bad check from DOWN."""
        if self.admin == "maint" and admin != "maint":
            fresh = Tally(good=True, last=Outcome.FAILURE, run=self.fall - 1) if self.fall > 1 else Tally(good=True)
            return replace(self, admin=admin, tally=fresh, not_balanced=False)
        return replace(self, admin=admin)

    @property
    def steady(self) -> bool:
        """Whether no count is under way: `inter` holds, or `downinter` if it is DOWN."""
        wanted = Outcome.SUCCESS if self.tally.good else Outcome.FAILURE
        return self.tally.last in (None, wanted)

    def interval_s(self, inter_s: float, fastinter_s: float | None, downinter_s: float | None) -> float:
        """Return how long after a check the next one comes, seconds."""
        if not self.steady:
            return inter_s if fastinter_s is None else fastinter_s
        return inter_s if self.tally.good or downinter_s is None else downinter_s

    @property
    def takes_new(self) -> bool:
        """Whether new requests are given to it."""
        return self.tally.good and not self.not_balanced and self.admin == "ready"

    @property
    def marked_down(self) -> bool:
        """Whether on-marked-down applies."""
        return self.admin == "maint" or not self.tally.good

    def __str__(self) -> str:
        if self.admin == "maint":
            return "MAINT"
        if not self.tally.good:
            return "DOWN" if self.steady else f"DOWN {self.tally.run}/{self.rise}"
        word = "DRAIN" if self.admin == "drain" else "NOLB" if self.not_balanced else "UP"
        return word if self.steady else f"{word} {self.fall - self.tally.run}/{self.fall}"


def _settings(rise: int, fall: int, **more: Any) -> ProbeSettings:
    return ProbeSettings(
        kind="readiness", success_threshold=rise, failure_threshold=fall, initially_good=True, holds=False, **more
    )


def stop_plan(signal: str, hard_stop_after_s: float | None) -> StopPlan:
    """Return what a signal to the HAProxy process begins: a soft stop for SIGUSR1, the end for SIGTERM."""
    if signal == SOFT and hard_stop_after_s is not None:
        soft = Phase(name="soft-stop", signal=SOFT, limit_s=hard_stop_after_s)
        return StopPlan(phases=(soft, Phase(name="hard-stop", signal="SIGKILL")))
    return StopPlan(phases=(Phase(name="stop", signal=signal),))


def build(values: Mapping[str, Any]) -> Unit:
    """Return a server behind HAProxy: HAProxy looks after its route, nobody here after its process."""
    probe = _settings(
        values["rise"], values["fall"], period_s=values["inter"], timeout_s=values["timeout check"] or values["inter"]
    )
    return Unit(
        policy=PlainPolicy(when="never"),
        readiness=Readiness(by="probe"),
        probes=MappingProxyType({"readiness": probe}),
        stop=stop_plan(SOFT, values["hard-stop-after"]),
    )


SYSTEM = System(
    name="haproxy",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "MAINT",
        State.STARTING: "UP",
        State.READY: "UP",
        State.RUNNING: "UP",
        State.BLOCKED: "DOWN",
        State.DRAINING: "DRAIN",
        State.TERMINATED: "DOWN",
        State.FAILED: "DOWN",
        State.BACKOFF: "DOWN",
    },
    loses="HAProxy sees answers, not processes: a server that is starting, blocked or gone is DOWN once fall checks"
    " have said so, and UP until then. Its way between the two (UP 2/3, DOWN 1/2) is the count of the probe here.",
    source="haproxy src/check.c, src/server.c, src/stats.c; doc/configuration.txt, doc/management.txt",
)
