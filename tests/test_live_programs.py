"""The API service, the worker and the broker: real programs, really well and really ill."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from lifecycle_kit.live import notices
from lifecycle_kit.live.nursery import Nursery, Reared
from lifecycle_kit.live.programs import command
from tests.process_table import PATIENCE_S, own_children

pytestmark = pytest.mark.live

Json = dict[str, Any]
Scene = Callable[["Stage"], Awaitable[object]]


class Cast:
    """One program on the stage."""

    def __init__(self, nursery: Nursery, name: str, **options: object) -> None:
        self.said: list[Json] = []
        self.reared: Reared = nursery.spawn(command(name, **options), on_lines=self._hear)

    def _hear(self, lines: list[bytes]) -> None:
        self.said += [notice for line in lines if (notice := notices.parse(line))]

    @property
    def lines(self) -> list[str]:
        """What it wrote for people."""
        return [line for line in self.reared.output.lines if not notices.parse(line.encode())]

    @property
    def words(self) -> list[str]:
        """What it said of itself, in order."""
        return [notice["lifecycle"] for notice in self.said]

    async def heard(self, word: str) -> Json:
        """Wait until it says `word`."""
        while word not in self.words:
            assert not self.reared.child.exit, self.reared.output.lines
            await asyncio.sleep(0.005)
        return self.said[self.words.index(word)]

    async def url(self) -> str:
        return f"http://127.0.0.1:{(await self.heard('listening'))['port']}"

    async def end(self, signal: str | None = "SIGTERM") -> int | str | None:
        """Return its exit code or signal, after asking for it unless `signal` is None."""
        if signal is not None:
            self.reared.child.signal(signal)
        end = await self.reared.wait()
        return end.signal or end.code


class Stage:
    """Where programs run, and how to talk to them."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=100)

    def cast(self, name: str, **options: object) -> Cast:
        return Cast(self._nursery, name, **options)

    async def ask(self, cast: Cast, path: str, **more: Any) -> tuple[int, Json]:
        """Return status and body of an answer; 599 is tornado's number for none."""
        if more.get("method") == "POST":
            more["body"] = ""
        url = await cast.url() + path
        try:
            answer = await self._client.fetch(url, raise_error=False, **more)
        except HTTPClientError as error:
            return error.code, {}
        return answer.code, json.loads(answer.body or "{}")

    async def jobs(self, broker: Cast) -> Json:
        return (await self.ask(broker, "/jobs"))[1]


def play(scene: Scene) -> None:
    async def on_stage() -> None:
        with Nursery() as nursery:
            await asyncio.wait_for(scene(Stage(nursery)), PATIENCE_S)

    asyncio.run(on_stage())
    assert own_children() == []


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    while not await condition():
        await asyncio.sleep(0.01)


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


# --- the API service


def test_a_sound_api_is_alive_and_ready_and_works() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api")
        await api.heard("ready")
        assert await stage.ask(api, "/livez") == (200, {"alive": True})
        assert await stage.ask(api, "/readyz") == (200, {"ready": True, "because": []})
        assert await stage.ask(api, "/work?ms=1") == (200, {"done": 1})
        metrics = {"in_flight": 0, "done": 1, "failed": 0, "refused": 0}
        assert await stage.ask(api, "/metrics") == (200, metrics)

    play(scene)


@pytest.mark.parametrize(
    ("fault", "status", "trouble"),
    [
        ("no_routes", 500, "the routing table is not loaded"),
        ("no_pool", 503, "the connection pool cannot open"),
    ],
)
def test_a_half_started_api_is_alive_but_never_ready_and_fails_all_work(fault: str, status: int, trouble: str) -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", **{fault: True})
        await until(lambda: has_lines(api))
        assert (await stage.ask(api, "/livez"))[0] == 200
        assert await stage.ask(api, "/readyz") == (503, {"ready": False, "because": [trouble]})
        assert await stage.ask(api, "/work") == (status, {"failed": trouble})
        assert api.words == ["listening"]

    play(scene)


async def has_lines(cast: Cast) -> bool:
    return bool(cast.lines)


def test_a_slow_api_is_alive_before_it_is_ready() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", start_s=0.3)
        assert (await stage.ask(api, "/livez"))[0] == 200
        assert (await stage.ask(api, "/readyz"))[0] == 503
        await api.heard("ready")
        assert (await stage.ask(api, "/readyz"))[0] == 200

    play(scene)


