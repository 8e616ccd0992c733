"""The lessons as they are saved: run once from top to bottom, without errors, the same for everybody.

That they still run, with the same outputs, is checked by nbval, cell by cell.
"""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest

from tools.run_notebooks import course_notebooks, make_reproducible

ROOT = Path(__file__).parents[1]
MOST_LINES_IN_A_CELL = 30

every_notebook = pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.relative_to(ROOT).as_posix())


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """Return the notebook's code cells that hold code."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


@every_notebook
def test_the_outputs_come_from_one_run_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run make notebooks"


@every_notebook
def test_no_cell_is_saved_with_an_error_it_does_not_announce(path: Path) -> None:
    failed = [
        cell.source
        for cell in code_cells(path)
        if any(output.output_type == "error" for output in cell.outputs)
        if "raises-exception" not in cell.metadata.get("tags", [])
    ]
    assert not failed


@every_notebook
def test_no_code_cell_is_longer_than_a_learner_reads(path: Path) -> None:
    long = [
        cell.source
        for cell in code_cells(path)
        if len([line for line in cell.source.splitlines() if line.strip()]) > MOST_LINES_IN_A_CELL
    ]
    assert not long, "move it into the package"


@every_notebook
def test_nothing_is_saved_that_differs_from_machine_to_machine(path: Path) -> None:
    saved = nbformat.read(path, as_version=4)
    cleaned = copy.deepcopy(saved)
    make_reproducible(cleaned)
    assert cleaned == saved, "run make notebooks"
