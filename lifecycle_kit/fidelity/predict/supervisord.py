"""What supervisord would do: restarts, stops, single moves of its state machine, and the end of a group."""

from __future__ import annotations

from typing import Any

from lifecycle_kit import events as ev
from lifecycle_kit.exits import parse_exit
from lifecycle_kit.fidelity.driving import lead, reaction, restarts, since, watch
from lifecycle_kit.fidelity.predict import Given, NotModelled, Observed, Predictor
from lifecycle_kit.instance import create
from lifecycle_kit.machine import step
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems import like
from lifecycle_kit.systems.supervisord import (
    NO_FILE,
    STARTABLE,
    STOPPABLE,
    exit_status,
    given_up_by_stop_all,
    state_of,
)

__all__ = ["FAMILIES"]


def _restarts(given: Given) -> Observed:
    run = lead(like("supervisord", given.get("policy", {})), given, native=state_of)
    observed = restarts(run, limit="FATAL")
    observed["final"] = run.states[-1][1]
    startsecs = float(given.get("policy", {}).get("startsecs", 1))
    ages = [round(end - birth, 9) for birth, end in zip(run.births, run.ends, strict=False)]
    # One that ends exactly at startsecs is RUNNING for the moment in which it is found to be old enough.
    old = {number for number, age_s in enumerate(ages, start=1) if age_s >= startsecs}
    observed["reached_running"] = [number in run.ready | old for number in range(1, len(run.births) + 1)]
    return observed


def _stop(given: Given) -> Observed:
    asked_s = 100.0
    unit = like("supervisord", given.get("policy", {}))
    run = watch(unit, Script(**reaction(given)), 3600, requests=[(asked_s, "stop")], native=state_of)
    last = run.instance.last
    observed: Observed = {
        "signals": [entry[:2] for entry in since(run.signals, asked_s)],
        "exit": None if last is None else last.code if last.signal is None else last.signal,
        "final": run.states[-1][1],
        "restarted": len(run.births) > 1,
    }
    return observed | ({"exit_s": run.ends[0] - asked_s} if run.ends else {})


# --- single moves: `step`, event by event


class _Program:
    """One program that is handed its events one by one; `lived` is whether it has outlived startsecs."""

    def __init__(self, given: Given) -> None:
        options: dict[str, Any] = {"autorestart": given.get("autorestart", "unexpected")}
        options |= {"startretries": 0} if given.get("retries_used_up") else {}
        self.instance = create(like("supervisord", options))
        self.signals: list[str] = []
        self._given, self._at = given, 0

    def tell(self, event: ev.Event) -> None:
        """Hand in one event."""
        self.instance, commands = step(self.instance, event)
        self.signals = [command.signal for command in commands if isinstance(command, ev.Signal)]
        if any(isinstance(command, ev.Spawn) for command in commands):
            life = self.instance.number
            missing = self._given.get("command_exists") is False
            failed = ev.SpawnFailed(at=self._at, life=life, error="no such file")
            self.tell(failed if missing else ev.Spawned(at=self._at, life=life))

    def ask(self, request: str) -> None:
        """Ask for something; what already runs is not started (ALREADY_STARTED), what does not is not stopped."""
        if state_of(self.instance) in {"start": STARTABLE, "stop": STOPPABLE}[request]:
            self.tell(ev.Request(at=self._at, request=request))

    def fire(self, name: str) -> None:
        """Let a timer be due, if it is running."""
        if name in self.instance.timers:
            self._at = self.instance.due[name]
            serial = self.instance.timers[name]
            self.tell(ev.TimerFired(at=self._at, life=self.instance.number, name=name, serial=serial))

    def end(self) -> None:
        """Let the process end the way that is given."""
        how = self._given.get("signal") or (0 if self._given.get("exit_in_exitcodes") else 1)
        code, signal = parse_exit(how)
        self.tell(ev.Exited(at=self._at, life=self.instance.number, code=code, signal=signal))


def _brought_to(before: str, given: Given) -> _Program:
    """Return a program in the state that the move starts from."""
    program = _Program(given)
    if before != "STOPPED" or given.get("ever_started"):
        program.ask("start")
    if before in ("RUNNING", "STOPPING", "EXITED"):
        program.fire("ready-after")
    if before in ("STOPPED", "STOPPING") and program.instance.number:
        program.ask("stop")
    if before in ("EXITED", "BACKOFF", "FATAL") or (before == "STOPPED" and program.instance.number):
        program.end()
    return program


# What the main loop looks at in each state, and the fact that makes it due.
PASSES = {
    "STARTING": ("ready-after", "lived_startsecs"),
    "BACKOFF": ("restart", "delay_over"),
    "STOPPING": ("stop", "stop_deadline_passed"),
}


def _move(given: Given) -> Observed:
    before, event = given.get("from", "RUNNING"), given["event"]
    program = _brought_to(before, given)
    program.signals = []
    # A clock that went back puts off all that waits, and lets a process that ends count as old enough.
    back, shutting_down = given.get("clock_went_back", False), given.get("supervisor") == "shutting-down"
    match event:
        case "start-request":
            program.ask("start")
        case "stop-request":
            program.ask("stop")
        case "process-ends":
            if before == "STARTING" and (given.get("lived_startsecs") or back):
                program.fire("ready-after")
            program.end()
        case "pass":
            _pass(program, before, given, starts=not shutting_down, back=back)
        case _:
            raise NotModelled(f"no single move by {event!r} is known here")
    after = state_of(program.instance)
    observed: Observed = {"to": after, "signals": program.signals}
    if event == "process-ends" and program.instance.last is not None:
        status = exit_status(program.instance.last)
        observed |= {"exitstatus": status, "expected": status == 0}
        observed |= {"via": "RUNNING"} if (before, after) == ("STARTING", "EXITED") else {}
    return observed


def _pass(program: _Program, before: str, given: Given, *, starts: bool, back: bool) -> None:
    timer, due = PASSES.get(before, ("restart", ""))
    if before == "STOPPED":
        if starts and given.get("autostart", True) and not given.get("ever_started"):
            program.ask("start")
    elif (not due or given.get(due)) and (starts or timer != "restart") and not back:
        program.fire(timer)


def _start_error(given: Given) -> Observed:
    if given.get("command_exists", True):
        raise NotModelled("only a command that does not exist is refused at once")
    return {"spawns": 0, "fault": NO_FILE}


def _stop_all(given: Given) -> Observed:
    """Stop a group: what runs is asked to stop, what waits for its next try is given up."""
    programs = {
        child["id"]: _brought_to(child["state"], {"retries_used_up": child["state"] == "FATAL"})
        for child in given["children"]
    }
    called, after = {}, {}
    for name, program in programs.items():
        called[name] = state_of(program.instance) in ("STARTING", "RUNNING")
        if given_up_by_stop_all(program.instance):
            after[name] = "FATAL"
        elif called[name]:
            program.ask("stop")
    return {"stop_called": called, "states_after": after}


FAMILIES: dict[tuple[str, str], Predictor] = {
    **{
        ("restart", family): _restarts
        for family in ("autorestart", "exitcodes", "start-retries", "start-retries-manual")
    },
    ("stop", "stop-timeout"): _stop,
    ("state", "process-state"): _move,
    ("state", "start-error"): _start_error,
    ("group", "stop-all"): _stop_all,
}
