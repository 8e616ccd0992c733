"""Predictions held against the whole atlas, and what happens to them when the core is broken."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lifecycle_kit import events as ev
from lifecycle_kit.atlas import Case, comparisons, load
from lifecycle_kit.fidelity import BadGiven, check, predictor
from lifecycle_kit.machine import Instance, step

PACKAGE = Path(__file__).parents[1] / "lifecycle_kit"
CASES = load()
RULES = [case for case in CASES if case.level == "rule"]
BY_SORT = {case.sort: case for case in RULES}


# --- the whole atlas


@pytest.mark.parametrize("sort", sorted(BY_SORT))
def test_what_was_observed_is_what_is_predicted(sort: str) -> None:
    verdicts = [check(case) for case in RULES if case.sort == sort]
    differing = [f"{verdict.case.id}: {verdict.reason}" for verdict in verdicts if verdict.verdict == "differs"]
    assert not differing, "\n".join(differing)
    assert {verdict.verdict for verdict in verdicts} == {"agrees"}


def test_every_kind_of_question_that_the_atlas_can_ask_has_a_predictor() -> None:
    facts = {case.sort for case in CASES if case.level == "fact"}
    for sort in set(comparisons()) - (facts - set(BY_SORT)):
        kind, system, family = sort.split("/")
        assert callable(predictor(system, kind, family)), sort


def test_facts_are_shown_and_not_predicted() -> None:
    facts = [check(case) for case in CASES if case.level == "fact"]
    assert {verdict.verdict for verdict in facts} == {"fact"}
    assert not any(verdict.predicted for verdict in facts)


def test_the_whole_atlas_is_predicted_in_a_few_seconds_of_computing() -> None:
    began = time.process_time()
    for case in RULES:
        check(case)
    assert time.process_time() - began < 5


def test_a_prediction_changes_nothing_in_the_case() -> None:
    before = [repr((case.given, case.observed)) for case in RULES]
    for case in RULES:
        check(case)
    assert [repr((case.given, case.observed)) for case in RULES] == before


def test_no_code_knows_a_case_by_its_name() -> None:
    names = {case.id for case in CASES}
    known = [
        f"{path.relative_to(PACKAGE).as_posix()}: {min(found)}"
        for path in PACKAGE.rglob("*.py")
        if (found := names & set(re.findall(r"[\w.+-]+/[\w.+-]+", path.read_text(encoding="utf-8"))))
    ]
    assert not known, "\n".join(known)


# --- verdicts


def a_case(**changes: Any) -> Case:
    """Return a case of supervisord with some keys changed."""
    case = next(case for case in RULES if case.sort == "restart/supervisord/start-retries" and case.tolerance_s < 1)
    return replace(case, **changes)


def test_a_wrong_observation_differs_in_exactly_its_keys() -> None:
    case = a_case()
    verdict = check(replace(case, observed={**case.observed, "final": "RUNNING", "restarts_count": 99}))
    assert (verdict.verdict, verdict.differing) == ("differs", ("final", "restarts_count"))
    assert verdict.reason == "final, restarts_count differ"
    assert verdict.predicted["final"] == "FATAL"


def test_a_key_that_is_not_predicted_is_a_difference() -> None:
    case = a_case()
    verdict = check(replace(case, observed={**case.observed, "mood": "fine"}))
    assert verdict.reason == "mood differs (nothing is predicted for mood)"


def test_a_key_that_was_not_observed_is_not_compared() -> None:
    case = a_case()
    for key in case.observed:
        less = {name: value for name, value in case.observed.items() if name != key}
        assert check(replace(case, observed=less)).verdict == "agrees"


def test_a_family_without_a_predictor_is_not_modelled() -> None:
    verdict = check(a_case(family="telepathy"))
    assert (verdict.verdict, verdict.reason) == (
        "not modelled",
        "supervisord has no rule for restart/telepathy here",
    )


@pytest.mark.parametrize(
    ("given", "key", "why"),
    [
        ({"policy": {}, "repeat_last": True, "until_s": 5}, "given...lives", "it is missing"),
        ({"policy": {}, "lives": [{"exit": 1}]}, "given...run_s", "it is missing"),
        ({"policy": {}, "lives": 7}, "given", "not iterable"),
    ],
)
def test_a_situation_that_cannot_be_read_says_where(given: dict[str, Any], key: str, why: str) -> None:
    with pytest.raises(BadGiven, match=re.escape(why)) as caught:
        check(a_case(given=given))
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"startsecs": "soon"}, "supervisord startsecs=soon: "),
        ({"nonsense": 1}, "supervisord has no option 'nonsense' here; "),
    ],
)
def test_an_option_that_no_room_knows_is_not_modelled_and_says_why(policy: dict[str, Any], why: str) -> None:
    verdict = check(a_case(given={"policy": policy, "lives": [{"run_s": 1}]}))
    assert verdict.verdict == "not modelled"
    assert verdict.reason.startswith(why)


def test_a_verdict_is_plain_data_for_machines() -> None:
    said = check(a_case()).to_json()
    assert list(said) == ["id", "verdict", "predicted", "observed", "reason"]
    assert said["verdict"] == "agrees"


# --- breaking the core breaks the predictions

Step = Callable[[Instance, ev.Event], tuple[Instance, tuple[ev.Command, ...]]]


def gives_up_at_once(instance: Instance, event: ev.Event) -> tuple[Instance, tuple[ev.Command, ...]]:
    """Drop every restart timer."""
    after, commands = step(instance, event)
    return after, tuple(c for c in commands if not (isinstance(c, ev.SetTimer) and c.name == "restart"))


def is_hasty(instance: Instance, event: ev.Event) -> tuple[Instance, tuple[ev.Command, ...]]:
    """Halve every timer."""
    after, commands = step(instance, event)
    return after, tuple(replace(c, after_ns=c.after_ns // 2) if isinstance(c, ev.SetTimer) else c for c in commands)


def sends_no_signals(instance: Instance, event: ev.Event) -> tuple[Instance, tuple[ev.Command, ...]]:
    """Keep all signals back."""
    after, commands = step(instance, event)
    return after, tuple(c for c in commands if not isinstance(c, ev.Signal))


def takes_every_end_for_clean(instance: Instance, event: ev.Event) -> tuple[Instance, tuple[ev.Command, ...]]:
    """Read exit code 0 whatever the process returned."""
    clean = replace(event, code=0, signal=None) if isinstance(event, ev.Exited) else event
    return step(instance, clean)


def broken(with_step: Step, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the sorts of cases that no longer agree when `step` is replaced everywhere."""
    for module in [module for name, module in sys.modules.items() if name.startswith("lifecycle_kit")]:
        if getattr(module, "step", None) is step and module.__name__ != "lifecycle_kit.machine":
            monkeypatch.setattr(module, "step", with_step)
    found = set()
    for case in RULES:
        try:
            agrees = check(case).verdict == "agrees"
        except BadGiven:  # the run did not come to what is read off it
            agrees = False
        if not agrees:
            found.add(case.sort)
    return found


@pytest.mark.parametrize(
    ("with_step", "kinds"),
    [
        (gives_up_at_once, "restart/systemd restart/supervisord restart/kubernetes decision/systemd group/systemd"),
        (
            is_hasty,
            "restart/systemd restart/supervisord restart/kubernetes stop/systemd stop/supervisord state/systemd",
        ),
        (sends_no_signals, "stop/systemd stop/supervisord state/systemd group/systemd probe/kubernetes"),
        (takes_every_end_for_clean, "restart/supervisord decision/systemd decision/kubernetes state/systemd"),
    ],
)
def test_a_broken_step_breaks_the_predictions(with_step: Step, kinds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {sort.rpartition("/")[0] for sort in broken(with_step, monkeypatch)}
    assert set(kinds.split()) <= found
