"""Real children: spawned in their own group, heard, signalled, reaped, and never left behind."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.live.children import Child
from lifecycle_kit.live.errors import NotPosix, SpawnFailed
from lifecycle_kit.live.nursery import Nursery, Reared
from lifecycle_kit.live.specimen import Specimen
from tests.process_table import PATIENCE_S, all_gone, eventually, is_gone, own_children

pytestmark = pytest.mark.live

FOREVER = "import time; print('up', flush=True); time.sleep(600)"


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-u", "-c", code]


def in_nursery(scene: Callable[[Nursery], Awaitable[object]], *, pidfd: bool = sys.platform == "linux") -> None:
    """Play a scene in a nursery, which is closed after it."""

    async def play() -> None:
        with Nursery(pidfd=pidfd) as nursery:
            await asyncio.wait_for(scene(nursery), PATIENCE_S)

    asyncio.run(play())
    assert own_children() == []


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.002)


async def first_line(child: Reared) -> str:
    await until(lambda: child.output.lines)
    return child.output.lines[0]


@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "thread"])
@pytest.mark.parametrize(
    ("code", "code_or_signal"),
    [
        ("raise SystemExit(0)", (0, None)),
        ("raise SystemExit(7)", (7, None)),
        ("import os; os.kill(os.getpid(), 15)", (None, "SIGTERM")),
        ("import os; os.abort()", (None, "SIGABRT")),
    ],
)
def test_the_end_of_a_child_is_told_as_code_or_signal(
    code: str, code_or_signal: tuple[int | None, str | None], pidfd: bool
) -> None:
    async def scene(nursery: Nursery) -> None:
        told: list[Exit] = []
        end = await nursery.spawn(python(code), on_exit=told.append).wait()
        assert (end.code, end.signal) == code_or_signal
        assert told == [end]
        assert end.uptime_ns > 0

    in_nursery(scene, pidfd=pidfd)


def test_a_signal_from_inside_is_its_own_fault_and_any_other_an_outsiders() -> None:
    async def scene(nursery: Nursery) -> None:
        aborts = await nursery.spawn(python("import os; os.abort()")).wait()
        assert aborts.cause is Cause.SELF
        victim = nursery.spawn(python(FOREVER))
        os.kill(victim.child.pid, 9)
        assert (await victim.wait()).cause is Cause.OUTSIDER

    in_nursery(scene)


def test_what_a_child_writes_arrives_as_lines_before_its_end() -> None:
    async def scene(nursery: Nursery) -> None:
        story: list[object] = []
        code = "import sys; print('one'); print('two', file=sys.stderr); print('half', end='')"
        child = nursery.spawn(python(code), on_lines=story.extend, on_exit=story.append)
        end = await child.wait()
        assert story == [b"one", b"two", b"half", end]
        assert child.output.lines == ["one", "two", "half"]

    in_nursery(scene)


def test_a_flood_is_counted_but_only_its_last_lines_are_kept() -> None:
    async def scene(nursery: Nursery) -> None:
        flood = nursery.spawn(["sh", "-c", "seq 1 200000"])
        calm = nursery.spawn(python("print('heard')"))
        await calm.wait()
        await flood.wait()
        assert calm.output.lines == ["heard"]
        assert flood.output.total == 200_000
        assert flood.output.lines[-1] == "200000"
        assert len(flood.output.lines) == 1000

    in_nursery(scene)


def test_of_an_endless_line_only_the_beginning_is_kept() -> None:
    async def scene(nursery: Nursery) -> None:
        child = nursery.spawn(python("print('x' * 1_000_000); print('next')"))
        await child.wait()
        assert [len(line) for line in child.output.lines] == [8192, 4]

    in_nursery(scene)


def test_a_child_that_closes_its_output_lives_on() -> None:
    async def scene(nursery: Nursery) -> None:
        child = nursery.spawn(python("import os, time; os.close(1); os.close(2); time.sleep(600)"))
        await until(lambda: child.output.ended)
        assert not child.child.ended()

    in_nursery(scene)


def test_a_child_reads_nothing_and_leads_its_own_group_in_our_session() -> None:
    async def scene(nursery: Nursery) -> None:
        code = "import os, sys; print(sys.stdin.read() == '', os.getpid() == os.getpgrp(), os.getsid(0))"
        child = nursery.spawn(python(code))
        await child.wait()
        assert child.output.lines == [f"True True {os.getsid(0)}"]

    in_nursery(scene)


def test_environment_and_working_directory_reach_the_child(tmp_path: Path) -> None:
    async def scene(nursery: Nursery) -> None:
        command = ["sh", "-c", "echo $COLOUR $PWD"]
        child = nursery.spawn(command, env={"COLOUR": "green"}, cwd=str(tmp_path))
        await child.wait()
        assert child.output.lines == [f"green {tmp_path}"]

    in_nursery(scene)


def test_a_grandchild_that_holds_the_pipe_does_not_hide_the_exit() -> None:
    """Known from python/cpython#119710: asyncio's own `Process.wait` waits for the pipe, too."""

    async def scene(nursery: Nursery) -> None:
        away = "subprocess.Popen(['sleep', '600'], start_new_session=True).pid"
        child = nursery.spawn(python(f"import subprocess; print({away}); raise SystemExit(3)"))
        end = await child.wait()
        assert end.code == 3
        assert not is_gone(int(child.output.lines[0]))

    in_nursery(scene)


