"""What goes into `step` and what comes out: events, and commands to the driver.

Requests come from people and may be refused. News comes from the world and never is: it carries the number of
the life it belongs to, and is dropped if that life is over. `at` is nanoseconds, `u` a draw from [0, 1).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from lifecycle_kit.exits import Cause
from lifecycle_kit.states import State, Trigger

__all__ = [
    "Alert", "Blocked", "CloseRoute", "Command", "Drained", "Emptied", "Event", "Exited", "Extended", "HookDone",
    "Idle", "Moved", "News", "Notified", "OpenRoute", "Probed", "Request", "RunHook", "SetTimer", "Signal", "Spawn",
    "SpawnFailed", "Spawned", "TimerFired", "Unblocked", "WatchProbe", "Working", "event_from_json", "event_to_json",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person asks: "start", "stop", "restart", "kill" or "reset"."""

    at: int
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something about life number `life` became known."""

    at: int
    life: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned(News):
    """The process exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnFailed(News):
    """There will be no process; `error` says why in words, `code` as a shell would (127, 126)."""

    error: str
    code: int = 127
    u: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited(News):
    """The process has ended. `cause` is given where somebody knows better than the exit tells.

    `core`: it left a core dump. `remains`: other processes of its group still exist.
    """

    code: int | None = None
    signal: str | None = None
    u: float = 0.0
    cause: Cause | None = None
    core: bool = False
    remains: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied(News):
    """What remained of the process' group after its end is gone as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified(News):
    """The process says: "ready", "not-ready", "stopping", "alive" (to a watchdog) or "unwell"."""

    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(News):
    """The process asks that what it is doing may take at least `by_ns` from now."""

    by_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(News):
    """A probe's verdict has changed (not: one more probe was made)."""

    probe: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(News):
    """The process waits for `on`."""

    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblocked(News):
    """It waits no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Working(News):
    """It has taken work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle(News):
    """It has no work left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained(News):
    """Nothing is in flight any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDone(News):
    """The hook that a stop plan ran has ended with exit code `code`."""

    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(News):
    """A timer is due; its serial tells whether it still matters."""

    name: str
    serial: int


Event = (
    Request | Spawned | SpawnFailed | Exited | Emptied | Notified | Extended | Probed | Blocked | Unblocked | Working
    | Idle | Drained | HookDone | TimerFired
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """To the trace: the instance went from one state to another."""

    at: int
    source: State
    target: State
    trigger: Trigger
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Start the process of life `life`; answer with Spawned or SpawnFailed."""

    life: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Send `signal` to life `life`: to its process `group`, or to its `main` process alone."""

    life: int
    signal: str
    to: str = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Answer with TimerFired(life, name, serial) after `after_ns`."""

    life: int
    name: str
    serial: int
    after_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchProbe:
    """Begin to probe; answer with Probed whenever the verdict changes. `now`: do not wait for the next tick."""

    life: int
    probe: str
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHook:
    """Run the hook called `hook`; answer with HookDone."""

    life: int
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """The instance may be given work."""

    life: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoute:
    """The instance may be given no more work."""

    life: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Tell a person: "crash-loop" or "gave-up"."""

    at: int
    alert: str
    text: str


Command = Moved | Spawn | Signal | SetTimer | WatchProbe | RunHook | OpenRoute | CloseRoute | Alert

_EVENTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Request,
        Spawned,
        SpawnFailed,
        Exited,
        Emptied,
        Notified,
        Extended,
        Probed,
        Blocked,
        Unblocked,
        Working,
        Idle,
        Drained,
        HookDone,
        TimerFired,
    )
}


def event_to_json(event: Event) -> dict[str, Any]:
    """Return an event as plain data, with its kind under "event"; what is at its default is left out.

    >>> event_to_json(Working(at=5, life=1))
    {'event': 'Working', 'at_ns': 5, 'life': 1}
    """
    defaults = {field.name: field.default for field in fields(event)}
    plain = {k: v.value if isinstance(v, Cause) else v for k, v in asdict(event).items() if v != defaults[k]}
    return {"event": type(event).__name__, "at_ns": plain.pop("at"), **plain}


def event_from_json(data: dict[str, Any]) -> Event:
    """Return the event that `event_to_json` wrote.

    Raises:
        ValueError: if the kind is not known or a key is missing or too many.
    """
    values = dict(data)
    kind = _EVENTS.get(str(values.pop("event", None)))
    if kind is None:
        raise ValueError(f"{data.get('event')!r} is no event; known are {', '.join(sorted(_EVENTS))}")
    values.pop("instance", None)
    if "cause" in values:
        values["cause"] = Cause(values["cause"])
    try:
        event: Event = kind(at=values.pop("at_ns"), **values)
    except (TypeError, KeyError) as error:
        raise ValueError(f"a {data['event']} event has the wrong keys: {error}") from None
    return event
