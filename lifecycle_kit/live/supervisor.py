"""The real-time driver: `step` on the clock of this machine, with real processes.

Its one rule: no child outlives it. Leaving the `async with` block, in whatever way, kills and reaps
every child; should this very process be killed, the sentinel does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

from lifecycle_kit.group import Member, form
from lifecycle_kit.instance import Instance
from lifecycle_kit.live.keeper import Keeper
from lifecycle_kit.live.owner import Owner
from lifecycle_kit.live.program import Program
from lifecycle_kit.live.watch import HAS_PIDFD
from lifecycle_kit.states import State
from lifecycle_kit.trace import Trace, Transition
from lifecycle_kit.units import seconds

__all__ = ["Supervisor"]


class Supervisor:
    """Real programs under supervision, as long as the `async with` block lasts.

    Args:
        programs: by name, in start order; each after those it waits for.
        strategy: what the end of one means for the others; see `lifecycle_kit.group`.
        seed: of every draw.
        header: more keys for the header of the trace.
        on_transition: called with each transition.
        on_line: called with the name and each log line.
        pidfd: False makes threads wait for ends, as on systems without pidfd.

    Attributes:
        trace: everything that happened.

    Raises:
        NotPosix: when opened on a system without process groups.
        SpawnFailed: when opened, if the sentinel cannot be started.
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        *,
        strategy: str = "one_for_one",
        seed: int = 0,
        header: Mapping[str, Any] | None = None,
        on_transition: Callable[[Transition], None] | None = None,
        on_line: Callable[[str, str], None] | None = None,
        pidfd: bool = HAS_PIDFD,
    ) -> None:
        self._programs, self._seed, self._pidfd = dict(programs), seed, pidfd
        self.trace = Trace(header={"made_by": "live", "seed": seed, **(header or {})})
        members = {name: Member(unit=p.unit, after=p.after) for name, p in programs.items()}
        self._owner = Owner(form(members, strategy), self.trace, on_transition)
        self._on_line = on_line

    def __getitem__(self, name: str) -> Instance:
        """Return how the instance called `name` stands; KeyError names those there are."""
        self._know(name)
        return self._owner.group.instances[name]

    def state(self, name: str) -> State:
        """Return the state of the instance called `name`."""
        return self[name].state

    def keeper(self, name: str) -> Keeper:
        """Return the process side of an instance: `pid`, `port`, `lines`, `routed`."""
        self._know(name)
        self._must_be_opened()
        return self._owner.keepers[name]

    @property
    def now_s(self) -> float:
        """Seconds since it was opened."""
        return seconds(self._owner.now_ns)

    # --- what people ask

    async def start(self) -> None:
        """Start every program; those that wait for others follow when these are ready.

        Raises:
            RequestRefused: if one of them has been started already.
        """
        await self._ask(None, "start")

    async def ask(self, name: str, request: str) -> None:
        """Ask for "start", "stop", "restart", "kill" or "reset"; return once that is under way.

        Raises:
            RequestRefused: if the state does not allow it; says what is allowed, and ends nothing.
            KeyError: if there is no such instance.
        """
        self._know(name)
        await self._ask(name, request)

    async def _ask(self, name: str | None, request: str) -> None:
        self._must_be_open()
        answer = asyncio.get_running_loop().create_future()
        self._owner.request(name, request, answer)
        # Not the answer alone: should the owner fail, nobody would give one.
        await self.until(lambda _: answer.done())
        answer.result()

    async def until(self, condition: Callable[[Supervisor], object], timeout_s: float | None = None) -> None:
        """Return once `condition(supervisor)` is true; it is asked after each event.

        Raises:
            TimeoutError: after `timeout_s` seconds, saying how the instances stand.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(self):
                    self._must_be_open()
                    await self._owner.pulse.wait()
        except TimeoutError:
            stand = ", ".join(f"{name} is {self.state(name).value}" for name in self._programs)
            raise TimeoutError(f"not within {timeout_s} s: {stand}") from None

    async def run(
        self,
        until: Callable[[Supervisor], object] | float,
        *,
        requests: Iterable[tuple[float, str, str]] = (),
    ) -> Trace:
        """Start everything, go on until a condition or for some seconds, and return the trace.

        Args:
            until: a condition as for the method of that name, or seconds.
            requests: `(at_s, instance, request)`; what is refused then is only recorded.
        """
        async with self:
            await self.start()
            for at_s, name, request in requests:
                self._know(name)
                put = partial(self._owner.request, name, request)
                asyncio.get_running_loop().call_later(at_s - self.now_s, put)
            if callable(until):
                await self.until(until)
            else:
                await self.until(lambda _: self.now_s >= until)
        return self.trace

    # --- opening and closing

    def open(self) -> None:
        """Begin to supervise on the running loop; nothing is started yet."""
        self._owner.open(self._programs, seed=self._seed, pidfd=self._pidfd)
        if self._on_line is not None:
            for name, keeper in self._owner.keepers.items():
                listener = partial(self._on_line, name)
                keeper.on_line = partial(self._owner.attempt, listener)

    def close(self) -> None:
        """Kill and reap every child, and note how they ended; a second call does nothing."""
        self._owner.close()

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        failures = await self._owner.failures()
        if error is None and failures:
            raise failures[0]

    # --- what must hold

    def _know(self, name: str) -> None:
        if name not in self._programs:
            known = ", ".join(self._programs)
            raise KeyError(f"no instance is called {name!r} here; there are {known}")

    def _must_be_opened(self) -> None:
        if not self._owner.keepers:
            raise RuntimeError("this supervisor is not open yet: use `async with supervisor:`")

    def _must_be_open(self) -> None:
        self._owner.raise_failure()
        self._must_be_opened()
        if not self._owner.is_open:
            raise RuntimeError("this supervisor is closed: its children are gone; make another one")
