"""The virtual-time driver: `step` on an agenda, with scripts in place of processes.

Only what really happens is on the agenda: probes are arithmetic (`health.next_change`) until a verdict changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Cause, parse_exit
from lifecycle_kit.health import Segment
from lifecycle_kit.instance import Unit, create
from lifecycle_kit.machine import step
from lifecycle_kit.replay import record
from lifecycle_kit.simulate import dice
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.probing import Probing
from lifecycle_kit.simulate.script import Script, cut_off, news_of
from lifecycle_kit.states import HAS_PROCESS, RequestRefused
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, seconds

__all__ = ["Lives", "Simulated", "simulate"]

MERCILESS = frozenset({"SIGKILL", "SIGABRT"})  # a child that ignores requests does not ignore these
Lives = Sequence[Script] | Callable[[float], Script]
"""What the lives of one instance do: one script after the other, or a function of the second of a life's birth."""


class Simulated:
    """One simulated instance on an agenda that it may share with others.

    Attributes:
        name: in the trace.
        instance: how it stands.
        alive: whether its process exists.
        remains: whether a child of a process that has ended still exists.
        born_ns: when the present life began.
        refusals: answers to requests that were refused, in order.
    """

    def __init__(
        self, agenda: Agenda, trace: Trace, name: str, unit: Unit, lives: Lives, seed: int = 0,
        spawn_s: float = 0.0,
    ) -> None:  # fmt: skip
        if not callable(lives) and not lives:
            raise ValueError(f"{name!r} needs at least one life; the last one given repeats")
        self.agenda, self.trace, self.name = agenda, trace, name
        self.instance, self.alive, self.born_ns = create(unit), False, 0
        self.remains = False
        self._left_alone = True  # no signal has reached the child that would outlive the process
        self._hook_runs = False
        self.refusals: list[RequestRefused] = []
        self._lives = lives if callable(lives) else tuple(lives)
        self._seed, self._spawn_ns = seed, ns(spawn_s)
        self._script: tuple[tuple[int, int], Script] | None = None
        self._hung_ns: int | None = None
        self.probing = Probing(agenda, self.target, self._verdict)

    @property
    def script(self) -> Script:
        """The script of the present life; the last one of a sequence repeats."""
        key = (self.instance.number, self.born_ns)
        if self._script is None or self._script[0] != key:
            self._script = key, self.script_of(max(self.instance.number, 1))
        return self._script[1]

    def script_of(self, life: int) -> Script:
        """Return the script of life number `life`, which was born just now."""
        if callable(self._lives):
            return self._lives(seconds(self.born_ns))
        return self._lives[min(life, len(self._lives)) - 1]

    @property
    def hung(self) -> bool:
        """Whether the process answers nothing any more and dies only of SIGKILL."""
        after_s = self.script.hangs_after_s
        return self._hung_ns is not None or (after_s is not None and self.agenda.now_ns - self.born_ns >= ns(after_s))

    def hang(self) -> None:
        """Have the process hang from now on, whatever its script says."""
        if self.alive and not self.hung:
            self._hung_ns = self.agenda.now_ns
            self.probing.look_again()

    def target(self, probe: str) -> Sequence[Segment]:
        """Return what a probe of this kind sees in the present life, at absolute instants."""
        seen = self.script.target(probe, self.born_ns)
        return seen if self._hung_ns is None else cut_off(seen, self._hung_ns)

    def ask(self, request: str) -> None:
        """Hand in a request now; a refusal is kept in `refusals` and ends nothing."""
        try:
            self.tell(ev.Request(at=self.agenda.now_ns, request=request))
        except RequestRefused as refusal:
            self.refusals.append(refusal)

    def tell(self, event: ev.Event) -> None:
        """Hand in an event and carry out what `step` commands."""
        self.instance, commands = step(self.instance, event)
        self._record(event, commands)
        for command in commands:
            self._perform(command)

    def _record(self, event: ev.Event, commands: Sequence[ev.Command]) -> None:
        record(self.trace, self.name, event, commands)

    def living(self, life: int) -> bool:
        """Tell whether the process of `life` still exists."""
        return self.alive and life == self.instance.number

    def verdict(self, probe: str) -> bool:
        """Return the present verdict of a probe; True for one that is not made."""
        return self.probing.verdict(probe)

    def _verdict(self, probe: str, good: bool) -> None:
        self.tell(ev.Probed(at=self.agenda.now_ns, life=self.instance.number, probe=probe, good=good))

    def _perform(self, command: ev.Command) -> None:
        now = self.agenda.now_ns
        match command:
            case ev.Spawn(life=life):
                self.probing.forget()  # of a process that was left to itself
                self.agenda.after(self._spawn_ns, lambda: self._spawn(life))
            case ev.Signal(life=life, signal=signal, to=to):
                self._signal(life, signal, to)
            case ev.SetTimer(life=life, name=name, serial=serial, after_ns=after):
                due = ev.TimerFired(at=now + after, life=life, name=name, serial=serial)
                self.agenda.at(due.at, lambda: self._timer(due))
            case ev.WatchProbe(probe=probe, now=at_once):
                self.probing.watch(self.instance.unit.probes[probe], at_once)
            case ev.RunHook(life=life, hook=hook):
                self._run_hook(life, hook)

    def _timer(self, due: ev.TimerFired) -> None:
        # `step` would drop a stale timer too; leaving it out keeps traces short.
        if self.instance.timers.get(due.name) == due.serial:
            self.tell(due)

    def _later(self, event: ev.News) -> None:
        """Have the process say `event` at its instant if it still can."""

        def tell() -> None:
            if self.living(event.life) and self._hung_ns is None:
                self.tell(event)  # type: ignore[arg-type]

        self.agenda.at(event.at, tell)

    def _run_hook(self, life: int, hook: str) -> None:
        takes_s, code = self.script.hooks.get(hook, (self.script.hook_takes_s, 0))
        self._hook_runs = True
        if takes_s is None:
            return
        done = ev.HookDone(at=self.agenda.now_ns + ns(takes_s), life=life, code=code)
        plan, phase = self.instance.life.plan, self.instance.life.phase

        def tell() -> None:
            now = self.instance.life
            if life == self.instance.number and now.plan is plan and now.phase == phase and self._hook_runs:
                self._hook_runs = False
                self.tell(done)

        self.agenda.at(done.at, tell)

    # --- the process

    def _spawn(self, life: int) -> None:
        if life != self.instance.number or self.instance.state not in HAS_PROCESS:
            return
        now = self.born_ns = self.agenda.now_ns
        script = self.script
        if script.fails_to_spawn:
            self.tell(ev.SpawnFailed(at=now, life=life, error=script.fails_to_spawn, u=self.draw("exit", life)))
            return
        self.alive = self._left_alone = True
        self._hung_ns = None
        self.probing.born()
        # Its end goes on the agenda before the timers that its birth sets: at equal times an exit comes first.
        self.agenda.at(now, lambda: self.tell(ev.Spawned(at=now, life=life)))
        if script.run_s is not None and script.ends_by_itself:
            self.end(life, now + ns(script.run_s), script.exit, script.cause, script.dumps_core)
        for at_s, word in script.says:
            if script.hangs_after_s is None or at_s < script.hangs_after_s:
                self._later(news_of(word, at=now + ns(at_s), life=life))  # type: ignore[arg-type]

    def end(
        self, life: int, at_ns: int, how: int | str, cause: Cause | None = None, core: bool = False, alone: bool = True
    ) -> None:
        """Have the process of `life` end at `at_ns` with an exit code or by a signal, unless it ended before.

        Args:
            life: its number.
            at_ns: when.
            how: exit code or signal.
            cause: who brought it about, if known.
            core: whether it leaves a core dump.
            alone: whether a child may outlive it; not if its whole group is killed.
        """
        code, signal = parse_exit(how)

        def ended() -> None:
            if not self.living(life) or (self._hung_ns is not None and signal not in MERCILESS):
                return
            self.alive, self.remains = False, alone and self._left_alone and self.script.leaves_child != ""
            self.probing.ended()
            draw = self.draw("exit", life)
            self.tell(
                ev.Exited(
                    at=at_ns, life=life, code=code, signal=signal, u=draw, cause=cause, core=core, remains=self.remains
                )
            )

        self.agenda.at(at_ns, ended)

    def _signal(self, life: int, signal: str, to: str) -> None:
        now, script = self.agenda.now_ns, self.script
        if to != "main" and (signal in MERCILESS or script.leaves_child != "deaf"):
            self._left_alone = False
            if self.remains or (self._hook_runs and not self.alive):
                self.agenda.at(now, lambda: self._emptied(life))
        if signal == "SIGKILL":
            self.end(life, now, signal, alone=to == "main")
        elif not self.hung and script.on_term != "deaf" and signal not in script.ignores:
            self.on_term(
                life, now + ns(script.stop_takes_s), script.stop_exit if script.stop_exit is not None else signal
            )

    def _emptied(self, life: int) -> None:
        if life == self.instance.number and (self.remains or self._hook_runs):
            self.remains = self._hook_runs = False
            self.tell(ev.Emptied(at=self.agenda.now_ns, life=life))

    def on_term(self, life: int, at_ns: int, how: int | str) -> None:
        """React to the stop signal: end at `at_ns`. A fleet waits for the work in flight as well."""
        self.end(life, at_ns, how)

    def draw(self, purpose: str, count: int) -> float:
        """Return the uniform draw with this address: other instances and purposes do not change it."""
        return dice.draw_of(self._seed, self.name, purpose, count)


