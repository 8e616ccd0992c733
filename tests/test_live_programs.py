"""The API service, the worker and the broker: real programs, really well and really ill."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
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
from lifecycle_kit.live.programs.broker import Jobs
from lifecycle_kit.live.programs.common import CREDENTIALS
from tests.process_table import PATIENCE_S, leave_out_present_children, own_children

pytestmark = pytest.mark.live

Json = dict[str, Any]
Scene = Callable[["Street"], Awaitable[object]]
KNOWN = {"Authorization": f"Bearer {CREDENTIALS}"}


class House:
    """One program on the street."""

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


class Street:
    """Where programs run, and how to talk to them."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=100)

    def run(self, name: str, **options: object) -> House:
        return House(self._nursery, name, **options)

    async def ask(self, house: House, path: str, **more: Any) -> tuple[int, Json]:
        """Return status and body of an answer; 599 is tornado's number for none."""
        try:
            answer = await self._client.fetch(await house.url() + path, raise_error=False, **more)
        except HTTPClientError as error:
            return error.code, {}
        return answer.code, json.loads(answer.body or "{}")

    async def post(self, house: House, path: str, **more: Any) -> tuple[int, Json]:
        return await self.ask(house, path, method="POST", body="", headers=KNOWN, **more)

    async def stats(self, broker: House) -> Json:
        return (await self.ask(broker, "/stats"))[1]


def play(scene: Scene) -> None:
    leave_out_present_children()

    async def on_the_street() -> None:
        with Nursery() as nursery:
            await asyncio.wait_for(scene(Street(nursery)), PATIENCE_S)

    asyncio.run(on_the_street())
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
    async def scene(street: Street) -> None:
        api = street.run("api")
        await api.heard("ready")
        assert await street.ask(api, "/livez") == (200, {"alive": True})
        assert await street.ask(api, "/readyz") == (200, {"ready": True, "because": []})
        assert await street.ask(api, "/work?ms=1") == (200, {"done": 1})
        metrics = {"in_flight": 0, "done": 1, "failed": 0, "refused": 0}
        assert await street.ask(api, "/metrics") == (200, metrics)

    play(scene)


def test_a_half_started_api_is_alive_but_never_ready_and_fails_all_work_at_once() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", half_started=True)
        await until(lambda: has_lines(api))
        because = ["the routing table is not loaded", "the connection pool cannot open"]
        assert (await street.ask(api, "/livez"))[0] == 200
        assert await street.ask(api, "/readyz") == (503, {"ready": False, "because": because})
        assert await street.ask(api, "/work?ms=60000") == (500, {"failed": because[0]})
        await until(lambda: has_lines(api, 2))
        assert api.lines[1] == "error: GET /work: the routing table is not loaded"
        assert api.words == ["listening"]

    play(scene)


async def has_lines(house: House, number: int = 1) -> bool:
    return len(house.lines) >= number


def test_a_slow_api_is_alive_before_it_is_ready() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", slow_start=1)
        assert (await street.ask(api, "/livez"))[0] == 200
        assert (await street.ask(api, "/readyz"))[0] == 503
        assert (await street.ask(api, "/work"))[0] == 503
        await api.heard("ready")
        assert (await street.ask(api, "/readyz"))[0] == 200

    play(scene)


def test_an_api_that_loses_its_database_says_so_and_recovers() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", lose_pool_after=0, lose_pool_for=1)
        assert await api.heard("blocked") == {"lifecycle": "blocked", "on": "database"}
        assert (await street.ask(api, "/readyz"))[0] == 503
        await api.heard("unblocked")
        assert (await street.ask(api, "/readyz"))[0] == 200

    play(scene)


def test_a_draining_api_finishes_what_is_in_flight_and_refuses_the_rest() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api")
        await api.heard("ready")
        in_flight = [asyncio.create_task(street.ask(api, "/work?ms=2000")) for _ in range(3)]
        await until(lambda: works(street, api, 3))
        api.reared.child.signal("SIGTERM")
        await api.heard("stopping")
        assert (await street.ask(api, "/livez"))[0] == 200
        assert (await street.ask(api, "/readyz"))[1]["because"] == ["it is draining"]
        assert await street.ask(api, "/work") == (503, {"refused": "draining: go elsewhere"})
        assert [(await work)[0] for work in in_flight] == [200, 200, 200]
        assert await api.end(None) == 0
        assert api.words[-2:] == ["stopping", "drained"]
        assert api.lines == ["leaving: 3 done, 1 refused, 0 cut"]

    play(scene)


