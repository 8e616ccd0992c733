"""The evidence: configuration, metrics, events and log of a run up to an instant, as numbered lines.

Rule: nothing is shown that an operator could not see, and nothing of what comes later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from textwrap import wrap

from lifecycle_kit.classroom.incidents.draft import Draft, Event
from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.values import SECTIONS, Incident, Line, Setting
from lifecycle_kit.simulate.fleet.metrics import metrics
from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.trace import Transition

__all__ = ["evidence_text", "incident_text", "lines_of", "said"]

MOST_EVENTS, FIRST_EVENTS = 22, 7
WIDTH = 100
NOTES = {"metrics": " (each row: the time since the row before)"}
HIDDEN = ("at work as soon as it is ready", "restart due", "ready at spawn")  # the state says it already


def lines_of(draft: Draft, result: WorldResult, lives: Sequence[Life], noise: Sequence[Line]) -> list[Line]:
    """Return the lines in the order in which they are numbered.

    Args:
        draft: the incident.
        result: of its run.
        lives: of its service.
        noise: lines that have nothing to do with it.
    """
    made = [*_settings(draft), *_metrics(draft, result), *_events(draft, result), *draft.log(result, lives), *noise]
    seen = (line for line in made if line.at_s is None or line.at_s <= draft.until_s)
    ordered = sorted(seen, key=lambda line: (SECTIONS.index(line.section), line.at_s or 0.0))
    return [replace(line, what=said(line.text)) for line in ordered]


def said(text: str) -> str:
    """Return a text without its numbers, and without the number of the instance.

    >>> said("checkout-2: running -> failed (restart in 20 s)")
    'checkout: running -> failed (restart in # s)'
    """
    return re.sub(r"\d+(?:\.\d+)?", "#", re.sub(r"-\d+\b", "", text))


def _settings(draft: Draft) -> Iterator[Line]:
    for setting in draft.settings:
        text = f"{setting.name} = {setting.value!r}".ljust(46) + f"  {setting.means}"
        yield Line(section="settings", who=draft.service, text=text, proves=draft.shows.get(setting.name, ""))
    yield from draft.also


def _metrics(draft: Draft, result: WorldResult) -> Iterator[Line]:
    found = metrics(result, draft.every_s)
    table = {heading: found[owner][name] for heading, (owner, name) in _columns(draft).items()}
    for place, at_s in enumerate(found.times_s.tolist()):
        if at_s <= draft.until_s:
            row = {"at": at_s, **{heading: float(column[place]) for heading, column in table.items()}}
            text = "  ".join(f"{heading} {row[heading]:<5g}" for heading in table).rstrip()
            yield Line(
                section="metrics", at_s=at_s, who=draft.service, text=text, proves=draft.in_metrics(row),
                stray="shows no more than that things were well" if at_s <= draft.began_s else "",
            )  # fmt: skip


def _columns(draft: Draft) -> dict[str, tuple[str, str]]:
    """Return whose metric, and which, stands under each heading: `queue.backlog`, or one of the service."""
    parted = {heading: name.rpartition(".") for heading, name in draft.columns.items()}
    return {heading: (owner or draft.service, name) for heading, (owner, _, name) in parted.items()}


def _events(draft: Draft, result: WorldResult) -> Iterator[Line]:
    events = list(grouped([m for m in result.fleets[draft.service].log if m.at <= draft.until_s]))
    left_out = len(events) - MOST_EVENTS
    for place, event in enumerate(events):
        if left_out > 0 and FIRST_EVENTS <= place < FIRST_EVENTS + left_out:
            if place == FIRST_EVENTS:
                yield Line(section="events", at_s=event.at_s, who=draft.service, text=f"({left_out} more, like these)",
                           stray="stands for lines that are left out")  # fmt: skip
            continue
        yield Line(
            section="events", at_s=event.at_s, who=draft.service, text=event_text(event), proves=draft.in_events(event),
            stray="stood there before the trouble began" if event.at_s < draft.began_s else "",
        )  # fmt: skip


def grouped(moves: Sequence[Transition]) -> Iterator[Event]:
    """Yield moves as events: those of one instance at one instant together, and like instances together."""
    for at_ns, together in groupby(moves, key=lambda move: move.at_ns):
        found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for name, own in _by_instance(list(together)).items():
            path = (own[0].source.value, *(move.target.value for move in own))
            causes = tuple(dict.fromkeys(move.cause for move in own if move.cause not in HIDDEN))
            found.setdefault((path, causes), []).append(name)
        for (path, causes), names in found.items():
            yield Event(at_s=at_ns / 1e9, who=tuple(names), path=path, causes=causes)


def _by_instance(moves: Sequence[Transition]) -> dict[str, list[Transition]]:
    found: dict[str, list[Transition]] = {}
    for move in moves:
        found.setdefault(move.instance, []).append(move)
    return found


def event_text(event: Event) -> str:
    """Return an event as a line: who, through which states, why."""
    who = event.who[0] if len(event.who) == 1 else f"{event.who[0]} .. {event.who[-1]} ({len(event.who)})"
    why = f" ({'; '.join(event.causes)})" if event.causes else ""
    return f"{who}: {' -> '.join(event.path)}{why}"


def evidence_text(lines: Sequence[Line], sections: Sequence[str] = SECTIONS) -> str:
    """Return the lines of some sections as text, with their numbers."""
    made: list[str] = []
    chosen = [(n, line) for n, line in enumerate(lines, 1) if line.section in sections]
    for section, own in groupby(chosen, key=lambda pair: pair[1].section):
        made += ["", section.upper() + NOTES.get(section, "")]
        for n, line in own:
            when = "" if line.at_s is None else f"{line.at_s:.1f} s"
            made.append(f"{n:>3}  {when:>8}  {line.text}")
    return "\n".join(made[1:])


def incident_text(incident: Incident) -> str:
    """Return all that is seen of an incident: its story, its lines, what may be set, and the question."""
    allowed = [f"  {one.name}: {allowed_text(one)}" for one in incident.settings.values()]
    return "\n".join(
        [
            f"{incident.title.upper()} (it is second {incident.until_s:g})",
            *wrap(incident.story, WIDTH),
            "",
            evidence_text(incident.lines),
            "",
            "YOU MAY SET",
            *allowed,
            "",
            "WHAT HAPPENS NEXT?",
            *wrap(
                f"{incident.question.text} (in {incident.question.unit}, within {incident.question.within:g})", WIDTH
            ),
        ]
    )


def allowed_text(setting: Setting) -> str:
    """Return what a setting may be, in words."""
    if setting.is_number:
        return f"{setting.allowed[0]:g} to {setting.allowed[1]:g}"
    return " | ".join(map(repr, setting.allowed))
