"""The room of the labs: light until something is shown, complete in what it offers, the same for every lab."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from lifecycle_kit.show import interactive
from lifecycle_kit.show.interactive import labs

ROOT = Path(__file__).parents[1]


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "from lifecycle_kit.show import interactive",
        "from lifecycle_kit.show.interactive import probe_lab, Panel",
        "from lifecycle_kit.show.interactive.lab_probe import LAB; LAB.draw(LAB.start)",
        "from lifecycle_kit.classroom.quiz_widget import QuizModel; QuizModel('liveness-readiness').view()",
    ],
)
def test_no_package_for_widgets_is_loaded_before_something_is_shown(code: str) -> None:
    assert not {"anywidget", "ipywidgets", "traitlets", "IPython"} & loaded_by(code)


def test_the_probe_lab_draws_without_matplotlib_or_numpy() -> None:
    code = "from lifecycle_kit.show.interactive.lab_probe import LAB; LAB.draw(LAB.start)"
    assert not {"matplotlib", "numpy"} & loaded_by(code)


def test_every_name_it_offers_is_there_and_no_module_hides_one() -> None:
    for name in interactive.__all__:
        assert getattr(interactive, name).__name__ == name
    modules = {path.stem for path in (ROOT / "lifecycle_kit/show/interactive").glob("*.py")}
    assert not modules & set(interactive.__all__)
    with pytest.raises(AttributeError, match="has no 'live_lab'; it has NoWidgets"):
        _ = interactive.live_lab


def test_every_lab_is_offered() -> None:
    assert set(labs.__all__) <= set(interactive.__all__)
    modules = {path.stem for path in (ROOT / "lifecycle_kit/show/interactive").glob("lab_*.py")}
    assert {f"{module.removeprefix('lab_')}_lab" for module in modules} <= set(labs.__all__)


@pytest.mark.parametrize("name", [name for name in labs.__all__ if name != "play"])
def test_every_lab_can_be_shown(name: str) -> None:
    pytest.importorskip("anywidget")
    panel = getattr(labs, name)()
    assert panel.model.form.question.endswith("?")
    assert len(panel.model.form.tries) >= 2
    assert panel.widget.view["picture"].startswith("<svg")
    assert panel.widget.view["words"]


@pytest.mark.parametrize("name", [name for name in labs.__all__ if name not in ("play", "state_lab")])
def test_every_lab_refuses_a_knob_that_it_has_not(name: str) -> None:
    with pytest.raises(ValueError, match="has no knob 'colour'"):
        getattr(labs, name)(colour=3)


def test_the_page_about_labs_names_every_lab_with_its_question() -> None:
    page = (ROOT / "docs" / "labs.md").read_text(encoding="utf-8")
    for module in (ROOT / "lifecycle_kit/show/interactive").glob("lab_*.py"):
        lab = import_module(f"lifecycle_kit.show.interactive.{module.stem}").LAB
        assert f"| `{module.stem.removeprefix('lab_')}_lab()` | {lab.question} |" in page
