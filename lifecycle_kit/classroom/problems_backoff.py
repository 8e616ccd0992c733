"""Inputs for the backoff exercise, each with the idea it puts to the test.

Rule: every limit (the cap, eight in a row, a healthy life, the ends of a streak) is met exactly,
not only passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.plain import each_left_out

Args = tuple[Any, ...]
Record = dict[str, Any]


_PASSING_LOGS = (
    "",
    "queue: connection timed out",
    "error: connection reset by peer",
    "fatal: out of memory",
    "api: upstream answered 503",
)
_LASTING_LOGS = (
    "worker: invalid credentials for queue 'jobs'",
    "open /etc/api.toml: Permission denied",
    "FATAL: NO SUCH FILE: /etc/worker.toml",
    "usage error: unknown option --prot",
)


def _any_failure(dice: Random, lasting: float) -> Record:
    last_log = dice.choice(_LASTING_LOGS if dice.random() < lasting else _PASSING_LOGS)
    code = dice.choice(answers.LASTING_EXIT_CODES) if dice.random() < lasting else dice.randint(1, 3)
    signal = dice.choice(("KILL", "SEGV", "TERM")) if dice.random() < 0.3 else None
    times = dice.randint(8, 40) if dice.random() < lasting else dice.randint(1, 7)
    return records.failure(
        last_log,
        exit_code=None if signal else code,
        signal=signal,
        same_in_a_row=times,
    )


def failure_cases(dice: Random) -> Iterator[Args]:
    """Yield the evidence of one failure after the other, a third of it lasting."""
    while True:
        yield (_any_failure(dice, lasting=0.3),)


def failure_idea(failure: Record) -> str:
    """Return which kind of evidence decides about this failure."""
    if failure["exit_code"] in answers.LASTING_EXIT_CODES:
        return "exit-code-is-evidence"
    if answers.classify({**failure, "same_in_a_row": 1}) == "persistent":
        return "log-line-is-evidence"
    if failure["same_in_a_row"] >= answers.SAME_FAILURE_LIMIT:
        return "repetition-is-evidence"
    return "no-sign-of-lasting"


def delay_cases(dice: Random) -> Iterator[Args]:
    """Yield points on many curves: early ones, some around the cap, some far beyond."""
    while True:
        first_s = dice.choice((0.1, 0.5, 1.0, 3.0, 10.0))
        factor = dice.choice((1.0, 1.5, 2.0, 3.0, 10.0))
        nth = dice.choice((dice.randint(1, 6), dice.randint(1, 30), dice.randint(400, 10_000)))
        yield nth, first_s, factor, first_s * dice.choice((1.0, 7.0, 25.0, 300.0))


def delay_idea(nth: int, first_s: float, factor: float, cap_s: float) -> str:
    """Return whether this point is on the first steps, around the cap, or beyond what a float holds."""
    if nth >= 400:
        return "delay-never-overflows"
    # From the seventh failure on it matters that a curve goes on until its cap, not only that it grows.
    capped = answers.next_delay(nth, first_s, factor, cap_s) == cap_s
    return "delay-has-a-cap" if (capped and nth > 1) or nth > 6 else "delay-grows-by-factor"


def smaller_delays(nth: int, *others: float) -> Iterator[Args]:
    """Yield earlier points of the same curve."""
    return ((fewer, *others) for fewer in sorted({1, nth // 2, nth - 1}) if 1 <= fewer < nth)


def history_cases(dice: Random) -> Iterator[Args]:
    """Yield failure histories, each with a policy of its own."""
    while True:
        policy = records.policy(
            first_s=dice.choice((0.5, 1.0, 2.0)),
            factor=dice.choice((1.5, 2.0, 3.0)),
            cap_s=dice.choice((20.0, 30.0, 60.0)),
            healthy_after_s=dice.choice((5.0, 10.0, 60.0)),
            loop_after=dice.randint(2, 4),
            alert_after=dice.randint(4, 6),
            max_restarts=dice.randint(5, 8),
        )
        healthy = dice.choice((0.0, 0.0, 0.2))
        length = dice.choice((dice.randint(1, 4), dice.randint(3, 10)))
        yield [_any_end(dice, policy, healthy) for _ in range(length)], policy


def _any_end(dice: Random, policy: Record, healthy: float) -> Record:
    limit = policy["healthy_after_s"]
    long, short = (limit, limit * 3), (0.0, limit / 5, limit - 0.5)
    uptime_s = dice.choice(long if dice.random() < healthy else short)
    return {**_any_failure(dice, lasting=0.05), "uptime_s": uptime_s}


def history_idea(failures: list[Record], policy: Record) -> str:
    """Return what the decision about this history turns on."""
    decision = answers.decide(failures, policy)
    if answers.classify(failures[-1]) == "persistent":
        return "restarting-is-not-repairing"
    if any(one["uptime_s"] >= policy["healthy_after_s"] for one in failures):
        return "a-healthy-life-ends-the-streak"
    if decision["alert"]:
        return "alert-when-healing-stops"
    return "show-the-crash-loop" if decision["crash_loop"] else "restart-when-recovery-is-plausible"


def smaller_histories(failures: list[Record], policy: Record) -> Iterator[Args]:
    """Yield the history with one failure left out."""
    if len(failures) > 1:
        yield from ((fewer, policy) for fewer in each_left_out(failures))
