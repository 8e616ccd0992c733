"""The running example with real processes: what is counted, what is told, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from lifecycle_kit import PlainPolicy, Unit
from lifecycle_kit.cli.out import units_of
from lifecycle_kit.live import traffic
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.programs import command
from lifecycle_kit.live.stage import Stage
from lifecycle_kit.live.stories import TELL, crash_loop, drain, half_started
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import stories as simulated
from lifecycle_kit.simulate.story import STORIES, Story
from lifecycle_kit.trace import Trace, Transition, broken_rules, starts
from tests.process_table import PATIENCE_S, all_gone, eventually, leave_out_present_children, own_children

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[1]
# systemd then gives up at the fifth failure, on a slow machine as well.
AT_ONCE = {"Restart": "on-failure", "RestartSec": 0.01, "StartLimitIntervalSec": 60}


@dataclass
class Told:
    """A story, and what its audience saw of it."""

    story: Story
    moves: list[Transition] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def path(self, name: str) -> list[str]:
        """Return the states that an instance went through."""
        return [move.target.value for move in self.moves if move.instance == name]

    @property
    def pids(self) -> list[int]:
        """Return the numbers of all processes, in the order in which they began."""
        return [int(line.split()[-1]) for _, line in self.lines if line.startswith("is process ")]


def listen_to(tell: Callable[..., Awaitable[Story]], *arguments: Any, **options: Any) -> Told:
    """Have a story told, and check what must hold after each."""
    leave_out_present_children()
    moves, lines = list[Transition](), list[tuple[str, str]]()

    async def listen() -> Story:
        told = tell(*arguments, **options, on_transition=moves.append, on_line=lambda *line: lines.append(line))
        return await asyncio.wait_for(told, 60)

    told = Told(asyncio.run(listen()), moves, lines)
    assert own_children() == []
    assert all_gone(told.pids)
    assert moves == told.story.trace.transitions
    assert broken_rules(moves) == []
    return told


@pytest.fixture(scope="module")
def crash() -> Told:
    return listen_to(crash_loop, "systemd", AT_ONCE)


@pytest.fixture(scope="module")
def half() -> Told:
    return listen_to(half_started, requests=90)


@pytest.fixture(scope="module")
def stopped() -> Told:
    return listen_to(drain)


@pytest.fixture(params=["crash", "half", "stopped"])
def told(request: pytest.FixtureRequest) -> Told:
    found: Told = request.getfixturevalue(request.param)
    return found


# --- what all stories have in common


def test_every_story_is_told_under_the_name_of_its_simulated_twin() -> None:
    assert list(TELL) == list(simulated.TELL) == list(STORIES)


def test_a_saved_trace_replays_to_the_same_transitions(told: Told) -> None:
    trace = told.story.trace
    read = Trace.from_lines(list(trace.to_lines()))
    again = replay(read, units_of(read)).transitions
    assert [str(move) for move in again] == [str(move) for move in trace.transitions]


def test_every_process_that_began_is_told_once(told: Told) -> None:
    assert len(told.pids) == len(set(told.pids)) == len(starts(told.story.trace.transitions))


def test_what_the_programs_wrote_is_kept(told: Told) -> None:
    own = ("is process ", "alert: ", "... ")
    programs = told.story.trace.instances
    shown = [f"{name}: {line}" for name, line in told.lines if name in programs and not line.startswith(own)]
    assert shown
    assert Counter(shown) <= Counter(told.story.log)


# --- the crash loop


def test_a_worker_with_wrong_credentials_crashes_until_its_policy_gives_up(crash: Told) -> None:
    life = ["starting", "ready", "running", "blocked", "failed", "backoff"]
    assert crash.path("worker")[:6] == life
    assert crash.path("worker").count("starting") == 5
    assert crash.path("worker")[-1] == "failed"
    assert {move.cause for move in crash.moves if move.source.value == "blocked"} == {"exit 77"}
    assert "The policy gave up" in crash.story.moral


def test_the_worker_waits_for_its_broker_and_the_broker_outlives_it(crash: Told) -> None:
    assert crash.path("broker") == ["starting", "ready", "running", "draining", "terminated"]
    names = [move.instance for move in crash.moves]
    assert names.index("worker") > names.index("broker") + 1


def test_its_cost_is_counted_where_it_arises(crash: Told) -> None:
    numbers = crash.story.numbers
    assert numbers["starts"] == 5
    assert numbers["jobs done"] == 0
    assert int(numbers["jobs waiting"]) > 0
    assert numbers["log lines"] == sum(line.startswith("worker: ") for line in crash.story.log) == 5 * 3
    assert list(numbers) == list(simulated.crash_loop().numbers)


def test_the_alerts_come_while_it_goes_on(crash: Told) -> None:
    alerts = [line for _, line in crash.lines if line.startswith("alert: ")]
    assert [alert.split()[1] for alert in alerts] == ["crash-loop:", "gave-up:"]
    assert crash.story.numbers["alerts"] == 2
    assert crash.lines.index(("worker", alerts[0])) < crash.lines.index(("worker", f"is process {crash.pids[-1]}"))


def test_a_policy_that_never_gives_up_is_left_after_some_seconds() -> None:
    told = listen_to(crash_loop, "kubernetes", seconds_=1.5)
    assert told.path("worker")[-1] != "failed"
    assert "It would go on like this" in told.story.moral
    assert list(told.story.rows) == ["kubernetes"]


# --- the half-started API


def test_routing_on_liveness_makes_errors_and_on_readiness_none(half: Told) -> None:
    assert half.story.rows == {
        "routed on liveness": {"answered": 60, "errors": 30},
        "routed on readiness": {"answered": 90, "errors": 0},
    }
    assert half.story.rows == simulated.half_started(requests=90).rows


def test_the_half_started_instance_lives_and_is_never_ready(half: Told) -> None:
    assert half.path("api-2") == ["starting", "draining", "terminated"]
    for name in ("api-0", "api-1"):
        assert half.path(name) == ["starting", "ready", "running", "draining", "terminated"]


def test_equal_lines_are_kept_but_not_all_shown(half: Told) -> None:
    line = "error: GET /work: the routing table is not loaded"
    assert half.story.log.count(f"api-2: {line}") == 30
    assert half.lines.count(("api-2", line)) == 3
    assert sum(line.startswith("... and so on") for _, line in half.lines) == 1


# --- the drain


def test_a_drain_finishes_what_is_in_flight_and_loses_nothing(stopped: Told) -> None:
    without, with_drain = stopped.story.rows["without a drain"], stopped.story.rows["with a drain"]
    assert list(stopped.story.numbers) == list(simulated.drain().numbers)
    assert with_drain["lost"] == 0
    assert int(without["lost"]) > 0
    assert int(with_drain["finished"]) > int(without["finished"])
    for row in (without, with_drain):
        assert int(row["refused"]) > 0
        assert sum(int(number) for number in row.values()) == 30


def test_the_same_stop_ends_one_by_the_signal_and_the_other_by_itself(stopped: Told) -> None:
    ends = {move.instance: move.cause for move in stopped.moves if move.target.value == "terminated"}
    assert ends == {"no-drain": "signal SIGTERM", "drain": "exit 0"}


# --- nothing is left behind


@pytest.mark.parametrize("name", TELL)
def test_a_story_that_is_cancelled_leaves_nothing_behind(name: str) -> None:
    leave_out_present_children()
    pids: list[int] = []

    def heard(_: str, line: str) -> None:
        if line.startswith("is process "):
            pids.append(int(line.split()[-1]))

    async def cancel() -> None:
        task = asyncio.ensure_future(TELL[name](on_line=heard))
        while len(pids) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5 if name == "crash-loop" else 1.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert own_children() == []

    asyncio.run(cancel())
    assert all_gone(pids)


@pytest.mark.parametrize("name", TELL)
@pytest.mark.parametrize("which", ["on_line", "on_transition"])
def test_an_audience_that_fails_ends_the_story_with_its_own_error(name: str, which: str) -> None:
    leave_out_present_children()
    heard: list[object] = []

    def fail(*news: object) -> None:
        heard.append(news)
        if len(heard) >= 5:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(asyncio.wait_for(TELL[name](**{which: fail}), PATIENCE_S))
    assert own_children() == []


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    yield manager
    manager.shutdown_kernel(now=True)


def test_a_cell_tells_a_story_and_an_interrupted_one_leaves_nothing_behind(kernel: KernelManager) -> None:
    client = kernel.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    cell = (
        "from lifecycle_kit.live.stories import crash_loop\n"
        f"story = await crash_loop('systemd', {AT_ONCE})\n"
        "print(story.numbers['starts'])\n"
    )
    assert printed(client, cell) == "5\n"

    client.execute("await crash_loop(on_line=lambda *line: print(*line, flush=True))")
    family = psutil.Process(kernel.provisioner.pid)  # type: ignore[union-attr]
    eventually(lambda: len(programs_of(family)) == 2, "broker and worker run")
    pids = [process.pid for process in programs_of(family)]
    kernel.interrupt_kernel()
    eventually(lambda: all_gone(pids) and programs_of(family) == [], f"{pids} are gone")
    # A cell that was sent before the interrupted one had ended is not run.
    eventually(lambda: printed(client, "print('goes on')") == "goes on\n", "the kernel goes on")
    client.stop_channels()


def printed(client: BlockingKernelClient, cell: str) -> str:
    """Return what a cell prints."""
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    client.execute_interactive(cell, timeout=60, output_hook=hear)
    return "".join(said)


def programs_of(parent: psutil.Process) -> list[psutil.Process]:
    """Return the running example's programs among the children of a process."""
    return [
        child
        for child in parent.children()
        if child.status() != psutil.STATUS_ZOMBIE and "lifecycle_kit.live.programs" in " ".join(child.cmdline())
    ]


