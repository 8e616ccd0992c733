"""What the operating system says about a process, and how the kit puts it."""

from __future__ import annotations

import os
import shutil
import sys

import psutil
import pytest

from lifecycle_kit.live import observe as module
from lifecycle_kit.live.observe import ProcessView, observe, table
from lifecycle_kit.live.specimen import Specimen
from tests.process_table import eventually

pytestmark = pytest.mark.live

SLEEPER = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]


def test_a_process_that_looks_at_itself_runs() -> None:
    """On macOS, too, where psutil would say so of any process."""
    view = observe(os.getpid())
    assert (view.pid, view.ppid, view.state) == (os.getpid(), os.getppid(), "R")
    assert view.name == psutil.Process().name()


def test_a_parent_names_its_children_and_a_child_its_parent() -> None:
    with Specimen(SLEEPER) as child:
        assert child.pid in observe(os.getpid()).children
        assert observe(child.pid).ppid == os.getpid()
        assert observe(child.pid).parent == observe(os.getpid()).name


def test_a_process_that_is_gone_is_an_answer() -> None:
    with Specimen(SLEEPER) as child:
        pid = child.pid
    assert observe(pid) == ProcessView(pid=pid, state="gone")
    assert repr(observe(pid)) == f"process {pid}: gone, there is no such process"


def test_process_1_is_called_init_whatever_plays_that_part() -> None:
    assert observe(1).name == "init"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows pending signals")
def test_a_signal_that_a_stopped_process_has_not_taken_is_pending() -> None:
    with Specimen(SLEEPER) as child:
        child.signal("SIGSTOP")
        eventually(lambda: observe(child.pid).state == "T", "it is stopped")
        child.signal("SIGTERM")
        view = observe(child.pid)
    assert view.pending == ("SIGTERM",)
    assert view.words == "stopped by a signal; SIGTERM pending"


def test_every_status_of_psutil_on_linux_and_macos_has_a_letter_and_words() -> None:
    for letter in module._LETTERS.values():
        assert letter in module.WORDS


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps on this machine")
def test_ps_is_asked_where_psutil_says_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux plays macOS: psutil is made to call a sleeping process running."""
    monkeypatch.setattr(module, "_LETTERS", dict.fromkeys(module._LETTERS, "R"))
    monkeypatch.setattr(sys, "platform", "darwin")
    with Specimen(SLEEPER) as child:
        eventually(lambda: observe(child.pid).state == "S", "ps says that it sleeps")


def test_a_zombie_that_macos_hides_is_still_a_zombie(monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(process: psutil.Process) -> str:
        raise psutil.ZombieProcess(process.pid, "worker", os.getpid())

    monkeypatch.setattr(module, "_state", hide)
    view = observe(os.getpid())
    assert (view.state, view.name, view.ppid) == ("Z", "worker", os.getpid())


def test_a_view_is_one_line() -> None:
    view = ProcessView(pid=7, state="S", ppid=3, name="worker", parent="shell")
    assert repr(view) == "process 7 (worker), child of 3 (shell): S, waiting; a signal can wake it"


def test_a_state_without_words_is_shown_by_its_letter_all_the_same() -> None:
    assert "K, a state this course does not need" in repr(ProcessView(pid=7, state="K", ppid=3))


def test_a_table_has_a_line_for_each_look() -> None:
    before = ProcessView(pid=7, state="Z", ppid=3, name="worker", parent="shell")
    assert table([("before", before), ("after", ProcessView(pid=7, state="gone"))]).split("\n") == [
        "        pid  parent   state",
        "before  7    3 shell  Z      ended, not yet reaped by its parent: a zombie",
        "after   7    -        gone   no such process",
    ]
    assert table({"before": before}).count("\n") == 1
