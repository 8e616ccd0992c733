"""One turn of the machine: the instance as it changes, the commands so far, and the moves the facts ask for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.drain import StopPlan
from lifecycle_kit.instance import Instance
from lifecycle_kit.restart import Memory
from lifecycle_kit.states import State, Trigger, move
from lifecycle_kit.units import ns

__all__ = ["ROUTED", "WORKING_STATES", "Turn"]

WORKING_STATES = frozenset({State.STARTING, State.READY, State.RUNNING, State.BLOCKED})
ROUTED = frozenset({State.READY, State.RUNNING})


class Turn:
    """The work of one step; every change of the instance goes through these few tools."""

    __slots__ = ("at", "commands", "instance")

    def __init__(self, instance: Instance, at: int) -> None:
        self.instance, self.at = instance, at
        self.commands: list[ev.Command] = []

    def go(self, trigger: Trigger, cause: str) -> None:
        """Follow the arrow of `trigger`, tell the trace, and open or close the route with the state."""
        source = self.instance.state
        target = move(source, trigger)
        self.instance = replace(self.instance, state=target)
        if target is not source:
            self.commands.append(ev.Moved(at=self.at, source=source, target=target, trigger=trigger, cause=cause))
        if (target in ROUTED) != (source in ROUTED):
            number = self.instance.number
            self.commands.append(ev.OpenRoute(life=number) if target in ROUTED else ev.CloseRoute(life=number))

    def facts(self, **changes: object) -> None:
        """Change facts of the present life."""
        self.instance = replace(self.instance, life=replace(self.instance.life, **changes))  # type: ignore[arg-type]

    def timer(self, name: str, after_ns: int) -> None:
        """Set a timer; a newer one of the same name makes the older one stale."""
        serial = self.instance.serial + 1
        timers = MappingProxyType({**self.instance.timers, name: serial})
        due = MappingProxyType({**self.instance.due, name: self.at + after_ns})
        self.instance = replace(self.instance, serial=serial, timers=timers, due=due)
        self.commands.append(ev.SetTimer(life=self.instance.number, name=name, serial=serial, after_ns=after_ns))

    def remember(self, memory: Memory) -> None:
        """Keep the policy's memory."""
        self.instance = replace(self.instance, memory=memory)

    def alert(self, alert: str, text: str) -> None:
        """Tell a person."""
        self.commands.append(ev.Alert(at=self.at, alert=alert, text=text))

    def extend(self, by_ns: int) -> None:
        """Let the timers of the present life fire no earlier than `by_ns` from now."""
        for name in self.instance.timers:
            if self.instance.due[name] < self.at + by_ns:
                self.timer(name, by_ns)

    def send(self, signal: str, to: str = "group") -> None:
        """Signal the life's process group, or its main process."""
        self.commands.append(ev.Signal(life=self.instance.number, signal=signal, to=to))

    @property
    def stop_plan(self) -> StopPlan:
        """How the present life is stopped: before its first readiness perhaps otherwise than later."""
        unit = self.instance.unit
        return unit.stop if self.instance.life.ready_ns is not None else unit.early_stop or unit.stop

    def note(self, request: str) -> None:
        """Let the policy take note of a request."""
        policy = self.instance.unit.policy
        self.remember(policy.on_request(self.instance.memory, request, self.at))

    def settle(self, cause: str) -> None:
        """Follow the facts of this life from arrow to arrow until they agree with the state."""
        while trigger := self.pulled():
            first_ready = trigger is Trigger.READY
            self.go(trigger, cause)
            if first_ready:
                self.first_ready()
            if trigger in (Trigger.READY, Trigger.UNBLOCKED) and not self.instance.unit.reports_work:
                self.facts(busy=True)
                cause = "at work as soon as it is ready"

    def pulled(self) -> Trigger | None:
        """Return the trigger that the facts of this life ask for, None if state and facts agree."""
        state, life = self.instance.state, self.instance.life
        free = life.ready and life.blocked_on is None
        if state is State.BLOCKED:
            return (Trigger.RESUMED if life.busy else Trigger.UNBLOCKED) if free else None
        if life.blocked_on is not None:
            return Trigger.DEPENDENCY_LOST
        if state is State.STARTING:
            return Trigger.READY if life.ready else None
        if not life.ready:
            return Trigger.READINESS_LOST
        if state is State.READY:
            return Trigger.WORK_TAKEN if life.busy else None
        return None if life.busy else Trigger.IDLE

    def first_ready(self) -> None:
        """Note the first readiness of this life and start the clock of its run limit."""
        unit = self.instance.unit
        if self.instance.life.ready_ns is None:
            self.facts(ready_ns=self.at)
            self.remember(unit.policy.on_ready(self.instance.memory, self.at))
            if unit.run_limit_s is not None:
                self.timer("run-limit", ns(unit.run_limit_s))
            if unit.watchdog_s is not None:
                self.timer("watchdog", ns(unit.watchdog_s))
