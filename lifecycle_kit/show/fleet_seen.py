"""What a picture of a fleet run needs to know: metrics at the width of the page, and marks for what happened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lifecycle_kit.show.fleet_frame import STEPS_S
from lifecycle_kit.simulate.fleet.alarms import Raised, alerts_of
from lifecycle_kit.simulate.fleet.cut import cut_off
from lifecycle_kit.simulate.fleet.log import STATES
from lifecycle_kit.simulate.fleet.metrics import Metrics, metrics, moves_of
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.summary import ready_steps, replicas_of
from lifecycle_kit.simulate.fleet.world import Fault, Fleet, World
from lifecycle_kit.states import State
from lifecycle_kit.units import ns, seconds, span

__all__ = ["MARKS", "Mark", "Seen", "duration", "see"]

MARKS = ("fault", "change", "alert")
MOST_BINS = 220
CLOSE = 0.04  # share of the picture within which alerts of one kind share a mark
# What people do; everything else that a world's faults can be just happens.
CHANGES = {
    "start": "is started", "stop": "is asked to stop", "restart": "is asked to restart", "kill": "is killed",
    "roll": "is restarted one by one", "update": "is updated",
}  # fmt: skip
FAULTS = {"crash": "crashes", "hang": "hangs", "outage": "is down", "lose": "is lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at an instant.

    Attributes:
        at_s: when.
        kind: "fault", "change" (people did it) or "alert".
        word: the shortest that says it.
        text: in full.
    """

    at_s: float
    kind: str
    word: str
    text: str

    def __str__(self) -> str:
        return f"{_point(self.at_s)}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A run as it is drawn.

    Attributes:
        result: what came of it.
        world: what was run, None if nobody said.
        from_s, until_s: what is shown.
        measured: its metrics; about as many scrapes as a page has room for.
        marks: what happened, in order of time.
    """

    result: WorldResult
    world: World | None
    from_s: float
    until_s: float
    measured: Metrics
    marks: tuple[Mark, ...]

    @property
    def edges_s(self) -> npt.NDArray[np.float64]:
        """Instants between the scrapes, the first one at 0."""
        return np.concatenate(([0.0], self.measured.times_s))

    def wanted(self, fleet: str) -> int:
        """Return how many instances of a fleet there should be."""
        if self.world is not None and fleet in self.world.fleets:
            return self.world.fleets[fleet].replicas
        return len(replicas_of(self.result.fleets[fleet].log))

    def fewest_ready(self, fleet: str) -> npt.NDArray[np.float64]:
        """Return the fewest instances that were ready at once, in each stretch between two scrapes."""
        return self._fewest(*ready_steps(self.result.fleets[fleet].log))

    def fewest_routed(self, fleet: str) -> npt.NDArray[np.float64]:
        """Return the fewest instances that the balancer believed in, in each stretch between two scrapes."""
        routes = self.result.fleets[fleet].routes
        instants = np.array([0, *(at for at, _ in routes)], np.int64)
        return self._fewest(instants, np.array([0, *(len(names) for _, names in routes)], np.int64))

    def average(self, fleet: str) -> Mapping[State, npt.NDArray[np.float64]]:
        """Return how many instances stood in each state on average between two scrapes.

        A scrape would miss what is short, or see it each time, if it comes as regularly as scrapes do.
        """
        edges = np.array([ns(at) for at in self.edges_s.tolist()], np.int64)
        log = self.result.fleets[fleet].log
        source, target = moves_of(log)
        known = source != STATES.index(State.CREATED)  # nobody has counted it in `created`
        come = _shares(log.at_ns, target, edges)
        gone = _shares(log.at_ns[known], source[known], edges)
        return dict(zip(STATES, np.round(come - gone, 9), strict=True))

    def least_ready(self, fleet: str) -> int:
        """Return the fewest instances that were ready once all that are wanted had been, or the most that ever were."""
        _, levels = ready_steps(self.result.fleets[fleet].log)
        return int(levels[int(np.argmax(levels >= min(self.wanted(fleet), levels.max()))) :].min())

    def _fewest(self, instants: npt.NDArray[np.int64], levels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        edges = np.array([ns(at) for at in self.edges_s.tolist()], np.int64)
        moments = np.union1d(instants, edges)
        standing = levels[np.searchsorted(instants, moments, side="right") - 1]
        fewest = np.minimum.reduceat(standing, np.searchsorted(moments, edges[:-1]))
        return fewest.astype(np.float64)


def _shares(
    at_ns: npt.NDArray[np.int64], kinds: npt.NDArray[np.uint8], edges: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return for each kind in which share of each stretch its instants are past, added up."""
    many, count = len(STATES), len(edges) - 1
    places = np.minimum(np.searchsorted(edges, at_ns, side="right") - 1, count - 1)
    flat = places * many + kinds
    whole = np.bincount(flat, minlength=count * many).reshape(count, many)
    left = (edges[places + 1] - at_ns) / np.diff(edges)[places]
    part = np.bincount(flat, weights=left, minlength=count * many).reshape(count, many)
    past = np.cumsum(whole, axis=0) - whole
    shares: npt.NDArray[np.float64] = past.astype(np.float64).T + part.T
    return shares


