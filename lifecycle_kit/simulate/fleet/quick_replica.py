"""An instance of the quick engine from request to request and from birth to birth.

This is `machine` and `simulate.one` over plain attributes; see there for the rules.
"""

from __future__ import annotations

from lifecycle_kit.exits import Cause
from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.machine import HOT_LOOP_SPAWNS
from lifecycle_kit.simulate.fleet.plain import LIVENESS, READINESS, STARTUP, How
from lifecycle_kit.simulate.fleet.quick_asked import Asked
from lifecycle_kit.simulate.fleet.quick_facts import (
    BACKOFF,
    BLOCKED,
    CREATED,
    DRAINING,
    FAILED,
    STARTING,
)  # fmt: skip
from lifecycle_kit.simulate.fleet.quick_luck import FAR
from lifecycle_kit.simulate.fleet.quick_probes import NEVER, Prober
from lifecycle_kit.units import span

__all__ = ["Replica"]


class Replica(Asked):
    """An instance."""

    __slots__ = ()

    def start(self, now: int, cause: str, *, manual: bool) -> bool:
        """Start if the policy allows it; return False if a person is refused."""
        memory, refused = self.judge.start(self.memory, now, manual)
        spawns = self.spawns + 1 if self.spawn_at == now else 1
        if spawns > HOT_LOOP_SPAWNS:
            refused = "hot-loop"
        if refused is not None:
            if self.state == FAILED:
                return False
            self.memory = memory
            self.go(now, FAILED, refused)
            self.alert(now, "gave-up", refused)
            return True
        self.memory, self.spawn_at, self.spawns = memory, now, spawns
        self.life += 1
        self.new_life()
        self.next_program()
        self.go(now, STARTING, cause)
        self.line.push(now, Replica.on_spawn, self, self.life)
        return True

    def next_program(self) -> None:
        """Choose what the coming life does; the last program repeats."""
        program = self.program = self.programs[min(self.life, len(self.programs)) - 1]
        run, hang = program.run, program.hang
        if self.luck is not None:
            length = self.length(self.life)
            run, hang = (None, ~length) if length < 0 else (length, hang)
        self.hang = FOREVER_NS if hang is None else hang
        self.run = NEVER if run is None or run > self.hang else run

    def length(self, life: int) -> int:
        """Return how long a life lasts if nobody interferes, `~length` if it hangs then."""
        if self.luck is None:
            return FAR if self.calm is None else self.calm.length
        return self.luck.life(self.number, life)

    def on_restart(self, now: int, life: int) -> None:
        """Begin the next life: its backoff is over."""
        if life == self.life and self.state == BACKOFF:
            if self.calm is not None and now < self.calm_until and now != self.spawn_at:
                self.calm.begin(self, now)
                return
            self.start(now, "restart due", manual=False)
            self.line.look(self, now)

    def on_first_start(self, now: int, argument: None) -> None:
        """Begin the very first life, as planned."""
        if self.calm is not None and now < self.calm_until and self.state == CREATED:
            self.calm.begin(self, now)
        else:
            self.on_request(now, "start")

    # --- births

    def on_spawn(self, now: int, life: int) -> None:
        """Let a process begin to exist."""
        if life != self.life or not STARTING <= self.state <= DRAINING:
            return
        line, script = self.line, self.program.script
        if script.fails_to_spawn:
            self.born = now
            text = f"could not be started: {script.fails_to_spawn}"
            self.exited(now, How(127, None, Cause.SPAWN, False, text))
            return
        self.begin_to_exist(now)
        line.push(now, Replica.on_spawned, self, life)
        if self.run != NEVER:
            line.push(now + self.run, Replica.on_end, self, (life, self.program.own, line.current))
        for age, word in self.program.says:
            if age < self.hang:
                line.push(now + age, Replica.on_word, self, (life, word))

    def begin_to_exist(self, now: int) -> None:
        """Note what is true of every process that begins to exist."""
        serves = self.program.serves
        self.born, self.alive, self.leaving = now, True, None
        self.closes, self.closes_first = FOREVER_NS, False
        self.serves_at = FOREVER_NS if serves is None else now + serves
        self.watching = [False, False, False]
        if self.first_birth < 0:
            self.first_birth = now

    def on_spawned(self, now: int, life: int) -> None:
        """Take in that a process exists."""
        if life == self.life and STARTING <= self.state <= DRAINING:
            self.spawned = now
            if self.state == DRAINING:
                self.closes = now  # it never listens
            else:
                self.begin_life(now)
        self.line.look(self, now)

    def begin_life(self, now: int) -> None:
        """Set the timers of a life, and begin to probe it."""
        rules, push = self.rules, self.line.push
        self.started = rules.probes[STARTUP] is None
        if rules.start_limit is not None:
            push(now + rules.start_limit, Replica.on_limit, self, (self.life, "start took too long"))
        if rules.ready_after is not None:
            push(now + rules.ready_after, Replica.on_ready_after, self, self.life)
        if self.started:
            self.watch_working(now, at_once=False)
        else:
            self.watch(now, STARTUP, at_once=False)
        by = rules.unit.readiness.by
        if by == "spawn" or (by == "probe" and self.started and rules.probes[READINESS] is None):
            self.ready = True
        self.settle(now, "ready at spawn")

    def on_ready_after(self, now: int, life: int) -> None:
        """Count a life as ready that has been up for long enough."""
        if life == self.life and STARTING <= self.state <= BLOCKED:
            self.ready = True
            self.settle(now, f"up for {span(self.rules.ready_after or 0)}")
            self.line.look(self, now)

    def on_limit(self, now: int, argument: tuple[int, str]) -> None:
        """Stop a life that has taken longer than allowed: to start, or to run."""
        life, cause = argument
        starts = cause == "start took too long"
        if life == self.life and STARTING <= self.state <= BLOCKED and not (starts and self.ready_at is not None):
            plan = self.stop_plan() if starts else self.rules.unit.stop
            self.begin_stop(now, "timeout", cause, plan)
            self.line.look(self, now)

    def on_word(self, now: int, argument: tuple[int, str]) -> None:
        """Take in what a process says about itself."""
        life, word = argument
        if not self.alive or life != self.life or not STARTING <= self.state <= BLOCKED:
            return
        kind, _, rest = word.partition(":")
        if kind in ("ready", "not-ready") and self.rules.unit.readiness.by == "notice":
            self.ready = kind == "ready"
            self.settle(now, f"says that it is {kind}")
        elif kind in ("blocked", "unblocked"):
            self.blocked = (rest or "something") if kind == "blocked" else None
            self.settle(now, f"waits for {self.blocked}" if kind == "blocked" else "no longer waits")
        elif kind in ("working", "idle"):
            self.busy = kind == "working"
            self.settle(now, "took work" if self.busy else "no work left")
        self.line.look(self, now)

    # --- probes

    def watch_working(self, now: int, *, at_once: bool) -> None:
        """Begin the probes of a life that has started."""
        for place in (LIVENESS, READINESS):
            if self.probers[place] is not None:
                self.watch(now, place, at_once=at_once and place == READINESS)

    def watch(self, now: int, place: int, *, at_once: bool) -> None:
        """Begin one probe of this life."""
        prober, program, hang = self.probers[place], self.program, self.hang
        assert prober is not None
        self.watching[place] = True
        if isinstance(prober, Prober):
            at = prober.begin(now, self.born, self.first_birth, at_once, self.parts(place))
        else:
            segments = program.segments(place, self.born, None if hang == FOREVER_NS else hang)
            at = prober.begin(now, self.born, self.first_birth, at_once, segments)
        if at != NEVER:
            self.line.push(at, _CHANGES[place], self, self.life)

    def parts(self, place: int) -> list[tuple[int, int, int]]:
        """Return what a probe sees in this life, at absolute instants."""
        born, hung, made = self.born, self.born + self.hang, []
        for end, seen, takes in self.program.parts[place]:
            made.append((min(born + end, hung), seen, takes))
            if born + end >= hung:
                break
        if self.hang != FOREVER_NS:
            probe = self.rules.probes[place]
            made.append((FOREVER_NS, 0, 0 if probe is None else probe.timeout))
        return made

    def changed(self, now: int, place: int, life: int) -> bool:
        """Take over a verdict that was foreseen; return False if this life has ended."""
        if not self.alive or life != self.life:
            return False
        prober = self.probers[place]
        assert prober is not None
        prober.change()
        return True

    def follow(self, place: int, life: int) -> None:
        """Foresee the next verdict."""
        prober = self.probers[place]
        assert prober is not None
        if self.alive and life == self.life and (at := prober.follow()) != NEVER:
            self.line.push(at, _CHANGES[place], self, life)

    def on_startup(self, now: int, life: int) -> None:
        """Take in a verdict of the startup probe."""
        if not self.changed(now, STARTUP, life):
            return
        if STARTING <= self.state <= BLOCKED:
            if not self.good(STARTUP):
                self.fail_probe(now, "startup")
            elif not self.started:
                self.started = True
                self.watch_working(now, at_once=True)
                if self.rules.unit.readiness.by == "probe" and self.rules.probes[READINESS] is None:
                    self.ready = True
                self.settle(now, "startup probe passed")
        self.line.look(self, now)
        self.follow(STARTUP, life)

    def on_liveness(self, now: int, life: int) -> None:
        """Take in a verdict of the liveness probe."""
        if not self.changed(now, LIVENESS, life):
            return
        if STARTING <= self.state <= BLOCKED and not self.good(LIVENESS):
            self.fail_probe(now, "liveness")
        self.line.look(self, now)
        self.follow(LIVENESS, life)

    def on_readiness(self, now: int, life: int) -> None:
        """Take in a verdict of the readiness probe."""
        if not self.changed(now, READINESS, life):
            return
        if STARTING <= self.state <= BLOCKED:
            self.ready = self.good(READINESS)
            self.settle(now, f"readiness probe {'passed' if self.ready else 'failed'}")
        self.line.look(self, now)
        self.follow(READINESS, life)

    def good(self, place: int) -> bool:
        """Return the verdict of a probe."""
        prober = self.probers[place]
        return prober is None or prober.good

    def fail_probe(self, now: int, kind: str) -> None:
        """Kill a life whose startup or liveness probe has failed."""
        unit = self.rules.unit
        self.begin_stop(now, "probe", f"{kind} probe failed", unit.probe_stops.get(kind, unit.stop))


_CHANGES = (Replica.on_startup, Replica.on_liveness, Replica.on_readiness)