def test_what_is_left_of_a_group_dies_with_its_leader() -> None:
    async def scene(nursery: Nursery) -> None:
        child = nursery.spawn(["sh", "-c", "sleep 600 & echo $!; exit 0"])
        await child.wait()
        grandchild = int(child.output.lines[0])
        await until(lambda: is_gone(grandchild))

    in_nursery(scene)


def test_closing_a_nursery_reaches_grandchildren_in_sessions_of_their_own() -> None:
    pids: list[int] = []

    async def scene(nursery: Nursery) -> None:
        child = nursery.spawn(["sh", "-c", "sleep 600 & echo $!; setsid sleep 600 & echo $!; wait"])
        await until(lambda: len(child.output.lines) == 2)
        pids.extend([child.child.pid, *map(int, child.output.lines)])

    in_nursery(scene)
    eventually(lambda: all_gone(pids), f"{pids} are gone")


def test_closing_one_nursery_leaves_the_children_of_another_alone() -> None:
    async def scene(nursery: Nursery) -> None:
        mine = nursery.spawn(["sh", "-c", "setsid sleep 600 & echo $!; wait"])
        stranger = int(await first_line(mine))
        with Nursery() as other:
            other.spawn(python(FOREVER))
        assert not mine.child.ended()
        assert not is_gone(stranger)

    in_nursery(scene)


def test_no_zombie_stands_after_an_end_has_been_told() -> None:
    async def scene(nursery: Nursery) -> None:
        for _ in range(20):
            await nursery.spawn(["true"]).wait()
        assert "zombie" not in own_children()

    in_nursery(scene)


@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "thread"])
def test_children_die_when_the_scene_raises_or_is_cancelled(pidfd: bool) -> None:
    async def play() -> list[int]:
        pids: list[int] = []

        async def scene() -> None:
            with Nursery(pidfd=pidfd) as nursery:
                pids.append(nursery.spawn(python(FOREVER)).child.pid)
                await asyncio.sleep(600)

        task = asyncio.create_task(scene())
        await until(lambda: pids)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        def fail() -> None:
            with Nursery(pidfd=pidfd) as nursery:
                pids.append(nursery.spawn(python(FOREVER)).child.pid)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        return pids

    assert all_gone(asyncio.run(play()))
    assert own_children() == []


def test_a_signal_goes_to_the_group_or_to_the_leader_alone() -> None:
    async def scene(nursery: Nursery) -> None:
        for group in (True, False):
            child = nursery.spawn(["sh", "-c", "sleep 600 & echo $!; wait"])
            grandchild = int(await first_line(child))
            child.child.signal("STOP", group=group)
            await until(partial(is_stopped, child.child.pid))
            if group:
                await until(partial(is_stopped, grandchild))
            assert is_stopped(grandchild) is group

    in_nursery(scene)


def status(pid: int) -> str:
    return str(psutil.Process(pid).status())


def is_stopped(pid: int) -> bool:
    return status(pid) == psutil.STATUS_STOPPED


def test_a_signal_to_what_has_ended_reaches_nobody() -> None:
    async def scene(nursery: Nursery) -> None:
        child = nursery.spawn(["true"])
        await child.wait()
        assert child.child.signal("SIGKILL") is False

    in_nursery(scene)


