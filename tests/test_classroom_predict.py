"""Predictions are noted before, compared after, counted once, and never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle_kit.classroom import predict as module
from lifecycle_kit.classroom.kept import FOLDER_VARIABLE
from lifecycle_kit.classroom.predict import calibration, compare, forget, predict


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the predictions of each test to itself."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    forget()
    yield tmp_path
    forget()


def new_kernel() -> None:
    """Lose everything that was only in memory."""
    module._MEMORY.clear()


def test_a_prediction_is_noted_in_words() -> None:
    assert repr(predict("kill", "gone")) == "Noted: gone. Now run the next cell."
    assert repr(predict("kill", "gone", sure=90)) == "Noted: gone, 90 % sure. Now run the next cell."


def test_three_dots_note_nothing_and_say_what_to_do() -> None:
    assert "in place of the dots" in repr(predict("kill", ...))
    assert "in place of the dots" in repr(predict("kill", ["Z", ...]))
    assert "No prediction was noted" in repr(compare("kill", "Z"))
    assert repr(calibration()) == "No prediction has been compared yet."


def test_a_prediction_that_held_is_said_to_have_held() -> None:
    predict("kill", "Z")
    assert repr(compare("kill", "Z")) == "Predicted: Z. Observed: Z. It held."


def test_a_prediction_that_did_not_hold_is_an_invitation() -> None:
    predict("kill", "gone")
    assert repr(compare("kill", "Z")) == ("Predicted: gone. Observed: Z. It came out differently: worth a second look.")


@pytest.mark.parametrize(
    ("answer", "observed", "within", "held"),
    [
        (" ready ", "READY", 0, True),
        (7, 7.0, 0, True),
        (7, 8, 0, False),
        (7, 8, 1, True),
        (0.1, 0.3, 0.1, False),
        ("7", 7, 0, False),
        (True, True, 0, True),
        (True, False, 0, False),
        (("Z", "gone"), ["Z", "gone"], 0, True),
        (["Z"], ["Z", "gone"], 0, False),
        ([1, 2], [1.4, 2.4], 0.5, True),
        ({"a"}, {"a"}, 0, True),
        (Path("a"), "a", 0, True),
    ],
)
def test_what_counts_as_the_same(answer: object, observed: object, within: float, held: bool) -> None:
    predict("q", answer)
    assert compare("q", observed, within=within).held is held


def test_yes_and_no_are_written_as_words() -> None:
    predict("q", True)
    assert repr(compare("q", False)).startswith("Predicted: yes. Observed: no.")


def test_a_mistype_can_be_mended_before_the_run() -> None:
    predict("kill", "goen")
    predict("kill", "gone")
    assert compare("kill", "gone").held


def test_once_the_answer_is_seen_the_first_prediction_counts() -> None:
    predict("kill", "gone")
    compare("kill", "Z")
    predict("kill", "Z")
    assert repr(compare("kill", "Z")).startswith("Predicted: gone.")
    assert calibration().held == 0


def test_a_run_before_the_prediction_does_not_settle_it() -> None:
    """Running all cells first must not make later honest predictions worthless."""
    compare("kill", "Z")
    predict("kill", "Z")
    assert compare("kill", "Z").held


def test_three_dots_do_not_tell_what_an_earlier_run_has_observed() -> None:
    compare("kill", "Z")
    assert "in place of the dots" in repr(predict("kill", ...))
    assert "in place of the dots" in repr(predict("kill", ["Z", ...]))


def test_predictions_outlive_the_kernel() -> None:
    predict("kill", ["Z", "gone"], sure=60)
    new_kernel()
    assert repr(compare("kill", ["Z", "gone"])) == ("Predicted: Z, gone, 60 % sure. Observed: Z, gone. It held.")
    new_kernel()
    assert calibration().held == 1


def test_another_kernel_adds_and_does_not_overwrite() -> None:
    predict("one", 1)
    new_kernel()
    predict("two", 2)
    new_kernel()
    assert [compare("one", 1).held, compare("two", 2).held] == [True, True]


def test_forget_empties_memory_and_file(folder: Path) -> None:
    predict("kill", "Z")
    forget()
    assert list(folder.iterdir()) == []
    assert predict("kill", ...).answer is None


def test_without_the_variable_the_folder_stands_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.chdir(tmp_path)
    predict("kill", "Z")
    assert (tmp_path / ".lifecycle-kit" / "predictions.json").exists()


def test_a_folder_that_cannot_be_written_only_costs_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should be: root is refused, too."""
    (tmp_path / "taken").touch()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "taken"))
    predict("kill", "Z")
    assert compare("kill", "Z").held
    assert (tmp_path / "taken").read_text() == ""


@pytest.mark.parametrize(
    "content",
    ["", "{", "7", "[7]", '["x"]', '[{"question": "q", "odd": 1}]', '[{"question": []}]', "\0"],
)
def test_a_broken_file_is_as_good_as_none(folder: Path, content: str) -> None:
    (folder / "predictions.json").write_text(content)
    predict("kill", "Z")
    new_kernel()
    assert compare("kill", "Z").held


def test_the_summary_counts_weighs_and_points() -> None:
    for question, answer, sure in [("a", 1, 80), ("b", 2, 60), ("c", 3, None), ("d", 9, None)]:
        predict(question, answer, sure=sure)
    for question, observed in [("a", 1), ("b", 5), ("c", 3)]:
        compare(question, observed)
    assert repr(calibration()).splitlines() == [
        "2 of 3 predictions held (67 %).",
        "Where you said how sure you were: 70 % sure, 50 % held.",
        "Worth a second look: b.",
    ]


@pytest.mark.parametrize("sure", [-1, 101])
def test_how_sure_is_said_in_percent(sure: int) -> None:
    with pytest.raises(ValueError, match=f"sure is {sure}; say it in percent, from 0 to 100"):
        predict("q", 1, sure=sure)
