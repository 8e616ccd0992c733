"""Whole lives at a time: what nobody can interfere with need not wait on the heap.

A life that has a course (`bulk_course`) is computed at its birth if no request of a person is due before it is over.
Its moves are written down at once. On the heap go only the kill of one that hangs, and the next birth, with the keys
that they would have if each event of this life had happened at its time.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from lifecycle_kit.exits import Cause
from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.bulk_course import Course
from lifecycle_kit.simulate.fleet.plain import LIVENESS
from lifecycle_kit.simulate.fleet.quick_end import KILL, Ending
from lifecycle_kit.simulate.fleet.quick_facts import (
    AT_WORK,
    BACKOFF,
    CREATED,
    DRAINING,
    FAILED,
    READY,
    RUNNING,
    STARTING,
    TERMINATED,
)  # fmt: skip
from lifecycle_kit.simulate.fleet.quick_line import Event, Line
from lifecycle_kit.simulate.fleet.quick_luck import FAR
from lifecycle_kit.simulate.fleet.quick_policy import PlainJudge
from lifecycle_kit.simulate.fleet.quick_probes import NEVER
from lifecycle_kit.units import span

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.quick_replica import Replica

__all__ = ["Calm", "calm_of"]


class Calm:
    """The numbers of lives that can be computed at once, and the kinds of lines that they write.

    Attributes:
        period, delay, slow: of the probes; `slow` is the age up to which they fail.
        at_birth: whether it is ready at its birth; else `ready_in` after the first probe that passes.
        safe_in: from that probe on, no failure of the liveness probe is carried over.
        failures: of the liveness probe.
        found: from the first probe that sees a hang to the stop; -1 if a hang does not lead straight to one.
        length: of a life, `~length` if it hangs then, `FAR` if it does neither or chance decides.
        forget, delays: of the policy.
    """

    __slots__ = (
        "_course", "_judge", "_kill_kinds", "_kinds", "_own", "at_birth", "delay", "delays", "failed", "failures",
        "forget", "found", "grace", "length", "line", "period", "plan", "ready_in", "safe_in", "serves", "slow",
    )  # fmt: skip

    def __init__(self, line: Line, course: Course, judge: PlainJudge) -> None:
        live, ready = course.liveness, course.readiness
        probe = live or ready
        self.line, self._course, self._judge = line, course, judge
        self.period, self.delay, self.slow = probe.begins_like if probe else (1, 0, 0)
        line.ready_at_birth = ready is None
        self.at_birth, self.ready_in = ready is None, ready.passes_in if ready else 0
        self.safe_in = max(self.ready_in, live.passes_in if live else 0)
        self.failures, self.found, self.grace = FAR, -1, course.grace
        if live is not None:
            self.failures = live.failures
            found = (live.failures - 1) * live.period + live.timeout
            lost = found if ready is None else (ready.failures - 1) * ready.period + ready.timeout
            if found <= lost and 0 < course.grace < FOREVER_NS:
                self.found = found
        self.plan, self.serves = course.plan, course.program.serves
        run, hang = course.program.run, course.program.hang
        by_itself = run is not None and (hang is None or run <= hang)
        self.length = run if run is not None and by_itself else FAR if hang is None else ~hang
        self.forget, self.delays = judge.forget, judge.delays
        self._own = course.program.own
        self.failed = self._own.code != 0
        self._kinds: dict[int, int] = {}
        self._kill_kinds: dict[int, int] = {}
        up = (STARTING, READY, course.ready_cause)
        book = line.book
        book.ready_kind = book.kind(up, (READY, RUNNING, AT_WORK)) if course.works else book.kind(up)
        book.drain_kind = book.kind((RUNNING if course.works else READY, DRAINING, "liveness probe failed"))

    def begin(self, of: Replica, now: int) -> None:
        """Begin a life; alone at its instant it need not wait for what would be planned in between."""
        line = self.line
        spawn = line.serial + 1
        if line.alone(now):
            line.serial = spawn + 2
            self.born(of, now, spawn, spawn + 2)
        else:
            line.serial = spawn
            line.soon.append((now, now, 0, 0, spawn, _spawns, of, spawn))

    def born(self, of: Replica, now: int, spawn: int, ended: int) -> None:
        """Live a whole life, or else begin to live it step by step; given the serials of the spawn and of the end."""
        line, life, state = self.line, of.life + 1, of.state
        line.serial = probes = line.serial + 2
        if self.live(of, life, now, spawn, ended, probes - 1):
            of.spawn_at, of.spawns, book = now, 1, line.book
            book.at.append(now)
            book.what.append(of.base + (book.restart_kind if life > 1 else book.start_kind))
            return
        self._go_on_counting(of)
        first = state == CREATED
        line.current = (now, now, 0, 0, ended - 1, _is_born, of, None)  # also where it did not wait for that
        of.start(now, "start requested" if first else "restart due", manual=first)
        line.soon.pop()  # the spawn, which has happened
        of.begin_to_exist(now)
        end = (life, of.program.own, (now, now, 0, 0, spawn, _spawns, of, None))
        if of.run == 0:
            line.soon.appendleft((now, now, 0, 0, ended, Ending.on_end, of, end))
        elif of.run != NEVER and now + of.run <= line.until:
            heapq.heappush(line.heap, (now + of.run, now, now, spawn, ended, Ending.on_end, of, end))
        of.on_spawned(now, life)

    @staticmethod
    def _go_on_counting(of: Replica) -> None:
        """Have the liveness probe forget failures from before the lives that were computed at once."""
        prober = of.probers[LIVENESS] if of.probers else None  # none before the first life that is not computed at once
        if prober is not None:
            prober.forget_failures(of.carried)

    def live(self, of: Replica, life: int, born: int, spawn: int, ended: int, probes: int) -> bool:
        """Compute a life, and write it down; return False if that cannot be done, and nothing has changed then.

        Args:
            of: the instance.
            life: number of the life.
            born: when it begins.
            spawn: serial of the spawn.
            ended: serial of the end that a spawn plans; that of the news of it is one less.
            probes: serial of the first probe.
        """
        lengths = of.lengths
        length = lengths[life] if life < len(lengths) else of.length(life)
        period = self.period
        good = born + self.delay
        good += ((of.first_birth if life > 1 else born) - good) % period
        failing = of.carried
        if (late := born + self.slow - good) > 0:
            missed = -(-late // period)
            good += missed * period
            failing += missed
        if failing >= self.failures:
            return False
        ready = born if self.at_birth else good + self.ready_in
        if length < 0:
            return self._hang(of, life, born, born + ~length, good, ready, spawn, ended, probes)
        ends = born + length
        if ends <= good + self.safe_in or ends >= of.calm_until:
            return False
        failures = 1 if length >= self.forget else of.memory + 1
        delay = self.delays[failures] if failures < len(self.delays) else self._judge.calm_delay(failures, of, life)
        if delay <= 0:
            return False
        if life == 1:
            of.first_birth = born
        of.memory, of.life, of.state, of.born = failures, life, BACKOFF, born
        of.carried, of.alive, of.seen = 0, False, False
        of.count_failure(ends, length, self._own, self.failed)
        line = self.line
        kind = self._kinds.get(delay) or self._kind(delay)
        line.book.lives += (of.base, born, spawn, ended, probes, ready, FAR, ends, kind)
        if (restarts := ends + delay) <= line.until:
            line.serial = serial = line.serial + 1
            heapq.heappush(line.heap, (restarts, ends, born, ended, serial, type(of).on_restart, of, life))
        return True

    def _hang(
        self, of: Replica, life: int, born: int, hung: int, good: int, ready: int, spawn: int, ended: int, probes: int
    ) -> bool:  # fmt: skip
        """Compute a life that hangs, up to its stop; the kill stays on the heap."""
        line = self.line
        first = of.first_birth if life > 1 else born
        drains = hung + (first - hung) % self.period + self.found
        if self.found < 0 or good >= hung or ready >= drains or drains >= of.calm_until:
            return False
        of.life, of.state, of.carried, of.alive, of.seen = life, DRAINING, 0, True, line.seen_draining
        of.first_birth, of.born, of.spawned = first, born, born
        of.hang, of.ready_at, of.stop_at = hung - born, ready, drains
        of.found_hung = True
        of.purpose, of.plan, of.phase, of.late, of.hook_code = "probe", self.plan, 0, False, None
        of.ready, of.busy, of.blocked, of.leaving = True, True, None, None
        of.watching = [False, False, False]  # nothing is left to count when it ends
        of.closes, of.closes_first = FOREVER_NS, False
        of.serves_at = FOREVER_NS if self.serves is None else born + self.serves
        of.stop_serial = stop = of.stop_serial + 1
        line.book.lives += (of.base, born, spawn, ended, probes, ready, drains, FAR, 0)
        if (killed := drains + self.grace) <= line.until:
            line.serial = serial = line.serial + 1
            heapq.heappush(line.heap, (killed, drains, born, probes, serial, _kills, of, stop))
        return True

    def kill(self, of: Replica, now: int, serial: int) -> None:
        """Kill a process that hangs; alone at its instant its end follows at once."""
        line = self.line
        if serial != of.stop_serial or of.state != DRAINING:
            of.on_deadline(now, serial)
            return
        of.late, of.phase = True, 1
        line.serial += 1
        end = (now, now, 0, 0, line.serial, _is_killed, of, line.current)
        if line.alone(now):
            line.current = end
            self.killed(of, now, end[7])
        else:
            line.soon.append(end)

    def killed(self, of: Replica, now: int, deadline: Event) -> None:
        """Let a process that hung end by the kill, and wait for the next life."""
        life, line, uptime = of.life, self.line, now - of.born
        failures = 1 if uptime >= self.forget else of.memory + 1
        delay = self.delays[failures] if failures < len(self.delays) else self._judge.calm_delay(failures, of, life)
        if delay < 0 or of.purpose != "probe" or not of.alive:
            of.on_end(now, (life, KILL, deadline))
            return
        if line.traffic is not None:
            line.lives.append(of.served(now, deadline))
        of.alive, of.memory, of.state, of.stop_serial = False, failures, BACKOFF, of.stop_serial + 1
        of.count_failure(now, uptime, KILL, True)
        book = line.book
        book.at.append(now)
        book.what.append(of.base + (self._kill_kinds.get(delay) or self._kill_kind(delay)))
        line.push(now + delay, type(of).on_restart, of, life)
        if of.seen:
            line.look(of, now)

    def _kill_kind(self, delay: int) -> int:
        """Return the kind of line for a kill that is followed by a restart after `delay`."""
        again = (FAILED, BACKOFF, f"restart in {span(delay)}")
        kind = self._kill_kinds[delay] = self.line.book.kind((DRAINING, FAILED, KILL.text), again)
        return kind

    def _kind(self, delay: int) -> int:
        """Return the kind of line for an end by itself that is followed by a restart after `delay`."""
        course = self._course
        source, target = (RUNNING if course.works else READY), FAILED if self.failed else TERMINATED
        end, again = (source, target, course.program.own.text), (target, BACKOFF, f"restart in {span(delay)}")
        kind = self._kinds[delay] = self.line.book.kind(end, again)
        return kind


def _spawns(of: Replica, now: int, spawn: int) -> None:
    """Plan the news of a birth, and keep a place for its end."""
    line = of.line
    line.serial = ended = line.serial + 2
    line.soon.append((now, now, 0, 0, ended - 1, _is_born, of, (spawn, ended)))


def _is_born(of: Replica, now: int, serials: tuple[int, int]) -> None:
    assert of.calm is not None
    of.calm.born(of, now, *serials)


def _kills(of: Replica, now: int, serial: int) -> None:
    assert of.calm is not None
    of.calm.kill(of, now, serial)


def _is_killed(of: Replica, now: int, deadline: Event) -> None:
    assert of.calm is not None
    of.calm.killed(of, now, deadline)


def calm_of(line: Line, course: Course, judge: PlainJudge) -> Calm | None:
    """Return how lives of a course are computed at once, None if these cannot be."""
    live, ready, own = course.liveness, course.readiness, course.program.own
    drawn_twice = course.program.wear is not None and course.program.hang is not None
    alike = live is None or ready is None or live.begins_like == ready.begins_like
    ends = own.cause is not Cause.REQUEST and (own.code != 0 or judge.always) and not judge.never
    return Calm(line, course, judge) if alike and ends and not drawn_twice and course.ready_after is None else None
