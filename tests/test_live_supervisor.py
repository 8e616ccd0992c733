"""The supervisor of real processes: same `step`, real time, and nobody it serves can break it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lifecycle_kit import PlainPolicy, ProbeSettings, Readiness, RequestRefused, State, Unit, live
from lifecycle_kit.backoff import Backoff
from lifecycle_kit.drain import Phase, StopPlan, Until, term_then_kill
from lifecycle_kit.events import Request
from lifecycle_kit.live.checks import Call, Check, Exec, HttpGet
from lifecycle_kit.live.errors import NotPosix
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.replay import replay
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.trace import Trace, broken_rules, starts
from tests.process_table import PATIENCE_S, is_gone, own_children, pid_of

pytestmark = pytest.mark.live

AT_ONCE = PlainPolicy(when="always", backoff=Backoff(first_s=0, factor=1, cap_s=0))
NEVER = PlainPolicy(when="never")
SLEEPER = Program(argv=["sleep", "600"], unit=Unit(policy=AT_ONCE))


def python(code: str, **more: Any) -> Program:
    """Return a program that is a line of Python."""
    return Program(argv=[sys.executable, "-I", "-S", "-u", "-c", code], **more)


def says(*notices: str, then: str = "import time; time.sleep(600)", **more: Any) -> Program:
    """Return a program that gives these notices and then goes on as told."""
    lines = "".join(f"print({notice!r}); " for notice in notices)
    return python(lines + then, **more)


def play(
    programs: Mapping[str, Program],
    scene: Callable[[Supervisor], Awaitable[object]],
    **more: Any,
) -> Trace:
    """Play a scene with a supervisor, check what must always hold, and return the trace."""

    async def on_stage() -> Supervisor:
        async with Supervisor(programs, **more) as supervisor:
            await asyncio.wait_for(scene(supervisor), PATIENCE_S)
        return supervisor

    trace = asyncio.run(on_stage()).trace
    assert own_children() == []
    assert broken_rules(trace.transitions) == []
    units = {name: program.unit for name, program in programs.items()}
    assert replay(trace, units).transitions == trace.transitions
    return trace


def path(trace: Trace, name: str = "it") -> str:
    """Return the states that an instance went through, as one line."""
    return " ".join(t.target.value for t in trace.transitions if t.instance == name)


def reaches(state: State, name: str = "it") -> Callable[[Supervisor], bool]:
    return lambda supervisor: supervisor.state(name) is state


def test_a_child_that_is_killed_from_outside_is_seen_and_replaced() -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))
        first = pid_of(supervisor, "it")
        os.kill(first, 9)
        await supervisor.until(lambda s: s.keeper("it").pid not in (None, first))
        assert is_gone(first)

    trace = play({"it": SLEEPER}, scene)
    assert path(trace).startswith("starting ready running failed backoff starting")
    assert trace.transitions[3].cause == "signal SIGKILL"


def test_a_run_is_recorded_as_it_would_be_simulated() -> None:
    policy = PlainPolicy(backoff=Backoff(first_s=0.01, factor=2, cap_s=1), give_up_after=2)
    supervisor = Supervisor({"it": python("raise SystemExit(3)", unit=Unit(policy=policy))}, header={"lesson": 4})
    trace = asyncio.run(supervisor.run(gave_up))
    assert len(starts(trace.transitions)) == 3
    assert trace.alerts[-1][2] == "gave-up"
    assert trace.header["made_by"] == "live"
    assert trace.header["lesson"] == 4
    assert Trace.from_lines(trace.to_lines()).transitions[-1].target is State.FAILED


def gave_up(supervisor: Supervisor) -> bool:
    return any(alert == "gave-up" for _, _, alert, _ in supervisor.trace.alerts)


def test_a_request_that_is_refused_is_an_answer_and_ends_nothing() -> None:
    async def scene(supervisor: Supervisor) -> None:
        with pytest.raises(RequestRefused, match="'reticulate' is refused while 'created'"):
            await supervisor.ask("it", "reticulate")
        await supervisor.start()
        with pytest.raises(RequestRefused, match="already has a process; allowed here: restart"):
            await supervisor.start()
        with pytest.raises(RequestRefused, match="already has a process"):
            await supervisor.ask("it", "start")
        await supervisor.ask("it", "stop")
        await supervisor.until(reaches(State.TERMINATED))
        with pytest.raises(RequestRefused, match="it is stopped already; allowed here: start"):
            await supervisor.ask("it", "stop")
        await supervisor.ask("it", "start")
        await supervisor.until(reaches(State.RUNNING))

    play({"it": SLEEPER}, scene)


def test_an_unknown_instance_is_named_with_those_there_are() -> None:
    async def scene(supervisor: Supervisor) -> None:
        with pytest.raises(KeyError, match="no instance is called 'him' here; there are it"):
            await supervisor.ask("him", "start")

    play({"it": SLEEPER}, scene)


def test_a_program_that_does_not_exist_fails_in_words_and_others_go_on(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    programs = {
        "absent": Program(argv=["no-such-program"], unit=Unit(policy=NEVER)),
        "plain": Program(argv=[str(plain)], unit=Unit(policy=NEVER)),
        "it": SLEEPER,
    }

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))

    trace = play(programs, scene)
    assert path(trace, "absent") == "starting failed"
    causes = {t.instance: t.cause for t in trace.transitions if t.target is State.FAILED}
    assert "there is no such program on PATH" in causes["absent"]
    assert "it is not executable; run `chmod +x" in causes["plain"]


def test_what_a_program_says_of_itself_moves_it() -> None:
    program = says(
        '{"lifecycle": "ready"}',
        '{"lifecycle": "working"}',
        '{"lifecycle": "blocked", "on": "queue"}',
        "queue: connection refused",
        '{"lifecycle": "unblocked"}',
        '{"lifecycle": "idle"}',
        '{"lifecycle": "nonsense"}',
        '{"lifecycle": broken',
        '{"lifecycle": "stopping"}',
        then="raise SystemExit(0)",
        unit=Unit(policy=NEVER, readiness=Readiness(by="notice"), reports_work=True),
    )
    heard: list[tuple[str, str]] = []

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.TERMINATED))
        assert list(supervisor.keeper("it").lines) == ["queue: connection refused"]

    trace = play({"it": program}, scene, on_line=lambda name, line: heard.append((name, line)))
    assert path(trace) == "starting ready running blocked running ready draining terminated"
    assert heard == [("it", "queue: connection refused")]


def test_the_port_that_a_program_announces_goes_with_its_process() -> None:
    program = says('{"lifecycle": "listening", "port": 12345}')

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda s: s.keeper("it").port == 12345)
        await supervisor.ask("it", "stop")
        await supervisor.until(reaches(State.TERMINATED))
        assert supervisor.keeper("it").port is None
        assert supervisor.keeper("it").pid is None

    play({"it": program}, scene)


def test_the_route_is_open_while_it_may_be_given_work() -> None:
    program = says('{"lifecycle": "ready"}', unit=Unit(readiness=Readiness(by="notice")))

    async def scene(supervisor: Supervisor) -> None:
        assert not supervisor.keeper("it").routed
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))
        assert supervisor.keeper("it").routed
        await supervisor.ask("it", "stop")
        assert not supervisor.keeper("it").routed
        await supervisor.until(reaches(State.TERMINATED))

    play({"it": program}, scene)


def test_a_deaf_child_is_killed_after_its_grace_and_a_second_stop_does_not_wait() -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); {}; time.sleep(600)"
    code = deaf.format('print(\'{"lifecycle": "ready"}\')')

    def program(grace_s: float) -> Program:
        unit = Unit(policy=NEVER, stop=term_then_kill(grace_s), readiness=Readiness(by="notice"))
        return python(code, unit=unit)

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        for name in ("patient", "hurried"):
            await supervisor.until(reaches(State.RUNNING, name))
            await supervisor.ask(name, "stop")
        await supervisor.ask("hurried", "stop")
        for name in ("patient", "hurried"):
            await supervisor.until(reaches(State.TERMINATED, name))

    trace = play({"patient": program(0.05), "hurried": program(3600)}, scene)
    for name in ("patient", "hurried"):
        assert path(trace, name).endswith("draining terminated")
        assert [t.cause for t in trace.transitions if t.instance == name][-1] == "signal SIGKILL"


def test_a_stop_plan_may_run_a_hook_before_the_signal(tmp_path: Path) -> None:
    note = tmp_path / "note"
    plan = StopPlan(
        phases=(
            Phase(name="preStop", until=Until.HOOK, limit_s=PATIENCE_S),
            Phase(name="term", signal="SIGTERM", limit_s=PATIENCE_S),
        )
    )
    program = Program(
        argv=["sleep", "600"],
        unit=Unit(policy=NEVER, stop=plan),
        hooks={"preStop": Exec(["touch", str(note)])},
    )

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))
        await supervisor.ask("it", "stop")
        await supervisor.until(reaches(State.TERMINATED))
        assert note.exists()

    play({"it": program}, scene)


SERVER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/good" else 503)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"lifecycle": "listening", "port": server.server_port}), flush=True)
server.serve_forever()
"""


