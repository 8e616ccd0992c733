"""Driving: one instance in virtual time, watched closely enough to write down what a recording of it would show.

`Watched` is the simulated instance of `simulate`, which notes what leaves no move in the trace: births, signals, and
the state in the system's own words. `lead` runs it through the lives and actions of a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Instance, Unit
from lifecycle_kit.restart import Go
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import ns, seconds

__all__ = ["Action", "Watched", "lead", "reaction", "restarts", "script_of", "since", "watch"]

Native = Callable[[Instance], str]
Passed = Mapping[tuple[State, State], str]
Action = Mapping[str, Any]

# Nobody records longer than this; a process that is still being restarted then goes on for ever.
LONGEST_S = 10 * 365 * 86_400.0
MOST_STARTS = 500
STOP_SIGNALS = frozenset({"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"})


class Watched(Simulated):
    """A simulated instance and what a recording would show of it; all instants are seconds.

    Attributes:
        births: when each life began.
        ends: when each life ended, whatever came after the end.
        by_hand: numbers of the lives that a person asked for, the first one among them.
        ready: numbers of the lives that became ready.
        signals: `[t, signal, to]` sent by the supervisor; `to` is "group" or "main".
        states: `[t, state]` in the system's own words, from the first change on.
        hooks: `(t, hook, what)` for the "start" and the "exit" of each hook.
        planned: the waits before restarts as they were announced, seconds.
        attempts: restarts that fell due, the refused ones among them.
        count: how many lives were given.
        gave_up: `(t, reason)` of each time that it was left for good.
        refused: `(t, answer)` of each start by hand that was refused.
    """

    def __init__(
        self, unit: Unit, lives: Sequence[Script], native: Native | None = None, *, passed: Passed | None = None,
        agenda: Agenda | None = None, trace: Trace | None = None, name: str = "unit", spawn_s: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(agenda or Agenda(), trace or Trace(), name, unit, lives, spawn_s=spawn_s)
        self.births: list[float] = []
        self.ends: list[float] = []
        self.by_hand: set[int] = set()
        self.signals: list[list[Any]] = []
        self.states: list[list[Any]] = []
        self.ready: set[int] = set()
        self.attempts = 0
        self.count = len(lives)
        self.on_end: list[Callable[[int], None]] = []
        self.hooks: list[tuple[float, str, str]] = []
        self.refused: list[tuple[float, str]] = []
        self.planned: list[float] = []
        self._native, self._passed = native or (lambda instance: instance.state.value), passed or {}

    @property
    def now_s(self) -> float:
        """The present instant, seconds."""
        return seconds(self.agenda.now_ns)

    @property
    def gave_up(self) -> list[tuple[float, str]]:
        """When it was given up, or a start by hand was refused, and why."""
        alerts = [(seconds(at), text) for at, _, kind, text in self.trace.alerts if kind == "gave-up"]
        return sorted([*alerts, *self.refused])

    def tell(self, event: ev.Event) -> None:
        """Hand in an event, and note what it changed."""
        number = self.instance.number
        if isinstance(event, ev.TimerFired) and event.name == "restart":
            self.attempts += 1
        ended = isinstance(event, ev.Exited | ev.SpawnFailed) and event.life == number
        if ended:
            self.ends.append(self.now_s)
        if isinstance(event, ev.HookDone) and event.life == number:
            self.hooks.append((self.now_s, self._phase, "exit"))
        seen = len(self.trace.entries)
        super().tell(event)
        if isinstance(event, ev.Request) and self.instance.number > number:
            self.by_hand.add(self.instance.number)
        if self.instance.life.ready_ns is not None:
            self.ready.add(self.instance.number)
        moves = [entry for entry in self.trace.entries[seen:] if isinstance(entry, Transition)]
        through = [self._passed.get((move.source, move.target)) for move in moves if move.instance == self.name]
        for state in [*through, self._native(self.instance)]:
            if state is not None and (not self.states or self.states[-1][1] != state):
                self.states.append([self.now_s, state])
        if ended:
            for react in self.on_end:
                react(number)

    @property
    def beyond(self) -> bool:
        """Whether it has been started more often than lives were given."""
        return len(self.births) > self.count

    def restart_due_ns(self) -> int | None:
        """Return when the next restart is due, None if none is planned."""
        return self.instance.due["restart"] if self.instance.state is State.BACKOFF else None

    def would_start(self, at_ns: int) -> bool:
        """Return whether the policy would allow the restart that is due at this instant."""
        _, answer = self.instance.unit.policy.on_start(self.instance.memory, at_ns, False)
        return isinstance(answer, Go)

    def ask(self, request: str) -> None:
        """Hand in a request now, and note a start that is refused because a limit was reached."""
        before = len(self.refusals)
        super().ask(request)
        self.refused += [(self.now_s, str(refusal)) for refusal in self.refusals[before:] if request == "start"]

    @property
    def _phase(self) -> str:
        life = self.instance.life
        return "" if life.plan is None else life.plan.phases[life.phase].name

    def _perform(self, command: ev.Command) -> None:
        match command:
            case ev.Spawn():
                self.births.append(self.now_s)
            case ev.Signal(signal=signal, to=to):
                self.signals.append([self.now_s, signal, to])
            case ev.SetTimer(name="restart", after_ns=after):
                self.planned.append(seconds(after))
            case ev.RunHook(hook=hook):
                self.hooks.append((self.now_s, hook, "start"))
        super()._perform(command)


def script_of(life: Mapping[str, Any], **more: Any) -> Script:
    """Return the script of one of the atlas' lives; `more` are further attributes of the script."""
    ready_s = life.get("ready_after_s")
    says = () if ready_s is None else ((ready_s, "ready"),)
    exit_ = life.get("exit")
    return Script(**{"run_s": life["run_s"], "exit": 1 if exit_ is None else exit_, "says": says, **more})


