"""Symptoms: what a run shows, counted, as a small dict; the questions of a triage in the form of answers.

Rule: everything is read from the run up to the moment at which the incident is shown; the cause is not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from lifecycle_kit.classroom.incidents.lives import Life
from lifecycle_kit.classroom.incidents.make import Made, made
from lifecycle_kit.classroom.incidents.values import Incident, Record
from lifecycle_kit.simulate.fleet.result import OUTCOMES
from lifecycle_kit.units import ns, seconds

__all__ = ["knobs_of", "ladder_of", "lives_seen", "measured_of", "symptoms_of"]

KUBERNETES_LADDER = {"first_s": 10.0, "factor": 2.0, "cap_s": 300.0}


def symptoms_of(incident: Incident) -> Record:
    """Return the symptoms of an incident, as plain data.

    ended_by: who ended most of the lives since the trouble began, or "nobody". ever_ready: whether one of those lives
    had been ready. needs_down: whether something the service needs was down at such an end. same_job: whether such
    lives had all taken the same job. last_words: the last line of the log before the last of those ends. in_step:
    whether three lives or more began at one instant, twice. wanted, owners: instances wanted, and the most that could
    work at one instant. unready_routed: whether requests go to a life that has not been ready. failed_as: how most of
    the requests failed, or "nothing".
    """
    whole = made(incident.kind, incident.seed)
    ended = _ended(whole)
    by = Counter(life.by for life in ended).most_common(1)[0][0] if ended else "nobody"
    chosen = [life for life in ended if life.by == by]
    return {
        "ended_by": by,
        "ever_ready": any(life.ready_s is not None for life in chosen),
        "needs_down": _needs_down(whole, chosen),
        "same_job": _same_job(whole),
        "last_words": _last_words(whole, chosen),
        "in_step": _in_step(whole),
        "wanted": int(whole.draft.data["fleets"][incident.service]["replicas"]),
        "owners": _most_owners(whole),
        "unready_routed": _unready_routed(whole),
        "failed_as": _failed_as(whole),
    }


def lives_seen(incident: Incident) -> list[Record]:
    """Return the lives of the service's first instance, as far as they are shown: `born` and `ended`, seconds."""
    whole, name = made(incident.kind, incident.seed), f"{incident.service}-0"
    own = [life for life in whole.lives if life.instance == name and life.born_s <= incident.until_s]
    return [{"born": life.born_s, "ended": _if_seen(life.ended_s, incident.until_s)} for life in own]


def ladder_of(incident: Incident) -> Record:
    """Return the waits between two lives as the service's platform has them: first, factor, cap."""
    fleet = made(incident.kind, incident.seed).draft.data["fleets"][incident.service]
    if "plain" in fleet:
        plain = fleet["plain"]
        return {"first_s": float(plain["first"]), "factor": float(plain["factor"]), "cap_s": float(plain["cap"])}
    return dict(KUBERNETES_LADDER)


def knobs_of(incident: Incident) -> Record:
    """Return the settings as plain data: for each what it is now, and what it may be."""
    return {name: {"now": one.value, "allowed": list(one.allowed)} for name, one in incident.settings.items()}


def measured_of(incident: Incident) -> Record:
    """Return the numbers somebody has read off for the change."""
    return dict(made(incident.kind, incident.seed).draft.measured)


def _if_seen(at_s: float | None, until_s: float) -> float | None:
    return at_s if at_s is not None and at_s <= until_s else None


def _ended(whole: Made) -> list[Life]:
    began_s, until_s = whole.incident.began_s, whole.incident.until_s
    return [life for life in whole.lives if life.ended_s is not None and began_s <= life.ended_s <= until_s]


def _needs_down(whole: Made, ended: Sequence[Life]) -> bool:
    downs = [span for name in whole.incident.needs for span in whole.result.downs.get(name, ())]
    ends = [ns(life.ended_s) for life in ended if life.ended_s is not None]
    return any(from_ns <= at <= until_ns for at in ends for from_ns, until_ns in downs)


def _same_job(whole: Made) -> bool:
    taken = [found[1] for line in whole.incident.lines if (found := re.search(r"takes job (\d+)", line.text))]
    return len(taken) > 1 and len(set(taken)) == 1


def _last_words(whole: Made, ended: Sequence[Life]) -> str:
    if not ended:
        return ""
    last = max(life.ended_s or 0.0 for life in ended)
    own = (whole.incident.service, *whole.incident.needs, "power")
    said = [one for one in whole.incident.lines if one.section == "log" and one.who in own and (one.at_s or 0) <= last]
    useful = [line.text.partition(": ")[2] for line in said if not line.stray]
    return useful[-1] if useful else ""


def _in_step(whole: Made) -> bool:
    incident = whole.incident
    births = Counter(life.born_s for life in whole.lives if incident.began_s <= life.born_s <= incident.until_s)
    return sum(count >= 3 for count in births.values()) >= 2


def _most_owners(whole: Made) -> int:
    incident, edges = whole.incident, list[tuple[float, int]]()
    for life in whole.lives:
        if life.ready_s is not None and life.ready_s <= incident.until_s:
            ended_s = life.ended_s if life.ended_s is not None else incident.until_s + 1
            edges += [(life.ready_s, 1), (ended_s, -1)]
    level = most = 0
    for _, change in sorted(edges):
        level += change
        most = max(most, level)
    return most


def _unready_routed(whole: Made) -> bool:
    incident = whole.incident
    routes = [names for at, names in whole.result.fleets[incident.service].routes if seconds(at) <= incident.until_s]
    seen = {life.instance: life for life in whole.lives if life.born_s <= incident.until_s}
    return any(seen[name].ready_s is None and seen[name].ended_s is None for name in (routes[-1] if routes else ()))


def _failed_as(whole: Made) -> str:
    requests = whole.result.fleets[whole.incident.service].requests
    ended = (requests.ended_ns > ns(whole.incident.began_s)) & (requests.ended_ns <= ns(whole.incident.until_s))
    counts = Counter(OUTCOMES[code] for code in requests.outcome[ended].tolist() if code > OUTCOMES.index("served"))
    return counts.most_common(1)[0][0] if counts else "nothing"
