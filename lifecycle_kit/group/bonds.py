"""Bonds: what a start, stop, restart or end of one member means for another, and in which order it happens.

`bound_step(bound, name, event) -> (bound, steps)` wraps `machine.step`. What is asked for becomes jobs, one for each
member that it concerns; a job waits for those that come before it. An automatic restart is such a job, too.

Source: systemd.unit(5), Requires= and its relatives, Before=/After=; src/core/transaction.c, unit-dependency-atom.c,
unit.c (`unit_notify`), service.c (`service_enter_restart`) of 261~devel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lifecycle_kit import events as ev
from lifecycle_kit.instance import Instance, Unit, create
from lifecycle_kit.machine import step
from lifecycle_kit.states import HAS_PROCESS, RequestRefused, State

__all__ = ["Bond", "Bound", "BoundMember", "Job", "Steps", "ask_bound", "bind", "bound_step"]

UP = (State.READY, State.RUNNING)
DOWN = (State.TERMINATED, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What another member means for this one.

    Attributes:
        pulls: a start of this one starts the other as well.
        needs: a start of this one that waits for the other's fails with it.
        requires_up: a start of this one fails unless the other is up.
        stops: a stop of the other, by hand, stops this one.
        restarts: a restart of the other, by hand or not, restarts this one if it is up.
        falls: this one is stopped whenever the other is seen to be down.
    """

    pulls: bool = False
    needs: bool = False
    requires_up: bool = False
    stops: bool = False
    restarts: bool = False
    falls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundMember:
    """One member.

    Attributes:
        unit: how it is supervised.
        bonds: to other members, by name.
        after: members that are started before it and stopped after it, if both happen.
        hides_restarts: the others do not see that it is down between an end and an automatic restart.
    """

    unit: Unit
    bonds: Mapping[str, Bond] = field(default_factory=lambda: MappingProxyType({}))
    after: frozenset[str] = frozenset()
    hides_restarts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: start or stop a member; `timer` is the event that asks for an automatic restart."""

    name: str
    verb: str
    timer: ev.TimerFired | None = None
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Members tied by bonds, and how they stand.

    Attributes:
        members: by name.
        instances: how each member stands.
        jobs: what is still to be done, in no particular order.
        results: how the start jobs of each member ended, in order: "done", "failed" or "dependency".
    """

    members: Mapping[str, BoundMember]
    instances: Mapping[str, Instance]
    jobs: tuple[Job, ...] = ()
    results: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


Steps = tuple[tuple[str, ev.Event, tuple[ev.Command, ...]], ...]
"""What was handed to which member, and what it commanded, in order."""

Stepped = tuple[Bound, Steps]


def bind(members: Mapping[str, BoundMember]) -> Bound:
    """Return members that have not been started.

    Raises:
        ValueError: if a bond or an order names a member that does not exist.
    """
    for name, member in members.items():
        if unknown := sorted((set(member.bonds) | member.after) - set(members)):
            raise ValueError(
                f"{name!r} is tied to {unknown[0]!r}, which does not exist; there are {', '.join(members)}"
            )
    instances = {name: create(member.unit) for name, member in members.items()}
    return Bound(members=MappingProxyType(dict(members)), instances=MappingProxyType(instances))


def ask_bound(bound: Bound, name: str, request: str, at: int) -> Stepped:
    """Return the members after a person asked for "start", "stop" or "restart" of one of them, and the steps.

    Raises:
        ValueError: if it is another request.
    """
    match request:
        case "start":
            jobs = [Job(name=other, verb="start") for other in [*_pulled(bound, name), name]]
        case "stop":
            jobs = [Job(name=other, verb="stop") for other in [*_tied(bound, name, "stops"), name]]
        case "restart":
            jobs = _restart_jobs(bound, name, Job(name=name, verb="start"))
            jobs.append(Job(name=name, verb="stop"))
        case _:
            raise ValueError(f"{request!r} is not asked of bound members; use start, stop or restart")
    return _work(_enqueue(bound, jobs), at)


def bound_step(bound: Bound, name: str, event: ev.Event) -> Stepped:
    """Return the members after `event` for one of them, and the steps that it led to."""
    hides = bound.members[name].hides_restarts
    if isinstance(event, ev.TimerFired) and event.name == "restart" and not hides and _due(bound, name, event):
        start = Job(name=name, verb="start", timer=event)
        return _work(_enqueue(bound, _restart_jobs(bound, name, start)), event.at)
    bound, steps = _step_one(bound, name, event)
    bound, more = _work(bound, event.at)
    return bound, steps + more


def _due(bound: Bound, name: str, event: ev.TimerFired) -> bool:
    return bound.instances[name].timers.get(event.name) == event.serial


def _pulled(bound: Bound, name: str) -> Iterator[str]:
    for other, bond in bound.members[name].bonds.items():
        if bond.pulls and bound.instances[other].state not in HAS_PROCESS:
            yield from _pulled(bound, other)
            yield other


def _tied(bound: Bound, name: str, how: str) -> list[str]:
    """Return the members with a process whose bond to `name` has this attribute, and those tied to them."""
    found: list[str] = []
    for other, member in bound.members.items():
        bond = member.bonds.get(name)
        if bond is not None and getattr(bond, how) and bound.instances[other].state in HAS_PROCESS:
            found += [*_tied(bound, other, how), other]
    return list(dict.fromkeys(found))