def probed_by(check: Check, kind: str = "readiness", code: str = SERVER) -> Program:
    settings = ProbeSettings(kind=kind, period_s=0.02, timeout_s=5, failure_threshold=2)
    unit = Unit(
        policy=AT_ONCE, readiness=Readiness(by="probe"), probes={kind: settings},
        stop=term_then_kill(1),
    )  # fmt: skip
    return Program(argv=[sys.executable, "-c", code], unit=unit, checks={kind: check})


@pytest.mark.parametrize(
    "check",
    [HttpGet("/good"), Exec(["true"]), Call(lambda pid: pid > 1), Call(lambda _: asyncio.sleep(0, 1))],
    ids=["http", "exec", "call", "async call"],
)
def test_a_probe_that_succeeds_makes_it_ready(check: Check) -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))

    assert path(play({"it": probed_by(check)}, scene)).startswith("starting ready running")


@pytest.mark.parametrize(
    "check",
    [HttpGet("/bad"), HttpGet("/good", port=1), Exec(["false"]), Call(lambda _: 0)],
    ids=["http status", "http refused", "exec", "call"],
)
def test_a_liveness_probe_that_fails_replaces_it(check: Check) -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda s: s["it"].number == 2)

    trace = play({"it": probed_by(check, "liveness")}, scene)
    assert path(trace).startswith("starting ready running draining failed backoff starting")
    assert trace.transitions[3].cause == "liveness probe failed"


