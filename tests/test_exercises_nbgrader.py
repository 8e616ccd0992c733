"""The exercises in nbgrader itself: the release is up to date, and `nbgrader autograde` gives the right points.

One course in a temporary folder, and one call per assignment that grades all its submissions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest

from tests.wrong_solutions import backoff, drain, incident, lifecycle_view
from tests.wrong_solutions.bank import ASSIGNMENTS, ROOT, Solution, Wrong, release, solved, submission
from tools.make_exercises import differing

pytestmark = [pytest.mark.nbgrader, pytest.mark.timeout(300)]

HAND_INS: dict[str, tuple[Solution, ...]] = {
    "lifecycle-view": tuple(
        one
        for one in (*lifecycle_view.WRONG, *lifecycle_view.RIGHT)
        if one.name in {"an answer that equals everything", "a mistyped name", "thinks aloud on stderr"}
    ),
    "backoff": tuple(
        one
        for one in (*backoff.WRONG, *backoff.RIGHT)
        if one.name in {"no cap", "restarts blindly", "guarded from the thousandth failure on"}
    ),
    "drain": tuple(
        one
        for one in (*drain.WRONG, *drain.RIGHT)
        if one.name in {"returns the state alone", "the deadline is a moment", "a deep copy"}
    ),
    "incident": tuple(
        one
        for one in (*incident.WRONG, *incident.RIGHT)
        if one.name
        in {"more replicas against a leak", "no answer to what no question fits", "other lines prove it as well"}
    ),
}

# A process of its own, because nbgrader warns under recent SQLAlchemy, and warnings are errors here.
READ_SCORES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "lifecycle-kit") as gradebook:
    scores = {
        handed_in.student.id: {
            grade.name: None if grade.needs_manual_grade else grade.auto_score
            for notebook in handed_in.notebooks for grade in notebook.grades
        }
        for handed_in in gradebook.assignment_submissions(sys.argv[1])
    }
print(json.dumps(scores))
"""


class Graded(NamedTuple):
    """What nbgrader made of one assignment: the score of each student in each test cell, and the folder."""

    scores: dict[str, dict[str, float | None]]
    course: Path


def nbgrader(course: Path, *arguments: str) -> None:
    """Run an nbgrader command in the course; it needs `alembic`, from this environment, to make its gradebook."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=course, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course whose assignments have just been released by nbgrader."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for assignment in ASSIGNMENTS:
        nbgrader(folder, "generate_assignment", assignment)
    return folder


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def results(request: pytest.FixtureRequest, course: Path) -> Graded:
    """Return the results of one assignment: untouched, solved, and some known solutions."""
    assignment = request.param
    hand_in(course, assignment, "untouched", release(assignment))
    hand_in(course, assignment, "solved", solved(assignment))
    for solution in HAND_INS[assignment]:
        hand_in(course, assignment, student(solution), submission(assignment, solution))
    nbgrader(course, "autograde", assignment)
    command = [sys.executable, "-W", "ignore", "-c", READ_SCORES, assignment]
    scores = subprocess.run(command, cwd=course, capture_output=True, text=True, check=True).stdout
    return Graded(json.loads(scores), course)


def hand_in(course: Path, assignment: str, name: str, notebook: Any) -> None:
    """Put the notebook where nbgrader looks for what this student has submitted."""
    folder = course / "submitted" / name / assignment
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


def student(solution: Solution) -> str:
    return solution.name.replace(" ", "-")


def assignment_of(results: Graded) -> str:
    cell = next(iter(results.scores["solved"]))
    return {"lv": "lifecycle-view", "bo": "backoff", "dr": "drain", "in": "incident"}[cell.partition("-")[0]]


def test_the_release_is_byte_for_byte_what_nbgrader_makes_of_the_solutions(course: Path) -> None:
    assert len(list((course / "exercises").rglob("*.ipynb"))) == len(ASSIGNMENTS)
    assert not differing(course / "exercises", ROOT / "exercises"), "run `make exercises`"


def test_the_released_version_scores_zero(results: Graded) -> None:
    assert set(results.scores["untouched"].values()) == {0.0}


def test_the_solutions_score_full_marks(results: Graded) -> None:
    points = results.scores["solved"]
    assert set(points.values()) == {1.0}
    assert len(points) == len([cell for cell in solved(assignment_of(results)).cells if "-test-" in cell.id])


def test_known_solutions_get_exactly_their_points(results: Graded) -> None:
    for solution in HAND_INS[assignment_of(results)]:
        points = results.scores[student(solution)]
        lost = solution.fails if isinstance(solution, Wrong) else frozenset()
        assert points == {cell: 0.0 if cell in lost else 1.0 for cell in points}


def test_the_message_reaches_the_graded_notebook_and_brings_no_test_code_with_it(results: Graded) -> None:
    assignment = assignment_of(results)
    for solution in HAND_INS[assignment]:
        if isinstance(solution, Wrong):
            path = results.course / "autograded" / student(solution) / assignment / f"{assignment}.ipynb"
            cells = nbformat.read(path, as_version=4).cells
            errors = [
                output
                for cell in cells
                if cell.id in solution.fails
                for output in cell.outputs
                if output.output_type == "error"
            ]
            assert len(errors) == len(solution.fails)
            assert solution.says in "\n".join(errors[0].traceback)
            assert not [line for error in errors for line in error.traceback if "expect(" in line]
