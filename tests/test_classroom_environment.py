"""The look around in lesson 00 finds what is there, and says what to do about what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle_kit.classroom import environment as module
from lifecycle_kit.classroom.environment import Environment, environment
from lifecycle_kit.classroom.kept import FOLDER_VARIABLE
from lifecycle_kit.live.errors import NotPosix
from tests.process_table import own_children

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "state"))


def line(found: Environment, what: str) -> str:
    return next(line for line in repr(found).splitlines() if line.startswith(what))


def test_here_everything_is_there() -> None:
    found = environment()
    assert found.complete
    assert repr(found).endswith("Everything is here.")
    assert own_children() == []


def test_a_package_that_is_missing_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("psutil", "no-such-package"))
    found = environment()
    assert not found.complete
    assert "NO  not installed: close this, and start the course with" in line(found, "no-such")
    assert repr(found).endswith("See the lines with NO.")


def test_an_old_python_is_told_the_oldest_that_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "version_info", (3, 10, 4))  # type: ignore[attr-defined]
    assert "needs 3.11 or newer" in line(environment(), "Python")


def test_without_real_processes_the_recordings_are_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: str) -> None:
        raise NotPosix

    monkeypatch.setattr(module, "shoot", refuse)
    assert line(environment(), "real processes").endswith("lessons show recordings instead")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "taken"))
    assert "kept in memory only" in line(environment(), "predictions")
