"""What a simulated world consists of: fleets, what they need, the nodes they run on, what goes wrong and when.

Values only; `run` makes them happen. A `Fleet` is the replicas of one service, a `World` is several fleets and all
that they share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.fleet.load import Load
from lifecycle_kit.simulate.one import Lives
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.systems.deployment import RollingUpdate
from lifecycle_kit.units import ns

__all__ = ["ACTIONS", "Alarm", "Dependency", "Fault", "Fleet", "Need", "Node", "Queue", "Rule", "Wear", "World"]

View = Callable[[bool, bool, bool, bool], str]
Rule = str | View


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """Lives that chance ends: each is drawn anew, at an address of its own.

    Attributes:
        mtbf_s: mean length of a life, seconds, exponentially distributed; counted from birth.
        hangs: which share of the lives hangs at its end instead of exiting.
        script: what the process does besides.
    """

    mtbf_s: float
    hangs: float = 0.0
    script: Script = field(default_factory=Script)

    def __post_init__(self) -> None:
        if not self.mtbf_s > 0:
            raise ValueError(f"mtbf_s must be greater than 0, got {self.mtbf_s}")
        if not 0 <= self.hangs <= 1:
            raise ValueError(f"hangs is a share from 0 to 1, got {self.hangs}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How a fleet depends on a dependency.

    Attributes:
        on: name of the dependency, or of another fleet, which is up while one of its instances is ready.
        requests: without it a request ends in an "error" at once, does "wait" until the client gives up, or is not
            affected ("none").
        readiness, liveness: whether that probe asks the dependency too.
        loss: what a process does when it loses it: "stay", "block" (it says that it waits) or "exit" (with code 1).
        connects: whether it must connect before it can work, at the age `connects_at_s`.
        refused: what it does when that is refused: "exit" (with code `exit_code`) or "retry" after `retry_s`.
        credentials: False: it is always refused, because its credentials are wrong.
    """

    on: str
    requests: str = "error"
    readiness: bool = True
    liveness: bool = False
    loss: str = "stay"
    connects: bool = False
    connects_at_s: float = 0.0
    refused: str = "exit"
    exit_code: int = 1
    retry_s: float = 1.0
    credentials: bool = True

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("requests", self.requests, ("error", "wait", "none")),
            ("loss", self.loss, ("stay", "block", "exit")),
            ("refused", self.refused, ("exit", "retry")),
        ):
            if value not in allowed:
                raise ValueError(f"{name}={value!r} is not known; choose one of {', '.join(allowed)}")
        for seconds_ in (self.connects_at_s, self.retry_s):
            ns(seconds_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The replicas of one service.

    Attributes:
        unit: how each instance is supervised.
        lives: what the processes do; one list for all, `Wear`, or a function of the replica's number (from 0) that
            returns what `simulate` takes.
        replicas: how many.
        route_on: "process", "liveness", "readiness", "view", or a function like `lifecycle_view`.
        spread_s: how long a change of the routes takes to reach the balancer, seconds.
        load: the requests.
        requests: `(at_s, replica, request)`, such as (30, 0, "stop").
        update_at_s: when a rolling update begins; None: never.
        update: its numbers.
        new_unit, new_lives: the new version; like the old one if None.
        slots: requests that an instance works on at the same time, others wait in it; None: any number.
        needs: what it depends on.
        after: fleets whose replicas must all be ready before these are started; until then they stay `created`.
        works_on: name of the queue whose jobs its instances do, one at a time.
        memory_mb: what an instance asks of its node.
        start_cpu_s, start_log_lines: what one start costs, seconds of CPU and lines of log.
    """

    unit: Unit
    lives: Sequence[Script] | Wear | Callable[[int], Lives] = (Script(),)
    replicas: int = 3
    route_on: Rule = "readiness"
    spread_s: float = 0.0
    load: Load | None = field(default_factory=Load)
    requests: Sequence[tuple[float, int, str]] = ()
    update_at_s: float | None = None
    update: RollingUpdate = field(default_factory=RollingUpdate)
    new_unit: Unit | None = None
    new_lives: Sequence[Script] | Wear | None = None
    slots: int | None = None
    needs: Sequence[Need] = ()
    after: Sequence[str] = ()
    works_on: str | None = None
    memory_mb: int = 0
    start_cpu_s: float = 1.0
    start_log_lines: int = 20

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise ValueError(f"replicas must be at least 1, got {self.replicas}")
        for _, replica, _ in self.requests:
            if not 0 <= replica < self.replicas:
                raise ValueError(f"replica {replica} does not exist; there are 0 to {self.replicas - 1}")
        if self.slots is not None and self.slots < 1:
            raise ValueError(f"slots must be at least 1 or None, got {self.slots}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Something outside that fleets need: a database, a broker, an identity service.

    Attributes:
        outages: `(from_s, until_s)` when it is down.
        recovery_s: after an outage its capacity grows from nothing to all in so many seconds.
        connects_per_s: new connections that it accepts a second, evenly refilled; None: any number.
        falls_over_at: connection attempts within one second that bring it down; None: nothing does.
        falls_for_s: for how long.
    """

    outages: Sequence[tuple[float, float]] = ()
    recovery_s: float = 0.0
    connects_per_s: float | None = None
    falls_over_at: int | None = None
    falls_for_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Jobs that wait for workers; each ends in exactly one way: done, dead-lettered, or still waiting at the end.

    Attributes:
        load: when jobs come and how long one takes; timeouts and retries are not looked at.
        poison_every: every so-many-th job kills the worker that takes it; None: no job does.
        attempts: deliveries after which a job goes to the dead letters; None: it is delivered for ever.
        lease_s: how long after its delivery a job that is neither done nor given back goes to another worker, even
            if the first one still works on it; None: only when its worker's process has ended.
    """

    load: Load
    poison_every: int | None = None
    attempts: int | None = None
    lease_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine.

    Attributes:
        name: of the node.
        memory_mb: what its instances may ask for together.
        lost_at_s: when it is lost with all its processes; None: never.
        back_at_s: when it is back, empty; None: never.
        notice_s: how long until anybody notices the loss; up to then its instances count as they did.
    """

    name: str
    memory_mb: int = 4096
    lost_at_s: float | None = None
    back_at_s: float | None = None
    notice_s: float = 40.0


# What a fault or an operator does, and to what: a fleet ("api"), an instance ("api-0"), a dependency or a node.
ACTIONS = (
    "start", "stop", "restart", "kill", "crash", "hang", "roll", "update", "rollout-restart", "outage", "lose",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that happens at an instant: a fault, or what somebody does about one.

    Attributes:
        at_s: when.
        on: name of a fleet (then all its instances), instance, dependency or node.
        what: "start", "stop", "restart", "kill": requests; "crash", "hang": of the process; "roll": restart the
            fleet's instances one by one, each once the one before is ready; "update": begin the rolling update;
            "rollout-restart": the same to the version that there is; "outage": a dependency is down; "lose": a node
            is lost.
        for_s: how long an outage or a loss lasts; None: to the end.
    """

    at_s: float
    on: str
    what: str
    for_s: float | None = None

    def __post_init__(self) -> None:
        ns(self.at_s)
        if self.what not in ACTIONS:
            raise ValueError(f"what={self.what!r} is not known; choose one of {', '.join(ACTIONS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A rule that tells a person.

    Attributes:
        on: the fleet or queue.
        metric: a column of the metrics, such as "failed_share", "ready", "backlog", "restarts_per_min".
        above, below: the bound that must be crossed; exactly one of them.
        for_s: for how long.
    """

    on: str
    metric: str
    above: float | None = None
    below: float | None = None
    for_s: float = 60.0

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"an alarm on {self.metric} needs exactly one of above and below")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that is simulated together; names must be unique across fleets, dependencies, queues and nodes.

    Attributes:
        fleets, dependencies, queues: by name.
        nodes: machines; none: one without limits.
        faults: what happens, in any order.
        alarms: beside those that `step` raises (crash-loop, gave-up).
    """

    fleets: Mapping[str, Fleet]
    dependencies: Mapping[str, Dependency] = field(default_factory=lambda: MappingProxyType({}))
    queues: Mapping[str, Queue] = field(default_factory=lambda: MappingProxyType({}))
    nodes: Sequence[Node] = ()
    faults: Sequence[Fault] = ()
    alarms: Sequence[Alarm] = ()
