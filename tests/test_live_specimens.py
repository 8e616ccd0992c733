"""Real processes in every state of the operating system, and nothing left of them afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from lifecycle_kit.live import errors, specimens
from lifecycle_kit.live.errors import NotPosix
from lifecycle_kit.live.observe import observe
from lifecycle_kit.live.specimens import KINDS, LINUX_ONLY, NoSpecimen, bring
from tests.process_table import eventually, is_gone, own_children

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[1]
HERE = [kind for kind in KINDS if sys.platform == "linux" or kind not in LINUX_ONLY]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


@pytest.mark.parametrize("kind", HERE)
def test_a_specimen_is_in_its_state_and_leaves_nothing(kind: str) -> None:
    """What an adopter has to reap is the adopter's: `is_gone` lets it have its zombie."""
    others = set(psutil.Process().children(recursive=True))  # of tests before this one
    with bring(kind) as exhibit:
        assert exhibit.look().state == KINDS[kind][1]
        family = set(psutil.Process().children(recursive=True)) - others
        pids = [exhibit.pid, *[each.pid for each in family]]
    for pid in pids:
        eventually(lambda pid=pid: is_gone(pid), f"process {pid} of {kind!r} is gone")  # type: ignore[misc]
    assert own_children() == []


@pytest.mark.parametrize("kind", HERE)
def test_an_error_in_the_block_leaves_nothing_either(kind: str) -> None:
    with pytest.raises(ZeroDivisionError), bring(kind) as exhibit:
        1 / 0  # noqa: B018
    assert is_gone(exhibit.pid)
    assert own_children() == []


@pytest.mark.parametrize("kind", HERE)
def test_nothing_outlives_a_kill_9_of_whoever_brought_it(kind: str, tmp_path: Path) -> None:
    """No process, and no file either."""
    code = (
        "import sys, time, psutil\n"
        "from lifecycle_kit.live.specimens import bring\n"
        "with bring(sys.argv[1]) as exhibit:\n"
        "    below = [each.pid for each in psutil.Process().children(recursive=True)]\n"
        "    print(exhibit.pid, *below, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, kind], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        owner.kill()
    assert len(pids) >= 2
    assert list(tmp_path.iterdir()) == []
    for pid in pids:
        eventually(lambda pid=pid: is_gone(pid), f"process {pid} of {kind!r} is gone")  # type: ignore[misc]


def test_a_child_whose_parent_ends_gets_another_parent() -> None:
    with bring("child") as exhibit:
        before = exhibit.look()
        exhibit.end_parent()
        after = exhibit.look()
    assert before.ppid == exhibit.parent
    assert after.ppid not in (exhibit.parent, None)
    assert after.state == "S"


@on_linux
def test_the_nearest_reaper_adopts_an_orphan_and_reaps_it() -> None:
    """PR_SET_CHILD_SUBREAPER of prctl(2): the grandparent comes before process 1."""
    with bring("adopted") as exhibit:
        exhibit.end_parent()
        assert exhibit.look().parent == "grandparent"
        exhibit.signal("SIGTERM")
        assert exhibit.look().state == "gone"


def test_a_zombie_whose_parent_ends_is_no_longer_that_parents() -> None:
    with bring("neglected") as exhibit:
        exhibit.end_parent()
        assert exhibit.look().ppid != exhibit.parent


def test_only_a_parent_can_reap_and_only_what_has_ended() -> None:
    with bring("neglected") as exhibit, pytest.raises(NoSpecimen, match="only its parent can reap"):
        exhibit.reap()
    with bring("sleeping") as exhibit, pytest.raises(NoSpecimen, match="has not ended: end it"):
        exhibit.reap()


def test_this_process_does_not_end_itself_as_a_parent() -> None:
    with bring("zombie") as exhibit, pytest.raises(NoSpecimen, match="is this very process"):
        exhibit.end_parent()


def test_a_kind_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no specimen 'undead'; there are: busy, sleeping"):
        bring("undead").__enter__()


def test_where_there_are_no_process_groups_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "os", SimpleNamespace(name="nt"))
    with pytest.raises(NotPosix, match="Run this in WSL"):
        bring("zombie").__enter__()


@pytest.mark.parametrize("kind", sorted(LINUX_ONLY))
def test_what_only_linux_has_is_said_to_need_linux(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoSpecimen, match=f"'{kind}' needs Linux; see a recording"):
        bring(kind).__enter__()


def test_a_specimen_that_shows_another_state_is_not_passed_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a system whose posix_spawn does not suspend the parent."""
    monkeypatch.setattr(specimens, "KINDS", {"stopped": ("sleeper", "D")})
    monkeypatch.setattr(specimens, "_SETTLE_S", 0.05)
    with pytest.raises(NoSpecimen, match="'stopped' shows T instead of D on this system"):
        bring("stopped").__enter__()
    assert own_children() == []


def test_a_program_that_does_not_start_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specimens, "KINDS", {"broken": ("no-such-part", "S")})
    with pytest.raises(NoSpecimen, match=r"did not start.*KeyError: 'no-such-part'"):
        bring("broken").__enter__()


def test_a_process_that_has_been_reaped_is_gone() -> None:
    with bring("zombie") as exhibit:
        assert exhibit.reap().how == "exit 7"
        assert exhibit.look().state == "gone"
        assert observe(exhibit.pid).state == "gone"