# --- requests, and what becomes of them


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "served"),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n{}", "error"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "error"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "refused"),
        (b"", "cut"),
    ],
)
def test_a_request_ends_as_its_client_sees_it(answer: bytes, end: str) -> None:
    async def scene() -> None:
        async with answering(answer) as port:
            assert await traffic.ask(port, "/work") == end
        assert await traffic.ask(port, "/work") == "refused"
        assert await traffic.look(port, "/stats") == {}
        assert await traffic.ask(None, "/work") == "no-route"

    asyncio.run(scene())


def test_a_request_without_an_answer_ends_by_its_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "_TIMEOUT_S", 0.05)

    async def scene() -> None:
        async with answering(None) as port:
            assert await traffic.ask(port, "/work") == "timeout"

    asyncio.run(scene())


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """Run a server that gives this answer to one request, None for none at all; give its port."""
    answered = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.read() if answer is None else reader.readuntil(b"\r\n\r\n"))
        writer.write(answer or b"")
        writer.close()
        await writer.wait_closed()
        answered.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await answered.wait()


# --- the stage


def test_only_programs_with_a_process_are_stopped() -> None:
    leave_out_present_children()

    async def scene() -> None:
        broken = Program(argv=["false"], unit=Unit(policy=PlainPolicy(when="never")))
        async with Stage({"broken": broken, "well": Program(argv=command("broker"))}, {}) as stage:
            await stage.supervisor.start()
            await stage.supervisor.until(lambda s: s.state("broken").value == "failed", PATIENCE_S)
            await stage.stop("broken", "well")
            await stage.stop("broken", "well")
            assert stage.supervisor.state("well").value == "terminated"

    asyncio.run(scene())