def simulate(
    unit: Unit,
    lives: Lives | Script,
    until_s: float = 600.0,
    *,
    requests: Iterable[tuple[float, str]] = (),
    name: str = "worker",
    seed: int = 0,
    spawn_s: float = 0.0,
    header: dict[str, Any] | None = None,
) -> Trace:
    """Return the trace of one instance over `until_s` seconds of virtual time, that instant included.

    Args:
        unit: how it is supervised, for example `like("kubernetes")`.
        lives: what its process does, life by life; the last one repeats. Or a function that is given the second
            at which a life begins, for a world that changes: a queue that is back at 45 s.
        until_s: end of the run, seconds.
        requests: `(at_s, request)` beside the start at 0: "stop", "restart", "start", "kill", "reset".
        name: of the instance in the trace.
        seed: of every draw; the same seed gives the same trace.
        spawn_s: what a spawn costs, seconds.
        header: more keys for the header of the trace.

    >>> from lifecycle_kit import like
    >>> from lifecycle_kit.trace import starts
    >>> starts(simulate(like("kubernetes"), Script(run_s=0), until_s=160).transitions)
    [0.0, 0.0, 10.0, 30.0, 70.0, 150.0]
    """
    agenda = Agenda()
    trace = Trace(header={"made_by": "simulate", "until_ns": ns(until_s), "seed": seed, **(header or {})})
    lives = [lives] if isinstance(lives, Script) else lives
    simulated = Simulated(agenda, trace, name, unit, lives, seed, spawn_s)
    agenda.at(0, lambda: simulated.ask("start"))
    for at_s, request in requests:
        agenda.at(ns(at_s), lambda request=request: simulated.ask(request))  # type: ignore[misc]
    agenda.run(ns(until_s))
    return trace
