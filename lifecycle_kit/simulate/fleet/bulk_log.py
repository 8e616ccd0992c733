"""The log of replications, made from their table of lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lifecycle_kit.simulate.fleet.bulk_after import DONE, GAVE_UP, RESTARTS
from lifecycle_kit.simulate.fleet.bulk_lives import NEVER, OWN
from lifecycle_kit.simulate.fleet.log import STATES, Log
from lifecycle_kit.simulate.fleet.plain import How
from lifecycle_kit.simulate.fleet.quick_book import in_order
from lifecycle_kit.simulate.fleet.quick_end import KILL
from lifecycle_kit.simulate.fleet.quick_facts import (
    AT_WORK,
    BACKOFF,
    BLOCKED,
    CREATED,
    DRAINING,
    FAILED,
    READY,
    RUNNING,
    STARTING,
    TERMINATED,
)  # fmt: skip
from lifecycle_kit.units import span

if TYPE_CHECKING:
    from lifecycle_kit.simulate.fleet.bulk_table import Replications

__all__ = ["log_of"]

Integers = npt.NDArray[np.int64]
MANY = len(STATES)


def log_of(table: Replications, run: int) -> Log:
    """Return the moves of one run."""
    first = run * table.replicas
    mine = (table.who >= first) & (table.who < first + table.replicas)
    steps = Steps(table, mine)
    # one row a life, one column a step: read row by row, the moves of an instance stand in their order
    at, moves, causes = (np.stack(column, axis=1) for column in zip(*steps.columns(), strict=True))
    happened = at <= table.until_ns
    who = np.repeat((table.who[mine] - first), happened.sum(axis=1))
    at, moves, causes = at[happened], moves[happened], causes[happened]
    order = in_order(at, who)
    return Log(
        at[order], who[order].astype(np.int32), moves[order].astype(np.uint8), causes[order].astype(np.int32),
        tuple(f"{table.name}-{number}" for number in range(table.replicas)), tuple(steps.causes),
    )  # fmt: skip


class Steps:
    """What each life goes through, column by column: `(instant, move, cause)`."""

    def __init__(self, table: Replications, mine: npt.NDArray[np.bool_]) -> None:
        self.causes: dict[str, int] = {}
        self._courses = table.courses
        self._give_up_after = table.give_up_after
        self._life, self._born, self._ready = table.life[mine], table.born[mine], table.ready[mine]
        self._blocked, self._drains, self._ends = table.blocked[mine], table.drains[mine], table.ends[mine]
        self._restarts, self._how, self._what = table.restarts[mine], table.how[mine], table.what[mine]
        works = table.courses[0].works
        at_work = np.where(self._ready < NEVER, RUNNING if works else READY, STARTING)
        self._undrained = np.where(self._blocked < NEVER, BLOCKED, at_work)
        self._works = works

    def cause(self, text: str) -> int:
        """Return the number of a cause."""
        return self.causes.setdefault(text, len(self.causes))

    def columns(self) -> list[tuple[Integers, Integers, Integers]]:
        """Return the steps in the order in which a life takes them."""
        again, work = self._life > 1, RUNNING if self._works else READY
        starts = np.where(again, self.cause("restart due"), self.cause("start requested"))
        last = self._last()
        by_work = self._ready if self._works else np.full(len(self._ready), NEVER)
        return [
            self._step(self._born, np.where(again, BACKOFF, CREATED), STARTING, starts),
            self._step(self._ready, STARTING, READY, self.cause(self._courses[0].ready_cause)),
            self._step(by_work, READY, RUNNING, self.cause(AT_WORK)),
            self._step(self._blocked, work, BLOCKED, self.cause("readiness probe failed")),
            self._step(self._drains, self._undrained, DRAINING, self.cause("liveness probe failed")),
            self._step(self._ends, np.where(self._drains < NEVER, DRAINING, self._undrained), last, self._end_causes()),
            self._step(np.where(self._what == RESTARTS, self._ends, NEVER), last, BACKOFF, self._delay_causes()),
        ]

    def _step(
        self, at: Integers, source: Integers | int, target: Integers | int, cause: Integers | int
    ) -> tuple[Integers, Integers, Integers]:
        move = np.asarray(source) * MANY + np.asarray(target)
        return at, np.broadcast_to(move, at.shape), np.broadcast_to(np.asarray(cause), at.shape)

    def _course(self) -> Integers:
        return np.minimum(self._life, len(self._courses)) - 1

    def _last(self) -> Integers:
        """Return the state that each life ends in."""
        own = np.array([course.program.own.code == 0 for course in self._courses])[self._course()]
        clean = own & (self._how == OWN) & (self._drains >= NEVER)
        ends_well = (self._what == DONE) | ((self._what == RESTARTS) & clean)
        return np.where(ends_well, TERMINATED, FAILED)

    def _end_causes(self) -> Integers:
        hows = [(course.program.own, course.leaves_how, KILL) for course in self._courses]
        plain = np.array([[self.cause(how.text) for how in three] for three in hows])
        given_up = np.array([[self.cause(self._given_up(how)) for how in three] for three in hows])
        course = self._course()
        return np.where(self._what == GAVE_UP, given_up[course, self._how], plain[course, self._how])

    def _given_up(self, how: How) -> str:
        if self._give_up_after is None:
            return f"{how.text}; gave up: never-restarted"
        return f"{how.text}; gave up: failed {self._give_up_after + 1} times in a row"

    def _delay_causes(self) -> Integers:
        waits = np.where(self._what == RESTARTS, self._restarts - self._ends, 0)
        delays, places = np.unique(waits, return_inverse=True)
        texts = np.array([self.cause(f"restart in {span(delay)}") for delay in delays.tolist()], np.int64)
        return texts[places]
