"""A fleet's instances, played slowly and plainly: every single probe is an event of its own.

The other engines jump over whatever changes nothing; this one does not, so that they can be held against it. Only
`step`, the counting of `probes.observe` and the values of a `Fleet` are shared with them.

At one instant things happen in the order in which they were planned. A probe's place in that order is the one that
it got when it began, or when its verdict changed last: the many probes in between put nobody else out of place.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from lifecycle_kit import events as ev
from lifecycle_kit.exits import parse_exit
from lifecycle_kit.instance import Unit, create
from lifecycle_kit.machine import step
from lifecycle_kit.probes import Outcome, ProbeSettings, Tally, new_life, observe
from lifecycle_kit.simulate.fleet.draws import address, draw, exponential_ns
from lifecycle_kit.simulate.fleet.world import Wear
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script, news_of
from lifecycle_kit.states import HAS_PROCESS, RequestRefused, State
from lifecycle_kit.trace import Transition
from lifecycle_kit.units import ns, seconds

__all__ = ["Future", "Luck", "Replica"]


class Future:
    """What is to happen: by instant, and at one instant by place."""

    def __init__(self) -> None:
        self.now = 0
        self._places = count()
        self._things: list[tuple[int, int, Callable[[], None]]] = []

    def place(self) -> int:
        """Return the next place."""
        return next(self._places)

    def at(self, instant: int, thing: Callable[[], None], place: int | None = None) -> None:
        """Plan a thing, in the next place or in one that was got before."""
        assert instant >= self.now
        heapq.heappush(self._things, (instant, self.place() if place is None else place, thing))

    def last(self, thing: Callable[[], None]) -> None:
        """Let a thing happen at this instant when nothing else is left to happen at it."""
        self.at(self.now, thing, (1 << 60) + self.place())

    def play(self, until: int) -> None:
        """Let everything happen up to `until`, that instant included."""
        while self._things and self._things[0][0] <= until:
            self.now, _, thing = heapq.heappop(self._things)
            thing()


@dataclass(frozen=True)
class Luck:
    """The draws of one instance, by purpose and life."""

    seed: int
    family: str
    number: int

    def draw(self, purpose: str, life: int) -> float:
        """Return the draw with this address."""
        return draw(address(self.seed, self.family, purpose), self.number, life)

    def script(self, lives: Lives | Wear, life: int, born: int) -> Script:
        """Return what a life does that begins at `born`."""
        if isinstance(lives, Wear):
            lasts = seconds(exponential_ns(lives.mtbf_s, self.draw("run", life)))
            if self.draw("hang", life) < lives.hangs:
                return replace(lives.script, run_s=None, hangs_after_s=lasts)
            return replace(lives.script, run_s=lasts)
        if callable(lives):
            return lives(seconds(born))
        return lives[min(life, len(lives)) - 1]


class Probing:
    """One probe of one life, made again and again."""

    def __init__(self, replica: Replica, settings: ProbeSettings, tally: Tally, at_once: bool) -> None:
        future = replica.future
        self.replica, self.settings, self.tally, self.future = replica, settings, tally, future
        self.life, self.place = replica.instance.number, future.place()
        # One worker ticks for all lives, from the first birth on; one that is to probe at once starts a count anew.
        self.anchor = future.now if at_once else replica.first_born
        earliest = max(future.now, replica.born + ns(settings.initial_delay_s))
        if settings.from_end:
            self.plan(earliest + settings.interval_ns(tally, earliest - replica.born))
        else:
            missed = self.tick(earliest) == future.now and not at_once and replica.age > 0
            self.plan(self.tick(future.now + 1) if missed else self.tick(earliest))

    def tick(self, at_least: int) -> int:
        """Return the first tick that is not before an instant; ticks lie whole periods from the anchor."""
        return at_least + (self.anchor - at_least) % ns(self.settings.period_s)

    def plan(self, start: int) -> None:
        """Make the next probe at an instant, unless no more is made in this life."""
        self.start, self.seen, self.end = start, Outcome.ERROR, -1
        if not self.tally.on_hold(self.settings):
            self.future.at(start, self.begin, self.place)

    def begin(self) -> None:
        """Ask the process; its answer, or the end of our patience, comes later."""
        if self.replica.lives(self.life):
            self.seen, after = self.replica.answer(self.settings)
            self.end = self.start + after
            if after:
                self.future.at(self.end, self.finish, self.place)
            else:
                self.finish()

    def finish(self) -> None:
        """Count one outcome; tell the machine if the verdict has changed; go on."""
        if not self.replica.lives(self.life):
            return
        before, end = self.tally, self.end
        self.count()
        if (self.tally.good, self.tally.failed) != (before.good, before.failed):
            kind = self.settings.kind
            self.replica.tell(ev.Probed(at=end, life=self.life, probe=kind, good=self.tally.good))
            self.place = self.future.place()
        self.plan(self.follower(end))

    def count(self) -> None:
        """Count what the present probe has seen."""
        self.tally = observe(self.settings, self.tally, self.seen, self.start - self.replica.born)
        self.end = -1

    def follower(self, end: int) -> int:
        """Return when the next probe starts; ticks that were missed meanwhile merge into one."""
        if self.settings.from_end:
            return end + self.settings.interval_ns(self.tally, end - self.replica.born)
        return max(end, self.tick(self.start + 1))

    def close(self) -> None:
        """Count what comes to its end at the very instant of the process' end, although nobody is told any more."""
        now = self.future.now
        if self.end == now:
            self.count()
            self.start = self.follower(now)
        while self.start == now and self.end < 0 and not self.tally.on_hold(self.settings):
            self.seen, after = self.replica.answer(self.settings)
            if after:
                return
            self.count()
            self.start = self.follower(now)