def reaction(given: Mapping[str, Any], key: str = "on_stop_signal") -> dict[str, Any]:
    """Return the attributes of a script that say how a process takes a stop signal: exits, ignores, default-action."""
    how = given.get(key) or {}
    if how.get("reaction") == "ignores":
        return {"ignores": STOP_SIGNALS}
    if how.get("reaction") == "exits":
        return {"stop_exit": how.get("exit", 0), "stop_takes_s": how.get("takes_s", 0)}
    return {}


def watch(
    unit: Unit, script: Script, until_s: float, *, requests: Iterable[tuple[float, str]] = (), spawn_s: float = 0.0,
    native: Native | None = None, passed: Passed | None = None,
) -> Watched:  # fmt: skip
    """Return one instance after `until_s` seconds of a script that repeats; `requests` are `(t, request)`."""
    watched = Watched(unit, [script], native, passed=passed, spawn_s=spawn_s)
    for at_s, request in [(0.0, "start"), *requests]:
        watched.agenda.at(ns(at_s), lambda request=request: watched.ask(request))  # type: ignore[misc]
    watched.agenda.run(ns(until_s))
    return watched


def since(entries: Iterable[Sequence[Any]], start_s: float) -> list[list[Any]]:
    """Return the entries `[t, ...]` from `start_s` on, with times counted from there.

    >>> since([(0.0, "running"), (10.0, "stopping"), (10.5, "dead")], 10)
    [[0.0, 'stopping'], [0.5, 'dead']]
    """
    return [[round(entry[0] - start_s, 9), *entry[1:]] for entry in entries if entry[0] >= start_s]


def lead(
    unit: Unit, given: Mapping[str, Any], *, scripts: Sequence[Script] | None = None,
    requests: Mapping[str, str] | None = None, native: Native | None = None, passed: Passed | None = None,
    spawn_s: float = 0.0,
) -> Watched:  # fmt: skip
    """Return one instance after the lives and actions of a case of the kind `restart`.

    It ends with the first start for which no life is given, at `until_s` if the last life repeats, or when nothing
    more happens.

    Args:
        unit: under which rules.
        given: with `lives`, `repeat_last`, `until_s` and perhaps `actions`.
        scripts: what the lives do, where `run_s`, `exit` and `ready_after_s` do not say it all.
        requests: what the actions mean as requests to `step`, by `do`; those that are missing are no requests.
        native: the state in the system's own words.
        passed: states that are only passed through, by the two states of the move.
        spawn_s: what a start costs, seconds; a birth is when it begins.
    """
    lives = scripts or [script_of(life) for life in given["lives"]]
    watched = Watched(unit, lives, native, passed=passed, spawn_s=spawn_s)
    words = {"start": "start", "stop": "stop", **(requests or {})}
    actions = [action for action in given.get("actions", ()) if action["do"] in words]
    watched.agenda.at(0, lambda: watched.ask("start"))
    for action in actions:
        if "after_life" not in action:
            watched.agenda.at(ns(action["t"]), lambda word=words[action["do"]]: watched.ask(word))  # type: ignore[misc]
    watched.on_end.append(lambda number: _after_life(watched, actions, words, number))
    repeats = given.get("repeat_last", False)
    until_ns = ns(given["until_s"] if repeats and given.get("until_s") is not None else LONGEST_S)
    most = MOST_STARTS if repeats else len(lives)
    while len(watched.births) <= most and watched.agenda.one(until_ns):
        pass
    return watched


def _after_life(watched: Watched, actions: Sequence[Action], words: Mapping[str, str], number: int) -> None:
    """Have done what a person did after this life: in order, each at its time, and before the next start if one comes.

    Recorded waits are longer than planned ones, so an action may seem to come too late; but nothing comes of a start
    that will be refused or that was called off.
    """
    due = [action for action in actions if action.get("after_life") == number]

    def proceed() -> None:
        if not due:
            return
        action, now = due.pop(0), watched.agenda.now_ns
        at, start_ns = max(ns(action["t"]), now), watched.restart_due_ns()
        if start_ns is not None and watched.would_start(start_ns):
            at = max(now, min(at, start_ns - 1))

        def act() -> None:
            watched.ask(words[action["do"]])
            proceed()

        watched.agenda.at(at, act)

    proceed()


def restarts(watched: Watched, limit: str = "") -> dict[str, Any]:
    """Return what every case of the kind `restart` observes, `final` apart.

    Args:
        watched: after `lead`.
        limit: a word in the reason of giving up that says that a limit was reached; "" if there is no limit.
    """
    births, ends = watched.births, watched.ends
    delays = [
        None if number + 1 in watched.by_hand else round(birth - end, 9)
        for number, (birth, end) in enumerate(zip(births[1:], ends, strict=False), start=1)
    ]
    limits = [at for at, reason in watched.gave_up if limit and limit in reason]
    observed = {
        "starts_s": births,
        "starts_total": len(births),
        "delays_s": delays,
        "gave_up": bool(limits),
        "still_restarting": _still_restarting(watched),
        "restarts_count": len(births) - len(watched.by_hand),
    }
    if limits:
        observed |= {"gave_up_s": limits[0], "gave_up_times_s": limits}
    return observed


def _still_restarting(watched: Watched) -> bool:
    """Tell whether the run was cut off while restarts went on: in a wait, or in a life that would end."""
    if watched.instance.state is State.BACKOFF:
        return True
    return watched.instance.state in HAS_PROCESS and (watched.script.run_s is not None or watched.beyond)
