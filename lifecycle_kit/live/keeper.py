"""The hands of one instance: carries out what `step` commands, and brings back the news.

Its one rule: every piece of news carries the life it belongs to; whether it still matters is for
`step` to say, not for a keeper.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from functools import partial

from lifecycle_kit import events as ev
from lifecycle_kit.exits import Exit
from lifecycle_kit.live import notices
from lifecycle_kit.live.checks import Check, Target, look
from lifecycle_kit.live.errors import SpawnFailed
from lifecycle_kit.live.nursery import Nursery, Reared
from lifecycle_kit.live.prober import Prober
from lifecycle_kit.live.program import LIFE, Program
from lifecycle_kit.simulate.dice import draw_of
from lifecycle_kit.units import seconds

__all__ = ["Keeper"]

_KEEP_LINES = 1000
_HOOK_S = 3600.0  # the phase that runs the hook has its own limit


class Keeper:
    """What one program needs on the side of the operating system.

    Args:
        name: of the instance.
        program: what is supervised.
        nursery: where its processes live.
        clock: the time now, nanoseconds.
        tell: takes the news.
        seed: of the draws, at the same addresses as the simulator's.

    Attributes:
        pid: of the process that exists, None between lives.
        port: where it listens, None until it has said so.
        routed: whether it may be given work.
        lines: the last log lines of all its lives.
        on_line: called with each log line that is kept.
    """

    def __init__(
        self,
        name: str,
        program: Program,
        nursery: Nursery,
        clock: Callable[[], int],
        tell: Callable[[ev.Event], None],
        seed: int,
    ) -> None:
        self._name, self._program, self._seed = name, program, seed
        self._nursery, self._clock, self._tell = nursery, clock, tell
        self._child: Reared | None = None
        self._life, self._born_ns, self._first_birth_ns = 0, 0, -1
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._hooks: set[asyncio.Task[None]] = set()
        self._probers = {
            kind: Prober(settings, program.checks[kind], clock) for kind, settings in program.unit.probes.items()
        }
        self.port: int | None = None
        self.routed = self._resting = False
        self.lines: deque[str] = deque(maxlen=_KEEP_LINES)
        self.on_line: Callable[[str], None] | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process, None if there is none."""
        return None if self._child is None else self._child.child.pid

    def perform(self, command: ev.Command) -> None:
        """Carry out one command; the news that comes of it goes into the inbox."""
        if self._resting:
            return
        match command:
            case ev.Spawn(life=life):
                self._spawn(life)
            case ev.Signal(life=life, signal=signal) if life == self._life:
                self._signal(signal)
            case ev.SetTimer(name=name, after_ns=after):
                due = partial(self._due, command.life, name, command.serial)
                self._cancel(name)
                self._timers[name] = asyncio.get_running_loop().call_later(seconds(after), due)
            case ev.WatchProbe() | ev.RunHook() if self._child is None:
                pass  # it has just ended, and the news is on its way
            case ev.WatchProbe(probe=probe, now=at_once):
                self._watch(probe, at_once)
            case ev.RunHook(life=life, hook=hook) if hook in self._program.hooks:
                self._run_hook(life, self._program.hooks[hook])
            case ev.OpenRoute() | ev.CloseRoute():
                self.routed = isinstance(command, ev.OpenRoute)

    def rest(self) -> None:
        """Carry out nothing more, and wait for nothing but the end of the process."""
        self._resting = True
        for name in list(self._timers):
            self._cancel(name)
        self._look_no_more()

    # --- the process

    def _spawn(self, life: int) -> None:
        argv = self._program.argv
        argv = argv() if callable(argv) else argv
        self._life, self._born_ns = life, self._clock()
        try:
            self._child = self._nursery.spawn(
                argv,
                env={**self._program.env, LIFE: str(life)},
                cwd=self._program.cwd,
                on_lines=partial(self._hear, life),
                on_exit=partial(self._ended, life),
            )
        except SpawnFailed as failure:
            # What a shell would return: 127 not found, 126 found but not to be run.
            code = 127 if failure.errno == errno.ENOENT else 126
            news = ev.SpawnFailed(at=self._clock(), life=life, error=str(failure), code=code, u=self._draw(life))
            self._tell(news)
            return
        if self._first_birth_ns < 0:
            self._first_birth_ns = self._born_ns
        self._tell(ev.Spawned(at=self._clock(), life=life))

    def _signal(self, signal: str) -> None:
        if self._child is None:
            return
        try:
            self._child.child.signal(signal)
        except PermissionError:
            self._log(f"may not send {signal}: process {self.pid} has become another user's")

    def _ended(self, life: int, end: Exit) -> None:
        self._child = self.port = None
        self._look_no_more()
        self._tell(ev.Exited(at=self._clock(), life=life, code=end.code, signal=end.signal, u=self._draw(life)))

    def _draw(self, life: int) -> float:
        return draw_of(self._seed, self._name, "exit", life)

    # --- what it says

    def _hear(self, life: int, lines: list[bytes]) -> None:
        for line in lines:
            if line.startswith(notices.PREFIX) and (notice := notices.parse(line)):
                self._heed(life, notice)
        for line in lines[-_KEEP_LINES:]:
            if not line.startswith(notices.PREFIX):
                self._log(line.decode(errors="replace"))

    def _heed(self, life: int, notice: dict[str, object]) -> None:
        if notice["lifecycle"] == "listening" and isinstance(notice.get("port"), int):
            self.port = int(str(notice["port"]))
        elif (event := notices.event_of(notice, self._clock(), life)) is not None:
            self._tell(event)

    def _log(self, line: str) -> None:
        self.lines.append(line)
        if self.on_line is not None:
            self.on_line(line)

    # --- timers, probes, hooks

    def _due(self, life: int, name: str, serial: int) -> None:
        self._tell(ev.TimerFired(at=self._clock(), life=life, name=name, serial=serial))

    def _cancel(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()

    def _target(self) -> Target:
        assert self.pid is not None  # its end would have ended whoever looks
        return Target(life=self._life, pid=self.pid, port=self.port, nursery=self._nursery)

    def _watch(self, probe: str, at_once: bool) -> None:
        life = self._life

        def tell(good: bool) -> None:
            self._tell(ev.Probed(at=self._clock(), life=life, probe=probe, good=good))

        # One worker ticks for all lives of an instance (Kubernetes prober/worker.go).
        phase = None if at_once else self._first_birth_ns
        self._probers[probe].begin(self._target, tell, born_ns=self._born_ns, phase_ns=phase)

    def _look_no_more(self) -> None:
        for prober in self._probers.values():
            prober.end()
        for hook in self._hooks:
            hook.cancel()

    def _run_hook(self, life: int, hook: Check) -> None:
        async def run() -> None:
            await look(hook, self._target(), _HOOK_S)
            self._tell(ev.HookDone(at=self._clock(), life=life))

        task = asyncio.create_task(run())
        self._hooks.add(task)
        task.add_done_callback(self._hooks.discard)