class Replica:
    """One instance: a process that does what its script says, and `step` that decides about it.

    Attributes:
        name, instance: what it is called, how it stands.
        exists: whether there is a process.
        born: when its present life began.
        script: what it does in this life.
        moves: its transitions.
        after: called after each event.
        drain: called when a process that drains is asked to end; it calls `end` when all is done.
    """

    def __init__(self, future: Future, name: str, unit: Unit, lives: Lives | Wear, luck: Luck) -> None:
        self.future, self.name, self.luck, self._lives = future, name, luck, lives
        self.instance = create(unit)
        self.exists, self.born, self.script = False, 0, Script()
        self.hook_runs = False
        self.moves: list[Transition] = []
        self.after: Callable[[Replica], None] = lambda _: None
        self.drain: Callable[[Replica, Callable[[], None]], None] = lambda _, end: end()
        self.first_born = -1
        self._probing: dict[str, Probing] = {}
        self._tallies: dict[str, Tally] = {}

    # --- what happens to it

    def ask(self, request: str) -> None:
        """Let a person ask for something; the answer may be no."""
        try:
            self.tell(ev.Request(at=self.future.now, request=request))
        except RequestRefused:
            return

    def tell(self, event: ev.Event) -> None:
        """Let `step` decide, write down the moves, do what it commands, in that order."""
        self.instance, commands = step(self.instance, event)
        self.moves += [Transition.of(self.name, command) for command in commands if isinstance(command, ev.Moved)]
        for command in commands:
            self.obey(command)
        self.after(self)

    def lives(self, life: int) -> bool:
        """Tell whether the process of this life exists."""
        return self.exists and life == self.instance.number

    def obey(self, command: ev.Command) -> None:
        """Do what `step` commands."""
        now, future = self.future.now, self.future
        match command:
            case ev.Spawn(life=life):
                future.at(now, lambda: self.be_born(life))
            case ev.Signal(life=life, signal=signal, to=to):
                self.be_signalled(life, signal, to)
            case ev.SetTimer(life=life, name=name, serial=serial, after_ns=after):
                future.at(
                    now + after, lambda: self.ring(ev.TimerFired(at=now + after, life=life, name=name, serial=serial))
                )
            case ev.WatchProbe(probe=kind, now=at_once):
                self.be_probed(kind, at_once)
            case ev.RunHook(life=life, hook=hook):
                self.run_hook(life, hook)

    def ring(self, timer: ev.TimerFired) -> None:
        """Let a timer fire, unless it was taken back."""
        if self.instance.timers.get(timer.name) == timer.serial:
            self.tell(timer)

    # --- the process

    @property
    def age(self) -> int:
        """How old the present life is."""
        return self.future.now - self.born

    @property
    def hangs(self) -> bool:
        """Whether the process does nothing any more."""
        after = self.script.hangs_after_s
        return after is not None and self.age >= ns(after)

    def be_born(self, life: int) -> None:
        """Begin a life."""
        if life != self.instance.number or self.instance.state not in HAS_PROCESS:
            return
        now = self.born = self.future.now
        script = self.script = self.luck.script(self._lives, life, now)
        assert not script.leaves_child, "a child that outlives its process is not played here"
        if script.fails_to_spawn:
            draw = self.luck.draw("exit", life)
            self.tell(ev.SpawnFailed(at=now, life=life, error=script.fails_to_spawn, u=draw))
            return
        self.exists, self._probing = True, {}
        if self.first_born < 0:
            self.first_born = now
        self.future.at(now, lambda: self.tell(ev.Spawned(at=now, life=life)))
        if script.run_s is not None and script.ends_by_itself:
            self.end(life, now + ns(script.run_s), script.exit, by="itself")
        for at_s, word in script.says:
            self.future.at(now + ns(at_s), lambda word=word: self.say(life, word))  # type: ignore[misc]

    def say(self, life: int, word: str) -> None:
        """Say a word, unless it hangs."""
        if self.lives(life) and not self.hangs:
            self.tell(news_of(word, at=self.future.now, life=life))

    def be_signalled(self, life: int, signal: str, to: str) -> None:
        """Die of SIGKILL; of another signal end as the script says, unless it hangs or does not listen."""
        script = self.script
        if to == "group" and self.hook_runs and not self.exists:
            self.future.at(self.future.now, lambda: self.be_emptied(life))
        if signal == "SIGKILL":
            self.end(life, self.future.now, signal, by="kill")
        elif not self.hangs and script.on_term != "deaf" and signal not in script.ignores:
            at = self.future.now + ns(script.stop_takes_s)
            how = signal if script.stop_exit is None else script.stop_exit
            if script.on_term == "drain":
                self.drain(self, lambda: self.end(life, max(at, self.future.now), how, by="request"))
            else:
                self.end(life, at, how, by="request")

    def end(self, life: int, at: int, how: int | str, by: str) -> None:
        """End the process of a life at an instant, if it exists then, by "itself", by "request" or by "kill"."""
        code, signal = parse_exit(how)

        def ended() -> None:
            if not self.lives(life) or (by == "request" and self.hangs):
                return
            for kind, probing in self._probing.items():
                probing.close()
                self._tallies[kind] = probing.tally
            self.exists = False
            draw = self.luck.draw("exit", life)
            cause, core = (self.script.cause, self.script.dumps_core) if by == "itself" else (None, False)
            self.tell(ev.Exited(at=at, life=life, code=code, signal=signal, u=draw, cause=cause, core=core))

        self.future.at(at, ended)

    def run_hook(self, life: int, hook: str) -> None:
        """Run a hook of the stop plan, or of what follows an end; it is over when it is over, or when its phase is."""
        takes_s, code = self.script.hooks.get(hook, (self.script.hook_takes_s, 0))
        self.hook_runs = True
        if takes_s is None:
            return
        at, plan, phase = self.future.now + ns(takes_s), self.instance.life.plan, self.instance.life.phase

        def done() -> None:
            stop = self.instance.life
            if life == self.instance.number and stop.plan is plan and stop.phase == phase and self.hook_runs:
                self.hook_runs = False
                self.tell(ev.HookDone(at=at, life=life, code=code))

        self.future.at(at, done)

    def be_emptied(self, life: int) -> None:
        """End a hook that was signalled after the end of the process: nothing of its group remains."""
        if life == self.instance.number and self.hook_runs:
            self.hook_runs = False
            self.tell(ev.Emptied(at=self.future.now, life=life))

    # --- its probes

    def be_probed(self, kind: str, at_once: bool) -> None:
        """Begin a probe in this life: at once, or at the next tick since the very first birth."""
        settings = self.instance.unit.probes[kind]
        tally = new_life(settings, self._tallies[kind]) if kind in self._tallies else Tally.first(settings)
        self._probing[kind] = Probing(self, settings, tally, at_once)

    def verdict(self, kind: str) -> bool:
        """Return the present verdict; True for a probe that is not made."""
        return self._probing[kind].tally.good if kind in self._probing else True

    def answer(self, settings: ProbeSettings) -> tuple[Outcome, int]:
        """Return what a probe that begins now will see, and after how long (nanoseconds)."""
        patience = ns(settings.timeout_s)
        if self.hangs:
            return Outcome.FAILURE, patience
        health = self.script.health.get(settings.kind)
        if health is None:
            return Outcome.SUCCESS, 0
        present = [part for part in health if part.from_ns <= self.age] or [health[0]]
        if present[-1].latency_ns > patience:
            return Outcome.FAILURE, patience
        return present[-1].outcome, present[-1].latency_ns

    @property
    def facts(self) -> tuple[bool, bool, bool, bool]:
        """Alive, ready, draining, blocked by a dependency: what `lifecycle_view` asks for."""
        life = self.instance.life
        return self.exists, life.ready, self.instance.state is State.DRAINING, life.blocked_on is not None
