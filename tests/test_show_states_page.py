"""The generated page and picture of the states: complete, and never out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle_kit.show.diagram import rows_of
from lifecycle_kit.show.states_page import MEANING, PICTURE, states_page, states_picture
from lifecycle_kit.states import REQUESTS, State
from lifecycle_kit.systems import SYSTEMS

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("file", "text"), [("states.md", states_page()), (PICTURE, states_picture())])
def test_a_generated_file_is_up_to_date(file: str, text: str) -> None:
    assert (ROOT / "docs" / file).read_text(encoding="utf-8") == text, "run: python tools/make_docs.py"


def test_every_state_has_a_meaning_of_its_own() -> None:
    assert set(MEANING) == set(State)
    assert len(set(MEANING.values())) == len(State)


def test_every_move_is_in_the_table_and_requests_are_bold() -> None:
    requests = {trigger.value for trigger in REQUESTS}
    shown = set()
    for line in states_page().partition("## Every move")[2].partition("## What real")[0].splitlines():
        if line.startswith("| `"):
            source, target, triggers = (cell.strip(" `") for cell in line.strip("|").split("|"))
            shown |= {(source, trigger, target) for trigger in triggers.split(", ")}
    assert shown == {(a, f"**{trigger}**" if trigger in requests else trigger, b) for a, trigger, b in rows_of()}


def test_every_system_and_its_own_names_are_in_the_table() -> None:
    page = states_page()
    for name, system in SYSTEMS.items():
        assert f"**{name}**: {system.loses}" in page
        assert all(f" {system.native[state]} |" in page for state in State)


def test_the_tool_says_when_nothing_is_stale() -> None:
    command = [sys.executable, "tools/make_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