@pytest.mark.parametrize(
    "check",
    [Exec(["no-such-program"]), Call(lambda _: 1 / 0)],
    ids=["not to be started", "raises"],
)
def test_a_check_that_cannot_be_made_says_nothing_about_the_target(check: Check) -> None:
    looks: list[int] = []

    async def count_and_look(target: Any) -> Any:
        looks.append(1)
        return await check(target)

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda _: len(looks) > 5)
        assert supervisor["it"].number == 1

    play({"it": probed_by(count_and_look, "liveness")}, scene)


def test_an_answer_that_comes_too_late_is_a_failure_and_no_check_outlives_its_time() -> None:
    settings = ProbeSettings(kind="liveness", period_s=0.02, timeout_s=0.05, failure_threshold=1)
    program = Program(
        argv=["sleep", "600"],
        unit=Unit(policy=NEVER, probes={"liveness": settings}),
        checks={"liveness": Exec(["sleep", "601"])},
    )

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.FAILED))
        while own_children() != [sentinel for sentinel in own_children() if "sentinel" in sentinel]:
            await asyncio.sleep(0.01)

    play({"it": program}, scene)


def test_a_probe_without_a_check_is_refused_with_an_example() -> None:
    unit = Unit(probes={"readiness": ProbeSettings(kind="readiness")})
    with pytest.raises(ValueError, match=r'give one, such as checks=\{"readiness": HttpGet'):
        Program(argv=["true"], unit=unit)


def test_a_program_whose_port_is_in_use_says_so_and_the_supervisor_goes_on() -> None:
    code = "import socket; socket.socket().bind(('127.0.0.1', {}))"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        program = Program(argv=[sys.executable, "-c", code.format(port)], unit=Unit(policy=NEVER))

        async def scene(supervisor: Supervisor) -> None:
            await supervisor.start()
            await supervisor.until(reaches(State.FAILED))
            await supervisor.until(reaches(State.RUNNING, "other"))
            assert "Address already in use" in supervisor.keeper("it").lines[-1]

        play({"it": program, "other": SLEEPER}, scene)


def test_what_waits_for_another_is_started_when_that_is_ready() -> None:
    ready = Unit(readiness=Readiness(by="notice"))
    queue = says('{"lifecycle": "ready"}', unit=ready)
    worker = Program(argv=["sleep", "600"], after=("queue",))

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        assert supervisor.state("worker") is State.CREATED
        await supervisor.until(reaches(State.RUNNING, "worker"))

    trace = play({"queue": queue, "worker": worker}, scene)
    order = [(t.instance, t.target.value) for t in trace.transitions]
    assert order.index(("queue", "ready")) < order.index(("worker", "starting"))


def test_one_for_all_takes_the_others_along() -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        for name in ("one", "two"):
            await supervisor.until(reaches(State.RUNNING, name))
        os.kill(pid_of(supervisor, "one"), 9)
        await supervisor.until(lambda s: s["one"].number == s["two"].number == 2)

    play({"one": SLEEPER, "two": SLEEPER}, scene, strategy="one_for_all")


