"""The lessons keep the norms of good courses: short, in order, marked, and true to their outputs.

That their cells still run and still print the same is for nbval to see; what the files must not hold
is in `test_notebook_files`.
"""

from __future__ import annotations

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import nbformat
import pytest

COURSE = Path(__file__).parents[1] / "course"
MARKS = {"core", "deeper", "exercise"}
LESSONS = sorted(COURSE.glob("0[0-7]-*.ipynb"))
FULL_LESSONS = [path for path in LESSONS if path.name[:2] in {"01", "02", "03", "04", "05", "06"}]
WITHOUT_CORE = {"06"}  # labs: the core path goes past them
CORE_WORDS, CORE_CODE_CELLS, CORE_MINUTES = 3_000, 45, 30
START_MINUTES = 2  # lesson 00 itself
SECTIONS = ["What you will learn", "What you need", "Take-aways", "Check", "Deeper"]
REAL = {"film", "line_up", "observe", "environment"}  # what these show differs from run to run

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
every_full_lesson = pytest.mark.parametrize("path", FULL_LESSONS, ids=lambda path: path.stem)
Cell = nbformat.NotebookNode


@cache
def cells(path: Path) -> list[Cell]:
    return list(nbformat.read(path, as_version=4).cells)


def code(path: Path) -> list[Cell]:
    return [cell for cell in cells(path) if cell.cell_type == "code"]


def prose(path: Path) -> list[Cell]:
    return [cell for cell in cells(path) if cell.cell_type == "markdown"]


def core(some: list[Cell]) -> list[Cell]:
    return [cell for cell in some if "core" in cell.metadata.tags]


def words(some: list[Cell]) -> int:
    """Return how many words a reader reads; addresses of links and fenced code are none."""
    text = "\n".join(cell.source for cell in some)
    text = re.sub(r"\]\([^)]*\)|```.*?```", "", text, flags=re.S)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def lines(cell: Cell) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def sections(path: Path) -> list[str]:
    text = "\n".join(cell.source for cell in prose(path))
    return re.findall(r"^## (.*)$", text, flags=re.M)


def minutes(path: Path) -> int:
    """Return how long the lesson says that its core takes, or all of it without a core: the first minutes it names."""
    found = next(re.search(r"(\d+) minutes", cell.source) for cell in prose(path) if "minutes" in cell.source)
    assert found is not None
    return int(found[1])


def test_the_core_path_is_complete() -> None:
    assert [path.name[:2] for path in LESSONS] == ["00", "01", "02", "03", "04", "05", "06", "07"]
    assert {path.name[:2] for path in LESSONS if not core(cells(path))} == WITHOUT_CORE


def test_the_core_path_can_be_read_and_run_in_half_an_hour() -> None:
    total = sum(words(core(prose(path))) for path in LESSONS)
    cell_count = sum(len(core(code(path))) for path in LESSONS)
    assert total <= CORE_WORDS, f"{total} words of core prose"
    assert cell_count <= CORE_CODE_CELLS, f"{cell_count} core code cells"
    with_core = [path for path in LESSONS[1:] if path.name[:2] not in WITHOUT_CORE]
    assert START_MINUTES + sum(minutes(path) for path in with_core) <= CORE_MINUTES


@every_lesson
def test_every_cell_is_marked_as_core_deeper_or_exercise(path: Path) -> None:
    unmarked = [cell.id for cell in cells(path) if len(MARKS & set(cell.metadata.get("tags", []))) != 1]
    assert not unmarked


@every_lesson
def test_every_cell_has_a_name_of_its_own_that_says_its_lesson(path: Path) -> None:
    """So that two versions of a lesson can be compared cell by cell."""
    names = [cell.id for cell in cells(path)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not name.startswith(f"{path.name[:2]}-")] == []


@every_full_lesson
def test_a_lesson_has_the_size_of_good_lessons(path: Path) -> None:
    """Measured on the best courses: 40 to 60 cells, 15 to 28 of them code, 900 to 1,700 words."""
    assert 40 <= len(cells(path)) <= 65
    assert 15 <= len(code(path)) <= 28
    assert 900 <= words(prose(path)) <= 1_700


@every_lesson
def test_most_code_cells_are_short(path: Path) -> None:
    lengths = sorted(lines(cell) for cell in code(path))
    assert lengths[-1] <= 30
    assert lengths[int(0.9 * len(lengths))] <= 12


def test_the_usual_code_cell_of_the_course_has_three_lines() -> None:
    assert statistics.median(lines(cell) for path in LESSONS for cell in code(path)) <= 3


@every_lesson
def test_code_never_runs_on_without_a_word_between(path: Path) -> None:
    """A prediction, its run, and one more look: then a sentence is due."""
    kinds = "".join("c" if cell.cell_type == "code" else "." for cell in cells(path))
    assert kinds[0] == "."
    assert "cccc" not in kinds


