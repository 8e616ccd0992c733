"""What a kind of incident draws from its seed before anything is run.

Rule: everything that tells two incidents of a kind apart is drawn here, by the dice that are handed in; the words are
data, in `kinds/words.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import Line, Setting
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.scenarios.measures import Measure

__all__ = ["API_NAMES", "Draft", "Event", "Kind", "Row", "WORKER_NAMES", "log_line"]

API_NAMES = ("checkout", "search", "login", "catalog", "billing", "tickets", "invoices", "maps", "profile", "booking")
WORKER_NAMES = ("mailer", "thumbs", "exporter", "indexer", "reports", "payouts", "importer", "labels")

Row = Mapping[str, float]
"""One row of the metrics: what was counted since the row before, by its heading, and `at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Moves of some instances at one instant, all the same.

    Attributes:
        at_s: when.
        who: the instances.
        path: the states they went through, such as ("running", "failed", "backoff").
        causes: of each move.
    """

    at_s: float
    who: tuple[str, ...]
    path: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An incident before it is run.

    Attributes:
        service: the fleet it is about.
        needs: what that depends on.
        data: the world, as in a scenario file.
        began_s, until_s, end_s: when the trouble begins, up to when it is shown, and the end of the run.
        settings: what may be changed.
        shows: the fact that a setting shows, by its name.
        also: further lines of the configuration, that nobody may change.
        every_s: from one row of the metrics to the next.
        columns: of the metrics, by the heading they get.
        in_metrics, in_events: the fact that a row or an event shows, "" if none.
        log: what programs wrote, from the run and the lives of the service.
        answer: what happens next, from the run that goes on and the lives of the service.
        within: how far a prediction of that may be off.
        measure: what is measured to say whether a change cures.
        measured: numbers that somebody has read off for the change, by name.
        cured_below: up to this share of the harm, a change cures; what nothing can prevent is in it.
        values: what the words are filled in with.
    """

    service: str
    needs: Sequence[str] = ()
    data: Mapping[str, Any]
    began_s: float
    until_s: float
    end_s: float
    settings: Sequence[Setting]
    shows: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    also: Sequence[Line] = ()
    every_s: float
    columns: Mapping[str, str]
    in_metrics: Callable[[Row], str] = lambda _row: ""
    in_events: Callable[[Event], str] = lambda _event: ""
    log: Callable[[WorldResult, Sequence[Life]], list[Line]]
    answer: Callable[[WorldResult, Sequence[Life]], float]
    within: float
    measure: Measure
    measured: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    cured_below: float = 0.02
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of incident.

    Attributes:
        cause: its name in `CAUSES`.
        group: "ends" (who ends lives), "leaving" (routes, stops and updates) or "sharing" (queues and crowds): a
            learner gets one of each.
        scenario: the packaged scenario that tells the same.
        draft: draws one.
    """

    cause: str
    group: str
    scenario: str
    draft: Callable[[Random], Draft]


def log_line(at_s: float, who: str, text: str, *, proves: str = "", stray: str = "") -> Line:
    """Return a line that a program wrote."""
    return Line(section="log", at_s=at_s, who=who, text=text, proves=proves, stray=stray)
