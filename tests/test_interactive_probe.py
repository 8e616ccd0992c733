"""The probe lab: what a probe makes of a target whose truth is known, and that its picture and words say the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.probes import KINDS, ProbeSettings
from lifecycle_kit.show.interactive.lab import Bench
from lifecycle_kit.show.interactive.lab_probe import LAB, SCRIPTS, ProbeKnobs, settings_of
from lifecycle_kit.show.interactive.probe_found import Found, find
from lifecycle_kit.units import ns, seconds

READINESS = ProbeSettings(kind="readiness", period_s=10, failure_threshold=3)
LIVENESS = ProbeSettings(kind="liveness", period_s=5, failure_threshold=3, timeout_s=1)


def late(found: Found) -> list[float]:
    return [seconds(part.end_ns - part.start_ns) for part in found.noticed]


def test_an_outage_is_noticed_after_as_many_probes_as_must_fail() -> None:
    found = find(READINESS, "63:ok,40:fail,47:ok")
    assert late(found) == [27.0]
    assert [seconds(part.end_ns - part.start_ns) for part in found.back] == [7.0]
    assert (found.false_alarms, found.missed) == ((), ())


def test_an_outage_between_two_verdicts_is_missed() -> None:
    found = find(READINESS, "63:ok,15:fail,47:ok")
    assert (found.noticed, [part.word for part in found.missed]) == ((), ["outage"])


def test_a_blip_that_turns_the_verdict_is_a_false_alarm() -> None:
    eager = ProbeSettings(kind="readiness", period_s=2, failure_threshold=1)
    found = find(eager, "21:ok,2:fail,20:ok")
    assert [seconds(at) for at in found.false_alarms] == [22.0]
    assert find(READINESS, "21:ok,2:fail,20:ok").false_alarms == ()


def test_a_slow_answer_is_no_outage_so_killing_for_it_is_a_false_alarm() -> None:
    found = find(LIVENESS, "33:ok,40:ok@2,30:ok,30:fail,17:ok")
    assert [seconds(at) for at in found.false_alarms] == [46.0]
    assert found.killed_ns == ns(46)
    assert found.missed == (), "what happens after the kill is not judged"


def test_a_startup_probe_may_kill_what_only_needs_time() -> None:
    found = find(ProbeSettings(kind="startup", period_s=10), "28:fail,60:ok")
    assert ([part.word for part in found.truth], found.killed_ns) == (["starts", "works"], ns(20))
    assert len(found.false_alarms) == 1


def test_a_startup_probe_that_has_passed_notices_nothing_more() -> None:
    found = find(ProbeSettings(kind="startup", period_s=10), "30:ok,30:fail,30:ok")
    assert (found.killed_ns, len(found.missed)) == (None, 1)


def test_a_hang_counts_as_an_outage_and_is_noticed_a_timeout_later() -> None:
    assert late(find(LIVENESS, "62:ok,50:ok@9999,38:ok")) == [14.0]


def test_an_outage_that_begins_while_the_verdict_is_bad_is_noticed_at_once() -> None:
    eager = ProbeSettings(kind="readiness", period_s=1, failure_threshold=1, success_threshold=5)
    assert late(find(eager, "20:ok,2:fail,2:ok,20:fail,10:ok")) == [0.0]


@given(
    st.sampled_from(("readiness", "liveness")),
    st.integers(2, 20),
    st.integers(1, 8),
    st.integers(1, 12),
    st.integers(1, 99),
    st.sampled_from(("fail", "ok@9999")),
)
def test_an_outage_that_lasts_is_noticed_within_what_the_lab_promises(
    kind: str, period: int, threshold: int, timeout: int, at: int, how: str
) -> None:
    probe = ProbeSettings(kind=kind, period_s=period, failure_threshold=threshold, timeout_s=timeout)
    found = find(probe, f"{at}:ok,200:{how}")
    assert 0 <= late(found)[0] <= seconds(found.within_ns)


@pytest.mark.parametrize(
    ("script", "why"),
    [("20:okay", "no part of a health script"), ("0:ok", "the lab shows from 1 to 600 s"), ("601:ok", "lasts 601 s")],
)
def test_a_script_that_cannot_be_shown_is_refused_with_a_reason(script: str, why: str) -> None:
    bench = Bench(LAB, target="own")
    before = bench.view()
    bench.take({"script": script})
    assert why in bench.view().problem
    assert bench.view().picture == before.picture


def test_every_place_of_the_knobs_draws_a_picture_that_is_well_formed() -> None:
    for kind, target, period, threshold in product(KINDS, SCRIPTS, (1, 30), (1, 10)):
        shown = LAB.draw(ProbeKnobs(kind=kind, target=target, period_s=period, failure_threshold=threshold))
        ET.fromstring(str(shown.picture))
        assert shown.says.endswith(".")


def test_each_tweak_shows_what_it_promises() -> None:
    before = find(settings_of(ProbeKnobs()), SCRIPTS["outage"][1])
    often, eager, killed = (find(settings_of(knobs), SCRIPTS[knobs.target][1]) for knobs in tweaked())
    assert late(often) < late(before)
    assert len(often.strip.probes) > len(before.strip.probes)
    assert len(eager.false_alarms) == 3
    assert killed.killed_ns is not None
    assert killed.false_alarms


def tweaked() -> list[ProbeKnobs]:
    made = []
    for number in range(len(LAB.tweaks)):
        bench = Bench(LAB)
        bench.press(f"try-{number}")
        made.append(bench.settings)
    return made


def test_the_words_say_what_the_picture_shows() -> None:
    shown = LAB.draw(ProbeKnobs(period_s=2, failure_threshold=1, target="blips"))
    drawn = " ".join(
        "".join(each.itertext()) for each in ET.fromstring(str(shown.picture)).iter() if each.tag.endswith("text")
    )
    assert "noticed after 1 s" in drawn
    assert "outage at 103 s: noticed at 104 s, after 1 s" in shown.picture.text
    assert shown.picture.text.count("false alarm at") == drawn.count("!") == 3
    assert "3 false alarms" in shown.says
