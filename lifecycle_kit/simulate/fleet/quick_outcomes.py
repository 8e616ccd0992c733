"""What becomes of requests, all at once: each meets one life of its instance, and that says how it ends.

The rules stand in `server`. Equal instants are decided as there, by what was planned first: an answer by the arrival of
its request, the end of a process by whatever brought it about.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lifecycle_kit.health import FOREVER_NS
from lifecycle_kit.simulate.fleet.quick_book import WHO_SHIFT
from lifecycle_kit.simulate.fleet.quick_line import BEFORE
from lifecycle_kit.simulate.fleet.quick_luck import FAR
from lifecycle_kit.simulate.fleet.quick_traffic import Traffic
from lifecycle_kit.simulate.fleet.result import OUTCOMES, Requests

__all__ = ["Served", "no_requests", "requests_of"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

IN_FLIGHT, SERVED, ERROR, REFUSED, CUT, TIMEOUT, NO_ROUTE = range(len(OUTCOMES))


class Served(NamedTuple):
    """One life as requests meet it; instants.

    Attributes:
        who: the instance.
        born: a request at this very instant comes too early.
        closes: when its listener is closed, `FOREVER_NS` if it is not.
        closes_first: whether it closes before the arrivals of that instant.
        hangs: from when on it does not answer.
        works: from when on it can work.
        ends: when it ends.
        planned, planner, planners: when its end was planned, when what planned that was planned, and so on.
    """

    who: int
    born: int
    closes: int = FOREVER_NS
    closes_first: bool = False
    hangs: int = FOREVER_NS
    works: int = 0
    ends: int = FOREVER_NS
    planned: int = 0
    planner: int = 0
    planners: int = 0


class Lives:
    """Lives in columns, sorted by instance and birth, and which of them each request meets."""

    def __init__(self, table: Integers, at: Integers, who: Integers) -> None:
        self.table = table[np.lexsort((table[:, 1], table[:, 0]))]
        # one number for instance and instant; a run is shorter than this
        span = 1 + max(int(at.max(initial=0)), int(self.table[:, 1].max(initial=0)))
        births = self.table[:, 0] * span + self.table[:, 1]
        self.rows = np.searchsorted(births, who * span + at, side="left") - 1
        self.known = self.rows >= 0
        self.known[self.known] &= self.table[self.rows[self.known], 0] == who[self.known]

    def __getattr__(self, name: str) -> Integers:
        column: Integers = self.table[self.rows, Served._fields.index(name)]
        return column

    def only(self, chosen: Flags) -> Lives:
        """Return the same for some of the requests."""
        part = object.__new__(Lives)
        part.table, part.rows, part.known = self.table, self.rows[chosen], self.known[chosen]
        return part


def requests_of(
    traffic: Traffic, lives: list[Served], calm: Integers, serves: Integers, until: int, names: list[str]
) -> Requests:
    """Return all requests with their outcomes.

    Args:
        traffic: all requests, dealt out.
        lives: of all instances, but for those that were computed at once.
        calm: those, as the book has them.
        serves: the age from which on each instance can work.
        until: end of the run.
        names: of the instances.
    """
    at, takes, who = traffic.at, traffic.takes, traffic.who
    outcome = np.full(len(at), NO_ROUTE, np.uint8)
    ended = at.copy()
    routed = np.flatnonzero(who >= 0)
    if len(routed):
        table = np.vstack((np.array(lives, np.int64).reshape(-1, len(Served._fields)), _served(calm, serves)))
        found = _met(at[routed], takes[routed], traffic.timeout, Lives(table, at[routed], who[routed].astype(np.int64)))
        outcome[routed], ended[routed] = found
    late = ended > until
    outcome[late], ended[late] = IN_FLIGHT, 0
    return Requests(at, who, outcome, ended, np.ones(len(at), np.uint8), tuple(names))


def no_requests() -> Requests:
    """Return the requests of a fleet that has none."""
    whole, small = np.empty(0, np.int64), np.empty(0, np.uint8)
    return Requests(whole, np.empty(0, np.int32), small, whole, small, ())


def _served(calm: Integers, serves: Integers) -> Integers:
    """Return lives that ended by themselves and were computed at once as requests meet them."""
    lives = calm[calm[:, 7] < FAR]
    born, never = lives[:, 1], np.full(len(lives), FOREVER_NS)
    who, nothing = lives[:, 0] >> WHO_SHIFT, np.zeros(len(lives), np.int64)
    works = np.minimum(born + serves[who], FOREVER_NS)
    return np.column_stack((who, born, never, nothing, never, works, lives[:, 7], born, born, nothing))


def _met(at: Integers, takes: Integers, timeout: int, lives: Lives) -> tuple[npt.NDArray[np.uint8], Integers]:
    """Return outcomes and their instants of requests that were sent to an instance."""
    done = at + takes
    outcome, ended = np.full(len(at), SERVED, np.uint8), done.copy()
    if not len(lives.table):
        return np.full(len(at), REFUSED, np.uint8), at.copy()
    plain = lives.known & (at >= lives.works) & (at < lives.closes) & (takes <= timeout)
    plain &= done < np.minimum(lives.hangs, lives.ends)
    odd = ~plain
    outcome[odd], ended[odd] = _odd(at[odd], done[odd], timeout, lives.only(odd))
    return outcome, ended


def _odd(at: Integers, done: Integers, timeout: int, lives: Lives) -> tuple[npt.NDArray[np.uint8], Integers]:
    """Return the same of those that are not simply served; later choices override earlier ones, so read from below."""
    gives_up, ends, hangs = at + timeout, lives.ends, lives.hangs
    planned, planner = lives.planned, lives.planner
    # What was planned at the arrival comes before what was planned later at that instant, but not before the run.
    first = (at < planned) | ((at == planned) & (planner != BEFORE))
    in_time = (done < ends) | ((done == ends) & first)
    outcome = np.where(in_time, SERVED, CUT).astype(np.uint8)
    ended = np.where(in_time, done, ends)

    def choose(where: Flags, what: int, when: Integers) -> None:
        outcome[where], ended[where] = what, when[where]

    # It hangs in the middle of the work: from then on the client waits in vain.
    first_then = (at < planner) | ((at == planner) & (lives.planners != BEFORE))
    patient = (gives_up < ends) | ((gives_up == ends) & ((done < planned) | ((done == planned) & first_then)))
    stuck = (done >= hangs) & in_time
    choose(stuck & patient, TIMEOUT, gives_up)
    choose(stuck & ~patient, CUT, ends)
    waits = (done > gives_up) | (at >= hangs)
    alone = (gives_up < ends) | ((gives_up == ends) & first)
    choose(waits & alone, TIMEOUT, gives_up)
    choose(waits & ~alone, CUT, ends)
    choose((at < lives.works) & (at < hangs), ERROR, at)
    closed = (at > lives.closes) | ((at == lives.closes) & (lives.closes_first == 1))
    choose(~lives.known | closed | (at > ends), REFUSED, at)
    return outcome, ended
