"""The peer: the workload as SimPy's documentation suggests to write it.

One process (a generator) supervises an instance, one more makes each of its probes; what lasts is a timeout, and a
failed liveness probe interrupts, as a breakdown does in the documentation's machine shop. Time is whole nanoseconds
and the draws are those of the kit, fetched before the clock of a benchmark starts, so that both tell the same story.
(One process for both probes would take about 0.6 of the time, but then they could not have settings of their own.)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import simpy

from benchmarks import workload as w
from lifecycle_kit.simulate.fleet.draws import address, draws, exponentials_ns
from lifecycle_kit.simulate.fleet.log import Log, Recorder, code_of
from lifecycle_kit.states import State
from lifecycle_kit.units import NS_PER_S, span

__all__ = ["Row", "lucks", "run", "to_log"]

STARTUP, PERIOD, TIMEOUT = (value * NS_PER_S for value in (w.STARTUP_S, w.PERIOD_S, w.TIMEOUT_S))
FIRST_BACKOFF, LONGEST_BACKOFF = w.FIRST_BACKOFF_S * NS_PER_S, w.LONGEST_BACKOFF_S * NS_PER_S
FORGET_AFTER, GRACE = w.FORGET_AFTER_S * NS_PER_S, w.GRACE_S * NS_PER_S
MOST_LIVES = 64

Row = tuple[int, int, State, State, str]
Luck = list[tuple[int, bool]]
Steps = Generator[simpy.Event, object, None]


def lucks(n: int, seed: int, name: str = "api") -> list[Luck]:
    """Return for each instance how long each of its lives lasts (nanoseconds) and whether it then hangs."""
    numbers, lives = np.arange(n)[:, None], np.arange(1, MOST_LIVES + 1)
    lengths = exponentials_ns(w.MTBF_S, draws(address(seed, name, "run"), numbers, lives)).tolist()
    hangs = (draws(address(seed, name, "hang"), numbers, lives) < w.HANGS).tolist()
    return [list(zip(*pair, strict=True)) for pair in zip(lengths, hangs, strict=True)]


class Instance:
    """One instance: its supervisor and its probers."""

    def __init__(self, env: simpy.Environment, number: int, luck: Luck, log: list[Row]) -> None:
        self.env, self.number, self.luck, self.log = env, number, luck, log
        self.state = State.CREATED
        self.life = 0
        self.born = 0
        self.hangs = False
        self.failed_probes = {"liveness": 0, "readiness": 0}
        self.supervisor = env.process(self.supervise())

    def move(self, target: State, cause: str) -> None:
        """Go to another state and write it down."""
        self.log.append((self.env.now, self.number, self.state, target, cause))  # type: ignore[arg-type]
        self.state = target

    def supervise(self) -> Steps:
        """Start it, wait for its end, wait for the backoff, start it again."""
        env, failures, cause = self.env, 0, "start requested"
        for length, hangs in self.luck:
            self.move(State.STARTING, cause)
            self.born, self.hangs, self.life = env.now, False, self.life + 1  # type: ignore[assignment]
            how = ""
            try:
                end = env.timeout(length)
                env.process(self.probe("liveness", self.life))
                env.process(self.probe("readiness", self.life))
                yield end
                if hangs:
                    self.hangs = True
                    yield env.event()  # for ever: somebody must notice
                how = "exit 1"
            except simpy.Interrupt as interrupt:
                self.move(State.DRAINING, str(interrupt.cause))
                how = "signal SIGTERM"
                if self.hangs:
                    yield env.timeout(GRACE)
                    how = "signal SIGKILL"
            self.move(State.FAILED, how)
            self.life += 1
            failures = 1 if env.now - self.born >= FORGET_AFTER else failures + 1
            backoff = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (failures - 1))
            self.move(State.BACKOFF, f"restart in {span(backoff)}")
            yield env.timeout(backoff)
            cause = "restart due"
        raise RuntimeError(f"instance {self.number} has lived {len(self.luck)} times; fetch more luck")

    def probe(self, kind: str, life: int) -> Steps:
        """Probe one life at every tick; ticks are whole periods from the instance's first birth, at 0."""
        env = self.env
        yield env.timeout(-self.born % PERIOD)
        while life == self.life:
            late = 0
            if self.hangs:
                late = TIMEOUT
                yield env.timeout(TIMEOUT)
                if life != self.life:
                    return
            if self.hangs or env.now - self.born < STARTUP:
                self.failed_probes[kind] += 1
            else:
                self.failed_probes[kind] = 0
                if kind == "readiness" and self.state is State.STARTING:
                    self.move(State.READY, "readiness probe passed")
                    self.move(State.RUNNING, "at work as soon as it is ready")
            if kind == "liveness" and self.failed_probes[kind] == w.FAILURES:
                self.failed_probes[kind] = 0
                self.supervisor.interrupt("liveness probe failed")
                return
            yield env.timeout(PERIOD - late)


def run(lucks: Sequence[Luck], until_s: float) -> list[Row]:
    """Return every move as `(at_ns, number, source, target, cause)`, in the order in which they happened."""
    env = simpy.Environment()
    log: list[Row] = []
    for number, luck in enumerate(lucks):
        Instance(env, number, luck, log)
    env.run(until=round(until_s * NS_PER_S) + 1)  # SimPy leaves out what is due at the end itself
    return log


def to_log(rows: Sequence[Row], name: str = "api") -> Log:
    """Return the moves as a log of the kit, to compare them."""
    recorder = Recorder()
    for number in range(1 + max((row[1] for row in rows), default=-1)):
        recorder.instance(f"{name}-{number}")
    for at, number, source, target, cause in rows:
        recorder.add(at, number, code_of(source, target), recorder.reason(cause))
    return recorder.log()
