"""Run the course's notebooks again, in place, and save outputs that do not change without a reason.

A saved notebook must look the same whoever saves it: no times, no Python version, and no widget
view, whose model is gone once the kernel is; the picture beside it in the output stays.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lifecycle_kit.classroom.kept import FOLDER_VARIABLE

COURSE = Path(__file__).parents[1] / "course"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def course_notebooks() -> list[Path]:
    """Return the course's notebooks in the order in which they are read."""
    found = sorted(COURSE.rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def run(path: Path) -> None:
    """Run the notebook at `path` in its own folder and save it with its outputs.

    Raises:
        CellExecutionError: a cell failed; the file is left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # or the same printed lines are saved in one piece today and in three tomorrow
        resources={"metadata": {"path": str(path.parent)}},
    )
    with tempfile.TemporaryDirectory() as folder:  # as for somebody who has not predicted or answered anything yet
        client.execute(env={**os.environ, FOLDER_VARIABLE: folder})
    make_reproducible(notebook)
    nbformat.write(notebook, path)


def make_reproducible(notebook: nbformat.NotebookNode) -> None:
    """Take out of a notebook what differs from one run, or one machine, to the next."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if len(data) > 1:
                data.pop(WIDGET_VIEW, None)


def main() -> int:
    """Run the notebooks named on the command line, or all of the course."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    chosen = parser.parse_args().notebooks or course_notebooks()
    failed = 0
    for path in chosen:
        began = time.monotonic()
        try:
            run(path)
        except CellExecutionError as error:
            failed += 1
            print(f"{path}: a cell failed, nothing saved\n{error}", file=sys.stderr)
        else:
            print(f"{path}: {time.monotonic() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
