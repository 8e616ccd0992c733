"""The backoff lab: how long a policy waits, how often it restarts, and what a herd that waits alike does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.show.interactive.backoff_picture import Waited, draw_waits
from lifecycle_kit.show.interactive.crashes import crashes
from lifecycle_kit.show.interactive.herd import herd
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.systems import SYSTEMS
from lifecycle_kit.units import ns, span

__all__ = ["LAB", "OWN", "BackoffKnobs", "waited"]

OWN = "own"
SHORTEST_S, LONGEST_S = 20, 620  # what the herd is shown for
TRIES = 7  # that should fit into it


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffKnobs:
    """What can be set: whose policy, how its program fails, and who else tries again."""

    like: str = choice(
        "Restarted by", OWN, {OWN: "a curve of your own", **{name: f"{name}, as it comes" for name in SYSTEMS}},
        group="Policy",
    )  # fmt: skip
    first_s: float = seconds_slider(
        "First wait",
        1,
        (0, 0.1, 0.5, 1, 2, 5, 10, 30),
        group="Policy",
        help="First wait, growth and cap: of your own curve",
    )
    factor: float = slider("Growth", 2, (1, 1.5, 2, 3, 5), unit="times", group="Policy")
    cap_s: float = seconds_slider("Cap", 60, (1, 5, 10, 30, 60, 120, 300, 900, math.inf), group="Policy")
    life_s: float = seconds_slider("Each life lasts", 0, (0, 0.5, 1, 2, 5, 10, 30, 60, 120, 600), group="Crashes")
    good_after: int = choice(
        "It works", 0, {0: "never", 1: "after 1 failure", 3: "after 3 failures", 6: "after 6 failures"}, group="Crashes"
    )  # fmt: skip
    clients: int = slider("Clients", 50, (1, 5, 10, 20, 50, 100, 200), group="Herd")
    jitter: str = choice(
        "Jitter", "full",
        {"full": "full: from 0 to the wait", "equal": "equal: from half of it",
         "decorrelated": "decorrelated: up to 3 x the last"}, group="Herd",
    )  # fmt: skip
    seed: int = slider("Dice", 0, tuple(range(10)), group="Herd")


def waited(knobs: BackoffKnobs) -> Waited:
    """Return what the settings lead to: an hour of restarts, and the herd with and without jitter.

    Raises:
        ValueError: if the first wait is longer than the cap.
    """
    curve = None
    if knobs.like == OWN:
        curve = Backoff(first_s=knobs.first_s, factor=knobs.factor, cap_s=knobs.cap_s)
    made = crashes("" if curve else knobs.like, curve, life_s=knobs.life_s, good_after=knobs.good_after)
    waits = _herd_waits(curve, made.delays_s)
    until_s = int(min(max(sum(waits[:TRIES]) * 1.15, SHORTEST_S), LONGEST_S))
    cap = knobs.cap_s if curve else max(waits, default=0.0)
    with_jitter = herd(waits, knobs.clients, knobs.jitter, until_s, cap_s=cap, seed=knobs.seed) if waits else []
    without = herd(waits, knobs.clients, "none", until_s) if waits else []
    return Waited(
        name=knobs.like if curve is None else "your own curve", made=made, clients=knobs.clients, jitter=knobs.jitter,
        without=tuple(without), with_jitter=tuple(with_jitter),
    )  # fmt: skip


def _herd_waits(curve: Backoff | None, delays_s: tuple[float, ...]) -> list[float]:
    """Return enough waits to fill the picture; a system that gives up has no more than it made."""
    if curve is None:
        return [delay for delay in delays_s if delay > 0][:60]
    return [delay for delay in curve.ladder(60) if delay > 0]


def _said(found: Waited) -> str:
    made = found.made
    first = ", ".join(_at(delay) for delay in made.delays_s[:4])
    waits = f"waits {first}{' …' if len(made.delays_s) > 4 else ''}" if first else "does not wait"
    many = f"{made.restarts} {'restart' if made.restarts == 1 else 'restarts'}"
    often = f"{'about ' if made.about else ''}{many} an hour"
    if made.gave_up:
        often = f"gives up after {many}, at {_at(made.gave_up_s or 0)}"
    alarm = "" if made.alarm_s is None else f" The crash loop is reported at {_at(made.alarm_s)}."
    return f"{found.name[0].upper()}{found.name[1:]}: {waits}; {often}.{alarm} {_herd_said(found)}"


def _herd_said(found: Waited) -> str:
    if not found.without:
        return "A herd of clients would try again at once, over and over."
    spread = f"{max(found.with_jitter)} with {found.jitter} jitter"
    return f"{found.clients} clients: up to {max(found.without)} at the same moment without jitter, {spread}."


def _at(seconds_: float) -> str:
    return span(ns(round(seconds_, 1))) or "0 s"


def _draw(knobs: BackoffKnobs) -> Shown:
    found = waited(knobs)
    return Shown(says=_said(found), picture=draw_waits(found))


LAB = Lab(
    title="Backoff lab",
    question="A program ends again and again. How long should one wait, and what if a whole herd waits alike?",
    start=BackoffKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Never wait longer", watch="no growth: how many restarts an hour does a lasting fault cost?",
              settings={"factor": 1}),
        Tweak(label="A fault that passes", watch="it works after 3 failures: here restarting heals, and soon",
              settings={"good_after": 3}),
        Tweak(label="A program that lives 5 s", watch="supervisord thinks it has succeeded, and starts it for ever",
              settings={"like": "supervisord", "life_s": 5}),
    ),
)  # fmt: skip
