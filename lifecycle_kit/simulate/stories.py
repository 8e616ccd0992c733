"""The running example in virtual time: what `live.stories` does with real processes, in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate.backlog import backlog
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.fleet.run import run_fleet
from lifecycle_kit.simulate.fleet.world import Fleet
from lifecycle_kit.simulate.one import simulate
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.simulate.story import Number, Story
from lifecycle_kit.systems import like
from lifecycle_kit.trace import Trace, starts
from lifecycle_kit.units import seconds

__all__ = ["TELL", "crash_loop", "drain", "half_started"]

JOBS_PER_S, LINES_PER_LIFE = 20, 3
WRONG_CREDENTIALS = Script(run_s=0.3, exit=77, says=((0.1, "blocked:queue"),))


def crash_loop(
    system: str = "supervisord", options: Mapping[str, Any] | None = None, *, seconds_: float = 10.0, seed: int = 0
) -> Story:
    """Return the story of a worker whose credentials are wrong.

    Args:
        system: whose restart policy.
        options: of that system, by name.
        seconds_: length of the run.
        seed: of every draw.

    >>> crash_loop().numbers["starts"], crash_loop().numbers["alerts"]
    (4, 2)
    """
    given = dict(options or {})
    described = {"worker": {"like": system, "options": given}}
    trace = simulate(like(system, given), WRONG_CREDENTIALS, seconds_, seed=seed, header={"instances": described})
    jobs = backlog(trace, arrive_per_s=JOBS_PER_S, done_per_s=0)[-1][1]
    lines = LINES_PER_LIFE * len(starts(trace.transitions))
    return Story(
        name="crash-loop", trace=trace, rows={system: crash_numbers(trace, backlog=int(jobs), lines=lines)},
        moral=crash_moral(trace),
    )  # fmt: skip


def crash_numbers(trace: Trace, *, backlog: int, lines: int) -> dict[str, Number]:
    """Return what a crash loop has cost, the same for real and simulated ones."""
    first = trace.alerts[0][0] if trace.alerts else None
    return {
        "starts": len(starts(trace.transitions, "worker")),
        "jobs done": 0,
        "jobs waiting": backlog,
        "log lines": lines,
        "alerts": len(trace.alerts),
        "first alert after s": "never" if first is None else round(seconds(first), 1),
    }


def crash_moral(trace: Trace) -> str:
    """Return what a crash loop teaches."""
    gave_up = any(kind == "gave-up" for _, _, kind, _ in trace.alerts)
    end = "The policy gave up" if gave_up else "It would go on like this"
    return f"Restarting did not repair anything: the next life finds the same credentials. {end}; a person must act."


def half_started(*, requests: int = 300, seed: int = 0) -> Story:
    """Return the story of an API instance that is alive and not ready, routed on liveness and on readiness.

    Args:
        requests: how many come in.
        seed: of every draw.

    >>> half_started().numbers["routed on readiness: errors"]
    0
    """
    broken = Script(serves_from_s=None, health={"readiness": parse_health("1:fail")})
    unit = like("kubernetes", {"livenessProbe.periodSeconds": 1, "readinessProbe.periodSeconds": 1})
    rows, trace = dict[str, dict[str, Number]](), Trace()
    for rule in ("liveness", "readiness"):
        fleet = Fleet(
            unit=unit,
            lives=lambda number: [broken if number == 2 else Script()],
            route_on=rule,
            load=Load(per_s=30, takes_s=0.05, steady=True, from_s=2, until_s=2 + requests / 30),
        )
        result = run_fleet(fleet, until_s=3 + requests / 30, seed=seed)
        rows[f"routed on {rule}"] = {"answered": result.outcomes.get("served", 0), "errors": result.failed}
        trace = result.trace
    return Story(name="half-started", trace=trace, rows=rows, moral=half_moral(rows))


def half_moral(rows: dict[str, dict[str, Number]]) -> str:
    """Return what the half-started instance teaches."""
    errors = rows["routed on liveness"]["errors"]
    return (
        f"The ping said alive, and {errors} users paid for believing it. Readiness asked the right question:"
        " can it work now?"
    )


def drain(*, seed: int = 0) -> Story:
    """Return the story of a stop under load, without and with a drain.

    >>> drain().numbers["with a drain: lost"]
    0
    """
    rows, trace = dict[str, dict[str, Number]](), Trace()
    for way, on_term in (("without a drain", "exit"), ("with a drain", "drain")):
        fleet = Fleet(
            unit=like("kubernetes"),
            replicas=1,
            lives=[Script(on_term=on_term)],
            spread_s=0.5,  # the balancer goes on for a moment: those requests are refused
            load=Load(per_s=20, takes_s=1.0, steady=True, from_s=0.5, until_s=4),
            requests=[(3.01, 0, "stop")],
        )
        result = run_fleet(fleet, until_s=8, seed=seed)
        counts = result.outcomes
        refused = counts.get("refused", 0) + counts.get("no-route", 0)
        rows[way] = {"finished": counts["served"], "refused": refused, "lost": counts.get("cut", 0)}
        trace = result.trace
    return Story(name="drain", trace=trace, rows=rows, moral=drain_moral(rows))


def drain_moral(rows: dict[str, dict[str, Number]]) -> str:
    """Return what a drain teaches."""
    lost = rows["without a drain"]["lost"]
    return (
        f"The same stop at the same moment: {lost} requests lost, or none. A refused client knows at once and can"
        " ask elsewhere; a cut one does not know whether its work was done."
    )


TELL: Mapping[str, Callable[..., Story]] = {"crash-loop": crash_loop, "half-started": half_started, "drain": drain}
