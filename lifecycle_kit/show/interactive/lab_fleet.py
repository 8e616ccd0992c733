"""The fleet lab: an hour of many instances that crash or hang by chance; who can work, and who brings them back?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifecycle_kit.show.fleet_picture import fleet_chart
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider, switch
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.simulate import Fleet, FleetResult, run_fleet
from lifecycle_kit.simulate.fleet.summary import ready_steps, summary
from lifecycle_kit.simulate.fleet.world import Wear
from lifecycle_kit.states import State
from lifecycle_kit.systems import SYSTEMS, like, system
from lifecycle_kit.trace import last_moves
from lifecycle_kit.units import ns

__all__ = ["HOUR_S", "LAB", "FleetKnobs", "fleet_of", "says"]

HOUR_S = 3600.0
PERCENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetKnobs:
    """What can be set: how many, how they fail, and who restarts them."""

    replicas: int = slider("Instances", 50, (5, 10, 20, 50, 100), group="Fleet")
    seed: int = slider("Dice", 0, tuple(range(10)), group="Fleet")
    mtbf_s: float = seconds_slider(
        "A life lasts on average", 600, (30, 60, 120, 300, 600, 1200, 3600), group="Failures"
    )
    hangs: int = slider("Lives that end in a hang", 10, (0, 1, 5, 10, 25, 50, 100), unit="%", group="Failures")
    like: str = choice("Restarted by", "kubernetes", {name: name for name in SYSTEMS}, group="Supervision")
    liveness: bool = switch("Liveness probe (kubernetes only)", False, group="Supervision")
    period_s: float = seconds_slider("Its period", 10, (2, 5, 10, 30, 60), group="Supervision")


def fleet_of(knobs: FleetKnobs) -> Fleet:
    """Return the fleet that the settings mean: nobody sends requests, its readiness alone is looked at."""
    if knobs.like == "kubernetes":
        probe = {"livenessProbe.periodSeconds": knobs.period_s} if knobs.liveness else {}
        unit = like("kubernetes", {"readinessProbe.periodSeconds": 5, **probe})
    else:
        unit = system(knobs.like).unit(system(knobs.like).restarting)
    wear = Wear(mtbf_s=knobs.mtbf_s, hangs=knobs.hangs / PERCENT)
    return Fleet(unit=unit, lives=wear, replicas=knobs.replicas, load=None)


def says(result: FleetResult, fleet: Fleet) -> str:
    """Return how the fleet fared, in sentences."""
    instants, level = ready_steps(result.log)
    lasts = np.diff(np.append(instants, result.until_ns))
    mean = float((level * lasts).sum() / max(result.until_ns, 1))
    least = int(level[instants >= ns(60)].min(initial=fleet.replicas))
    ends = [move.target for move in last_moves(result.log).values()]
    lost = ends.count(State.FAILED) + ends.count(State.TERMINATED)
    restarts = int(summary(result, fleet)["restarts"])
    given_up = f" {lost} {'was' if lost == 1 else 'were'} given up." if lost else ""
    ready = f"{mean:.1f} of {fleet.replicas} instances count as ready on average, {least} at least"
    return f"{ready}; {restarts} restarts.{given_up}"


def _draw(knobs: FleetKnobs) -> Shown:
    fleet = fleet_of(knobs)
    result = run_fleet(fleet, HOUR_S, seed=knobs.seed)
    title = f"An hour of {knobs.replicas} instances under {knobs.like}"
    return Shown(says=says(result, fleet), picture=fleet_chart(result, fleet, title=title, marks=()))


LAB = Lab(
    title="Fleet lab",
    question="Instances crash or hang by chance. How many can work, and who brings them back?",
    start=FleetKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Look for hangs", watch="readiness only takes a hung instance out; a liveness probe brings it back",
              settings={"liveness": True}),
        Tweak(label="Fragile lives", watch="a minute each: the back-off, made for crash loops, now keeps them down",
              settings={"mtbf_s": 60, "hangs": 0}),
        Tweak(label="The same under systemd", watch="all count as ready; then why do the restarts cease?",
              settings={"like": "systemd", "mtbf_s": 60}),
    ),
)  # fmt: skip
