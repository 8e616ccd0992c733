"""The running example's programs, ready to be supervised: the API service, the worker and its queue broker.

Its one rule: each is started as a person would start it, by a command; what it is probed for follows from its unit.
"""

from __future__ import annotations

from collections.abc import Callable

from lifecycle_kit.instance import Unit
from lifecycle_kit.live.checks import Check, HttpGet
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.programs import command

__all__ = ["api", "broker", "worker"]

_PATHS = {"startup": "/readyz", "readiness": "/readyz", "liveness": "/livez"}


def api(unit: Unit, **options: object) -> Program:
    """Return an API instance; its probes ask /livez and /readyz.

    Args:
        unit: how it is supervised, such as `like("kubernetes", {"readinessProbe": True})`.
        options: its switches, such as `half_started=True`; see `python -m lifecycle_kit.live.programs.api --help`.
    """
    return Program(argv=command("api", **options), unit=unit, checks=_checks(unit))


def broker(unit: Unit, **options: object) -> Program:
    """Return the queue broker; its arguments are like those of `api`."""
    return Program(argv=command("broker", **options), unit=unit, checks=_checks(unit))


def worker(unit: Unit, port: Callable[[], int | None], *, after: tuple[str, ...] = (), **options: object) -> Program:
    """Return a worker.

    Args:
        unit: how it is supervised; `reports_work` makes it ready when idle and running when at work.
        port: returns where its broker listens, asked before each start; None: nowhere, so it will be blocked.
        after: programs that must be ready before it is started with the others.
        options: its switches, such as `credentials="wrong"`.
    """

    def argv() -> list[str]:
        return command("worker", queue=f"http://127.0.0.1:{port() or 1}", **options)

    return Program(argv=argv, unit=unit, after=after)


def _checks(unit: Unit) -> dict[str, Check]:
    return {kind: HttpGet(_PATHS[kind]) for kind in unit.probes}
