"""Fleets as hypothesis draws them whose lives have a closed form: slow to start, then well, then an end or a hang."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit
from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.exits import Cause
from lifecycle_kit.health import segments
from lifecycle_kit.instance import Readiness
from lifecycle_kit.probes import ProbeSettings
from lifecycle_kit.simulate import Fleet, Script, Wear

__all__ = ["fleets"]

# Round numbers meet at the same instants.
SHORT = st.sampled_from([0, 0, 0.5, 1, 2, 3, 5, 7.5, 10, 20])
EXIT: st.SearchStrategy[int | str] = st.sampled_from([0, 1, "SIGSEGV", "SIGTERM"])


@st.composite
def probes(draw: st.DrawFn, kind: str) -> ProbeSettings:
    return ProbeSettings(
        kind=kind, initial_delay_s=draw(SHORT), period_s=draw(st.sampled_from([2, 5, 10])),
        timeout_s=draw(st.sampled_from([0.5, 1, 2])), failure_threshold=draw(st.integers(1, 4)),
        carries=draw(st.sampled_from([True, True, False])),
    )  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    kinds = draw(st.sets(st.sampled_from(["readiness", "liveness"])))
    latency = st.sampled_from([0, 0, 0.25, 0.5])
    slow = {kind: segments((0, "fail", draw(latency)), (draw(SHORT) + 1, "ok", draw(latency))) for kind in kinds}
    return Script(
        run_s=draw(st.none() | SHORT.map(lambda at: at * 3)), exit=draw(EXIT), health=slow,
        hangs_after_s=draw(st.none() | SHORT.map(lambda at: at * 4)),
        on_term=draw(st.sampled_from(["exit", "drain", "deaf"])), stop_takes_s=draw(SHORT),
        stop_exit=draw(st.sampled_from([None, 0])), cause=draw(st.sampled_from([None, None, None, Cause.REQUEST])),
    )  # fmt: skip


@st.composite
def units(draw: st.DrawFn) -> Unit:
    readiness = draw(st.none() | probes("readiness"))
    liveness = draw(st.none() | probes("liveness") | probes("liveness"))
    if readiness is not None and draw(st.booleans()):  # as in most fleets, one like the other
        liveness = replace(readiness, kind="liveness")
    made = [probe for probe in (readiness, liveness) if probe is not None]
    by = "probe" if readiness is not None else draw(st.sampled_from(["probe", "spawn", "seconds"]))
    policy = PlainPolicy(
        when=draw(st.sampled_from(["always", "always", "on-failure", "never"])),
        backoff=Backoff(
            first_s=draw(st.sampled_from([1, 2.5, 10])), factor=draw(st.sampled_from([1, 2])), cap_s=40,
            jitter=draw(st.sampled_from(["none", "none", "full", "equal"])),
        ),
        give_up_after=draw(st.sampled_from([None, None, 1, 3])),
        forget_after_s=draw(st.sampled_from([None, 0, 10, 30, 60])),
    )  # fmt: skip
    return Unit(
        policy=policy, readiness=Readiness(by=by, after_s=draw(SHORT)), probes={probe.kind: probe for probe in made},
        stop=term_then_kill(draw(st.sampled_from([0, 1, 5, 10]))), reports_work=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    wear = Wear(
        mtbf_s=draw(st.sampled_from([3, 10, 40])), hangs=draw(st.sampled_from([0, 0.5, 1])), script=draw(scripts())
    )
    lives: Any = draw(st.just(wear) | st.lists(scripts(), min_size=1, max_size=3))
    return Fleet(unit=draw(units()), lives=lives, replicas=draw(st.integers(1, 4)), load=None)
