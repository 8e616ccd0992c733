"""What every test run shares: repeatable property tests, no window, and the quick tests first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis

if TYPE_CHECKING:
    import pytest

# before any test imports matplotlib
os.environ["MPLBACKEND"] = "Agg"

# The same examples in every run, so that a red test stays red until it is mended.
# `pytest --hypothesis-profile=explore` looks further.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("fixed")

SLOW_MARKERS = ("live", "notebook", "nbgrader")


def _slowness(item: pytest.Item) -> int:
    """Return 0 for a quick test, then rising in the order of SLOW_MARKERS."""
    marked = [place for place, name in enumerate(SLOW_MARKERS, 1) if item.get_closest_marker(name)]
    return max(marked, default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick tests first; within one kind the order of the files stays."""
    items.sort(key=_slowness)
