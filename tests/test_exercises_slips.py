"""The tests of the exercises, tested: no slip in the reference goes unnoticed.

Each slip changes one thing in one solution cell: a comparison, a number, a word, a `not`, an `and`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

import pytest

from tests.wrong_solutions.bank import ASSIGNMENTS, Solution, graded, solved, submission

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.GtE: ast.Gt,
    ast.Gt: ast.GtE,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}


# A change that covers what it must by one second more cures as well: an effect leaves room.
JUDGED_BY_EFFECT = {"in-change"}


def takes_arguments(source: str) -> bool:
    """Tell a function from an answer that was worked out by hand, with numbers that have room."""
    return any(isinstance(node, ast.FunctionDef) and node.args.args for node in ast.parse(source).body)


class Slip(ast.NodeTransformer):
    """Change the `target`-th changeable thing of a tree: a comparison, a number, a word, a `not`, an `and`."""

    def __init__(self, target: int) -> None:
        self.left, self.done = target, ""

    def _mine(self) -> bool:
        self.left -= 1
        return self.left == -1

    def visit(self, node: ast.AST) -> ast.AST:
        """Change this node if its turn has come, and go on below it."""
        swap = _SWAPS.get(type(node))
        if swap and self._mine():
            self.done = f"{type(node).__name__} -> {swap.__name__}"
            return swap()
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool) and self._mine():
            self.done = f"{node.value!r} changed"
            return ast.Constant(_other(node.value))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and self._mine():
            self.done = "`not` dropped"
            return node.operand
        return self.generic_visit(node)


def _other(value: object) -> str | float:
    if isinstance(value, str):
        return f"{value}?"
    return value + 1 if isinstance(value, int | float) else 1


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield each slip's description and the source with it; docstrings are left alone."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
            del function.body[0]
    target = 0
    while True:
        slip = Slip(target)
        mutant = ast.fix_missing_locations(slip.visit(copy.deepcopy(tree)))
        if not slip.done:
            return
        yield f"slip {target}: {slip.done}", ast.unparse(mutant)
        target += 1


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_slip_in_the_reference_goes_unnoticed(assignment: str) -> None:
    written = [cell for cell in solved(assignment).cells if cell.metadata.get("nbgrader", {}).get("solution")]
    cells = [cell for cell in written if takes_arguments(cell.source) and cell.id not in JUDGED_BY_EFFECT]
    slips = [Solution(name=what, cell=cell.id, code=code) for cell in cells for what, code in mutants(cell.source)]
    unnoticed = [
        f"{slip.cell}, {slip.name}:\n{slip.code}"
        for slip in slips
        if not any(graded(submission(assignment, slip), hidden=True).values())
    ]
    assert len(slips) >= 20
    assert not unnoticed, "\n\n".join(unnoticed)
