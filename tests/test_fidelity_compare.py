"""The ways of comparing, one by one: what agrees, and what must not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.atlas import comparisons, load
from lifecycle_kit.fidelity.compare import MODES, Context, agrees

WITHIN = Context(tolerance_s=0.1)
CUT = Context(tolerance_s=0.1, cut=True)
EVERY = Context(tolerance_s=0.1, every_s=0.25)

# mode, predicted, observed, context, whether they agree
TABLE: list[tuple[str, Any, Any, Context, bool]] = [
    ("exact", 3, 3.0, WITHIN, True),
    ("exact", 3, 3.05, WITHIN, False),
    ("exact", True, 1, WITHIN, False),
    ("exact", 1, True, WITHIN, False),
    ("exact", None, None, WITHIN, True),
    ("exact", None, 0, WITHIN, False),
    ("exact", "dead", "failed", WITHIN, False),
    ("exact", [1.0004, 2], [1, 2], WITHIN, True),
    ("exact", [1.01, 2], [1, 2], WITHIN, False),
    ("exact", 1.5, [1, 2], WITHIN, False),
    ("exact", {"a": 1, "b": [1]}, {"a": 1, "b": [1]}, WITHIN, True),
    ("exact", {"a": 1, "b": 2}, {"a": 1}, WITHIN, False),
    ("exact", {"a": 2}, {"a": 1}, WITHIN, False),
    ("list", [1, "x"], [1, "x"], WITHIN, True),
    ("list", ["x", 1], [1, "x"], WITHIN, False),
    ("list", [1, 2, 3], [1, None, 3], WITHIN, True),
    ("list", [1, 2], [1, 2, 3], WITHIN, False),
    ("list", [1, 2, 3], [1, 2], WITHIN, False),
    ("list", [1, 2, 3], [1, 2], CUT, True),
    ("list", [[1, 0], [-1, 15]], [[1, 0], [-1, 15]], WITHIN, True),
    ("time", 1.1, 1.0, WITHIN, True),
    ("time", 1.11, 1.0, WITHIN, False),
    ("time", 5, [4, 6], WITHIN, True),
    ("time", 6.05, [4, 6], WITHIN, False),
    ("time", [4, 6], [4, 6], WITHIN, True),
    ("time", None, 1.0, WITHIN, False),
    ("time-cumulative", 1.3, 1.0, Context(tolerance_s=0.1, starts=2), True),
    ("time-cumulative", 1.31, 1.0, Context(tolerance_s=0.1, starts=2), False),
    ("times-cumulative", [1.2, 9.8], [1.0, 10.0], Context(tolerance_s=0.1, starts=1), True),
    ("times-cumulative", [1.2, 9.7], [1.0, 10.0], Context(tolerance_s=0.1, starts=1), False),
    ("at-most", 2, 3, WITHIN, True),
    ("at-most", 4, 3, WITHIN, False),
    # Each time counts from the one before: drift is no difference, a single jump is.
    ("times", [0, 1.1, 2.2, 3.3], [0, 1.0, 2.0, 3.0], WITHIN, True),
    ("times", [0, 1.0, 2.2, 3.2], [0, 1.0, 2.0, 3.0], WITHIN, False),
    ("times", [0.2, 1.0], [0, 1.0], WITHIN, False),
    ("times", [0, 1], [0, 1, 2], CUT, False),
    ("times", [0, 1, 2], [0, 1], CUT, True),
    ("times", [0, 1, 2], [0, 1], WITHIN, False),
    ("delays", [1.05, 2], [1, 2], WITHIN, True),
    ("delays", [1.2, 2], [1, 2], WITHIN, False),
    ("delays", [None, 2], [7, 2], WITHIN, False),
    ("delays", [99, 2], [None, 2], WITHIN, True),
    ("delays", [[1, 1.25]], [[1, 1.25]], WITHIN, True),
    ("delays", [[1, 1.3]], [[1, 1.25]], WITHIN, False),
    ("delays", [1.1], [[1, 1.25]], WITHIN, False),
    ("delays", [1, 2, 3], [1, 2], CUT, True),
    ("announced", [1.001], [1.0], WITHIN, True),
    ("announced", [1.002], [1.0], WITHIN, False),
    ("timeline", [[0, "SIGTERM"], [3, "SIGKILL"]], [[0.05, "SIGTERM"], [3.1, "SIGKILL"]], WITHIN, True),
    ("timeline", [[0, "SIGTERM"], [3, "SIGKILL"]], [[0, "SIGKILL"], [3, "SIGTERM"]], WITHIN, False),
    ("timeline", [[0, "SIGTERM"]], [[0, "SIGTERM", "all"]], WITHIN, False),
    ("timeline", [[0, "a"], [3.3, "b"]], [[0, "a"], [3, "b"]], WITHIN, False),
    ("timeline", [], [[0, "a"]], WITHIN, False),
    ("timeline", [], [], WITHIN, True),
    ("records", [{"t": 1.05, "state": "up", "more": 1}], [{"t": 1, "state": "up"}], WITHIN, True),
    ("records", [{"t": 1, "state": "down"}], [{"t": 1, "state": "up"}], WITHIN, False),
    ("records", [{"t": 2, "state": "up"}], [{"t": 1, "state": "up"}], WITHIN, False),
    ("records", [{"state": "up"}], [{"t": 1, "state": "up"}], WITHIN, False),
    ("records", [{"from_s": 1, "to_s": 9}], [{"from_s": 1, "to_s": 5}], WITHIN, False),
    ("records", [], [{"t": 1}], WITHIN, False),
    ("record", {"t": 0.05, "result": "done"}, {"t": 0, "result": "done"}, WITHIN, True),
    ("record", {"t": 0.05, "result": "failed"}, {"t": 0, "result": "done"}, WITHIN, False),
    ("record", {"t": 0.3, "result": "done"}, {"t": 0, "result": "done"}, WITHIN, False),
    ("record", {"result": "done"}, {"t": 0, "result": "done"}, WITHIN, False),
    ("records-parallel", [{"outcome": "200", "done_s": 1}, {}], [{"outcome": "200", "done_s": 1}, None], WITHIN, True),
    ("records-parallel", [{"outcome": "200", "done_s": 1}], [{"outcome": "200", "done_s": 1.2}], WITHIN, False),
    ("records-parallel", [{"outcome": "cut"}], [{"outcome": "200"}], WITHIN, False),
    ("records-parallel", [], [{"outcome": "200"}], WITHIN, False),
    ("phases", [[0, "200"], [1, "refused"]], [[9, "200"], [1.3, "refused"]], EVERY, True),
    ("phases", [[0, "200"], [1, "refused"]], [[0, "200"], [1.4, "refused"]], EVERY, False),
    ("phases", [[0, "200"]], [[0, "200"], [1, "refused"]], WITHIN, False),
    ("record-map", {"a": {"t": 0, "rc": 0}}, {"a": {"t": 0.05, "rc": 0}}, WITHIN, True),
    ("record-map", {"a": {"t": 0, "rc": 1}}, {"a": {"t": 0, "rc": 0}}, WITHIN, False),
    ("record-map", {"b": {"t": 0, "rc": 0}}, {"a": {"t": 0, "rc": 0}}, WITHIN, False),
    ("times-map", {"a": [0, 1.05]}, {"a": [0, 1]}, WITHIN, True),
    ("times-map", {"a": [0, 1.2]}, {"a": [0, 1]}, WITHIN, False),
    ("times-map", {"a": [0], "b": [0]}, {"a": [0]}, WITHIN, False),
    ("time-map", {"a": 1.05}, {"a": 1}, WITHIN, True),
    ("time-map", {"a": 1.2}, {"a": 1}, WITHIN, False),
    ("steps", [{"restarted": ["b", "a"], "started_in_order": ["a"]}], [{"restarted": ["a", "b"]}], WITHIN, True),
    ("steps", [{"terminated_in_order": ["b", "a"]}], [{"terminated_in_order": ["a", "b"]}], WITHIN, False),
    ("steps", [{"alive_after": ["a"]}], [{"alive_after": ["a", "b"]}], WITHIN, False),
    ("steps", [], [{"alive_after": []}], WITHIN, False),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "predicted", "observed", "context", "expected"), TABLE)
def test_a_prediction_agrees_or_not(mode: str, predicted: Any, observed: Any, context: Context, expected: bool) -> None:
    assert agrees(mode, predicted, observed, context) is expected


def test_every_way_of_comparing_has_examples_of_both_kinds() -> None:
    assert {(row[0], row[4]) for row in TABLE} == {(mode, verdict) for mode in MODES for verdict in (True, False)}


def test_every_way_that_the_atlas_names_is_known() -> None:
    assert {mode for modes in comparisons().values() for mode in modes.values()} == set(MODES)


def test_a_way_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="'roughly' is no way to compare; known are announced, at-most"):
        agrees("roughly", 1, 1, WITHIN)


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("junk", [None, 10**6, "x", [], {}, [None], [[1]], {"a": None}, [{"t": None}]])
def test_another_shape_is_a_difference_and_no_crash(mode: str, junk: Any) -> None:
    observed = next(row[2] for row in TABLE if row[0] == mode and row[4] and row[2] not in ([], {}, None))
    assert agrees(mode, junk, observed, WITHIN) is False


def test_the_context_of_a_case_is_read_from_its_keys() -> None:
    context = Context.of({"new_request_every_s": 0.25}, {"starts_s": [0, 1], "still_restarting": True}, 0.3)
    assert context == Context(tolerance_s=0.3, starts=2, every_s=0.25, cut=True)
    assert Context.of({}, {"starts_total": 4}, 0).starts == 4


def test_every_observation_agrees_with_itself() -> None:
    for case in load():
        context = Context.of(case.given, case.observed, case.tolerance_s)
        for key, mode in comparisons()[case.sort].items():
            if key in case.observed:
                assert agrees(mode, case.observed[key], case.observed[key], context), (case.id, key)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=20), st.floats(0.001, 1), st.data())
def test_times_agree_exactly_when_no_gap_is_off_by_more_than_the_tolerance(
    gaps: list[float], tolerance_s: float, data: st.DataObject
) -> None:
    off = data.draw(st.lists(st.floats(-2, 2), min_size=len(gaps), max_size=len(gaps)))
    observed, predicted, at, shifted = [], [], 0.0, 0.0
    for gap, error in zip(gaps, off, strict=True):
        at, shifted = at + gap, shifted + gap + error
        observed.append(at)
        predicted.append(shifted)
    expected = all(abs(error) <= tolerance_s for error in off)
    close = any(abs(abs(error) - tolerance_s) < 1e-5 for error in off)
    assert close or agrees("times", predicted, observed, Context(tolerance_s=tolerance_s)) == expected
