"""`lifecycle_view`: all sixteen situations, and what the nine states become."""

from __future__ import annotations

from itertools import product

import pytest

from lifecycle_kit.states import State
from lifecycle_kit.view import VIEWS, lifecycle_view, view_of


@pytest.mark.parametrize("facts", list(product([False, True], repeat=4)))
def test_the_first_fact_that_matters_decides(facts: tuple[bool, bool, bool, bool]) -> None:
    alive, ready, draining, blocked = facts
    ranked = [(not alive, "terminated"), (draining, "draining"), (blocked, "alive_but_blocked"), (ready, "ready")]
    expected = next((answer for applies, answer in ranked if applies), "starting")
    assert lifecycle_view(alive, ready, draining, blocked) == expected


def test_nine_states_become_five_answers() -> None:
    assert {state.value: view_of(state) for state in State} == {
        "created": "terminated",
        "starting": "starting",
        "ready": "ready",
        "running": "ready",
        "blocked": "alive_but_blocked",
        "draining": "draining",
        "terminated": "terminated",
        "failed": "terminated",
        "backoff": "terminated",
    }
    assert {view_of(state) for state in State} == set(VIEWS)