def test_rest_for_one_restarts_what_was_started_later_and_nothing_else() -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        for name in ("one", "two", "three"):
            await supervisor.until(reaches(State.RUNNING, name))
        os.kill(pid_of(supervisor, "two"), 9)
        await supervisor.until(lambda s: s["two"].number == s["three"].number == 2)
        assert supervisor["one"].number == 1

    trace = play(dict.fromkeys(("one", "two", "three"), SLEEPER), scene, strategy="rest_for_one")
    asked = [(name, event.request) for name, event in trace.events if isinstance(event, Request)]
    assert ("three", "restart") in asked, "what the group asked for is in the trace, too"


def test_a_command_may_be_worked_out_anew_before_each_start() -> None:
    numbers = iter(range(10, 100))
    program = Program(argv=lambda: ["sh", "-c", f"echo {next(numbers)}"], unit=Unit(policy=AT_ONCE))

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda s: len(s.keeper("it").lines) >= 3)
        assert list(supervisor.keeper("it").lines)[:3] == ["10", "11", "12"]

    play({"it": program}, scene)


def test_each_life_knows_its_number() -> None:
    program = python("import os; print(os.environ['LIFECYCLE_KIT_LIFE'])", unit=Unit(policy=AT_ONCE))

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda s: len(s.keeper("it").lines) >= 3)
        assert list(supervisor.keeper("it").lines)[:3] == ["1", "2", "3"]

    play({"it": program}, scene)


def test_the_same_seed_gives_the_same_jitter_as_the_simulator() -> None:
    jittered = Backoff(first_s=0.02, factor=1, cap_s=0.02, jitter="full")
    unit = Unit(policy=PlainPolicy(when="always", backoff=jittered))

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda s: s["it"].number == 4)

    live = play({"it": python("", unit=unit)}, scene, seed=7)
    simulated = simulate(unit, Script(run_s=0, exit=0), until_s=1, name="it", seed=7)
    planned = [t.cause for t in live.transitions if t.target is State.BACKOFF]
    assert planned[:3] == [t.cause for t in simulated.transitions if t.target is State.BACKOFF][:3]
    assert len(set(planned)) > 1


def test_running_out_of_patience_says_how_things_stand() -> None:
    async def scene(supervisor: Supervisor) -> None:
        with pytest.raises(TimeoutError, match="it is created"):
            await supervisor.until(lambda _: False, timeout_s=0.01)

    play({"it": SLEEPER}, scene)


@pytest.mark.parametrize("pidfd", [True, False], ids=["pidfd", "thread"])
def test_leaving_kills_what_runs_and_writes_it_down(pidfd: bool) -> None:
    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(reaches(State.RUNNING))

    trace = play({"it": SLEEPER}, scene, pidfd=pidfd)
    assert path(trace) == "starting ready running draining terminated"
    assert trace.until_ns >= trace.transitions[-1].at_ns


@pytest.mark.parametrize("hears", ["on_transition", "on_line"])
def test_a_listener_that_raises_ends_the_supervisor_and_is_heard_of(hears: str) -> None:
    def listener(*heard: object) -> None:
        raise ZeroDivisionError(heard)

    async def scene(supervisor: Supervisor) -> None:
        await supervisor.start()
        await supervisor.until(lambda _: False)

    with pytest.raises(ZeroDivisionError):
        play({"it": says("hello")}, scene, **{hears: listener})
    assert own_children() == []


def test_a_closed_supervisor_and_one_not_yet_open_say_so() -> None:
    async def scene() -> None:
        supervisor = Supervisor({"it": SLEEPER})
        with pytest.raises(RuntimeError, match="not open yet: use `async with"):
            await supervisor.start()
        async with supervisor:
            await supervisor.start()
        with pytest.raises(RuntimeError, match="is closed: its children are gone"):
            await supervisor.ask("it", "start")
        with pytest.raises(RuntimeError, match="opened once"):
            supervisor.open()

    asyncio.run(scene())


def test_elsewhere_than_on_posix_opening_says_where_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr("lifecycle_kit.live.errors.os.name", "nt")
        try:
            with pytest.raises(NotPosix, match="use the simulator"):
                Supervisor({"it": SLEEPER}).open()
        finally:
            monkeypatch.undo()

    asyncio.run(scene())


def test_the_room_offers_its_names_without_importing_them_beforehand() -> None:
    code = (
        "import sys, lifecycle_kit.live as live; assert 'asyncio' not in sys.modules; "
        "print(*(getattr(live, name).__name__ for name in live.__all__))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == live.__all__
    with pytest.raises(AttributeError, match="no attribute 'Dead'"):
        live.Dead  # noqa: B018