async def works(street: Street, api: House, number: int) -> bool:
    return bool((await street.ask(api, "/metrics"))[1]["in_flight"] == number)


def test_a_drain_ends_at_its_deadline_and_says_what_was_cut() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", drain_s=0.1)
        await api.heard("ready")
        work = asyncio.create_task(street.ask(api, "/work?ms=60000"))
        await until(lambda: works(street, api, 1))
        assert await api.end() == 0
        assert api.lines == ["leaving: 0 done, 0 refused, 1 cut"]
        assert "drained" not in api.words
        assert (await work)[0] == 599

    play(scene)


def test_without_a_drain_the_stop_signal_itself_ends_the_api_and_its_work() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", no_drain=True)
        await api.heard("ready")
        work = asyncio.create_task(street.ask(api, "/work?ms=60000"))
        await until(lambda: works(street, api, 1))
        assert await api.end() == "SIGTERM"
        assert "stopping" not in api.words
        assert (await work)[0] == 599

    play(scene)


def test_asked_twice_an_api_leaves_at_once() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", drain_s=600)
        await api.heard("ready")
        work = asyncio.create_task(street.ask(api, "/work?ms=60000"))
        await until(lambda: works(street, api, 1))
        api.reared.child.signal("SIGTERM")
        await api.heard("stopping")
        assert await api.end("SIGINT") == 1
        assert api.lines == ["asked twice, leaving at once"]
        await work

    play(scene)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/work?ms=soon", 400, "ms must be a number that is not negative"),
        ("/jobs", 405, "use POST for /jobs"),
        ("/nowhere", 404, "Not Found"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_a_reason(path: str, status: int, reason: str) -> None:
    async def scene(street: Street) -> None:
        house = street.run("broker" if path == "/jobs" else "api")
        client = SimpleAsyncHTTPClient(force_instance=True)
        answer = await client.fetch(await house.url() + path, raise_error=False)
        assert (answer.code, answer.reason) == (status, reason)

    play(scene)


# --- what a person can set right is said in a sentence


@pytest.mark.parametrize("program", ["api", "broker"])
def test_a_port_in_use_is_named_with_what_to_do(program: str) -> None:
    async def scene(street: Street) -> None:
        with taken_port() as port:
            house = street.run(program, port=port)
            assert await house.end(None) == 69
            (sentence,) = house.lines
            for word in (f"port {port} of 127.0.0.1 is in use", f"lsof -i :{port}", "--port 0"):
                assert word in sentence

    play(scene)


@pytest.mark.parametrize(
    ("program", "options", "why"),
    [
        ("api", ["--port", "70000"], "70000 is no port: give 1 to 65535, or 0 for any that is free"),
        ("api", ["--drain-s", "-1"], "-1 must be 0 or more, and finite"),
        ("api", ["--hang-after", "inf"], "inf must be 0 or more, and finite"),
        ("broker", ["--lease", "long"], "invalid span value: 'long'"),
        ("worker", [], "the following arguments are required: --queue"),
        ("worker", ["--queue", "queue"], "--queue queue: give an address such as http://127.0.0.1:8080"),
        ("worker", ["--queue", "http://127.0.0.1:x"], "give an address such as"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(program: str, options: list[str], why: str) -> None:
    done = subprocess.run(
        [*command(program), *options], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("program", "word"), [("api", "--half-started"), ("broker", "--down-from"), ("worker", "--credentials")]
)
def test_help_names_the_faults(program: str, word: str) -> None:
    argv = [*command(program), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert word in done.stdout


def test_a_command_leaves_out_what_is_not_asked_for() -> None:
    assert command("api", deaf=False, port=None, no_drain=True, drain_s=2) == [
        sys.executable, "-m", "lifecycle_kit.live.programs.api", "--no-drain", "--drain-s", "2",
    ]  # fmt: skip


# --- faults


@pytest.mark.parametrize("program", ["api", "worker"])
def test_a_deaf_program_dies_only_of_kill(program: str) -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker")
        house = street.run(program, deaf=True, queue=await broker.url() if program == "worker" else None)
        await house.heard("ready")
        house.reared.child.signal("SIGTERM")
        house.reared.child.signal("SIGINT")
        await until(lambda: goes_on(street, house if program == "api" else broker))
        assert not house.reared.child.ended()
        assert await house.end("SIGKILL") == "SIGKILL"

    play(scene)


async def goes_on(street: Street, house: House) -> bool:
    return (await street.ask(house, "/livez"))[0] == 200


def test_a_hung_api_exists_but_answers_nothing_and_hears_no_signal() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", hang_after=0.2)
        await api.heard("ready")
        await until(lambda: answers_nothing(street, api))
        api.reared.child.signal("SIGTERM")
        await until(lambda: answers_nothing(street, api))
        assert not api.reared.child.ended()
        assert await api.end("SIGKILL") == "SIGKILL"

    play(scene)


async def answers_nothing(street: Street, api: House) -> bool:
    return (await street.ask(api, "/livez", request_timeout=0.3))[0] == 599


@pytest.mark.parametrize("more", [{}, {"hang_after": 0}, {"deaf": True}], ids=["well", "hung", "deaf"])
def test_a_crash_ends_it_without_a_goodbye(more: dict[str, Any]) -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", crash_after=0.3, **more)
        assert await api.end(None) == 1
        assert "stopping" not in api.words
        assert api.lines == ["fatal: an error that nobody caught"]

    play(scene)


def test_a_leak_takes_more_and_more_memory() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", leak=100)
        await api.heard("ready")
        process = psutil.Process(api.reared.child.pid)
        before = process.memory_info().vms
        await until(lambda: has_grown(process, before))

    play(scene)


async def has_grown(process: psutil.Process, before: int) -> bool:
    return process.memory_info().vms > before + 20 * 2**20


def test_a_flood_of_log_lines_hides_no_notice() -> None:
    async def scene(street: Street) -> None:
        api = street.run("api", flood=50_000, slow_start=1)
        await api.heard("ready")
        assert api.reared.output.total > 1_000
        assert any(line.startswith("debug: still nothing") for line in api.lines)

    play(scene)


# --- the jobs of a broker


def test_jobs_are_leased_in_order_and_go_back_to_the_head_when_a_lease_runs_out() -> None:
    jobs = Jobs(lease_s=2, waiting=3)
    assert [jobs.take(0), jobs.take(1)] == [1, 2]
    assert jobs.overdue(1.9) == []
    assert jobs.overdue(3) == [2, 1]
    for job in jobs.overdue(3):
        assert jobs.requeue(job)
    assert [jobs.take(3), jobs.take(3), jobs.take(3), jobs.take(3)] == [1, 2, 3, None]


def test_every_job_is_in_one_place_only() -> None:
    jobs = Jobs(lease_s=2)
    jobs.add(3)
    jobs.take(0)
    jobs.take(0)
    assert jobs.finish(1)
    assert not jobs.finish(1)
    assert not jobs.requeue(1)
    assert jobs.stats == {"backlog": 1, "taken": 1, "done": 1, "requeued": 0, "denied": 0}


# --- the broker and the worker


def test_a_worker_does_the_jobs_and_says_when_it_works_and_idles() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker")
        await street.post(broker, "/jobs?n=3")
        worker = street.run("worker", queue=await broker.url(), job=0.02)
        await worker.heard("idle")
        assert worker.words == ["blocked", "unblocked", "ready", "working", "idle"]
        assert await street.stats(broker) == {"backlog": 0, "taken": 0, "done": 3, "requeued": 0, "denied": 0}
        assert await worker.end() == 0
        assert worker.words[-2:] == ["stopping", "drained"]

    play(scene)


def test_jobs_come_in_by_themselves() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", arrive_per_s=50, backlog=7)
        await until(lambda: grows(street, broker, beyond=10))

    play(scene)


async def grows(street: Street, broker: House, beyond: int) -> bool:
    return int((await street.stats(broker))["backlog"]) > beyond


def test_without_a_broker_a_worker_is_blocked_until_there_is_one() -> None:
    async def scene(street: Street) -> None:
        with taken_port() as port:
            worker = street.run("worker", queue=f"http://127.0.0.1:{port}", connect=0, retry=0.05)
            assert (await worker.heard("blocked"))["on"] == "queue"
            await until(lambda: has_lines(worker, 2))
            assert worker.lines[1].startswith(f"no queue at http://127.0.0.1:{port} ([Errno ")
        street.run("broker", port=port)
        await worker.heard("idle")
        assert worker.words == ["blocked", "unblocked", "ready", "idle"]
        assert len(worker.lines) == 2

    play(scene)


def test_a_worker_that_loses_its_broker_is_blocked_not_dead_and_goes_on_when_it_is_back() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", backlog=1000, down_from=1, down_for=2.5)
        worker = street.run("worker", queue=await broker.url(), job=0.01, connect=0)
        await worker.heard("working")
        await broker.heard("not-ready")
        assert (await street.ask(broker, "/readyz"))[0] == 503
        assert (await street.ask(broker, "/livez"))[0] == 200
        await until(lambda: has_lines(worker, 2))
        assert "it answers 503" in worker.lines[1]
        await until(lambda: says(worker, "working", 2))
        assert worker.words == ["blocked", "unblocked", "ready", "working"] * 2

    play(scene)


async def says(house: House, word: str, times: int) -> bool:
    return house.words.count(word) >= times


def test_wrong_credentials_end_a_worker_with_77_and_lines_that_name_them() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker")
        worker = street.run("worker", queue=await broker.url(), credentials="wrong")
        assert await worker.end(None) == 77
        assert worker.words == ["blocked"]
        assert len(worker.lines) == 3
        assert worker.lines[1].endswith("/take: 401")
        assert "error: the queue does not accept these credentials" in worker.lines[2]
        assert (await street.stats(broker))["denied"] == 1

    play(scene)


def test_credentials_that_are_rotated_end_a_worker_that_was_well() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", backlog=10_000, rotate_after=2.5)
        worker = street.run("worker", queue=await broker.url(), job=0.01, connect=0)
        await worker.heard("working")
        assert await worker.end(None) == 77
        jobs = await street.stats(broker)
        assert jobs["done"] > 0
        assert jobs["backlog"] > 0

    play(scene)


def test_the_job_of_a_lost_worker_waits_again_when_its_lease_ends() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", lease=0.5, backlog=1)
        worker = street.run("worker", queue=await broker.url(), job=600, connect=0, crash_after=2)
        await worker.heard("working")
        assert await worker.end(None) == 1
        await until(lambda: waits_again(street, broker))
        await until(lambda: has_lines(broker))
        assert broker.lines[0] == "the worker that took job 1 is lost: the job is back in the queue"

    play(scene)


async def waits_again(street: Street, broker: House) -> bool:
    jobs = await street.stats(broker)
    return (jobs["backlog"], jobs["taken"], jobs["requeued"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("job_s", "drain_s", "done", "requeued"),
    [(0.5, 60, 1, 0), (600, 0.1, 0, 1)],
    ids=["in time", "too long"],
)
def test_a_worker_that_must_leave_finishes_its_job_or_hands_it_back(
    job_s: float, drain_s: float, done: int, requeued: int
) -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", lease=600, backlog=1)
        worker = street.run("worker", queue=await broker.url(), job=job_s, drain_s=drain_s)
        await worker.heard("working")
        assert await worker.end() == 0
        jobs = await street.stats(broker)
        assert (jobs["done"], jobs["requeued"], jobs["taken"]) == (done, requeued, 0)

    play(scene)


def test_a_job_that_took_too_long_belongs_to_somebody_else() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker", lease=0.2, backlog=1)
        worker = street.run("worker", queue=await broker.url(), job=1)
        await until(lambda: has_lines(worker, 2))
        assert worker.lines[1] == "job 1 took too long: the queue has given it to somebody else"

    play(scene)


def test_a_broker_answers_a_worker_by_what_it_knows_of_it_and_of_the_job() -> None:
    async def scene(street: Street) -> None:
        broker = street.run("broker")
        assert (await street.post(broker, "/done?job=7"))[0] == 410
        assert (await street.post(broker, "/return?job=7"))[0] == 410
        assert (await street.post(broker, "/take"))[0] == 204
        assert (await street.ask(broker, "/take", method="POST", body=""))[0] == 401
        assert await broker.end() == 0
        assert broker.words == ["listening", "ready", "stopping"]

    play(scene)
