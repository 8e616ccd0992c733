"""The way out of a life in the quick engine: stop plans, signals, ends and what follows them.

This is `stopping` and `ending` over plain attributes; see there for the rules.
"""

from __future__ import annotations

from lifecycle_kit.drain import StopPlan, Until
from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.plain import LEFT, LIVENESS, How, how_of
from lifecycle_kit.simulate.fleet.quick_facts import (
    BACKOFF,
    DRAINING,
    FAILED,
    STARTING,
    TERMINATED,
    Facts,
)  # fmt: skip
from lifecycle_kit.simulate.fleet.quick_line import BEFORE, Event
from lifecycle_kit.simulate.fleet.quick_outcomes import Served
from lifecycle_kit.simulate.fleet.quick_policy import NO_RESTART
from lifecycle_kit.units import ns, span

__all__ = ["Ending"]

KILL = how_of("SIGKILL")


class Ending(Facts):
    """An instance that can be stopped and end."""

    __slots__ = ()

    # --- stop plans

    def stop_plan(self) -> StopPlan:
        """Return how the present life is stopped on request."""
        unit = self.rules.unit
        return unit.stop if self.ready_at is not None else unit.early_stop or unit.stop

    def begin_stop(self, now: int, purpose: str, cause: str, plan: StopPlan) -> None:
        """Enter `draining` and the first phase of a plan."""
        self.go(now, DRAINING, cause)
        self.purpose, self.stop_at, self.plan, self.phase = purpose, now, plan, 0
        self.enter_phase(now)

    def enter_phase(self, now: int) -> None:
        """Do what a phase begins with."""
        assert self.plan is not None
        phase = self.plan.phases[self.phase]
        if phase.signal:
            self.signal(now, phase.signal, phase.to)
        if phase.until is Until.HOOK:
            self.run_hook(now, phase.name)
        limit = self.plan.limit_ns(self.phase, now - self.stop_at)
        if limit is not None:
            self.stop_serial += 1
            self.line.push(now + limit, Ending.on_deadline, self, self.stop_serial)

    def next_phase(self, now: int) -> bool:
        """Go on to the next phase; return False if there is none."""
        assert self.plan is not None
        for index in range(self.phase + 1, len(self.plan.phases)):
            if self.plan.phases[index].until is not Until.EMPTY:  # nothing ever remains of its group here
                self.phase = index
                self.enter_phase(now)
                return True
        return False

    def on_deadline(self, now: int, serial: int) -> None:
        """Go on: a phase has taken as long as it may."""
        if serial == self.stop_serial and self.state == DRAINING:
            self.late = True
            if not self.next_phase(now):
                self.judged(now, LEFT)
            self.line.look(self, now)

    def run_hook(self, now: int, hook: str) -> None:
        """Run a hook of the plan."""
        script = self.program.script
        takes_s, code = script.hooks.get(hook, (script.hook_takes_s, 0))
        self.hook_runs = True
        if takes_s is not None:
            self.line.push(now + ns(takes_s), Ending.on_hook, self, (self.life, self.phase, code))

    def on_hook(self, now: int, argument: tuple[int, int, int]) -> None:
        """Go on: a hook is done."""
        life, phase, code = argument
        if life == self.life and phase == self.phase and self.hook_runs:
            self.hook_runs = False
            if self.state == DRAINING:
                self.hook_code = self.hook_code or code
                if not self.next_phase(now) and self.late:
                    self.judged(now, LEFT)
            self.line.look(self, now)

    def on_emptied(self, now: int, life: int) -> None:
        """Take in that a signal has ended a hook before its process was born."""
        if life == self.life and self.hook_runs:
            self.hook_runs = False
            phase = self.plan.phases[self.phase] if self.state == DRAINING and self.plan is not None else None
            over = phase is not None and phase.until is Until.EMPTY
            if over and not self.next_phase(now) and self.late:
                self.judged(now, LEFT)
            self.line.look(self, now)

    # --- signals

    def signal(self, now: int, signal: str, to: str = "group") -> None:
        """Let a signal reach the process."""
        script = self.program.script
        if to != "main" and self.hook_runs and not self.alive:  # the hook is all that there is of the group
            self.line.push(now, Ending.on_emptied, self, self.life)
        if signal == "SIGKILL":
            self.line.push(now, Ending.on_end, self, (self.life, KILL, self.line.current))
        elif now - self.born < self.hang and script.on_term != "deaf" and signal not in script.ignores:
            self.leave(now, how_of(signal if script.stop_exit is None else script.stop_exit))

    def leave(self, now: int, how: How) -> None:
        """Have the process leave because it was asked to: at once, or when its work is done."""
        line, at = self.line, now + self.program.stop_takes
        if line.traffic is None or self.program.script.on_term != "drain":
            line.push(at, Ending.on_end, self, (self.life, how, line.current))
            return
        waits, self.leaving = self.leaving is not None, (at, how)
        if waits:
            return
        if now < self.closes:
            self.closes, self.closes_first = now, line.current[1] == BEFORE
        left = line.traffic.work_left(self, line.current)
        if left is None:
            self.on_left(now, self.life)
        elif left[0] < self.born + self.hang:
            line.push_done(*left, Ending.on_left, self, self.life)

    def on_left(self, now: int, life: int) -> None:
        """Leave, because all work is done."""
        if self.leaving is not None and life == self.life:
            at, how = self.leaving
            self.leaving = None
            self.line.push(max(at, now), Ending.on_end, self, (life, how, self.line.current))

    def kill(self, now: int) -> None:
        """Skip the rest of a stop."""
        assert self.plan is not None
        index = self.plan.kill_index
        self.phase = self.phase if index is None else index
        self.signal(now, "SIGKILL")

    # --- ends

    def on_end(self, now: int, argument: tuple[int, How, Event]) -> None:
        """End the process of a life, unless it has ended before."""
        life, how, planner = argument
        if self.alive and life == self.life:
            self.alive, self.leaving = False, None
            self.keep_tallies(now)
            if self.line.traffic is not None:
                self.line.lives.append(self.served(now, planner))
            self.exited(now, how)

    def served(self, ends: int, planner: Event) -> Served:
        """Return the present life as requests meet it; `planner` is what planned its end."""
        hangs = min(self.born + self.hang, FOREVER_NS)
        return Served(self.who, self.born, self.closes, self.closes_first, hangs, self.serves_at, ends, *planner[:3])

    def keep_tallies(self, now: int) -> None:
        """Bring the counting of the probes up to the end of this life."""
        for prober, watching in zip(self.probers, self.watching, strict=True):
            if watching:
                assert prober is not None
                prober.keep(now)
        if self.watching[LIVENESS]:
            self.carried = self.probers[LIVENESS].carried  # type: ignore[union-attr]

    def exited(self, now: int, how: How) -> None:
        """Take in that the process has ended."""
        if STARTING <= self.state <= DRAINING:
            self.judged(now, how)
        self.line.look(self, now)

    def judged(self, now: int, how: How) -> None:
        """Ask the policy about an end, and follow its answer."""
        self.stop_serial += 1
        memory, delay, reason, clean = self.judge.end(self, now, how)
        if self.purpose == "restart":  # asked for, so what the policy says does not matter
            self.again(now, how, FAILED, 0)
            return
        self.memory = memory
        if self.purpose == "stop":
            delay = NO_RESTART
        if delay != NO_RESTART:
            failed = not clean or self.purpose != ""
            # one that was stopped before the news of its birth is not steady, however short that takes
            self.count_failure(now, -1 if self.spawned is None else now - self.spawned, how, failed)
            self.again(now, how, FAILED if failed else TERMINATED, delay)
        elif reason is None:
            self.go(now, TERMINATED, how.text)
        else:
            self.go(now, FAILED, f"{how.text}; gave up: {reason}")
            self.alert(now, "gave-up", f"{how.text}; {reason}")

    def again(self, now: int, how: How, ends_in: int, delay: int) -> None:
        """Wait for the next life."""
        book, key = self.line.book, (how, self.state, ends_in, delay)
        kind = book.ends.get(key)
        if kind is None:
            again = (ends_in, BACKOFF, f"restart in {span(delay)}")
            kind = book.ends[key] = book.kind((self.state, ends_in, how.text), again)
        book.at.append(now)
        book.what.append(self.base + kind)
        self.state = BACKOFF
        self.line.push(now + delay, type(self).on_restart, self, self.life)

    def count_failure(self, now: int, uptime: int, how: How, failed: bool) -> None:
        """Count failures in a row, and tell a person when there are too many."""
        self.failures = (0 if uptime >= self.rules.steady else self.failures) + failed
        if failed and self.failures == self.rules.unit.alert_after:
            self.alert(now, "crash-loop", f"{self.failures} failures in a row, the last: {how.text}")

    def on_restart(self, now: int, life: int) -> None:
        """Begin the next life: its backoff is over."""
        raise NotImplementedError
