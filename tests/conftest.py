"""What every test run shares: repeatable property tests, no window, and the quick tests first."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

from tests.process_table import leave_out_present_children

# before any test, or any program a test starts, imports matplotlib
os.environ["MATPLOTLIBRC"] = str(Path(__file__).parent / "matplotlibrc")
os.environ.pop("MPLBACKEND", None)
# Notebooks show what they show to somebody who has not predicted or answered anything yet.
_nothing_kept = tempfile.TemporaryDirectory(prefix="lifecycle-kit-")
os.environ["LIFECYCLE_KIT_STATE_DIR"] = _nothing_kept.name

# The same examples in every run, so that a red test stays red until it is mended.
# `pytest --hypothesis-profile=explore` looks further.
# A busy machine generates slowly, which says nothing about the code.
PATIENT = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "fixed", derandomize=True, deadline=None, database=None, suppress_health_check=PATIENT
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000, suppress_health_check=PATIENT)
hypothesis.settings.load_profile("fixed")

# A shell that runs the tests in the background has them, and all that they start, ignore an interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

SLOW_MARKERS = ("live", "notebook", "nbgrader")


def _slowness(item: pytest.Item) -> int:
    """Return 0 for a quick test, then rising in the order of SLOW_MARKERS."""
    marked = [place for place, name in enumerate(SLOW_MARKERS, 1) if item.get_closest_marker(name)]
    return max(marked, default=0)


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells that nbval found, and run the quick tests first, in the order of the files."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
    items.sort(key=_slowness)


@pytest.fixture(autouse=True)
def _present_children_are_not_this_tests(request: pytest.FixtureRequest) -> None:
    """Have live tests answer for the processes only that they start themselves."""
    if request.node.get_closest_marker("live"):
        leave_out_present_children()
