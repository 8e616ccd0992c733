"""gunicorn: a master that forks workers, watches them and replaces them; the listening socket belongs to all of them.

Rule: a worker that ends is replaced at once, for ever, save one that could not load the application: then the master
gives up. On SIGTERM the workers finish what they have within graceful_timeout; the socket stays open until the last of
them has gone, so new connections hang. A sync worker is silent while it works, and is killed after `timeout`.

Source: gunicorn arbiter.py (`stop`, `reload`, `reap_workers`, `murder_workers`, `spawn_worker`), workers/base.py,
workers/sync.py, workers/gthread.py, docs/settings; recordings of 27.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.machine import Readiness, Unit
from lifecycle_kit.restart import Decision, Done, GiveUp, Go, Memory, Refuse, Restart
from lifecycle_kit.states import State
from lifecycle_kit.systems.options import Option, System, choice, count, number

__all__ = [
    "LEAVES_S", "LOOKS_S", "MASTER_EXIT", "SYSTEM", "GunicornPolicy", "at_once", "boot_code", "stop_plan",
    "works_alone",
]  # fmt: skip

WORKER_BOOT_ERROR, APP_LOAD_ERROR = 3, 4  # arbiter.py: Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR
MASTER_EXIT = 0
LOOKS_S = 1.0  # arbiter.py: the master sleeps in select for 1 s; idle sync workers wake as often
LEAVES_S = 0.65  # the master leaves within 1.3 s of its last worker; this is the middle
QUICK = frozenset({"SIGQUIT", "SIGINT"})

OPTIONS = (
    Option("workers", 1, count(1), "worker processes"),
    Option("worker_class", "sync", choice("sync", "gthread"), "how a worker takes requests"),
    Option("threads", 1, count(1), "requests that a worker takes at once; more than 1 makes sync into gthread"),
    Option("timeout", 30.0, number(), "seconds that a worker may be silent; 0: no limit"),
    Option("graceful_timeout", 30.0, number(), "seconds from SIGTERM to SIGKILL for a worker"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GunicornPolicy:
    """What the master does after the end of a worker."""

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start."""
        return memory, Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Nothing is remembered."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Replace it at once, unless it could not boot."""
        if exit.cause is Cause.REQUEST:
            return memory, Done()
        if exit.code in (WORKER_BOOT_ERROR, APP_LOAD_ERROR):
            return memory, GiveUp(f"a worker failed to boot: the master exits {exit.code}")
        return memory, Restart(0, clean=exit.code == 0)

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Nothing is remembered."""
        return memory


def boot_code(cause: str, system_exit_code: int | None) -> int:
    """Return with which code a worker exits that does not come up.

    Args:
        cause: "exception-at-load" or "system-exit-at-load".
        system_exit_code: what the application called `sys.exit` with; None is 0.
    """
    return WORKER_BOOT_ERROR if cause == "exception-at-load" else system_exit_code or 0


def works_alone(worker_class: str, threads: int) -> bool:
    """Tell whether a worker takes one request at a time and is silent meanwhile: sync without threads."""
    return worker_class == "sync" and threads == 1


def at_once(alone: bool) -> frozenset[str]:
    """Return the signals at which a worker drops its requests, each with a 500; `alone`: it is a sync worker."""
    return QUICK | {"SIGABRT"} if alone else frozenset({"SIGABRT"})


def stop_plan(signal: str, alone: bool, graceful_s: float) -> StopPlan:
    """Return how the master passes a signal on to a worker.

    Args:
        signal: what the master got. SIGHUP is a reload: workers are asked to leave and never killed. A gthread worker
            takes SIGQUIT like SIGTERM, a sync worker drops everything.
        alone: whether it is a sync worker.
        graceful_s: graceful_timeout.
    """
    if signal == "SIGHUP":
        return StopPlan(phases=(Phase(name="graceful", signal="SIGTERM"),))
    quick = signal in QUICK and alone
    ask = Phase(name="quick" if quick else "graceful", signal="SIGQUIT" if quick else "SIGTERM", limit_s=graceful_s)
    return StopPlan(phases=(ask, Phase(name="kill", signal="SIGKILL")))


def build(values: Mapping[str, Any]) -> Unit:
    """Return one worker as the master supervises it."""
    alone = works_alone(values["worker_class"], values["threads"])
    # The master looks once a second, so it is late by half of that on average.
    silent_s = values["timeout"] + LOOKS_S / 2 if values["timeout"] else None
    abort = Phase(name="abort", signal="SIGABRT", limit_s=LOOKS_S)
    return Unit(
        policy=GunicornPolicy(),
        readiness=Readiness(by="spawn"),
        stop=stop_plan("SIGTERM", alone, values["graceful_timeout"]),
        watchdog_s=silent_s,
        watchdog_stop=StopPlan(phases=(abort, Phase(name="kill", signal="SIGKILL"))),
    )


SYSTEM = System(
    name="gunicorn",
    options=OPTIONS,
    build=build,
    native={
        State.CREATED: "not spawned",
        State.STARTING: "booting",
        State.READY: "booted",
        State.RUNNING: "booted",
        State.BLOCKED: "booted",
        State.DRAINING: "graceful stop",
        State.TERMINATED: "reaped",
        State.FAILED: "reaped",
        State.BACKOFF: "reaped",
    },
    loses="The master knows booted and silent workers, no readiness; a worker that cannot boot takes the master along.",
    source="gunicorn arbiter.py, workers/base.py, workers/sync.py, workers/gthread.py; docs/settings",
)