def test_an_api_that_loses_its_database_says_so_and_recovers() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", lose_pool_after_s=0, lose_pool_for_s=0.3)
        assert await api.heard("blocked") == {"lifecycle": "blocked", "on": "database"}
        assert (await stage.ask(api, "/readyz"))[0] == 503
        await api.heard("unblocked")
        assert (await stage.ask(api, "/readyz"))[0] == 200

    play(scene)


def test_a_draining_api_finishes_what_is_in_flight_and_refuses_the_rest() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api")
        await api.heard("ready")
        in_flight = [asyncio.create_task(stage.ask(api, "/work?ms=700")) for _ in range(3)]
        await until(lambda: works(stage, api, 3))
        api.reared.child.signal("SIGTERM")
        await api.heard("stopping")
        assert (await stage.ask(api, "/livez"))[0] == 200
        assert (await stage.ask(api, "/readyz"))[1]["because"] == ["it is draining"]
        assert (await stage.ask(api, "/work"))[1] == {"refused": "draining: go elsewhere"}
        assert [(await work)[0] for work in in_flight] == [200, 200, 200]
        assert await api.end(None) == 0
        assert api.words[-2:] == ["stopping", "drained"]
        assert api.lines == ["drained: 3 done, 0 cut"]

    play(scene)


async def works(stage: Stage, api: Cast, number: int) -> bool:
    return bool((await stage.ask(api, "/metrics"))[1]["in_flight"] == number)


def test_a_drain_ends_at_its_deadline_and_says_what_was_cut() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", drain_s=0.1)
        await api.heard("ready")
        work = asyncio.create_task(stage.ask(api, "/work?ms=60000"))
        await until(lambda: works(stage, api, 1))
        assert await api.end() == 0
        assert api.lines == ["drained: 0 done, 1 cut"]
        assert (await work)[0] == 599

    play(scene)


def test_asked_twice_an_api_leaves_at_once() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", drain_s=600)
        await api.heard("ready")
        work = asyncio.create_task(stage.ask(api, "/work?ms=60000"))
        await until(lambda: works(stage, api, 1))
        api.reared.child.signal("SIGTERM")
        await api.heard("stopping")
        assert await api.end() == 1
        await work

    play(scene)


def test_a_number_that_is_none_is_answered_with_400() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api")
        url = await api.url()
        client = SimpleAsyncHTTPClient(force_instance=True)
        answer = await client.fetch(f"{url}/work?ms=soon", raise_error=False)
        assert (answer.code, answer.reason) == (400, "ms must be a number that is not negative")

    play(scene)


def test_a_port_in_use_is_said_in_words() -> None:
    async def scene(stage: Stage) -> None:
        with taken_port() as port:
            api = stage.cast("api", port=port)
            assert await api.end(None) == 78
            assert api.lines == [f"port {port} on 127.0.0.1 is in use: choose another, or 0 for any free one"]

    play(scene)


# --- faults that every program has


def test_a_deaf_program_dies_only_of_kill() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", deaf=True)
        await api.heard("ready")
        api.reared.child.signal("SIGTERM")
        assert (await stage.ask(api, "/livez"))[0] == 200
        assert await api.end("SIGKILL") == "SIGKILL"

    play(scene)


def test_a_hung_program_exists_but_answers_nothing() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", hang_after_s=0.2)
        await api.heard("ready")
        await until(lambda: answers_nothing(stage, api))
        api.reared.child.signal("SIGTERM")
        await until(lambda: answers_nothing(stage, api))
        assert not api.reared.child.ended()
        assert await api.end("SIGKILL") == "SIGKILL"

    play(scene)


async def answers_nothing(stage: Stage, api: Cast) -> bool:
    return (await stage.ask(api, "/livez", request_timeout=0.3))[0] == 599


def test_a_crash_ends_it_without_a_word() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", crash_after_s=0.1, crash_exit=42)
        assert await api.end(None) == 42
        assert "stopping" not in api.words

    play(scene)


def test_a_leak_takes_more_and_more_memory() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", leak_mb_per_s=100)
        await api.heard("ready")
        process = psutil.Process(api.reared.child.pid)
        before = process.memory_info().vms
        await until(lambda: has_grown(process, before))

    play(scene)


async def has_grown(process: psutil.Process, before: int) -> bool:
    return process.memory_info().vms > before + 20 * 2**20


def test_a_flood_of_log_lines_hides_no_notice() -> None:
    async def scene(stage: Stage) -> None:
        api = stage.cast("api", flood_per_s=50_000, start_s=0.3)
        await api.heard("ready")
        assert api.reared.output.total > 5_000
        assert api.lines[-1].startswith("debug: nothing has happened")

    play(scene)


# --- the broker and the worker