@every_lesson
def test_a_lesson_opens_with_what_you_will_learn_and_need(path: Path) -> None:
    assert sections(path)[:2] == SECTIONS[:2]


@every_lesson
def test_the_sections_stand_in_their_order(path: Path) -> None:
    found = [name for name in sections(path) if name in SECTIONS]
    due = SECTIONS if path in FULL_LESSONS else [name for name in SECTIONS if name in found]
    assert found == due


@every_lesson
def test_core_ends_where_deeper_begins(path: Path) -> None:
    below = False
    for cell in cells(path):
        below = below or cell.source.startswith("## Deeper")
        wrong = "core" if below or path.name[:2] in WITHOUT_CORE else "deeper"
        assert wrong not in cell.metadata.tags, f"{cell.id} is marked {wrong}"


@every_full_lesson
def test_predictions_are_made_before_the_run_that_compares_them(path: Path) -> None:
    predicted: list[str] = []
    for name, question in _calls(path, {"predict", "compare"}):
        if name == "predict":
            predicted.append(question)
        else:
            assert question in predicted, f"{question} is compared before anybody could predict it"
    assert len(predicted) >= 3


@every_full_lesson
def test_every_prediction_is_left_to_the_learner(path: Path) -> None:
    """Three dots stand in the cell, and the saved output tells nothing."""
    for cell in code(path):
        for question in re.findall(r'predict\("([^"]+)"', cell.source):
            shown = "".join(str(output) for output in cell.outputs)
            assert "..." in cell.source, question
            assert "in place of the dots" in shown, question


@every_lesson
def test_what_real_processes_print_is_shown_and_not_compared(path: Path) -> None:
    for cell in code(path):
        if REAL & {name for name, _ in _calls_in(cell, REAL)}:
            assert "nbval-ignore-output" in cell.metadata.tags, cell.id


@every_lesson
def test_at_least_half_of_what_is_printed_is_compared(path: Path) -> None:
    printing = [cell for cell in code(path) if cell.outputs]
    compared = [cell for cell in printing if "nbval-ignore-output" not in cell.metadata.tags]
    assert 2 * len(compared) >= len(printing) > 0


@every_full_lesson
def test_every_number_in_the_prose_is_printed_or_has_a_source(path: Path) -> None:
    """It stands in some output or code of the lesson, or in a paragraph that names where it is from."""
    printed = _numbers(" ".join(cell.source + str(cell.outputs) for cell in code(path)))
    invented = [
        (cell.id, number)
        for cell in prose(path)
        for paragraph in cell.source.split("\n\n")
        if not SOURCE.search(paragraph)
        for number in _numbers(NO_CLAIM.sub(" ", paragraph)) - printed
    ]
    assert not invented


@every_lesson
def test_links_to_other_lessons_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([\w./-]+\.ipynb)\)", "\n".join(cell.source for cell in prose(path)))
    assert [target for target in targets if not (COURSE / target).exists()] == []


def test_the_map_in_lesson_00_tells_titles_and_minutes_as_the_lessons_do() -> None:
    start = "\n".join(cell.source for cell in prose(LESSONS[0]))
    told = re.findall(r"^\| \[(\d\d) ([^\]]+)\]\(([^)]+)\) \| (\d+) \|$", start, flags=re.M)
    titles = [cells(path)[0].source.splitlines()[0].removeprefix("# ").split(" · ") for path in LESSONS[1:]]
    facts = zip(titles, LESSONS[1:], strict=True)
    assert told == [(number, title, path.name, str(minutes(path))) for (number, title), path in facts]


# A number in such a paragraph can be looked up.
SOURCE = re.compile(
    r"\w\(\d\w?\)|\w\.(?:go|c|py)\b"
    r"|\b(?:OSTEP|Kubernetes|systemd|supervisord|Docker|Linux|[Rr]ecorded|[Ss]hells?|issues?) ?"
    r"(?:[^.]*\d)"
)
# Headings, addresses, lessons, minutes and numbered summaries claim nothing.
NO_CLAIM = re.compile(
    r"^#.*$|\]\([^)]*\)|[Ll]essons? \[?\d\d\]?(?: to \d\d)?|\d+ (?:minutes|more)|<summary>\d+\.", flags=re.M
)


def _numbers(text: str) -> set[float]:
    found = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text)
    return {float(number.replace(",", "")) for number in found}


def _calls(path: Path, names: set[str]) -> list[tuple[str, str]]:
    return [call for cell in code(path) for call in _calls_in(cell, names)]


def _calls_in(cell: Cell, names: set[str]) -> list[tuple[str, str]]:
    """Return the calls of some functions in the order in which they stand, with their first text."""
    source = "\n".join(line for line in cell.source.splitlines() if not line.startswith(("%", "!")))
    tree = ast.parse(source)
    found = [
        (node.func.id, node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
    return [(name, str(text)) for name, text in found]