def see(
    result: WorldResult | FleetResult,
    world: World | Fleet | None = None,
    *,
    from_s: float = 0.0,
    until_s: float | None = None,
    marks: Iterable[str] = MARKS,
) -> Seen:
    """Return a run as it is drawn.

    Args:
        result: of a run.
        world: what was run: for the number of replicas, alarms, faults and costs.
        from_s: where the picture begins, seconds.
        until_s: where it ends; at the end of the run if None.
        marks: which kinds of marks; without "fault" nobody knows how late an alert was.

    Raises:
        ValueError: if there is nothing between `from_s` and `until_s`, or a kind of mark is not known.
    """
    whole, world = _whole(result, world)
    end = seconds(whole.until_ns) if until_s is None else until_s
    if not 0 <= from_s < end:
        raise ValueError(f"a picture needs 0 <= from_s < until_s, got from_s={from_s}, until_s={end}")
    whole = cut_off(whole, end)  # neither the numbers nor the words know what comes later
    kinds = tuple(marks)
    if unknown := [kind for kind in kinds if kind not in MARKS]:
        raise ValueError(f"marks={unknown[0]!r} is not known; choose from {', '.join(MARKS)}")
    length = end - from_s
    every_s = next((step for step in STEPS_S if length / step <= MOST_BINS), length / MOST_BINS)
    made = _marks(whole, world, length, late="fault" in kinds)
    found = [mark for mark in made if mark.kind in kinds and from_s <= mark.at_s <= end]
    return Seen(
        result=whole, world=world, from_s=from_s, until_s=end, measured=metrics(whole, every_s, world),
        marks=tuple(sorted(found, key=lambda mark: mark.at_s)),
    )  # fmt: skip


def _whole(result: WorldResult | FleetResult, world: World | Fleet | None) -> tuple[WorldResult, World | None]:
    if isinstance(result, FleetResult):
        described = World(fleets={result.name: world}) if isinstance(world, Fleet) else world
        return WorldResult(fleets={result.name: result}, trace=result.trace, until_ns=result.until_ns), described
    if isinstance(world, Fleet):
        return result, World(fleets=dict.fromkeys(result.fleets, world))
    return result, world


def _marks(result: WorldResult, world: World | None, length_s: float, late: bool) -> Iterator[Mark]:
    planned = [] if world is None else list(_planned(world))
    yield from planned
    yield from _downs(result, planned)
    for name, fleet in result.fleets.items():
        for at_s, word in ((fleet.update_done_s, "complete"), (fleet.update_stuck_s, "stuck")):
            if at_s is not None:
                yield Mark(at_s=at_s, kind="change", word=word, text=f"the update of {name} is {word}")
    alerts = alerts_of(world, result)
    yield from _alert_marks(alerts if late else [replace(each, late_s=None) for each in alerts], length_s * CLOSE)


def _planned(world: World) -> Iterator[Mark]:
    for fault in world.faults:
        yield _fault(fault)
    for name, dependency in world.dependencies.items():
        for start, end in dependency.outages:
            yield _fault(Fault(at_s=start, on=name, what="outage", for_s=end - start))
    for node in world.nodes:
        for at_s, what in ((node.lost_at_s, "lost"), (node.back_at_s, "back")):
            if at_s is not None:
                yield Mark(at_s=at_s, kind="fault", word=f"{node.name} {what}", text=f"node {node.name} is {what}")
    for name, fleet in world.fleets.items():
        if fleet.update_at_s is not None:
            yield Mark(at_s=fleet.update_at_s, kind="change", word="update", text=f"the update of {name} begins")
        for at_s, number, request in fleet.requests:
            yield _fault(Fault(at_s=at_s, on=f"{name}-{number}", what=request))


def _downs(result: WorldResult, told: Sequence[Mark]) -> Iterator[Mark]:
    """Yield a mark for each dependency that went down although nobody had planned it, at the first time."""
    planned = {round(mark.at_s, 6) for mark in told}
    for name, downs in result.downs.items():
        others = [down for down in downs if round(seconds(down[0]), 6) not in planned]
        if others:
            start, end = others[0]
            more = len(others) - 1
            again = "" if not more else ", and once more" if more == 1 else f", and {more} times more"
            text = f"{name} is down for {duration(end - start)}{again}"
            yield Mark(at_s=seconds(start), kind="fault", word=f"{name} down", text=text)


def _fault(fault: Fault) -> Mark:
    kind = "change" if fault.what in CHANGES else "fault"
    lasts = "" if fault.for_s is None else f" for {duration(ns(fault.for_s))}"
    text = f"{fault.on} {(CHANGES | FAULTS)[fault.what]}{lasts}"
    return Mark(at_s=fault.at_s, kind=kind, word=fault.what, text=text)


def _alert_marks(alerts: Sequence[Raised], close_s: float) -> Iterator[Mark]:
    """Yield a mark per alert; those of one kind that come close after another share one."""
    groups: list[list[Raised]] = []
    latest: dict[str, list[Raised]] = {}
    for alert in alerts:
        group = latest.get(alert.kind)
        if group is None or alert.at_s - group[0].at_s > close_s:
            group = latest[alert.kind] = []
            groups.append(group)
        group.append(alert)
    yield from map(_alert_mark, groups)


def _alert_mark(group: Sequence[Raised]) -> Mark:
    first = group[0]
    names = list(dict.fromkeys(alert.on for alert in group))
    who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    late = "" if first.late_s is None else f", {duration(ns(first.late_s))} late"
    what = f" ({first.text})" if len(group) == 1 and first.text else ""
    return Mark(at_s=first.at_s, kind="alert", word=first.kind, text=f"alert{late}: {who}: {first.kind}{what}")


def duration(ns_: int) -> str:
    """Return a duration in words, with a digit after the point at most."""
    return span(round(ns_, -8)) or "0 s"


def _point(at_s: float) -> str:
    return f"{math.floor(at_s * 10 + 0.5) / 10:g} s"
