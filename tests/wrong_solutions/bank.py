"""What a wrong solution is, and how the notebooks are graded here without a kernel.

Rule: a wrong solution has one misconception; the bank says which points it costs and what the learner reads.
"""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat

__all__ = ["ASSIGNMENTS", "ROOT", "Solution", "Wrong", "graded", "release", "solved", "submission"]

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = ("lifecycle-view", "backoff", "drain", "incident")

Notebook = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a learner hands in: the reference with one cell written anew, or with some text swapped.

    Attributes:
        name: a few words that tell it from all others.
        cell: the id of the solution cell.
        code: the whole cell; or leave it out and give `swaps`.
        swaps: text in the reference's cell, and what stands there instead.
    """

    name: str
    cell: str
    code: str = ""
    swaps: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def written_in(self, notebook: Notebook) -> str:
        """Return the source of this solution's cell, given the notebook with the reference in it."""
        source = _cell(notebook, self.cell).source
        for old, new in self.swaps.items():
            assert source.count(old) == 1, f"{self.name}: {old!r} stands {source.count(old)} times in {self.cell}"
            source = source.replace(old, new)
        return self.code.strip("\n") or source


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong(Solution):
    """A solution with a misconception.

    Attributes:
        misconception: what the learner believes, as they might say it.
        fails: the ids of the test cells whose point is lost.
        says: words that the message of the first failing cell contains.
    """

    misconception: str
    fails: frozenset[str]
    says: str


def solved(assignment: str) -> Notebook:
    """Return the source notebook, with solutions and hidden tests."""
    return _read("solutions", assignment)


def release(assignment: str) -> Notebook:
    """Return the notebook students get."""
    return _read("exercises", assignment)


def submission(assignment: str, solution: Solution | None) -> Notebook:
    """Return the released notebook with the reference's cells filled in, one of them by `solution`."""
    source, notebook = solved(assignment), release(assignment)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            mine = solution is not None and solution.cell == cell.id
            cell.source = solution.written_in(source) if solution and mine else _cell(source, cell.id).source
    return notebook


def graded(notebook: Notebook, *, hidden: bool) -> dict[str, str | None]:
    """Run solution and test cells in order; return for each test cell None or the message of its failure.

    Args:
        notebook: a submission. Its other cells are left out: no test needs them.
        hidden: put the tests of the source into the test cells, as autograding does.
    """
    notebook = copy.deepcopy(notebook)
    tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    if hidden:
        source = solved(_assignment_of(notebook))
        for cell in tests:
            cell.source = _cell(source, cell.id).source
    names: dict[str, object] = {"__name__": "__main__"}
    results = {cell.id: _run(cell, names) for cell in notebook.cells if "nbgrader" in cell.metadata}
    return {cell.id: results[cell.id] for cell in tests}


def _run(cell: Notebook, names: dict[str, object]) -> str | None:
    errors = io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            exec(compile(cell.source, f"<cell {cell.id}>", "exec"), names)
    except Exception as error:  # noqa: BLE001 - whatever a cell raises is its result
        return f"{type(error).__name__}: {error}"
    return errors.getvalue() or None


def _read(folder: str, assignment: str) -> Notebook:
    return nbformat.read(ROOT / folder / assignment / f"{assignment}.ipynb", as_version=4)


def _assignment_of(notebook: Notebook) -> str:
    prefix = notebook.cells[0].id.partition("-")[0]
    return {"lv": "lifecycle-view", "bo": "backoff", "dr": "drain", "in": "incident"}[prefix]


def _cell(notebook: Notebook, cell_id: str) -> Notebook:
    return next(cell for cell in notebook.cells if cell.id == cell_id)
