"""The running example with real processes: what `simulate.stories` does in virtual time.

Its one rule: every number is counted where it arises - in a real log, at the real broker, from real answers. The pids
are real as well, and none of them outlives its story, however it ends.

    story = await crash_loop()          # in a notebook cell
    story = asyncio.run(crash_loop())   # anywhere else
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from itertools import cycle, islice
from typing import Any

from lifecycle_kit.instance import Unit
from lifecycle_kit.live.elsewhere import simulated_elsewhere
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.services import api, broker, worker
from lifecycle_kit.live.stage import LineHeard, Moved, Stage
from lifecycle_kit.live.supervisor import Supervisor
from lifecycle_kit.live.traffic import ask_in_turn, ask_steadily, look
from lifecycle_kit.simulate.stories import JOBS_PER_S, crash_moral, crash_numbers, drain_moral, half_moral
from lifecycle_kit.simulate.story import Number, Story
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.systems import like

__all__ = ["TELL", "crash_loop", "drain", "half_started"]

FINAL = frozenset({State.TERMINATED, State.FAILED})
PROBED_EACH_SECOND = {"livenessProbe.periodSeconds": 1, "readinessProbe.periodSeconds": 1}
HALF_STARTED = 2  # its number, as in virtual time
PER_S, TAKES_MS, BEFORE_STOP, AFTER_STOP = 20, 700, 20, 10  # the load under which an instance is stopped

Rows = dict[str, dict[str, Number]]


@simulated_elsewhere("crash-loop")
async def crash_loop(
    system: str = "supervisord",
    options: Mapping[str, Any] | None = None,
    *,
    seconds_: float = 20.0,
    seed: int = 0,
    on_transition: Moved | None = None,
    on_line: LineHeard | None = None,
) -> Story:
    """Return the story of a worker whose credentials are wrong, while jobs go on coming in.

    Args:
        system: whose restart policy the worker has.
        options: of that system, by name.
        seconds_: when it ends if the policy has not given up by then.
        seed: of every draw.
        on_transition: called with each transition.
        on_line: called with a name and a log line, or such as "is process 4711"; see `Stage`.

    On a system without process groups it is told in virtual time, and says so.
    """
    described = _described({"broker": ("systemd", {"Type": "notify"}), "worker": (system, dict(options or {}))})
    units = _units(described)
    programs = {
        "broker": broker(units["broker"], arrive_per_s=JOBS_PER_S),
        "worker": worker(
            units["worker"], lambda: stage.port("broker"), after=("broker",), credentials="wrong", connect=0.1
        ),
    }
    stage = Stage(programs, described, seed=seed, on_transition=on_transition, on_line=on_line)
    async with stage:
        await stage.supervisor.start()
        await stage.supervisor.until(lambda s: s.state("worker") in FINAL or s.now_s >= seconds_)
        jobs = await look(stage.port("broker"), "/stats")
        await stage.stop("worker", "broker")
    trace = stage.supervisor.trace
    numbers = crash_numbers(trace, backlog=jobs.get("backlog", 0), lines=stage.lines("worker"))
    numbers["jobs done"] = jobs.get("done", 0)
    return Story(name="crash-loop", trace=trace, rows={system: numbers}, moral=crash_moral(trace), log=stage.log)


@simulated_elsewhere("half-started")
async def half_started(
    *,
    requests: int = 300,
    seed: int = 0,
    on_transition: Moved | None = None,
    on_line: LineHeard | None = None,
) -> Story:
    """Return the story of an API instance that is alive and not ready, routed on liveness and on readiness.

    Args:
        requests: how many come in under each rule.
        seed: of every draw.
        on_transition: called with each transition.
        on_line: called with a name and a log line, or such as "is process 4711"; see `Stage`.

    On a system without process groups it is told in virtual time, and says so.
    """
    described = _described({f"api-{number}": ("kubernetes", PROBED_EACH_SECOND) for number in range(3)})
    broken = f"api-{HALF_STARTED}"
    programs = {name: api(unit, half_started=name == broken) for name, unit in _units(described).items()}
    stage, rows = Stage(programs, described, seed=seed, on_transition=on_transition, on_line=on_line), Rows()
    async with stage:
        await stage.supervisor.start()
        await stage.supervisor.until(lambda s: len(_eligible(s, programs, "readiness")) == 2 and s.keeper(broken).port)
        for rule in ("liveness", "readiness"):
            names = _eligible(stage.supervisor, programs, rule)
            stage.tell("balancer", f"routes {requests} requests on {rule}: to {', '.join(names)}")
            ports = [stage.port(name) for name in names]
            ends = await ask_in_turn(islice(cycle(ports), requests), "/work?ms=5")
            rows[f"routed on {rule}"] = {"answered": ends["served"], "errors": requests - ends["served"]}
        await stage.stop(*programs)
    return Story(
        name="half-started", trace=stage.supervisor.trace, rows=rows, moral=half_moral(rows), log=stage.log
    )  # fmt: skip


def _eligible(supervisor: Supervisor, names: Mapping[str, Program], rule: str) -> list[str]:
    """Return the instances to which a balancer routes by this rule."""
    if rule == "readiness":
        return [name for name in names if supervisor.keeper(name).routed]
    # One whose liveness has failed is on its way out.
    return [name for name in names if supervisor.state(name) in HAS_PROCESS - {State.DRAINING}]


@simulated_elsewhere("drain")
async def drain(*, seed: int = 0, on_transition: Moved | None = None, on_line: LineHeard | None = None) -> Story:
    """Return the story of a stop under load, without and with a drain.

    Args:
        seed: of every draw.
        on_transition: called with each transition.
        on_line: called with a name and a log line, or such as "is process 4711"; see `Stage`.

    On a system without process groups it is told in virtual time, and says so.
    """
    ways = {"without a drain": "no-drain", "with a drain": "drain"}
    options = {"readinessProbe.periodSeconds": 1}
    described = _described(dict.fromkeys(ways.values(), ("kubernetes", options)))
    programs = {name: api(unit, no_drain=name == "no-drain") for name, unit in _units(described).items()}
    stage, rows = Stage(programs, described, seed=seed, on_transition=on_transition, on_line=on_line), Rows()
    async with stage:
        await stage.supervisor.start()
        await stage.supervisor.until(lambda s: all(s.keeper(name).routed for name in programs))
        for way, name in ways.items():
            stage.tell("client", f"asks {name} {PER_S} times a second for {TAKES_MS} ms of work")
            rows[way] = await _stopped_under_load(stage, name)
        await stage.stop(*programs)
    return Story(name="drain", trace=stage.supervisor.trace, rows=rows, moral=drain_moral(rows), log=stage.log)


async def _stopped_under_load(stage: Stage, name: str) -> dict[str, Number]:
    """Return what becomes of the requests; those after the stop come from clients that have not heard of it."""

    async def stop_in_time(number: int) -> None:
        if number == BEFORE_STOP:
            await stage.ask_to_stop(name)

    port, path, requests = stage.port(name), f"/work?ms={TAKES_MS}", BEFORE_STOP + AFTER_STOP
    ends = await ask_steadily(port, path, per_s=PER_S, requests=requests, before=stop_in_time)
    lost = ends.total() - ends["served"] - ends["refused"]
    return {"finished": ends["served"], "refused": ends["refused"], "lost": lost}


def _described(instances: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return what a trace must say of its instances so that it can be replayed."""
    return {name: {"like": system, "options": dict(options)} for name, (system, options) in instances.items()}


def _units(described: Mapping[str, Mapping[str, Any]]) -> dict[str, Unit]:
    return {name: like(how["like"], how["options"]) for name, how in described.items()}


TELL: dict[str, Callable[..., Coroutine[Any, Any, Story]]] = {
    "crash-loop": crash_loop,
    "half-started": half_started,
    "drain": drain,
}
