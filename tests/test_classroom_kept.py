"""What is kept for the next kernel is read again, or is as good as never kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle_kit.classroom import kept


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep each test's data to itself, in a folder that does not exist yet."""
    monkeypatch.setenv(kept.FOLDER_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


def test_what_was_saved_is_loaded_and_a_later_save_replaces_it() -> None:
    kept.save("answers", {"a": [1]})
    kept.save("answers", {"b": ["x"]})
    assert kept.load("answers") == {"b": ["x"]}


def test_each_kind_has_its_own_file(folder: Path) -> None:
    kept.save("answers", 1)
    kept.save("predictions", 2)
    kept.drop("answers")
    assert (kept.load("answers"), kept.load("predictions")) == (None, 2)
    assert [file.name for file in folder.iterdir()] == ["predictions.json"]


@pytest.mark.parametrize("content", ["", "{", "\0", '{"a": 1} trailing'])
def test_a_broken_file_is_as_good_as_none(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "answers.json").write_text(content)
    assert kept.load("answers") is None


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_is_said(tmp_path: Path) -> None:
    """A file stands where the folder should be: root is refused, too."""
    (tmp_path / "state").touch()
    kept.save("answers", 1)
    kept.drop("answers")
    assert kept.load("answers") is None
    assert not kept.can_be_kept()


def test_a_folder_that_can_be_made_is_said_to_be_good(folder: Path) -> None:
    assert kept.can_be_kept()
    assert folder.is_dir()
