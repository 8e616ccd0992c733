"""The learner's `decide` at work: the restart policy of a simulated worker.

Rule: the policy is asked through the same protocol as those of the real supervisors; only its answers are new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.at_work import Rows, ask, refuse_form, show_rows
from lifecycle_kit.exits import Exit
from lifecycle_kit.instance import Unit
from lifecycle_kit.restart import Decision, GiveUp, Go, Memory, PlainPolicy, Refuse, Restart, RestartPolicy
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.states import State
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns, seconds

__all__ = ["LearnersPolicy", "restart_worker"]

Record = dict[str, Any]
Decide = Callable[[Sequence[Record], Record], Record]

_CRASHES = Script(run_s=0.3, exit=1)
_QUEUE_IS_BACK_AT_S = 45.0
_END_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Memory):
    """A memory that keeps the evidence of every failure."""

    lives: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnersPolicy:
    """A restart policy that hands every decision to a learner's `decide`.

    Attributes:
        decide: the learner's function.
        policy: the plain policy it is given.
        last_log: the last line that each life writes.
        decisions: `(at_s, answer)` of every call, in order.
    """

    decide: Decide
    policy: Record
    last_log: str
    decisions: list[tuple[float, Record]] = field(default_factory=list)

    def on_start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, Go | Refuse]:
        """Allow every start."""
        return memory, Go()

    def on_ready(self, memory: Memory, at: int) -> Memory:
        """Remember nothing: only the length of a life counts."""
        return memory

    def on_exit(self, memory: Memory, exit: Exit, at: int, u: float) -> tuple[Memory, Decision]:
        """Add this life to the evidence and do what the learner's function says."""
        lives = (*(memory.lives if isinstance(memory, History) else ()), self._evidence(memory, exit))
        answer = ask(self.decide, [[dict(one) for one in lives], dict(self.policy)], "decide")
        if not _is_a_decision(answer):
            raise refuse_form(answer, answers.decide(lives, self.policy), "decide")
        self.decisions.append((seconds(at), answer))
        decision = GiveUp("the policy gave up") if answer["action"] == "give-up" else Restart(ns(answer["after_s"]))
        return History(failures=len(lives), lives=lives), decision

    def on_request(self, memory: Memory, request: str, at: int) -> Memory:
        """Change nothing."""
        return memory

    def _evidence(self, memory: Memory, exit: Exit) -> Record:
        # Every life of this worker ends in the same way, so the failures in a row are all the same.
        return records.failure(
            self.last_log,
            exit_code=exit.code,
            signal=exit.signal and exit.signal.removeprefix("SIG"),
            same_in_a_row=memory.failures + 1,
            uptime_s=seconds(exit.uptime_ns),
        )


def restart_worker(decide: Decide, policy: Record | None = None) -> None:
    """Print what one restart a second and what `decide` make of wrong credentials and of a queue that is away.

    Args:
        decide: the learner's function.
        policy: what to hand to it; the exercise's own policy if left out.
    """
    show_rows(lambda: _rows(decide, policy or records.policy()))


def _rows(decide: Decide, policy: Record) -> Rows:
    every_second = PlainPolicy(backoff=Backoff(first_s=1.0), forget_after_s=None)
    refused = LearnersPolicy(decide=decide, policy=policy, last_log="worker: invalid credentials for queue 'jobs'")
    timeout = LearnersPolicy(decide=decide, policy=policy, last_log="worker: connection to the queue timed out")
    return {
        "wrong credentials, every second": _numbers(every_second, _CRASHES),
        "wrong credentials, your policy": _numbers(refused, _CRASHES),
        "queue away for 45 s, every second": _numbers(every_second, _back_later),
        "queue away for 45 s, your policy": _numbers(timeout, _back_later),
    }


def _back_later(born_s: float) -> Script:
    """Return the life of a worker that needs the queue: it stays once the queue is back."""
    return Script() if born_s >= _QUEUE_IS_BACK_AT_S else _CRASHES


def _numbers(policy: RestartPolicy, lives: Lives | Script) -> dict[str, int | float | str]:
    trace = simulate(Unit(policy=policy), lives, until_s=_END_S)
    decisions = policy.decisions if isinstance(policy, LearnersPolicy) else []
    last = trace.transitions[-1]
    works = last.target in (State.READY, State.RUNNING) and last.at < _END_S - 10
    return {
        "starts": len(starts(trace.transitions)),
        "loop shown at s": _first(decisions, "crash_loop"),
        "alert at s": _first(decisions, "alert"),
        "in the end": "works" if works else "given up" if last.target is State.FAILED else "still looping",
    }


def _first(decisions: list[tuple[float, Record]], key: str) -> float | str:
    return next((round(at_s, 1) for at_s, answer in decisions if answer[key]), "never")


def _is_a_decision(answer: Any) -> bool:
    """Tell whether this is a decision at all: the keys and types of one; which one is the learner's choice."""
    if type(answer) is not dict or answer.keys() != {"action", "after_s", "crash_loop", "alert"}:
        return False
    delay = answer["after_s"]
    flags = type(answer["crash_loop"]) is type(answer["alert"]) is bool
    return flags and (answer["action"] == "give-up" or (type(delay) in (int, float) and 0 <= delay < 1e9))
