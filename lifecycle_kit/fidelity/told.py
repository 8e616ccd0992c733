"""Services that are told what to do by a command beside their supervisor: `sv`, `s6-svc`, `circusctl`.

`Told` is a watched instance to which a signal can be passed on as such a command does: the process takes it, and what
follows its end is up to the policy. `told` plays a stop, `seen` says what a recording of it would show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity.driving import Native, Watched, reaction, since
from lifecycle_kit.fidelity.predict import NotModelled
from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.states import State
from lifecycle_kit.units import ns

__all__ = ["CLOCK_S", "Told", "ask_up", "done_s", "ends_of", "finish_hook", "finish_option", "only", "seen", "told"]

# The atlas counts from the command, or from the first start; here that is this instant.
CLOCK_S = 60.0
LOOKS_ON_S = 3600.0


class Told(Watched):
    """An instance to which commands pass on signals."""

    def pass_on(self, signal: str) -> None:
        """Send the present process a signal, which is no request: nothing else changes."""
        self._perform(ev.Signal(life=self.instance.number, signal=signal))

    def note(self, state: str) -> None:
        """Write down a state that no event of the machine brought about."""
        if not self.states or self.states[-1][1] != state:
            self.states.append([self.now_s, state])


def told(
    unit: Unit, given: Mapping[str, Any], native: Native, command: Callable[[Told], None], more: Mapping[str, Any]
) -> Told:
    """Return an instance that had been up for a while when it was told something, long after that.

    Args:
        unit: under which rules.
        given: with `on_stop_signal`: how the process takes the stop signal.
        native: the state in the system's own words.
        command: what it was told.
        more: further attributes of its script.
    """
    service = Told(unit, [Script(**{**reaction(given), **more})], native)
    service.agenda.at(0, lambda: service.ask("start"))
    service.agenda.at(ns(CLOCK_S), lambda: command(service))
    service.agenda.run(ns(CLOCK_S + LOOKS_ON_S))
    return service


def only(actions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the one command that a stop is about; raises NotModelled if there are none or several."""
    if len(actions) != 1:
        raise NotModelled(f"{len(actions)} commands in one stop: only one at a time is predicted")
    return actions[0]


def ask_up(service: Told) -> None:
    """Ask for a start; raises NotModelled while ./finish runs: the core refuses what these supervisors remember."""
    life = service.instance.life
    if service.instance.state is State.DRAINING and life.end is not None and life.purpose == "stop":
        raise NotModelled("a start that is asked for while ./finish runs, which is then remembered")
    service.ask("start")


def seen(service: Told) -> dict[str, Any]:
    """Return what a case of the kind `stop` observes of a service: signals, its end, and whether it came back."""
    end = service.instance.last
    observed: dict[str, Any] = {
        "signals": since([entry[:2] for entry in service.signals], CLOCK_S),
        "exit": None if end is None else _how(end),
        "restarted": len(service.births) > 1,
    }
    if service.ends:
        observed["exit_s"] = service.ends[0] - CLOCK_S
    if observed["restarted"]:
        observed["restart_s"] = service.births[1] - CLOCK_S
    return observed


def done_s(service: Told, again: bool) -> float | None:
    """Return when it was down, ./finish included, or up again; seconds since the command, None if never."""
    if again:
        return service.births[1] - CLOCK_S if len(service.births) > 1 else None
    if service.instance.state not in (State.TERMINATED, State.FAILED):
        return None
    return service.trace.transitions[-1].at - CLOCK_S


def ends_of(service: Watched) -> list[Exit]:
    """Return how each life ended."""
    exits = (event for _, event in service.trace.events if isinstance(event, ev.Exited))
    return [Exit(code=event.code, signal=event.signal) for event in exits]


def finish_hook(policy: Mapping[str, Any], takes_s: float | None = None) -> dict[str, Any]:
    """Return the attribute of a script that says what ./finish does; `takes_s` if it was measured in this life."""
    finish = policy.get("finish")
    if finish is None:
        return {}
    return {"hooks": {"finish": (finish.get("takes_s", 0) if takes_s is None else takes_s, finish.get("exit", 0))}}


def finish_option(policy: Mapping[str, Any], lives: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the option that says how long ./finish takes in any of these lives at most; nothing if there is none."""
    finish = policy.get("finish")
    if finish is None:
        return {}
    measured = [life["finish_s"] for life in lives if life.get("finish_s") is not None]
    return {"finish": max([finish.get("takes_s", 0), *measured])}


def _how(end: Exit) -> int | str | None:
    return end.code if end.signal is None else end.signal
