"""Driving: one instance in virtual time, watched closely enough to write down what a recording of it would show.

`Watched` is the simulated instance of `simulate`, which notes what leaves no move in the trace: births, signals, and
the state in the system's own words. `lead` runs it through the lives and actions of a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Instance, Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import HAS_PROCESS, State
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns, seconds

__all__ = ["Action", "Watched", "lead", "script_of", "watch"]

Native = Callable[[Instance], str]
Action = Mapping[str, Any]

# Nobody records longer than this; a process that is still being restarted then goes on for ever.
LONGEST_S = 30 * 86_400.0
MOST_STARTS = 500


class Watched(Simulated):
    """A simulated instance and what a recording would show of it; all instants are seconds.

    Attributes:
        births: when each life began.
        ends: when each life ended, whatever came after the end.
        by_hand: numbers of the lives that a person asked for, the first one among them.
        ready: numbers of the lives that became ready.
        signals: `[t, signal]` sent by the supervisor.
        states: `[t, state]` in the system's own words, from the first change on.
        attempts: restarts that fell due, the refused ones among them.
        count: how many lives were given.
        gave_up: `(t, reason)` of each time that it was left for good.
    """

    def __init__(
        self, agenda: Agenda, unit: Unit, lives: Sequence[Script], native: Native | None = None, name: str = "unit"
    ) -> None:
        super().__init__(agenda, Trace(), name, unit, lives)
        self.births: list[float] = []
        self.ends: list[float] = []
        self.by_hand: set[int] = set()
        self.signals: list[list[Any]] = []
        self.states: list[list[Any]] = []
        self.ready: set[int] = set()
        self.attempts = 0
        self.count = len(lives)
        self.on_end: list[Callable[[int], None]] = []
        self._native = native or (lambda instance: instance.state.value)

    @property
    def now_s(self) -> float:
        """The present instant, seconds."""
        return seconds(self.agenda.now_ns)

    @property
    def gave_up(self) -> list[tuple[float, str]]:
        """When it was given up, and why."""
        return [(seconds(at), text) for at, _, kind, text in self.trace.alerts if kind == "gave-up"]

    def tell(self, event: ev.Event) -> None:
        """Hand in an event, and note what it changed."""
        number = self.instance.number
        if isinstance(event, ev.TimerFired) and event.name == "restart":
            self.attempts += 1
        ended = isinstance(event, ev.Exited | ev.SpawnFailed) and event.life == number
        if ended:
            self.ends.append(self.now_s)
        super().tell(event)
        if isinstance(event, ev.Request) and self.instance.number > number:
            self.by_hand.add(self.instance.number)
        if self.instance.life.ready_ns is not None:
            self.ready.add(self.instance.number)
        state = self._native(self.instance)
        if not self.states or self.states[-1][1] != state:
            self.states.append([self.now_s, state])
        if ended:
            for react in self.on_end:
                react(number)

    @property
    def beyond(self) -> bool:
        """Whether it has been started more often than lives were given."""
        return len(self.births) > self.count

    def restart_due_ns(self) -> int | None:
        """Return when the restart timer is due, None if none is running."""
        return self._restart_due if "restart" in self.instance.timers else None

    def _perform(self, command: ev.Command) -> None:
        match command:
            case ev.Spawn():
                self.births.append(self.now_s)
            case ev.Signal(signal=signal):
                self.signals.append([self.now_s, signal])
            case ev.SetTimer(name="restart", after_ns=after):
                self._restart_due = self.agenda.now_ns + after
        super()._perform(command)


def script_of(life: Mapping[str, Any], **more: Any) -> Script:
    """Return the script of one of the atlas' lives; `more` are further attributes of the script."""
    ready_s = life.get("ready_after_s")
    says = () if ready_s is None else ((ready_s, "ready"),)
    exit_ = life.get("exit")
    return Script(**{"run_s": life["run_s"], "exit": 1 if exit_ is None else exit_, "says": says, **more})


def watch(unit: Unit, script: Script, until_s: float, *, requests: Iterable[tuple[float, str]] = (),
          native: Native | None = None) -> Watched:  # fmt: skip
    """Return one instance after `until_s` seconds of one script; `requests` are `(t, request)`, beside the start."""
    watched = Watched(Agenda(), unit, [script], native)
    for at_s, request in [(0.0, "start"), *requests]:
        watched.agenda.at(ns(at_s), lambda request=request: watched.ask(request))  # type: ignore[misc]
    watched.agenda.run(ns(until_s))
    return watched


def lead(
    unit: Unit, given: Mapping[str, Any], *, scripts: Sequence[Script] | None = None,
    requests: Mapping[str, str] | None = None, native: Native | None = None,
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
    """
    lives = scripts or [script_of(life) for life in given["lives"]]
    watched = Watched(Agenda(), unit, lives, native)
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
    """Have done what a person did after this life: at its time, but after the end and before the next start."""
    now = watched.agenda.now_ns
    due = watched.restart_due_ns()
    for action in actions:
        if action.get("after_life") == number:
            at = max(ns(action["t"]), now)
            at = at if due is None else max(now, min(at, due - 1))
            watched.agenda.at(at, lambda word=words[action["do"]]: watched.ask(word))  # type: ignore[misc]


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
