"""Whatever happens to a supervisor, its children and grandchildren are gone soon after."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from lifecycle_kit import PlainPolicy, State, Unit
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.supervisor import Supervisor
from tests.process_table import PATIENCE_S, all_gone, eventually, is_gone, own_children

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[1]

# A child that is deaf, a grandchild in its group, and one in a session of its own.
FAMILY = "trap '' TERM INT HUP; sleep 600 & echo $!; setsid sleep 600 & echo $!; echo $$; wait"
AT_ONCE = PlainPolicy(when="always", backoff=Backoff(first_s=0, factor=1, cap_s=0))
PROGRAMS = {name: Program(argv=["sh", "-c", FAMILY], unit=Unit(policy=AT_ONCE)) for name in ("one", "two")}

SUPERVISE = f"""
import asyncio, os, time
from lifecycle_kit import PlainPolicy, State, Unit
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.supervisor import Supervisor

programs = {{name: Program(argv=["sh", "-c", {FAMILY!r}]) for name in ("one", "two")}}

def family(supervisor):
    return [line for name in programs for line in supervisor.keeper(name).lines]

async def supervise(end):
    async with Supervisor(programs) as supervisor:
        await supervisor.start()
        await supervisor.until(lambda s: len(family(s)) == 6)
        print(*family(supervisor), flush=True)
        await end(supervisor)

async def for_ever(supervisor):
    await supervisor.until(lambda s: False)
"""


def family(supervisor: Supervisor) -> list[int]:
    """Return the numbers of all children and grandchildren."""
    return [int(line) for name in PROGRAMS for line in supervisor.keeper(name).lines]


async def raise_families(supervisor: Supervisor) -> list[int]:
    await supervisor.start()
    await supervisor.until(lambda s: len(family(s)) == 6, PATIENCE_S)
    return family(supervisor)


def test_after_an_exception() -> None:
    pids: list[int] = []

    async def scene() -> None:
        async with Supervisor(PROGRAMS) as supervisor:
            pids.extend(await raise_families(supervisor))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(scene())
    assert len(pids) == 6
    eventually(lambda: all_gone(pids), f"{pids} are gone")
    assert own_children() == []


def test_after_a_cancelled_task() -> None:
    pids: list[int] = []

    async def scene() -> None:
        async with Supervisor(PROGRAMS) as supervisor:
            pids.extend(await raise_families(supervisor))
            await asyncio.sleep(600)

    async def cancel() -> None:
        task = asyncio.create_task(scene())
        while not pids:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(cancel())
    eventually(lambda: all_gone(pids), f"{pids} are gone")
    assert own_children() == []


def test_after_a_loop_that_ended_with_the_supervisor_still_open() -> None:
    async def scene() -> list[int]:
        supervisor = Supervisor(PROGRAMS)
        supervisor.open()
        return await raise_families(supervisor)

    pids = asyncio.run(scene())
    eventually(lambda: all_gone(pids), f"{pids} are gone")
    assert own_children() == []


def test_no_zombie_stands_while_a_crash_loop_goes_on() -> None:
    program = Program(argv=["true"], unit=Unit(policy=AT_ONCE))

    async def scene() -> None:
        async with Supervisor({"it": program}) as supervisor:
            await supervisor.start()
            await supervisor.until(lambda s: s["it"].number > 50, PATIENCE_S)
            zombies = [child for child in own_children() if child == "zombie"]
            assert len(zombies) <= 1  # the one whose end is being told at this moment

    asyncio.run(scene())
    assert own_children() == []


@contextmanager
def script(code: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a supervisor in a process of its own; give it and the numbers of its families."""
    argv = [sys.executable, "-c", f"{SUPERVISE}\n{code}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 6
        pids += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        try:
            yield process, pids
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"])
def test_after_a_signal_to_the_supervisor(name: str) -> None:
    with script("asyncio.run(supervise(for_ever))") as (process, pids):
        process.send_signal(signal.Signals[name])
        assert process.wait(PATIENCE_S) != 0
        eventually(lambda: all_gone(pids), f"{pids} are gone")


@pytest.mark.parametrize("end", ["os._exit(3)", "os.abort()", "time.sleep(600)"], ids=["_exit", "abort", "stuck"])
def test_after_a_supervisor_that_has_no_time_to_clean_up(end: str) -> None:
    code = f"async def end(supervisor): {end}\nasyncio.run(supervise(end))"
    with script(code) as (process, pids):
        if "sleep" in end:
            process.kill()
        process.wait(PATIENCE_S)
        eventually(lambda: all_gone(pids), f"{pids} are gone")


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    """A real kernel with the supervisor's code in it."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    yield manager
    manager.shutdown_kernel(now=True)


def talk(manager: KernelManager) -> BlockingKernelClient:
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute_interactive(SUPERVISE, timeout=60, store_history=False)
    return client


def printed(client: BlockingKernelClient) -> list[int]:
    """Return the numbers that the running cell prints."""
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE_S)
        if message["msg_type"] == "stream":
            return [int(word) for word in message["content"]["text"].split()]
        assert message["msg_type"] != "error", message["content"]["traceback"]


@pytest.mark.parametrize("cell", ["await supervise(for_ever)", "await supervise(asleep)"])
def test_within_a_second_after_an_interrupted_cell(kernel: KernelManager, cell: str) -> None:
    """The promise is a second; an idle loop without the supervisor's beat took eight."""
    client = talk(kernel)
    client.execute("async def asleep(supervisor): await asyncio.sleep(600)")
    client.execute(cell)
    pids = printed(client)
    kernel.interrupt_kernel()
    eventually(lambda: all_gone(pids), f"{pids} are gone", patience_s=5)
    eventually(lambda: works(client), "the kernel itself goes on")
    client.stop_channels()


def works(client: BlockingKernelClient) -> bool:
    """Return whether the kernel runs a cell; for a moment after an error it declines to."""
    answer = client.execute_interactive("None", timeout=PATIENCE_S)
    return bool(answer["content"]["status"] == "ok")


@pytest.mark.parametrize("now", [False, True], ids=["asked", "killed"])
def test_after_a_restarted_kernel(kernel: KernelManager, now: bool) -> None:
    client = talk(kernel)
    client.execute("supervising = asyncio.ensure_future(supervise(for_ever))")
    pids = printed(client)
    client.stop_channels()
    kernel.restart_kernel(now=now)
    eventually(lambda: all_gone(pids), f"{pids} are gone")


def test_after_kill_9_of_the_kernel(kernel: KernelManager) -> None:
    client = talk(kernel)
    client.execute("print(os.getpid())")
    own = printed(client)[0]
    client.execute("await supervise(for_ever)")
    pids = printed(client)
    client.stop_channels()
    assert not any(map(is_gone, pids))
    os.kill(own, signal.SIGKILL)
    eventually(lambda: all_gone(pids), f"{pids} are gone")


def test_the_last_thing_a_trace_shows_is_that_they_ended() -> None:
    async def scene() -> Supervisor:
        async with Supervisor(PROGRAMS) as supervisor:
            await raise_families(supervisor)
        return supervisor

    supervisor = asyncio.run(scene())
    assert {supervisor.state(name) for name in PROGRAMS} == {State.TERMINATED}
