"""An instance of the quick engine: the facts of its present life, and the moves that they ask for.

This is `turn` and the values of `instance`, as plain attributes that change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lifecycle_kit.drain import StopPlan
from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.plain import LIVENESS, How, Program, Rules
from lifecycle_kit.simulate.fleet.quick_book import WHO_SHIFT
from lifecycle_kit.simulate.fleet.quick_line import Line
from lifecycle_kit.simulate.fleet.quick_luck import FAR, Luck
from lifecycle_kit.simulate.fleet.quick_policy import Judge
from lifecycle_kit.simulate.fleet.quick_probes import NEVER, OddProber, Prober
from lifecycle_kit.states import State

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_calm import Calm

__all__ = [
    "AT_WORK", "BACKOFF", "BLOCKED", "CREATED", "DRAINING", "FAILED", "READY", "RUNNING", "STARTING", "TERMINATED",
    "Facts",
]  # fmt: skip

CREATED, STARTING, READY, RUNNING, BLOCKED, DRAINING, TERMINATED, FAILED, BACKOFF = map(
    STATES.index,
    (
        State.CREATED, State.STARTING, State.READY, State.RUNNING, State.BLOCKED, State.DRAINING, State.TERMINATED,
        State.FAILED, State.BACKOFF,
    ),
)  # fmt: skip
AT_WORK = "at work as soon as it is ready"


class Facts:
    """How an instance stands.

    Attributes:
        who: its number among all instances; `number` is that of its draws.
        state: place in `STATES`.
        life, alive, born, hang: of the process: which one, whether it exists, since when, at which age it hangs.
        spawned, started, ready, blocked, busy, ready_at: facts of the life, as in `instance.Life`.
        purpose, plan, phase, stop_at, late, hook_code: of its stop; the purpose is "" without one.
        memory, failures: of the policy; for the alert.
        calm, calm_until: how whole lives are computed, None if they cannot be, and before what instant they may be.
        carried: failures in a row of the liveness probe that the next life goes on from, as far as `calm` knows.
        closes, closes_first: when its listener closes, and whether before the arrivals of that instant.
        leaving: `(at the earliest, how)` it ends once it has no work left, None if it does not wait for that.
        serves_at: from when on it can work.
        found_hung: whether this life was computed at once, and its liveness probe has failed.
        seen: whether a balancer has seen that it may get requests.
    """

    __slots__ = (
        "alive", "base", "blocked", "born", "busy", "calm", "calm_until", "carried", "closes", "closes_first",
        "ended_serial", "failures", "first_birth", "found_hung", "hang", "hook_code", "hook_runs", "judge", "late",
        "leaving", "lengths", "life", "line", "luck", "memory", "number", "phase", "plan", "probers", "program",
        "programs", "purpose", "ready", "ready_at", "rules", "run", "seen", "serves_at", "spawn_at", "spawn_event",
        "spawned", "spawns", "started", "state", "stop_at", "stop_serial", "watching", "who",
    )  # fmt: skip

    def __init__(
        self, line: Line, who: int, number: int, rules: Rules, judge: Judge, programs: Sequence[Program],
        luck: Luck | None = None, calm: Calm | None = None,
    ) -> None:  # fmt: skip
        self.line, self.who, self.number, self.base = line, who, number, who << WHO_SHIFT
        self.rules, self.judge, self.programs, self.program = rules, judge, programs, programs[0]
        self.luck, self.run = luck, NEVER
        self.lengths: list[int] = [] if luck is None else luck.table[number]
        self.calm, self.calm_until, self.carried = calm, FAR, 0
        self.probers: list[Prober | OddProber | None] = []  # made with the first life that is not computed at once
        self.state, self.life, self.alive, self.born, self.first_birth = CREATED, 0, False, 0, -1
        self.memory: Any = judge.first
        self.failures, self.spawn_at, self.spawns, self.stop_serial = 0, -1, 0, 0
        self.seen = self.ready = self.hook_runs = False
        self.blocked: str | None = None

    def new_life(self) -> None:
        """Forget the facts of the life before."""
        if not self.probers:
            self.probers = [
                None if probe is None else (Prober if even else OddProber)(probe)
                for probe, even in zip(self.rules.probes, self.rules.even, strict=True)
            ]
        self.watching = [False, False, False]
        self.found_hung = self.closes_first = False
        self.hang, self.closes, self.serves_at = FOREVER_NS, 0, 0
        self.leaving: tuple[int, How] | None = None
        self.spawned: int | None = None
        self.ready_at: int | None = None
        self.blocked = None
        self.plan: StopPlan | None = None
        self.hook_code: int | None = None
        self.started = self.ready = self.busy = self.late = False
        self.purpose, self.phase, self.stop_at = "", 0, 0

    def go(self, now: int, target: int, cause: str) -> None:
        """Move, and write it down."""
        book = self.line.book
        if target != self.state:
            book.at.append(now)
            book.what.append(self.base + book.kind((self.state, target, cause)))
            self.state = target

    @property
    def draining(self) -> bool:
        """Whether it is on its way out."""
        return self.state == DRAINING

    @property
    def verdict_of_liveness(self) -> bool:
        """The present verdict; True if that probe is not made."""
        if self.found_hung:
            return False
        prober = self.probers[LIVENESS] if self.watching[LIVENESS] else None
        return prober is None or prober.good

    def alert(self, now: int, kind: str, text: str) -> None:
        """Tell a person."""
        self.line.alerts.append((now, self.who, kind, text))

    def settle(self, now: int, cause: str) -> None:
        """Follow the facts of a life at work from move to move until they agree with the state."""
        while (target := self.pulled()) != self.state:
            first, before = self.state == STARTING and target == READY, self.state
            self.go(now, target, cause)
            if first:
                self.first_ready(now)
            # from `running` to `ready` is what a process says that idles
            if target == READY and before != RUNNING and not self.rules.unit.reports_work:
                self.busy, cause = True, AT_WORK

    def pulled(self) -> int:
        """Return the state that the facts ask for next."""
        state = self.state
        if state == BLOCKED:
            free = self.ready and self.blocked is None
            return (RUNNING if self.busy else READY) if free else BLOCKED
        if self.blocked is not None:
            return BLOCKED
        if state == STARTING:
            return READY if self.ready else STARTING
        if not self.ready:
            return BLOCKED
        return RUNNING if self.busy else READY

    def first_ready(self, now: int) -> None:
        """Note the first readiness of this life; the time of its run limit begins."""
        self.ready_at = now
        self.memory = self.judge.ready(self.memory, now)
        if self.rules.run_limit is not None:
            self.line.push(now + self.rules.run_limit, type(self).on_limit, self, (self.life, "run limit reached"))

    def on_limit(self, now: int, argument: tuple[int, str]) -> None:
        """Stop a life that has taken longer than allowed."""
        raise NotImplementedError
