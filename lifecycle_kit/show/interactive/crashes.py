"""What a restart policy makes of a program that ends again and again: its delays, its restarts an hour, its alarm.

Rule: every instant here comes from a run of `step` in virtual time; only what goes on evenly after hundreds of
restarts is counted on instead of run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.machine import Unit
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.systems import system
from lifecycle_kit.trace import Trace, waits
from lifecycle_kit.units import seconds

__all__ = ["HOUR_S", "MANY", "Crashes", "crashes", "unit_like", "unit_of"]

HOUR_S = 3600.0
MANY = 60  # starts after which it is counted on


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashes:
    """An hour of restarts.

    Attributes:
        starts_s: instants of the first starts, seconds; all of the hour if `about` is False.
        delays_s: the waits before the restarts among them, seconds.
        restarts: in the hour.
        about: whether that number was counted on from the last ones seen.
        gave_up: why no further start follows; "" if one would.
        gave_up_s: when, None if never.
        alarm_s: when the crash loop was reported to a person, None if never.
    """

    starts_s: tuple[float, ...]
    delays_s: tuple[float, ...]
    restarts: int
    about: bool
    gave_up: str
    gave_up_s: float | None
    alarm_s: float | None


def unit_of(curve: Backoff) -> Unit:
    """Return a unit with a bare curve: restarted after every end, for ever; a minute of life clears the count."""
    return Unit(policy=PlainPolicy(when="always", backoff=curve))


def unit_like(name: str) -> Unit:
    """Return a unit supervised as a real system does it by default, made to restart after every end."""
    return system(name).unit(system(name).restarting)


@lru_cache(maxsize=256)
def _hour(unit_name: str, curve: Backoff | None, life_s: float, good_after: int, seed: int) -> Crashes:
    unit = unit_of(curve) if curve is not None else unit_like(unit_name)
    fails = Script(run_s=life_s)
    lives = [*[fails] * good_after, Script()] if good_after else [fails]
    until_s = 10.0
    while True:
        until_s = min(until_s * 3, HOUR_S)
        trace = simulate(unit, lives, until_s, seed=seed)
        begun = [move.at for move in trace.transitions if move.target is State.STARTING]
        if len(begun) > MANY or until_s >= HOUR_S or trace.transitions[-1].target in (State.FAILED, State.TERMINATED):
            return _counted(trace, begun, until_s)


def crashes(
    like: str = "", curve: Backoff | None = None, *, life_s: float = 0.0, good_after: int = 0, seed: int = 0
) -> Crashes:
    """Return an hour of a program that ends with exit code 1 after each `life_s` seconds.

    Args:
        like: a system by name, with its defaults; looked at if `curve` is None.
        curve: or a bare curve of delays.
        life_s: how long each life lasts, seconds.
        good_after: failures after which it works for good; 0: it never does.
        seed: of the draws for jitter.

    >>> crashes("kubernetes").delays_s[:5], crashes("kubernetes").restarts
    ((0.0, 10.0, 20.0, 40.0, 80.0), 16)
    """
    return _hour(like, curve, life_s, good_after, seed)


def _counted(trace: Trace, begun: list[float], until_s: float) -> Crashes:
    gave_up = [(at, text) for at, _, kind, text in trace.alerts if kind == "gave-up"]
    alarms = [seconds(at) for at, _, kind, _ in trace.alerts if kind == "crash-loop"]
    about = until_s < HOUR_S and not gave_up and trace.transitions[-1].target is not State.TERMINATED
    more = 0.0
    if about:
        gaps = [later - earlier for earlier, later in pairwise(begun[-MANY // 2 :])]
        more = (HOUR_S - begun[-1]) * len(gaps) / max(sum(gaps), 1e-9)
    return Crashes(
        starts_s=tuple(begun), delays_s=tuple(waits(trace.transitions)), restarts=len(begun) - 1 + int(more),
        about=about, gave_up=gave_up[-1][1].rpartition("; ")[2] if gave_up else "",
        gave_up_s=seconds(gave_up[-1][0]) if gave_up else None, alarm_s=alarms[0] if alarms else None,
    )  # fmt: skip
