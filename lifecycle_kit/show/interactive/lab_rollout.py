"""The rollout lab: a new version replaces the old one, instance by instance; does anybody notice?"""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle_kit.health import parse_health
from lifecycle_kit.show.fleet_picture import fleet_chart
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.simulate import Fleet, FleetResult, Load, RollingUpdate, Script, run_fleet
from lifecycle_kit.simulate.fleet.summary import ready_steps
from lifecycle_kit.systems import like
from lifecycle_kit.units import ns, span

__all__ = ["LAB", "UPDATE_S", "RolloutKnobs", "fleet_of", "run"]

UPDATE_S, UNTIL_S = 20.0, 120.0
WARM_UP_S = 8  # until a new process can work
STEPS = {"0": "0", "1": "1", "2": "2", "25%": "25 %", "50%": "50 %", "100%": "100 %"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutKnobs:
    """What can be set: the update's numbers, and how honest and how polite the instances are."""

    replicas: int = slider("Instances", 4, (1, 2, 3, 4, 6, 8, 10), group="Update")
    max_surge: str = choice("maxSurge", "1", STEPS, group="Update", help="how many more there may be")
    max_unavailable: str = choice("maxUnavailable", "0", STEPS, group="Update", help="how many may be missing")
    new_version: str = choice(
        "The new version", "good", {"good": f"works after {WARM_UP_S} s", "broken": "never becomes useful"},
        group="Instances",
    )  # fmt: skip
    readiness: str = choice(
        "Readiness", "honest",
        {"honest": "honest: ready when it can work", "superficial": "superficial: a process is enough"},
        group="Instances",
    )  # fmt: skip
    drain: str = choice(
        "When it is asked to stop", "drain", {"drain": "it finishes its work", "exit": "it exits at once"},
        group="Instances",
    )  # fmt: skip
    pause_s: int = slider("Pause before SIGTERM", 2, (0, 1, 2, 5), unit="s", group="Routes")
    spread_s: float = seconds_slider("The balancer hears it after", 1, (0, 0.5, 1, 2, 5), group="Routes")
    per_s: int = slider("Requests", 20, (5, 10, 20, 40), unit="a second", group="Routes")


def _number(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def fleet_of(knobs: RolloutKnobs) -> Fleet:
    """Return the fleet that the settings mean, and its update.

    Raises:
        OptionError: if Kubernetes would refuse the numbers.
    """
    honest = knobs.readiness == "honest"
    options = {"readinessProbe.periodSeconds": 1, "readinessProbe.failureThreshold": 1}
    if knobs.pause_s:
        options["lifecycle.preStop.sleep.seconds"] = knobs.pause_s
    probes = {"good": f"{WARM_UP_S}:fail,1:ok", "broken": "1:fail"}
    seen = {version: {"readiness": parse_health(script)} if honest else {} for version, script in probes.items()}
    useful = None if knobs.new_version == "broken" else WARM_UP_S
    return Fleet(
        unit=like("kubernetes", options),
        lives=[Script(on_term=knobs.drain, serves_from_s=WARM_UP_S, health=seen["good"])],
        new_lives=[Script(on_term=knobs.drain, serves_from_s=useful, health=seen[knobs.new_version])],
        replicas=knobs.replicas, spread_s=knobs.spread_s, update_at_s=UPDATE_S,
        update=RollingUpdate(
            maxSurge=_number(knobs.max_surge), maxUnavailable=_number(knobs.max_unavailable),
            progressDeadlineSeconds=60,
        ),
        load=Load(per_s=knobs.per_s, takes_s=0.5, steady=True, from_s=WARM_UP_S + 6),
    )  # fmt: skip


def run(knobs: RolloutKnobs) -> FleetResult:
    """Return two minutes of the fleet, with its update."""
    return run_fleet(fleet_of(knobs), UNTIL_S)


def _said(result: FleetResult, fleet: Fleet) -> str:
    if result.update_done_s is not None:
        over = f"The update is complete after {span(ns(round(result.update_done_s - UPDATE_S, 1))) or '0 s'}"
    elif result.update_stuck_s is not None:
        over = f"The update is called stuck after {span(ns(round(result.update_stuck_s - UPDATE_S, 1)))}"
    else:
        over = "The update is not complete after 100 s"
    instants, level = ready_steps(result.log)
    least = int(level[instants >= ns(UPDATE_S)].min(initial=fleet.replicas))
    ends = {word: count for word, count in result.outcomes.items() if word not in ("served", "in-flight")}
    noticed = f"{result.failed} requests fail ({', '.join(f'{n} {word}' for word, n in ends.items())})"
    return f"{over}; at least {least} of {fleet.replicas} are ready. {noticed if ends else 'No request fails'}."


def _draw(knobs: RolloutKnobs) -> Shown:
    fleet = fleet_of(knobs)
    result = run_fleet(fleet, UNTIL_S)
    chart = fleet_chart(result, fleet, title="A rolling update begins at 20 s", from_s=WARM_UP_S + 6)
    return Shown(says=_said(result, fleet), picture=chart)


LAB = Lab(
    title="Rollout lab",
    question="A new version replaces the old one, instance by instance. Does anybody notice?",
    start=RolloutKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Ask superficially", watch="every process runs, the update is quick, and requests fail",
              settings={"readiness": "superficial"}),
        Tweak(label="Leave at once", watch="the new ones are ready, but the old ones do not drain",
              settings={"drain": "exit", "pause_s": 0}),
        Tweak(label="A broken version", watch="honest readiness stops the update, and the old ones go on serving",
              settings={"new_version": "broken"}),
    ),
)  # fmt: skip
