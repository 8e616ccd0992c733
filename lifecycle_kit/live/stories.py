"""The running example with real processes: what `simulate.stories` does in virtual time.

Its one rule: every number is counted where it arises, in a real log, at the real broker, from real answers. The pids
are real as well, and none of them outlives its story.

    story = await crash_loop()      # in a notebook cell
    asyncio.run(crash_loop())       # anywhere else
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tornado.simple_httpclient import SimpleAsyncHTTPClient

from lifecycle_kit.live.services import broker, worker
from lifecycle_kit.live.stage import LineHeard, Moved, Stage
from lifecycle_kit.simulate.stories import JOBS_PER_S, crash_moral, crash_numbers
from lifecycle_kit.simulate.story import Story
from lifecycle_kit.states import State
from lifecycle_kit.systems import like

__all__ = ["TELL", "crash_loop"]

FINAL = frozenset({State.TERMINATED, State.FAILED})


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
        seconds_: when to end it if the policy has not given up by then.
        seed: of every draw.
        on_transition: called with each transition.
        on_line: called with a name and a log line, or "is process 4711".

    Raises:
        NotPosix: on a system without process groups.
    """
    described = _described(broker=("systemd", {"Type": "notify"}), worker=(system, dict(options or {})))
    units = {name: like(how["like"], how["options"]) for name, how in described.items()}
    programs = {
        "broker": broker(units["broker"], arrive_per_s=JOBS_PER_S),
        "worker": worker(units["worker"], lambda: stage.port("broker"), after=("broker",), credentials="wrong"),
    }
    header = {"instances": described}
    stage = Stage(programs, seed=seed, header=header, on_transition=on_transition, on_line=on_line)
    async with stage:
        supervisor = stage.supervisor
        await supervisor.start()
        await supervisor.until(lambda s: s.state("worker") in FINAL or s.now_s >= seconds_)
        waiting = (await _look(stage.port("broker"), "/stats"))["backlog"]
        await stage.stop("worker")
        await stage.stop("broker")
    trace = supervisor.trace
    numbers = crash_numbers(trace, backlog=waiting, lines=stage.lines("worker"))
    return Story(name="crash-loop", trace=trace, rows={system: numbers}, moral=crash_moral(trace), log=stage.log)


def _described(**instances: tuple[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what a trace must say of its instances so that it can be replayed."""
    return {name: {"like": system, "options": dict(options)} for name, (system, options) in instances.items()}


async def _look(port: int | None, path: str) -> dict[str, Any]:
    client = SimpleAsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(f"http://127.0.0.1:{port}{path}")
        return dict(json.loads(answer.body))
    finally:
        client.close()


TELL = {"crash-loop": crash_loop}
