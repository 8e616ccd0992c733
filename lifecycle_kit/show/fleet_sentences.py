"""A run of fleets in words: what its picture says, for those who do not see it and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lifecycle_kit.show.fleet_frame import number
from lifecycle_kit.show.fleet_seen import MARKS, Seen, duration, see
from lifecycle_kit.simulate.fleet.metrics import FAILURES
from lifecycle_kit.simulate.fleet.result import JOB_ENDS, FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.summary import ready_steps, summary
from lifecycle_kit.simulate.fleet.world import Fleet, World
from lifecycle_kit.units import seconds

__all__ = ["fleet_words", "headline", "words_of"]


def fleet_words(
    result: WorldResult | FleetResult, world: World | Fleet | None = None, *, marks: Iterable[str] = MARKS
) -> str:
    """Return what `fleet_chart` draws, in sentences.

    Args:
        result: of a run.
        world: what was run; from it come the wanted replicas, the alarms, and the faults.
        marks: which kinds to tell: "fault", "change" (what people did), "alert".
    """
    return words_of(see(result, world, marks=marks))


def headline(seen: Seen) -> str:
    """Return a run in one line: requests, jobs, restarts."""
    numbers = summary(seen.result, seen.world)
    parts = []
    if numbers["arrived"]:
        parts.append(f"{number(numbers['served'])} of {number(numbers['arrived'])} requests served")
        parts.append(f"{number(numbers['failed'])} failed" if numbers["failed"] else "none failed")
    if seen.result.jobs:
        parts.append(f"{_plural(numbers['backlog'], 'job')} left waiting")
    parts.append(_plural(numbers["restarts"], "restart"))
    line = ", ".join(parts)
    return line[0].upper() + line[1:]


def words_of(seen: Seen) -> str:
    """Return a run in sentences: each fleet, queue and dependency, then what happened when."""
    lines = [headline(seen) + "."]
    for name in seen.result.fleets:
        lines += _fleet(seen, name)
    for name, jobs in seen.result.jobs.items():
        ends = np.bincount(jobs.end, minlength=len(JOB_ENDS)).tolist()
        counted = ", ".join(f"{number(count)} {word}" for word, count in zip(JOB_ENDS, ends, strict=True) if count)
        most = summary(seen.result, on=name)["backlog_most"]
        lines.append(f"{name}: {counted or 'no jobs'}; the backlog was {number(most)} at most.")
    for name, downs in seen.result.downs.items():
        spans = ", ".join(f"{_at(start)} to {_at(end)}" for start, end in downs)
        lines.append(f"{name}: down {spans}." if spans else f"{name}: always up.")
    return "\n".join([*lines, *map(str, seen.marks)])


def _fleet(seen: Seen, name: str) -> Iterator[str]:
    result = seen.result.fleets[name]
    numbers = summary(seen.result, seen.world, on=name)
    if numbers["arrived"]:
        failures = [f"{number(numbers[word.replace('-', '_')])} {word}" for word in FAILURES]
        causes = ", ".join(words for words in failures if not words.startswith("0 "))
        yield f"{name}: {number(numbers['served'])} requests served" + (f"; failed: {causes}" if causes else "") + "."
    if worst := _worst(seen, name):
        yield f"{name}: {worst}."
    _, levels = ready_steps(result.log)
    most, least = int(levels.max()), seen.least_ready(name)
    yield (
        f"{name}: {seen.wanted(name)} instances wanted, {most} ready at most"
        + (f", after that {least} at least" if most else "")
        + f"; longest time with none {duration(round(numbers['longest_without_s'] * 1e9))}."
    )
    if numbers["restarts"]:
        yield (
            f"{name}: {_plural(numbers['restarts'], 'restart')}; all starts took {number(numbers['start_cpu_s'])} s of"
            f" CPU and wrote {number(numbers['log_lines'])} lines of log."
        )


def _worst(seen: Seen, name: str) -> str:
    failed = seen.measured[name]["failed"]
    if not failed.any():
        return ""
    edges, places = seen.edges_s, np.flatnonzero(failed)
    peak = int(failed.argmax())
    return (
        f"requests failed between {number(edges[places[0]])} s and {number(edges[places[-1] + 1])} s,"
        f" most of them, {number(float(failed[peak]))}, from {number(edges[peak])} s to {number(edges[peak + 1])} s"
    )


def _plural(count: float, word: str) -> str:
    return f"no {word}s" if not count else f"{number(count)} {word}{'' if count == 1 else 's'}"


def _at(at_ns: int) -> str:
    return f"{seconds(at_ns):g} s"
