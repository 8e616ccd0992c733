"""Counting outcomes: thresholds, holds, errors, and what survives a restart."""

from __future__ import annotations

import pytest

from lifecycle_kit.probes import KINDS, Outcome, ProbeSettings, Tally, new_life, observe

LETTERS = {"S": Outcome.SUCCESS, "F": Outcome.FAILURE, "E": Outcome.ERROR}


def verdicts(settings: ProbeSettings, outcomes: str, new_life_before: int | None = None) -> str:
    """Return the verdict after each outcome; `new_life_before` is counted from 1."""
    tally, made = Tally.first(settings), ""
    for number, letter in enumerate(outcomes, start=1):
        if number == new_life_before:
            tally = new_life(settings, tally)
        tally = observe(settings, tally, LETTERS[letter])
        made += "S" if tally.good else "F"
    return made


def test_kubernetes_defaults_are_these() -> None:
    probe = ProbeSettings()
    assert (probe.initial_delay_s, probe.period_s, probe.timeout_s) == (0, 10, 1)
    assert (probe.success_threshold, probe.failure_threshold) == (1, 3)
    assert (probe.from_end, probe.start_period_s, probe.holds) == (False, 0, True)


@pytest.mark.parametrize(("kind", "good"), [("startup", False), ("readiness", False), ("liveness", True)])
def test_a_new_life_begins_with_the_verdict_of_its_kind(kind: str, good: bool) -> None:
    assert ProbeSettings(kind=kind).initial is good


def test_three_failures_in_a_row_make_it_bad_and_one_success_good() -> None:
    assert verdicts(ProbeSettings(), "SFFSFFFFS") == "SSSSSSFFS"


def test_success_threshold_counts_too() -> None:
    assert verdicts(ProbeSettings(success_threshold=2, failure_threshold=1), "SSFSFSS") == "FSFFFFS"


def test_an_error_neither_counts_nor_breaks_a_run() -> None:
    assert verdicts(ProbeSettings(kind="liveness"), "FEFEF") == "SSSSF"


def test_after_a_liveness_failure_nothing_is_probed_until_a_new_life() -> None:
    assert verdicts(ProbeSettings(kind="liveness"), "FFFSS") == "SSFFF"
    assert verdicts(ProbeSettings(kind="liveness"), "FFFSS", new_life_before=4) == "SSFSS"


def test_a_startup_probe_rests_after_its_first_success() -> None:
    assert verdicts(ProbeSettings(kind="startup"), "FSFFF") == "FSSSS"


def test_a_restart_does_not_clear_the_failure_counter() -> None:
    assert verdicts(ProbeSettings(kind="liveness"), "FFF", new_life_before=3) == "SSF"


def test_a_probe_that_carries_nothing_begins_anew_with_each_life() -> None:
    docker = ProbeSettings(carries=False)
    assert new_life(docker, Tally(good=True, last=Outcome.FAILURE, run=2)) == Tally.first(docker)


def test_a_verdict_that_replaces_the_container_clears_the_counter() -> None:
    assert verdicts(ProbeSettings(kind="liveness"), "FFFFFF", new_life_before=4) == "SSFSSF"


def test_failures_in_the_start_period_do_not_count_before_the_first_success() -> None:
    docker = ProbeSettings(start_period_s=10, failure_threshold=2, initially_good=True, holds=False)
    tally = Tally.first(docker)
    for age_s in (0, 5, 9):
        tally = observe(docker, tally, Outcome.FAILURE, age_s * 10**9)
    assert (tally.good, tally.run) == (True, 0)
    tally = observe(docker, tally, Outcome.SUCCESS, 9 * 10**9)
    assert observe(docker, tally, Outcome.FAILURE, 9 * 10**9).run == 1


def test_rise_and_fall_are_thresholds_without_a_hold() -> None:
    """HAProxy's defaults, rise 2 and fall 3; a server is UP before its first check."""
    haproxy = ProbeSettings(success_threshold=2, failure_threshold=3, initially_good=True, holds=False)
    assert verdicts(haproxy, "FFFSSFFSFFF") == "SSFFSSSSSSF"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "health"}, "startup, readiness, liveness"), ({"period_s": 0}, "period_s"),
        ({"timeout_s": -1}, "-1"), ({"start_interval_s": 0}, "start_interval_s must be greater than 0, got 0"),
        ({"failure_threshold": 0}, "failure_threshold must be at least 1, got 0"),
        ({"kind": "liveness", "success_threshold": 2}, "success_threshold must be 1 for a liveness probe"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ProbeSettings(**wrong)  # type: ignore[arg-type]


def test_there_are_three_kinds() -> None:
    assert KINDS == ("startup", "readiness", "liveness")