def _restart_jobs(bound: Bound, name: str, start: Job) -> list[Job]:
    others = _tied(bound, name, "restarts")
    stops = [Job(name=other, verb="stop") for other in others]
    return [*stops, start, *(Job(name=other, verb="start") for other in others)]


def _enqueue(bound: Bound, jobs: list[Job]) -> Bound:
    known = {(job.name, job.verb) for job in bound.jobs}
    return replace(bound, jobs=(*bound.jobs, *(job for job in jobs if (job.name, job.verb) not in known)))


def _step_one(bound: Bound, name: str, event: ev.Event) -> Stepped:
    instance, commands = step(bound.instances[name], event)
    bound = replace(bound, instances=MappingProxyType({**bound.instances, name: instance}))
    moves = [command for command in commands if isinstance(command, ev.Moved)]
    if _seen_down(bound.members[name], moves):
        fallen = _tied(bound, name, "falls")
        bound = _enqueue(bound, [Job(name=other, verb="stop") for other in fallen])
        if moves[-1].target is not State.TERMINATED:  # whoever waits for its start waits no longer
            bound = _finish_start(bound, name, "failed")
    return bound, ((name, event, commands),)


def _seen_down(member: BoundMember, moves: list[ev.Moved]) -> bool:
    downs = [index for index, move in enumerate(moves) if move.target in DOWN]
    return any(not member.hides_restarts or index == len(moves) - 1 for index in downs)


def _finish_start(bound: Bound, name: str, result: str) -> Bound:
    """Take away a start job that is over; with a failure, those that needed it are over as well."""
    if not any(job.name == name and job.verb == "start" and job.begun for job in bound.jobs):
        return bound
    bound = _over(bound, name, result)
    return bound if result == "done" else _fail_dependents(bound, name)


def _fail_dependents(bound: Bound, name: str) -> Bound:
    for job in bound.jobs:
        member = bound.members[job.name]
        waits = job.verb == "start" and not job.begun and name in member.after
        if waits and member.bonds.get(name, Bond()).needs:
            bound = _fail_dependents(_over(bound, job.name, "dependency"), job.name)
    return bound


def _over(bound: Bound, name: str, result: str) -> Bound:
    left = tuple(job for job in bound.jobs if (job.name, job.verb) != (name, "start"))
    results = {**bound.results, name: (*bound.results.get(name, ()), result)}
    return replace(bound, jobs=left, results=MappingProxyType(results))


def _work(bound: Bound, at: int) -> Stepped:
    """Begin every job that waits for nothing, and take away those that are over, until nothing changes."""
    steps: Steps = ()
    while True:
        before = bound
        bound = _tidy(bound)
        if job := next((job for job in bound.jobs if not job.begun and not _blocked(bound, job)), None):
            bound, more = _begin(bound, job, at)
            steps += more
        if bound is before:
            return bound, steps


def _tidy(bound: Bound) -> Bound:
    for job in bound.jobs:
        state = bound.instances[job.name].state
        if job.verb == "stop" and job.begun and state not in HAS_PROCESS:
            bound = replace(bound, jobs=tuple(other for other in bound.jobs if other is not job))
        elif job.verb == "start" and job.begun and (state in UP or state is State.TERMINATED):
            bound = _finish_start(bound, job.name, "done")
    return bound


def _blocked(bound: Bound, job: Job) -> bool:
    """Return whether another job comes first: stops before starts, later ones' stops and earlier ones' starts."""
    later = {name for name, member in bound.members.items() if job.name in member.after}
    earlier = bound.members[job.name].after
    for other in bound.jobs:
        if other is job:
            continue
        if other.verb == "stop" and other.name in (later if job.verb == "stop" else later | earlier | {job.name}):
            return True
        if other.verb == "start" and job.verb == "start" and other.name in earlier:
            return True
    return False


def _begin(bound: Bound, job: Job, at: int) -> Stepped:
    begun = replace(job, begun=True)
    bound = replace(bound, jobs=tuple(begun if other is job else other for other in bound.jobs))
    if job.verb == "start" and not _required_up(bound, job.name):
        return _finish_start(bound, job.name, "dependency"), ()
    if job.verb == "start" and bound.instances[job.name].state in HAS_PROCESS:
        return bound, ()  # it is up, or on its way: the job is over when it is
    event: ev.Event = ev.Request(at=at, request=job.verb)
    if job.timer is not None:
        event = replace(job.timer, at=at)
    elif job.verb == "stop" and bound.instances[job.name].state in (State.CREATED, *DOWN):
        return bound, ()
    try:
        return _step_one(bound, job.name, event)
    except RequestRefused:
        return _finish_start(bound, job.name, "failed"), ()


def _required_up(bound: Bound, name: str) -> bool:
    """Return whether all that must be up already is up, or about to be."""
    starting = {job.name for job in bound.jobs if job.verb == "start"}
    required = (other for other, bond in bound.members[name].bonds.items() if bond.requires_up)
    return all(other in starting or bound.instances[other].state in UP for other in required)
