"""One inbox, one owner: the loop of a supervisor.

Its one rule: whatever happens - an exit, a line, a timer, a verdict, a request - is put into the
inbox with its instant; one task takes it out, steps, and carries out the commands. So there are no
locks, time never runs back, and the trace's events, replayed, give the trace's transitions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial

from lifecycle_kit import events as ev
from lifecycle_kit.group import Group, Told, by_cause, group_step, start_all
from lifecycle_kit.live.keeper import Keeper
from lifecycle_kit.live.nursery import Nursery
from lifecycle_kit.live.program import Program
from lifecycle_kit.replay import record
from lifecycle_kit.states import HAS_PROCESS, RequestRefused
from lifecycle_kit.trace import Trace, Transition

__all__ = ["Owner"]

# An interrupt does not wake an idle loop: without a beat an interrupted cell would go on waiting.
_HEARTBEAT_S = 0.1
Answer = asyncio.Future[None]
Mail = tuple[str | None, ev.Event, Answer | None]


class Owner:
    """The group, its trace, and the one task that changes them.

    Args:
        group: not started yet.
        trace: to be written.
        on_transition: called with each transition, None for nobody.

    Attributes:
        group: how all instances stand.
        keepers: the process side of each instance.
        pulse: set for a moment after each event and ten times a second.
        is_open: between `open` and `close`.
    """

    def __init__(self, group: Group, trace: Trace, on_transition: Callable[[Transition], None] | None) -> None:
        self.group, self.trace, self._on_transition = group, trace, on_transition
        self.keepers: dict[str, Keeper] = {}
        self.pulse = asyncio.Event()
        self._inbox: asyncio.Queue[Mail | Exception] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._nursery: Nursery | None = None
        self._born_ns: int | None = None

    @property
    def now_ns(self) -> int:
        """Nanoseconds since it was opened."""
        return 0 if self._born_ns is None else time.monotonic_ns() - self._born_ns

    @property
    def is_open(self) -> bool:
        """Whether it supervises."""
        return self._nursery is not None

    def open(self, programs: Mapping[str, Program], *, seed: int, pidfd: bool) -> None:
        """Begin to supervise on the running loop; nothing is started yet."""
        if self._born_ns is not None:
            raise RuntimeError("a supervisor is opened once; make another one for another run")
        self._nursery = Nursery(pidfd=pidfd)
        self._born_ns = time.monotonic_ns()
        for name, program in programs.items():
            put, clock = partial(self._put, name), lambda: self.now_ns
            self.keepers[name] = Keeper(name, program, self._nursery, clock, put, seed)
        self._tasks = [
            asyncio.create_task(self._own()),
            asyncio.create_task(self._beat(self._nursery)),
        ]

    def request(self, name: str | None, request: str, answer: Answer | None = None) -> None:
        """Ask one instance, or all without a name; the answer comes to `answer`."""
        self._put(name, ev.Request(at=self.now_ns, request=request), answer)

    def _put(self, name: str | None, event: ev.Event, answer: Answer | None = None) -> None:
        self._inbox.put_nowait((name, event, answer))

    async def _own(self) -> None:
        try:
            while True:
                self._open_mail(await self._inbox.get())
                self._wake()
        finally:  # even if the whole loop is being taken down
            self.close()

    async def _beat(self, nursery: Nursery) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            nursery.check()
            self._wake()

    def _wake(self) -> None:
        self.pulse.set()
        self.pulse.clear()

    # --- one turn

    def _turn(self, name: str | None, event: ev.Event, answer: Answer | None = None) -> None:
        if self._is_stale(name, event):
            return
        try:
            self._carry_out(name, event)
        except RequestRefused as refusal:
            if name is not None:
                record(self.trace, name, event, ())
            if answer is not None and not answer.done():
                answer.set_exception(refusal)
        else:
            if answer is not None and not answer.done():
                answer.set_result(None)

    def _carry_out(self, name: str | None, event: ev.Event) -> None:
        self.group, told = self._step(name, event)
        self._write_down(name, event, told)
        for whom, command in told:
            if isinstance(command, ev.Moved) and self._on_transition is not None:
                self._on_transition(Transition.of(whom, command))
            self.keepers[whom].perform(command)

    def _is_stale(self, name: str | None, event: ev.Event) -> bool:
        """Return whether it is a timer that no longer counts: `step` would drop it as well."""
        if name is None or not isinstance(event, ev.TimerFired):
            return False
        return self.group.instances[name].timers.get(event.name) != event.serial

    def _step(self, name: str | None, event: ev.Event) -> tuple[Group, Told]:
        if name is None:
            return start_all(self.group, event.at)
        return group_step(self.group, name, event)

    def _write_down(self, name: str | None, event: ev.Event, told: Told) -> None:
        for whom, cause, commands in by_cause(told, event.at, None if name is None else (name, event)):
            record(self.trace, whom, cause, commands)

    # --- the end

    def close(self) -> None:
        """Kill and reap every child, and note how they ended; a second call does nothing."""
        nursery, self._nursery = self._nursery, None
        if nursery is None:
            return
        try:
            self._settle()
            for name, instance in self.group.instances.items():
                if instance.state in HAS_PROCESS:
                    self._turn(name, ev.Request(at=self.now_ns, request="kill"))
        finally:
            for keeper in self.keepers.values():
                keeper.rest()
            nursery.close()
            for task in self._tasks:
                task.cancel()
            try:
                self._settle()
            finally:  # a listener may raise each time: whoever waits must still wake up and learn of it
                self.trace.header["until_ns"] = self.now_ns
                self._wake()

    def _settle(self) -> None:
        while not self._inbox.empty():
            self._open_mail(self._inbox.get_nowait())

    def _open_mail(self, mail: Mail | Exception) -> None:
        if isinstance(mail, Exception):
            raise mail
        self._turn(*mail)

    async def failures(self) -> list[BaseException]:
        """Return what went wrong inside, once it is closed."""
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        return [end for end in ends if isinstance(end, Exception)]

    def raise_failure(self) -> None:
        """Raise what went wrong inside, if anything did."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    def attempt(self, listener: Callable[[str], None], line: str) -> None:
        """Call a listener; one that raises ends the supervisor, as any error inside does."""
        try:
            listener(line)
        except Exception as error:  # noqa: BLE001 - it is raised again, by the owner
            self._inbox.put_nowait(error)
