"""The probe lab: how late a probe notices a failure, and how often it calls something bad that is not."""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.show.interactive.knobs import choice, seconds_slider, slider, text
from lifecycle_kit.show.interactive.lab import Lab, Shown, Tweak
from lifecycle_kit.show.interactive.probe_found import find, says
from lifecycle_kit.show.interactive.probe_picture import draw_found

__all__ = ["LAB", "SCRIPTS", "ProbeKnobs", "settings_of"]

OWN = "own"
SCRIPTS: dict[str, tuple[str, str]] = {
    "outage": ("an outage of 40 s", "63:ok,40:fail,47:ok"),
    "blips": ("three blips, then an outage", "21:ok,2:fail,22:ok,3:fail,21:ok,2:fail,32:ok,30:fail,17:ok"),
    "slow": ("slow under load, then an outage", "33:ok,40:ok@2,30:ok,30:fail,17:ok"),
    "hangs": ("it hangs: no answer at all", "62:ok,50:ok@9999,38:ok"),
    "start": ("a slow start, then an outage", "28:fail,64:ok,40:fail,18:ok"),
    OWN: ("a script of your own", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeKnobs:
    """What can be set: the probe, and what happens to its target."""

    kind: str = choice(
        "What a bad verdict does", "readiness",
        {"readiness": "readiness: no more work", "liveness": "liveness: kill and restart",
         "startup": "startup: kill, until it has passed once"}, group="The probe",
    )  # fmt: skip
    period_s: float = seconds_slider("Period", 10, (1, 2, 3, 5, 10, 15, 20, 30), group="The probe")
    failure_threshold: int = slider("Failures in a row", 3, (1, 2, 3, 4, 5, 8, 10), group="The probe")
    success_threshold: int = slider("Successes in a row", 1, (1, 2, 3, 5), group="The probe")
    timeout_s: float = seconds_slider("Timeout", 1, (0.5, 1, 2, 3, 5, 10), group="Time")
    initial_delay_s: float = seconds_slider("Initial delay", 0, (0, 5, 10, 20, 30, 60), group="Time")
    target: str = choice(
        "What happens to it", "outage", {name: words for name, (words, _) in SCRIPTS.items()}, group="The target"
    )
    script: str = text(
        "Own script", "20:ok,5:fail,20:ok@3,15:fail,30:ok", group="The target",
        help="SECONDS:ok, fail or error, and @LATENCY for slow answers",
    )  # fmt: skip


def settings_of(knobs: ProbeKnobs) -> ProbeSettings:
    """Return the probe that the knobs mean; one that may kill passes with a single success, as in Kubernetes."""
    return ProbeSettings(
        kind=knobs.kind, period_s=knobs.period_s, timeout_s=knobs.timeout_s, initial_delay_s=knobs.initial_delay_s,
        success_threshold=knobs.success_threshold if knobs.kind == "readiness" else 1,
        failure_threshold=knobs.failure_threshold,
    )  # fmt: skip


def _draw(knobs: ProbeKnobs) -> Shown:
    found = find(settings_of(knobs), knobs.script if knobs.target == OWN else SCRIPTS[knobs.target][1])
    return Shown(says=says(found), picture=draw_found(found))


LAB = Lab(
    title="Probe lab",
    question="Something fails. How late does a probe notice, and how often does it cry wolf?",
    start=ProbeKnobs(),
    draw=_draw,
    tweaks=(
        Tweak(label="Look more often", watch="the delay shrinks, and the number of probes grows",
              settings={"period_s": 2}),
        Tweak(label="React to one failure", watch="blips of a few seconds become alarms",
              settings={"period_s": 2, "failure_threshold": 1, "target": "blips"}),
        Tweak(label="Kill what is slow", watch="a liveness probe ends a life that only needs time",
              settings={"kind": "liveness", "target": "slow", "period_s": 5}),
    ),
)  # fmt: skip
