"""The house rules: who may import whom, what the pure core may touch, how long a thing may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lifecycle_kit"

# A room may import the floors below and the rooms to its left; a new room gets its place here.
FLOORS = (
    (
        *("units", "states", "view", "exits", "backoff", "restart"),
        *("probes", "health", "drain", "events", "trace"),
    ),
    ("instance", "turn", "stopping", "ending", "machine", "replay", "group"),
    ("systems",),
    ("atlas", "simulate", "live"),
    ("show",),
    ("fidelity", "classroom"),
    ("cli", "__main__"),
)
PLACES = {room: (floor, place) for floor, rooms in enumerate(FLOORS) for place, room in enumerate(rooms)}
PURE_FLOORS = 3
# The package itself gathers names of the pure floors, so the floors above may take them from it.
GATHERED = (PURE_FLOORS, -1)

# Time, chance and the outside world ride on events; the drivers above fetch them.
IMPURE = frozenset(
    "asyncio datetime io multiprocessing os pathlib random secrets select shutil signal socket"
    " subprocess tempfile threading time".split()
)
# What the rooms of the real supervisors have in common; everything else in systems/ is one of them.
SHARED_BY_SYSTEMS = frozenset({"__init__", "options"})
# A room may have an annex of its own name: systemd and systemd_stop.

HEAVY = frozenset("asyncio click ipywidgets matplotlib numpy psutil rich tornado".split())

MOST_LINES_IN_A_MODULE = 300
MOST_LINES_IN_A_FUNCTION = 40


class Import(NamedTuple):
    """One imported module, or a name that may be one, and the line that asks for it."""

    name: str
    line: int


@cache
def modules() -> dict[str, ast.Module]:
    """Return the package's modules as syntax trees, by path relative to the package."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def room_of(path: str) -> str:
    """Return the room a module belongs to: its folder below the package, or its own name."""
    return path.split("/")[0].removesuffix(".py")


def is_pure(path: str) -> bool:
    """Say whether a module stands on one of the floors without a clock."""
    return PLACES.get(room_of(path), (PURE_FLOORS, 0))[0] < PURE_FLOORS


def imports(path: str) -> Iterator[Import]:
    """Yield all imports of a module, those inside functions too, with relative ones resolved."""
    package = ["lifecycle_kit", *path.split("/")[:-1]]
    for node in ast.walk(modules()[path]):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*start, node.module] if node.module else start)
            if base == "lifecycle_kit":
                yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield Import(base, node.lineno)


def rooms_imported(path: str) -> Iterator[Import]:
    """Yield the rooms of the package that a module imports from."""
    for name, line in imports(path):
        parts = name.split(".")
        if parts[0] == "lifecycle_kit" and len(parts) > 1:
            yield Import(parts[1], line)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's length in lines, its docstring not counted."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def test_every_module_has_a_place_in_the_house() -> None:
    homeless = {room_of(path) for path in modules()} - {"__init__", *PLACES}
    assert not homeless, f"give {sorted(homeless)} a place in FLOORS"


def test_imports_run_downward_or_to_the_left() -> None:
    upward = [
        f"{path}:{line} imports {target}"
        for path in modules()
        if (room := room_of(path)) in PLACES
        for target, line in rooms_imported(path)
        if target != room and PLACES.get(target, GATHERED) > PLACES[room]
    ]
    assert not upward, "\n".join(["these imports run upward or to the right:", *upward])


def test_no_real_system_borrows_a_rule_from_another() -> None:
    borrowed = [
        f"{path}:{line} imports {name}"
        for path in modules()
        if room_of(path) == "systems" and Path(path).stem not in SHARED_BY_SYSTEMS
        for name, line in imports(path)
        if name.startswith("lifecycle_kit.systems.")
        if (other := name.split(".")[2]) not in SHARED_BY_SYSTEMS
        if other.split("_")[0] != Path(path).stem.split("_")[0]
    ]
    assert not borrowed, "\n".join(borrowed)


def test_the_pure_core_imports_no_clock_dice_or_outside_world() -> None:
    impure = [
        f"{path}:{line} imports {name}"
        for path in modules()
        if is_pure(path)
        for name, line in imports(path)
        if name.split(".")[0] in IMPURE
    ]
    assert not impure, "\n".join(["hand it in with an event instead:", *impure])


def test_the_pure_core_needs_the_standard_library_only() -> None:
    known = sys.stdlib_module_names | {"lifecycle_kit"}
    foreign = [
        f"{path}:{line} imports {name}"
        for path in modules()
        if is_pure(path)
        for name, line in imports(path)
        if name.split(".")[0] not in known
    ]
    assert not foreign, "\n".join(foreign)


def test_the_pure_core_opens_no_file_and_prints_nothing() -> None:
    calls = [
        f"{path}:{node.lineno} calls {node.func.id}"
        for path, tree in modules().items()
        if is_pure(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"open", "print", "input", "__import__"}
    ]
    assert not calls, "\n".join(calls)


def test_importing_the_package_stays_light() -> None:
    code = "import sys, lifecycle_kit; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not HEAVY & set(loaded.split())


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {
        path: lines
        for path in modules()
        if (lines := len((PACKAGE / path).read_text(encoding="utf-8").splitlines())) > MOST_LINES_IN_A_MODULE
    }
    assert not long, f"more than {MOST_LINES_IN_A_MODULE} lines: {long}"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path}:{function.lineno} {function.name}: {body_lines(function)} lines"
        for path, tree in modules().items()
        for function in functions(tree)
        if body_lines(function) > MOST_LINES_IN_A_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_every_module_and_every_test_module_says_what_it_is() -> None:
    trees = dict(modules())
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]):
        trees[path.relative_to(ROOT).as_posix()] = ast.parse(path.read_text(encoding="utf-8"))
    silent = [path for path, tree in trees.items() if not ast.get_docstring(tree)]
    assert not silent, f"these need a docstring at the top: {silent}"