def test_an_unknown_signal_is_refused_by_name() -> None:
    with Specimen(["sleep", "600"]) as sleeper, pytest.raises(ValueError, match="'BOOM' is no sig"):
        sleeper.signal("BOOM")


@pytest.mark.parametrize(
    ("argv", "cwd", "says"),
    [
        (["no-such-program"], None, "no such program on PATH"),
        (["/no/such/file"], None, "no such file; check the path"),
        (["{tmp}/plain"], None, "not executable; run `chmod"),
        (["{tmp}"], None, "it is a directory"),
        (["{tmp}/orphan"], None, "interpreter in its first line"),
        (["{tmp}/garbage"], None, "no program this machine can run"),
        (["true"], "/no/such/place", "working directory '/no/such/place' does not exist"),
    ],
)
def test_a_failed_start_says_what_happened_and_what_to_do(
    argv: list[str], cwd: str | None, says: str, tmp_path: Path
) -> None:
    for name, text, mode in [
        ("plain", "", 0o644),
        ("orphan", "#!/no/such/shell\n", 0o755),
        ("garbage", "\x01\x02", 0o755),
    ]:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)

    async def scene(nursery: Nursery) -> None:
        with pytest.raises(SpawnFailed, match=says):
            nursery.spawn([word.format(tmp=tmp_path) for word in argv], cwd=cwd)
        assert (await nursery.spawn(["true"]).wait()).code == 0, "the nursery still works"

    in_nursery(scene)


def test_too_many_processes_and_open_files_are_said_in_words() -> None:
    for number, says in [(11, "too many processes"), (24, "too many open files")]:
        failure = SpawnFailed(["x"], None, OSError(number, os.strerror(number)))
        assert says in str(failure)
        assert failure.errno == number


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(ValueError, match="name the program"):
        Child([], environ={})


def test_elsewhere_than_on_posix_the_error_says_where_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle_kit.live.errors.os.name", "nt")
    with pytest.raises(NotPosix, match="use the simulator") as caught:
        Child(["true"], environ={})
    assert caught.value._render_traceback_() == [f"NotPosix: {caught.value}"]


def test_a_closed_nursery_takes_no_children() -> None:
    async def scene(nursery: Nursery) -> None:
        nursery.close()
        nursery.close()
        with pytest.raises(RuntimeError, match="open another"):
            nursery.spawn(["true"])

    in_nursery(scene)


def test_no_descriptor_leaks_from_a_hundred_lives() -> None:
    async def scene(nursery: Nursery) -> None:
        await nursery.spawn(["true"]).wait()
        before = psutil.Process().num_fds()
        for _ in range(50):
            await nursery.spawn(["true"]).wait()
            with pytest.raises(SpawnFailed):
                nursery.spawn(["no-such-program"])
        assert psutil.Process().num_fds() == before

    in_nursery(scene)


def test_a_child_that_somebody_else_reaped_is_no_riddle() -> None:
    child = Child(["true"], environ=dict(os.environ))
    os.waitpid(child.pid, 0)
    assert child.ended()
    assert child.reap().code == 255


def test_a_specimen_stays_a_zombie_until_it_is_waited_for() -> None:
    with Specimen(python(FOREVER)) as specimen:
        eventually(lambda: specimen.lines == ["up"], "the specimen is up")
        specimen.signal("SIGSTOP")
        eventually(lambda: is_stopped(specimen.pid), "it is stopped")
        specimen.signal("SIGKILL")
        eventually(specimen.ended, "it has ended")
        assert status(specimen.pid) == psutil.STATUS_ZOMBIE
        assert specimen.exit is None
        assert specimen.wait().signal == "SIGKILL"
        assert not psutil.pid_exists(specimen.pid)
    assert own_children() == []


def test_waiting_for_a_specimen_can_run_out_of_patience() -> None:
    with Specimen(["sleep", "600"]) as sleeper:
        with pytest.raises(TimeoutError, match="give it more time"):
            sleeper.wait(timeout_s=0.01)
        assert not sleeper.ended()
    assert is_gone(sleeper.pid)


def test_a_specimen_takes_its_family_along() -> None:
    with Specimen(["sh", "-c", "sleep 600 & echo $!; setsid sleep 600 & echo $!"]) as shell:
        eventually(lambda: len(shell.lines) == 2, "both grandchildren are there")
        family = [shell.pid, *map(int, shell.lines)]
    shell.close()
    eventually(lambda: all_gone(family), f"{family} are gone")
