"""What is run: the workload W(n, T), and a fleet that serves requests while it is updated.

W(n, T) is n instances that crash and hang by chance, watched by probes, for T seconds.
"""

from __future__ import annotations

from types import MappingProxyType

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.health import segments
from lifecycle_kit.instance import Readiness, Unit
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.world import Fleet, Wear
from lifecycle_kit.simulate.script import Script

__all__ = [
    "FAILURES", "FIRST_BACKOFF_S", "FORGET_AFTER_S", "GRACE_S", "HANGS", "LONGEST_BACKOFF_S", "MTBF_S", "PERIOD_S",
    "STARTUP_S", "TIMEOUT_S", "serving", "workload",
]  # fmt: skip

STARTUP_S = 5
PERIOD_S, TIMEOUT_S, FAILURES = 10, 1, 3
MTBF_S, HANGS = 600, 0.5
FIRST_BACKOFF_S, LONGEST_BACKOFF_S, FORGET_AFTER_S = 10, 300, 600
GRACE_S = 30


def workload(n: int) -> Fleet:
    """Return the fleet of W(n, T): no requests, so that only the instances' lives are measured."""
    kinds = ("liveness", "readiness")
    health = segments((0, "fail"), (STARTUP_S, "ok"))
    unit = Unit(
        policy=PlainPolicy(
            backoff=Backoff(first_s=FIRST_BACKOFF_S, factor=2, cap_s=LONGEST_BACKOFF_S), forget_after_s=FORGET_AFTER_S
        ),
        readiness=Readiness(by="probe"),
        probes={
            kind: ProbeSettings(kind=kind, period_s=PERIOD_S, timeout_s=TIMEOUT_S, failure_threshold=FAILURES)
            for kind in kinds
        },
        stop=term_then_kill(GRACE_S),
    )
    script = Script(health=MappingProxyType(dict.fromkeys(kinds, health)))
    return Fleet(unit=unit, lives=Wear(mtbf_s=MTBF_S, hangs=HANGS, script=script), replicas=n, load=None)


def serving(n: int, per_s: float, update_at_s: float) -> Fleet:
    """Return `n` instances that serve `per_s` requests a second, and that a rolling update replaces once."""
    health = segments((0, "fail"), (STARTUP_S, "ok"))
    unit = Unit(
        readiness=Readiness(by="probe"),
        probes={"readiness": ProbeSettings(kind="readiness", period_s=PERIOD_S)},
        stop=term_then_kill(GRACE_S),
    )
    script = Script(health={"readiness": health}, serves_from_s=STARTUP_S, on_term="drain")
    load = Load(per_s=per_s, takes_s=0.2)
    return Fleet(unit=unit, lives=[script], replicas=n, spread_s=1, load=load, update_at_s=update_at_s)
