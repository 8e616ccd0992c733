"""Predictors: how they are found, and that they drive the shared `step`."""

from __future__ import annotations

import pytest

from lifecycle_kit.fidelity import NotModelled, predictor
from lifecycle_kit.fidelity.predict import families


def test_a_system_without_a_module_has_no_predictors() -> None:
    assert families("no-such-system") == {}
    assert families("") == families("../x") == families("__init__") == {}


def test_a_family_nobody_predicts_is_not_modelled_and_says_so() -> None:
    with pytest.raises(NotModelled, match="supervisord has no rule for restart/telepathy"):
        predictor("supervisord", "restart", "telepathy")
    with pytest.raises(NotModelled, match="nothing is predicted for upstart"):
        predictor("upstart", "restart", "respawn")
