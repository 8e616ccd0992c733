"""The short calls that make the exercises' plain data."""

from __future__ import annotations

import json

import pytest

from lifecycle_kit.classroom import records


def test_every_record_is_plain_data_and_a_new_one_each_time() -> None:
    made = [
        records.instance("api-1", ready=True),
        records.failure(signal="KILL"),
        records.policy(),
        records.serving("a"),
        records.draining("a", deadline=3.0),
        records.terminated("clean", deadline=3.0),
        records.work("a", at=1.0),
        records.finished("a", at=1.0),
        records.stop(at=1.0, grace_s=30.0),
        records.tick(at=1.0),
    ]
    assert json.loads(json.dumps(made)) == made
    assert records.serving("a")["in_flight"] is not records.serving("a")["in_flight"]


def test_units_in_every_phase_have_the_same_keys() -> None:
    units = records.serving(), records.draining("a", deadline=3.0), records.terminated("killed", deadline=3.0)
    assert len({tuple(unit) for unit in units}) == 1


def test_a_failure_ends_by_code_or_by_signal() -> None:
    assert (records.failure()["exit_code"], records.failure()["signal"]) == (1, None)
    assert records.failure(signal="KILL")["exit_code"] is None
    assert records.failure(exit_code=78)["exit_code"] == 78


def test_a_mistyped_policy_value_is_answered_with_the_values_there_are() -> None:
    with pytest.raises(ValueError, match=r"no policy value is called \['cap'\]; there are first_s, factor, cap_s,"):
        records.policy(cap=3.0)
