"""Films of real processes say what the recordings of Linux say, and the shipped ones stand in."""

from __future__ import annotations

import ast
import json
import sys
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from lifecycle_kit.live import errors
from lifecycle_kit.live.film import Film, film, line_up, shoot
from lifecycle_kit.live.observe import ProcessView
from lifecycle_kit.live.specimens import LINUX_ONLY, NoSpecimen

pytestmark = pytest.mark.live

RECORDINGS = json.loads((files("lifecycle_kit.live") / "recordings" / "os-states.json").read_text(encoding="utf-8"))
COURSE = Path(__file__).parents[1] / "course"
# the same on every POSIX system, whoever adopts
STEADY = [
    each
    for each in RECORDINGS["films"]
    if each["kind"] != "neglected" and (sys.platform == "linux" or each["kind"] not in LINUX_ONLY)
]


def name(recording: dict[str, object]) -> str:
    return ", ".join([str(recording["kind"]), *map(str, recording["steps"])])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("kind", "steps", "states"),
    [
        ("busy", [], ["R"]),
        ("sleeping", ["SIGTERM", "reap"], ["S", "Z", "gone"]),
        ("stopped", ["SIGTERM", "SIGCONT", "reap"], ["T", "T", "Z", "gone"]),
        ("stopped", ["SIGKILL"], ["T", "Z"]),
        ("zombie", ["SIGKILL", "reap"], ["Z", "Z", "gone"]),
    ],
)
def test_what_linux_was_recorded_to_do_happens_here(kind: str, steps: list[str], states: list[str]) -> None:
    """As in the atlas: linux/proc-r, proc-s, proc-t, proc-t-sigkill and proc-z."""
    assert shoot(kind, *steps).states == states


@pytest.mark.parametrize("recording", STEADY, ids=name)
def test_a_shipped_recording_is_what_happens_here(recording: dict[str, list[str]]) -> None:
    kind, steps = str(recording["kind"]), recording["steps"]
    assert film(kind, *steps, recorded=True).states == shoot(kind, *steps).states


def test_the_end_of_a_reaped_process_is_on_the_film() -> None:
    labels = [label for label, _ in shoot("stopped", "SIGTERM", "SIGCONT", "reap").frames]
    assert labels == ["stopped", "SIGTERM", "SIGCONT", "reaped: signal SIGTERM"]


def test_a_busy_process_that_is_stopped_and_continued_is_busy_again() -> None:
    assert shoot("busy", "SIGSTOP", "SIGCONT", "SIGKILL").states == ["R", "T", "R", "Z"]


def test_where_there_are_no_processes_to_be_had_the_recording_is_shown_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "os", SimpleNamespace(name="nt"))
    shown = film("zombie", "SIGKILL", "reap")
    assert shown.states == ["Z", "Z", "gone"]
    assert repr(shown).endswith(f"\n(A recording from {RECORDINGS['recorded_on']}.)")


def test_on_macos_only_what_it_cannot_show_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    shown = line_up("stopped", "uninterruptible")
    assert [label for label, _ in shown.frames] == ["stopped", "uninterruptible (recorded)"]
    assert shown.recorded == RECORDINGS["recorded_on"]


def test_what_was_not_recorded_is_answered_with_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "os", SimpleNamespace(name="nt"))
    with pytest.raises(NoSpecimen, match="no recording of zombie, SIGHUP; there are: busy;"):
        film("zombie", "SIGHUP")


def test_a_mistyped_kind_or_signal_is_an_error_and_not_a_recording() -> None:
    with pytest.raises(ValueError, match="there is no specimen 'undead'"):
        film("undead")
    with pytest.raises(ValueError, match="'SIGFOO' is no signal"):
        film("sleeping", "SIGFOO")


def test_what_goes_wrong_on_the_way_is_not_covered_by_a_recording() -> None:
    with pytest.raises(NoSpecimen, match="has not ended"):
        film("sleeping", "reap")


def test_a_film_shows_itself_as_a_table() -> None:
    gone = ProcessView(pid=7, state="gone")
    assert repr(Film(frames=(("reaped", gone),))).splitlines() == [
        "        pid  parent  state",
        "reaped  7    -       gone   no such process",
    ]


def test_every_film_of_the_lessons_has_a_recording() -> None:
    """So that every lesson can be followed on a system without processes to look at."""
    wanted = {shot for path in sorted(COURSE.rglob("*.ipynb")) for shot in _shots(path)}
    recorded = {(each["kind"], *each["steps"]) for each in RECORDINGS["films"]}
    assert wanted
    assert wanted <= recorded, "add these to tools/record_os_states.py and run it"


def _shots(path: Path) -> list[tuple[str, ...]]:
    """Return the kind and the steps of every film and line-up that a notebook asks for."""
    shots: list[tuple[str, ...]] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"film", "line_up"}:
                words = tuple(ast.literal_eval(word) for word in node.args)
                shots += [words] if node.func.id == "film" else [(kind,) for kind in words]
    return shots
