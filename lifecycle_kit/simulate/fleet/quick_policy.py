"""What follows an end, for the quick engine: by a table where the policy is the plain one, else by asking the policy.

Both answer alike, so that an instance need not know which of them it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from lifecycle_kit.exits import Cause, Exit, blame
from lifecycle_kit.restart import GiveUp, Memory, PlainPolicy, Refuse, Restart, RestartPolicy
from lifecycle_kit.simulate.dice import draw
from lifecycle_kit.simulate.fleet.plain import LEFT, How
from lifecycle_kit.simulate.fleet.quick_luck import FAR
from lifecycle_kit.units import ns

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_facts import Facts

__all__ = ["NO_RESTART", "Judge", "PlainJudge", "judge_of"]

NO_RESTART = -1
# (memory, delay of the restart or NO_RESTART, reason for giving up or None, whether the end counts as clean)
Answer = tuple[Any, int, str | None, bool]
_BY_PURPOSE = {
    "stop": Cause.REQUEST, "restart": Cause.REQUEST, "probe": Cause.PROBE, "timeout": Cause.TIMEOUT,
}  # fmt: skip


class Judge(Protocol):
    """What an instance asks."""

    first: Any
    """The memory before anything has happened."""

    def start(self, memory: Any, at: int, manual: bool) -> tuple[Any, str | None]:
        """Return the memory after a start, and why the start is refused, None if it is not."""
        ...

    def ready(self, memory: Any, at: int) -> Any:
        """Return the memory after the first readiness of a life."""
        ...

    def end(self, of: Facts, at: int, how: How) -> Answer:
        """Return what follows an end."""
        ...

    def request(self, memory: Any, request: str, at: int) -> Any:
        """Return the memory after a request."""
        ...


class PlainJudge:
    """A `PlainPolicy`; the memory is the number of failures in a row.

    Attributes:
        forget: after a life of this length the count begins anew.
        always, never: whether it restarts after every end, or after none.
        delays: after 0, 1, 2, ... failures, as far as they are known and chance does not decide about them.
    """

    def __init__(self, policy: PlainPolicy, base: int) -> None:
        self.policy, self._base, self.first = policy, base, 0
        self.forget = FAR if policy.forget_after_s is None else ns(policy.forget_after_s)
        self.always, self.never = policy.when == "always", policy.when == "never"
        self._most = FAR if policy.give_up_after is None else policy.give_up_after
        self._jitters = policy.backoff.jitter != "none"
        self._bounds = [(0, 0)]
        self.delays = [0]

    def start(self, memory: int, at: int, manual: bool) -> tuple[int, str | None]:
        """Allow every start; one by hand begins the count anew."""
        return 0 if manual else memory, None

    def ready(self, memory: int, at: int) -> int:
        """Remember nothing."""
        return memory

    def end(self, of: Facts, at: int, how: How) -> Answer:
        """Restart after the next delay, give up, or be done."""
        memory: int = of.memory
        clean = how.code == 0
        asked = how.cause is Cause.REQUEST or (how.cause is None and of.purpose in ("stop", "restart"))
        if asked or (clean and not self.always):
            return memory, NO_RESTART, None, True
        if self.never:
            return memory, NO_RESTART, None if clean else "never-restarted", clean
        uptime = 0 if of.spawned is None else at - of.spawned
        failures = 1 if uptime >= self.forget else memory + 1
        if failures > self._most:
            return failures, NO_RESTART, f"failed {failures} times in a row", False
        if self._jitters and how is not LEFT:  # nothing is drawn for a process that has not ended
            return failures, self._delay(failures, of.number, of.life), None, clean
        return failures, self._bounds_of(failures)[0], None, clean

    def calm_delay(self, failures: int, of: Facts, life: int) -> int:
        """Return how long to wait after an end by itself that leaves so many failures, `NO_RESTART` if it gives up."""
        if failures > self._most:
            return NO_RESTART
        if self._jitters:
            return self._delay(failures, of.number, life)
        self._bounds_of(failures)
        self.delays[:] = [low for low, _ in self._bounds]
        return self.delays[failures]

    def _delay(self, failures: int, number: int, life: int) -> int:
        low, high = self._bounds_of(failures)
        return low + int(draw(self._base, number, life) * (high - low))

    def _bounds_of(self, failures: int) -> tuple[int, int]:
        bounds = self._bounds
        while failures >= len(bounds):
            bounds.append(self.policy.backoff.bounds_ns(len(bounds)))
        return bounds[failures]

    def request(self, memory: int, request: str, at: int) -> int:
        """Forget everything on "reset"."""
        return 0 if request == "reset" else memory


class AnyJudge:
    """Any policy, asked as `step` asks it."""

    def __init__(self, policy: RestartPolicy, base: int) -> None:
        self.policy, self._base, self.first = policy, base, Memory()

    def start(self, memory: Memory, at: int, manual: bool) -> tuple[Memory, str | None]:
        """Ask whether a start is allowed."""
        memory, answer = self.policy.on_start(memory, at, manual)
        return memory, answer.reason if isinstance(answer, Refuse) else None

    def ready(self, memory: Memory, at: int) -> Memory:
        """Tell of the first readiness."""
        return self.policy.on_ready(memory, at)

    def end(self, of: Facts, at: int, how: How) -> Answer:
        """Ask what follows."""
        end = Exit(
            code=how.code, signal=how.signal,
            cause=how.cause or _BY_PURPOSE.get(of.purpose) or blame(how.signal),
            uptime_ns=0 if of.spawned is None else at - of.spawned,
            ready_ns=None if of.ready_at is None else at - of.ready_at,
            late=of.late, core=how.core, hook_code=of.hook_code, abandoned=how is LEFT,
        )  # fmt: skip
        u = 0.0 if how is LEFT else draw(self._base, of.number, of.life)
        memory, decision = self.policy.on_exit(of.memory, end, at, u)
        if isinstance(decision, Restart):
            return memory, decision.after_ns, None, decision.clean
        if isinstance(decision, GiveUp):
            return memory, NO_RESTART, decision.reason, False
        return memory, NO_RESTART, None, True

    def request(self, memory: Memory, request: str, at: int) -> Memory:
        """Let the policy take note."""
        return self.policy.on_request(memory, request, at)


def judge_of(policy: RestartPolicy, base: int) -> Judge:
    """Return who answers for a policy; `base` is the address of the draws for jitter.

    The answers of a plain policy depend on the count of failures only, unless its delays depend on one another.
    """
    if type(policy) is PlainPolicy and policy.backoff.jitter != "decorrelated":
        return PlainJudge(policy, base)
    return AnyJudge(policy, base)
