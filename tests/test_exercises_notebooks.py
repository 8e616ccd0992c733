"""The exercise notebooks as files: their order, their nbgrader metadata, what a test cell may use, what is hidden."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import nbformat
import pytest

from lifecycle_kit.classroom import answers
from lifecycle_kit.classroom.checks import CHECK_SEED
from lifecycle_kit.classroom.ideas import IDEAS
from lifecycle_kit.classroom.tasks import TASKS
from tests.wrong_solutions.bank import ASSIGNMENTS, ROOT, release, solved

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
NUMBERED = re.compile(r"^    # (?:\d+\. .*(?:\n    #    .*)*)", re.MULTILINE)
STUB = "...  # YOUR CODE HERE"
NAMES = {"lifecycle-view": 3, "backoff": 3, "drain": 2, "incident": 7}

every_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)


def graded_as(notebook: Any, role: str) -> list[Any]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(role)]


def functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def hidden_parts(assignment: str) -> list[str]:
    return [part for cell in solved(assignment).cells for part in HIDDEN.findall(cell.source)]


@every_assignment
def test_the_sections_come_in_one_fixed_order(assignment: str) -> None:
    prose = "\n".join(cell.source for cell in solved(assignment).cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (.*)$", prose, re.MULTILINE)
    assert headings[:4] == ["What you will learn", "What you need", "Objectives and minutes", "The story"]
    numbered = [heading for heading in headings if heading[0].isdigit()]
    assert [heading[:3] for heading in numbered] == [f"{n}. " for n in range(1, NAMES[assignment] + 1)]
    assert headings[-2:] == ["See it at work", "What to take away"]


@every_assignment
def test_each_function_has_a_stub_a_place_to_try_it_a_check_and_tests_in_this_order(assignment: str) -> None:
    roles: list[str] = []
    for cell in solved(assignment).cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.id.endswith("-name"):
            continue  # says who the learner is: there is nothing to be right about
        if meta.get("solution"):
            roles += ["stub"]
        elif meta.get("grade"):
            roles += ["test"] if roles[-1] != "test" else []
        elif cell.cell_type == "code" and roles and roles[-1] != "test":
            step = "check" if cell.source.startswith(("check(", "check_incident(")) else "try"
            roles += [step] if roles[-1] != step else []
    assert roles == ["stub", "try", "check", "test"] * NAMES[assignment]


@every_assignment
def test_metadata_and_ids_are_what_nbgrader_expects(assignment: str) -> None:
    notebook = solved(assignment)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in graded_as(notebook, "schema_version"):
        always = {"grade_id": cell.id, "schema_version": 3, "task": False}
        test = {**always, "grade": True, "locked": True, "solution": False, "points": 1}
        stub = {**always, "grade": False, "locked": False, "solution": True}
        assert cell.metadata.nbgrader in (test, stub)


@every_assignment
def test_the_points_in_the_table_are_the_points_of_the_tests(assignment: str) -> None:
    notebook = solved(assignment)
    promised = [int(row) for row in re.findall(r"\| (\d+) \|$", notebook.cells[0].source, re.MULTILINE)]
    assert sum(promised) == len(graded_as(notebook, "grade"))


@every_assignment
def test_a_test_cell_is_one_sentence_and_does_not_end_in_an_expression(assignment: str) -> None:
    for cell in graded_as(solved(assignment), "grade"):
        last = ast.parse(cell.source).body[-1]
        assert isinstance(last, ast.With), cell.id
        (opening,) = last.items
        assert isinstance(opening.context_expr, ast.Call)
        (sentence,) = (ast.literal_eval(argument) for argument in opening.context_expr.args)
        assert re.fullmatch(r"[A-Z].*\.", sentence), sentence


@every_assignment
def test_a_test_cell_uses_only_what_it_imports_and_what_learners_write(assignment: str) -> None:
    notebook = solved(assignment)
    written = {name for cell in graded_as(notebook, "solution") for name in functions(cell.source)}
    for cell in graded_as(notebook, "grade"):
        names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
        imported = {
            alias.name
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        own = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        assert {name.id for name in names} <= imported | own | written, cell.id


@every_assignment
def test_the_steps_in_the_stub_are_the_steps_in_the_solution_and_in_the_last_hint(assignment: str) -> None:
    references = {task.answer.__name__: task.answer for task in TASKS.values()}
    for stub, full in zip(
        graded_as(release(assignment), "solution"), graded_as(solved(assignment), "solution"), strict=True
    ):
        steps = NUMBERED.findall(full.source)
        assert steps
        assert NUMBERED.findall(stub.source) == steps
        assert [int(re.findall(r"\d+", step)[0]) for step in steps] == list(range(1, len(steps) + 1))
        ((name, function),) = functions(full.source).items()
        if function.args.args:  # what takes nothing is worked out by hand, for one learner
            assert without_types(inspect.getsource(references[name])) == without_types(full.source)


def without_types(source: str) -> str:
    """Return a function's code as the parser sees it: no comments, no docstring, no annotations."""
    (tree,) = functions(source).values()
    tree.returns, tree.body = None, tree.body[1:]
    for argument in tree.args.args:
        argument.annotation = None
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.AnnAssign) and node.value:
            tree.body[number] = ast.copy_location(ast.Assign([node.target], node.value), node)
    return ast.unparse(tree)


@every_assignment
def test_stubs_keep_their_docstring_and_say_where_to_write(assignment: str) -> None:
    for cell in graded_as(release(assignment), "solution"):
        assert STUB in cell.source
        for function in functions(cell.source).values():
            assert ast.get_docstring(function)


@every_assignment
def test_nothing_hidden_is_released(assignment: str) -> None:
    text = nbformat.writes(release(assignment))
    assert "HIDDEN TESTS" not in text
    assert "SOLUTION" not in text
    for part in hidden_parts(assignment):
        seeds = re.findall(r"seed=(\d+)", part)
        assert not any(seed in text for seed in seeds)


def test_grading_never_uses_the_seed_of_the_instant_check_and_no_seed_twice() -> None:
    parts = "\n".join(part for assignment in ASSIGNMENTS for part in hidden_parts(assignment))
    seeds = [int(seed) for seed in re.findall(r"seed=(\d+)", parts)]
    assert len(seeds) == len(set(seeds)) >= 10
    assert CHECK_SEED not in seeds
    package = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lifecycle_kit").rglob("*.py"))
    assert not [seed for seed in seeds if re.search(rf"\b{seed}\b", package)]


def test_every_idea_is_put_to_a_learner_somewhere() -> None:
    cells = "\n".join(cell.source for a in ASSIGNMENTS for cell in graded_as(solved(a), "grade"))
    only_in_the_instant_check = {"leave-the-argument-alone"}
    assert set(re.findall(r'idea ?= ?"([\w-]+)"', cells)) == IDEAS.keys() - only_in_the_instant_check


@every_assignment
def test_no_widget_and_no_saved_output_stands_in_a_graded_notebook(assignment: str) -> None:
    for notebook in (solved(assignment), release(assignment)):
        text = nbformat.writes(notebook)
        assert "widget" not in text
        assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


def test_the_constants_learners_see_are_those_of_the_reference() -> None:
    (cell,) = (cell for cell in solved("backoff").cells if cell.id == "bo-classify")
    names: dict[str, Any] = {}
    exec(cell.source, names)
    for name in ("LASTING_EXIT_CODES", "LASTING_WORDS", "SAME_FAILURE_LIMIT"):
        assert names[name] == getattr(answers, name)
