"""The routing lab: one instance of several is not what it seems; which question should the balancer ask?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lifecycle_kit.health import parse_health
from lifecycle_kit.show.fleet_picture import fleet_chart
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.simulate import Fleet, FleetResult, Load, Script, run_fleet
from lifecycle_kit.simulate.fleet.balancer import RULES
from lifecycle_kit.systems import like

__all__ = ["LAB", "TROUBLES", "UNTIL_S", "RoutingKnobs", "fleet_of", "run"]

UNTIL_S = 60.0
TROUBLES: dict[str, tuple[str, Script]] = {
    "half": (
        "answers pings, and can do nothing",
        Script(serves_from_s=None, health={"readiness": parse_health("1:fail")}),
    ),
    "slow": ("needs 25 s to load", Script(serves_from_s=25, health={"readiness": parse_health("25:fail,1:ok")})),
    "hangs": ("hangs from 20 s on", Script(hangs_after_s=20)),
    "crashes": ("crashes every 8 s", Script(run_s=8, exit=1)),
    "leaves": ("is asked to stop at 20 s, and finishes slowly", Script(on_term="drain", stop_takes_s=15)),
    "none": ("is as good as the others", Script()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingKnobs:
    """What can be set: the balancer's question, the trouble, the probes, and the requests."""

    route_on: str = choice(
        "Route to whoever", "process",
        {"process": "has a process", "liveness": "is alive: its liveness probe passes",
         "readiness": "is ready: its readiness probe passes", "view": "is seen as ready by lifecycle_view"},
        group="Balancer",
    )  # fmt: skip
    spread_s: float = seconds_slider("News takes", 1, (0, 0.5, 1, 2, 5, 10), group="Balancer")
    trouble: str = choice(
        "The last instance", "half", {name: words for name, (words, _) in TROUBLES.items()}, group="Instances"
    )
    replicas: int = slider("Instances", 3, (2, 3, 4, 6, 8), group="Instances")
    period_s: float = seconds_slider("Probe period", 2, (1, 2, 5, 10), group="Instances")
    per_s: int = slider("Requests", 20, (2, 5, 10, 20, 40), unit="a second", group="Requests")
    takes_s: float = seconds_slider("One takes", 0.2, (0.05, 0.1, 0.2, 0.5, 1, 2), group="Requests")
    slots: int = slider("An instance does", 8, (1, 2, 4, 8, 16), unit="at a time", group="Requests")


def fleet_of(knobs: RoutingKnobs) -> Fleet:
    """Return the fleet that the settings mean."""
    trouble = TROUBLES[knobs.trouble][1]
    last = knobs.replicas - 1
    period = {f"{kind}Probe.periodSeconds": knobs.period_s for kind in ("liveness", "readiness")}
    return Fleet(
        unit=like("kubernetes", {**period, "terminationGracePeriodSeconds": 30}),
        lives=lambda number: [trouble if number == last else Script(on_term="drain")],
        replicas=knobs.replicas, route_on=knobs.route_on, spread_s=knobs.spread_s, slots=knobs.slots,
        load=Load(per_s=knobs.per_s, takes_s=knobs.takes_s, steady=True, from_s=10, timeout_s=4),
        requests=[(20, last, "stop")] if knobs.trouble == "leaves" else [],
    )  # fmt: skip


@lru_cache(maxsize=256)
def run(knobs: RoutingKnobs) -> FleetResult:
    """Return a minute of the fleet."""
    return run_fleet(fleet_of(knobs), UNTIL_S)


def _said(knobs: RoutingKnobs) -> str:
    result = run(knobs)
    total = len(result.requests)
    ends = {word: count for word, count in result.outcomes.items() if word not in ("served", "in-flight")}
    how = f" ({', '.join(f'{count} {word}' for word, count in ends.items())})" if ends else ""
    failed = f"{result.failed} of {total} requests fail{how}" if result.failed else f"None of {total} requests fails"
    others = {rule: run(replace(knobs, route_on=rule)).failed for rule in RULES}
    return f"{failed}. Failures by rule: {', '.join(f'{rule} {count}' for rule, count in others.items())}."


def _draw(knobs: RoutingKnobs) -> Shown:
    title = f"Routed on {knobs.route_on}: the last instance {TROUBLES[knobs.trouble][0]}"
    return Shown(says=_said(knobs), picture=fleet_chart(run(knobs), fleet_of(knobs), title=title))


LAB = Lab(
    title="Routing lab",
    question="Every instance has a process. Who should get requests?",
    start=RoutingKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Ask whether it is ready", watch="the one that is alive and useless gets no requests",
              settings={"route_on": "readiness"}),
        Tweak(label="Let it hang", watch="which question finds out, and how long after?",
              settings={"route_on": "readiness", "trouble": "hangs"}),
        Tweak(label="Route to one that leaves", watch="a liveness probe does not see that it is on its way out",
              settings={"route_on": "liveness", "trouble": "leaves"}),
    ),
)  # fmt: skip