def test_a_worker_does_the_jobs_and_says_when_it_works_and_idles() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker")
        await stage.ask(broker, "/jobs?count=3&ms=20", method="POST")
        worker = stage.cast("worker", broker=await broker.url())
        await worker.heard("idle")
        assert worker.words == ["ready", "working", "idle"]
        jobs = await stage.jobs(broker)
        assert (jobs["done"], jobs["backlog"], jobs["taken"]) == (3, 0, 0)
        assert await worker.end() == 0
        assert worker.lines == ["leaving after 3 jobs"]

    play(scene)


def test_without_a_broker_a_worker_is_blocked_until_there_is_one() -> None:
    async def scene(stage: Stage) -> None:
        with taken_port() as port:
            worker = stage.cast("worker", broker=f"http://127.0.0.1:{port}")
            assert (await worker.heard("blocked"))["on"] == "queue"
            await until(lambda: has_lines(worker))
            assert "refused" in worker.lines[0]
        stage.cast("broker", port=port)
        await worker.heard("ready")
        assert worker.words == ["blocked", "unblocked", "ready"]

    play(scene)


def test_a_worker_that_loses_its_broker_is_blocked_not_dead() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker")
        worker = stage.cast("worker", broker=await broker.url())
        await worker.heard("ready")
        await broker.end()
        await worker.heard("blocked")
        assert not worker.reared.child.ended()

    play(scene)


def test_wrong_credentials_are_logged_on_each_try_and_end_the_worker_with_77() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker")
        worker = stage.cast("worker", broker=await broker.url(), wrong_credentials=True, tries=2)
        assert await worker.end(None) == 77
        assert worker.lines == ["queue: 401 unauthorized: wrong credentials"] * 2
        assert worker.words == []
        assert (await stage.jobs(broker))["unauthorized"] == 2

    play(scene)


def test_credentials_that_are_rotated_end_a_worker_that_was_well_and_the_backlog_grows() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker", jobs_per_s=50, job_ms=1, rotate_after_s=0.8)
        worker = stage.cast("worker", broker=await broker.url(), tries=1)
        await worker.heard("working")
        assert await worker.end(None) == 77
        first = await stage.jobs(broker)
        assert first["done"] > 0
        await until(lambda: grows(stage, broker, first["backlog"] + 5))

    play(scene)


async def grows(stage: Stage, broker: Cast, beyond: int) -> bool:
    return int((await stage.jobs(broker))["backlog"]) > beyond


def test_the_job_of_a_lost_worker_waits_again_when_its_lease_ends() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker", lease_s=0.3)
        await stage.ask(broker, "/jobs?count=1&ms=60000", method="POST")
        worker = stage.cast("worker", broker=await broker.url())
        await worker.heard("working")
        assert (await stage.jobs(broker))["taken"] == 1
        await worker.end("SIGKILL")
        await until(lambda: waits_again(stage, broker))

    play(scene)


async def waits_again(stage: Stage, broker: Cast) -> bool:
    jobs = await stage.jobs(broker)
    return (jobs["backlog"], jobs["taken"], jobs["requeued"]) == (1, 0, 1)


def test_a_worker_that_must_leave_finishes_its_job_or_hands_it_back() -> None:
    async def scene(stage: Stage) -> None:
        for job_ms, drain_s, done, requeued in [(300, 60, 1, 0), (60_000, 0.1, 0, 1)]:
            broker = stage.cast("broker", lease_s=600)
            await stage.ask(broker, f"/jobs?ms={job_ms}", method="POST")
            worker = stage.cast("worker", broker=await broker.url(), drain_s=drain_s)
            await worker.heard("working")
            assert await worker.end() == 0
            jobs = await stage.jobs(broker)
            assert (jobs["done"], jobs["requeued"]) == (done, requeued)

    play(scene)


def test_a_job_that_was_given_to_another_cannot_be_done_any_more() -> None:
    async def scene(stage: Stage) -> None:
        broker = stage.cast("broker", token="key")
        known = {"method": "POST", "headers": {"Authorization": "Bearer key"}}
        assert (await stage.ask(broker, "/done?id=7", **known))[0] == 410
        assert (await stage.ask(broker, "/take?wait_s=0", **known))[0] == 204
        assert (await stage.ask(broker, "/take?wait_s=0", method="POST"))[0] == 401

    play(scene)


def test_a_command_leaves_out_what_is_not_asked_for() -> None:
    assert command("api", deaf=False, port=None, drain_s=2) == [
        sys.executable, "-m", "lifecycle_kit.live.programs.api", "--drain-s", "2",
    ]  # fmt: skip
