"""The solved exercises run from top to bottom in a kernel, and show what their prose promises."""

from __future__ import annotations

import re
from typing import Any

import nbclient
import pytest

from tests.wrong_solutions.bank import ASSIGNMENTS, solved

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def executed(request: pytest.FixtureRequest) -> Any:
    """Return a solved notebook after a run; an error in any cell ends the run and the test."""
    notebook = solved(request.param)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook


def shown(cell: Any) -> str:
    """Return all text a code cell put out."""
    parts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join(parts)


def test_it_runs_to_the_end_without_a_word_on_stderr(executed: Any) -> None:
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_every_instant_check_says_done(executed: Any) -> None:
    checks = [shown(cell) for cell in executed.cells if cell.source.startswith(("check(", "check_incident("))]
    assert checks
    assert all(text.startswith("done: ") for text in checks)


def test_every_test_cell_says_that_the_visible_checks_pass(executed: Any) -> None:
    tests = [cell for cell in executed.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert tests
    assert all(shown(cell).startswith("the visible checks pass: ") for cell in tests)


def test_what_the_prose_says_it_has_seen_was_shown_just_before(executed: Any) -> None:
    seen = [n for n, cell in enumerate(executed.cells) if cell.id.endswith("-seen")]
    assert seen
    for n in seen:
        numbers = re.findall(r"`([\d.]+)`", executed.cells[n].source)
        assert numbers
        for number in numbers:
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", shown(executed.cells[n - 1])), number


def test_what_the_prose_expects_is_what_the_next_cell_shows(executed: Any) -> None:
    expectations = 0
    for prose, cell in zip(executed.cells, executed.cells[1:], strict=False):
        if prose.cell_type == "markdown" and cell.cell_type == "code":
            _, _, promise = prose.source.partition("xpected")
            for words in re.findall(r"`([^`]+)`", promise.partition(". ")[0]):
                expectations += 1
                assert words in shown(cell), f"{cell.id} does not show {words}"
    assert expectations
