"""The room as a whole: every public name can be had, and what is not needed is not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lifecycle_kit.show as room

ROOT = Path(__file__).parents[1]


def loaded_by(code: str) -> set[str]:
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("name", room.__all__)
def test_every_public_name_is_a_thing_with_a_docstring(name: str) -> None:
    assert getattr(room, name).__doc__


def test_no_module_of_the_room_hides_a_public_name() -> None:
    modules = {path.stem for path in Path(room.__file__).parent.glob("*.py")}
    assert not modules & set(room.__all__)


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(AttributeError, match=r"lifecycle_kit\.show has no 'piechart'; it has Svg, beside"):
        _ = room.piechart


@pytest.mark.parametrize(
    "use",
    [
        "from lifecycle_kit.show import os_diagram, state_diagram, beside; str(beside(os_diagram(), state_diagram()))",
        "from lifecycle_kit.show import timeline_text; from lifecycle_kit import Trace; timeline_text(Trace())",
        "import lifecycle_kit as kit, lifecycle_kit.show as s; s.probe_strip_text(kit.ProbeSettings(), '5:ok', 5)",
    ],
)
def test_diagrams_and_texts_load_no_library_for_charts_or_terminals(use: str) -> None:
    assert not {"matplotlib", "numpy", "rich", "asyncio", "ipywidgets", "xml"} & loaded_by(use)
