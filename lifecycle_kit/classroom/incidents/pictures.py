"""An incident as a picture: what is seen of it, or the whole time as it was, beside the same time with a change.

Rule: nothing is drawn of what comes later, unless a change is tried.
"""

from __future__ import annotations

from lifecycle_kit.classroom.incidents.changed import change_problem, changed_data, changed_result
from lifecycle_kit.classroom.incidents.make import made, my_incidents
from lifecycle_kit.classroom.incidents.values import Incident, Value
from lifecycle_kit.classroom.incidents.worlds import world_of
from lifecycle_kit.show import Svg, fleet_chart, fleet_comparison
from lifecycle_kit.simulate.fleet.cut import cut_off

__all__ = ["beside", "picture", "seen"]

MARKS = ("change", "alert")  # what an operator knows; the fault is what is asked for


def picture(name: str, nth: int, change: dict[str, Value] | None = None) -> Svg:
    """Return the picture of one of somebody's incidents.

    Args:
        name: the learner's name or student id.
        nth: which of the three, from 1.
        change: None for what is seen; else settings with new values: then the whole time is drawn twice.

    Raises:
        ValueError: if there is no such incident, or the change cannot be made.
    """
    found = my_incidents(name)
    if not 1 <= nth <= len(found):
        raise ValueError(f"there is no incident {nth}; there are 1 to {len(found)}")
    return seen(found[nth - 1]) if change is None else beside(found[nth - 1], change)


def seen(incident: Incident) -> Svg:
    """Return what is seen of an incident, up to its moment."""
    whole = made(incident.kind, incident.seed)
    world, result = world_of(whole.draft.data, whole.draft.end_s), cut_off(whole.result, incident.until_s)
    return fleet_chart(result, world, title=incident.title, marks=MARKS)


def beside(incident: Incident, change: dict[str, Value]) -> Svg:
    """Return the whole time of an incident as it was, and beside it the same time with a change.

    Raises:
        ValueError: if it is no change that can be made.
    """
    if problem := change_problem(change, incident):
        raise ValueError(problem)
    whole = made(incident.kind, incident.seed)
    other = changed_result(incident.kind, incident.seed, tuple(sorted(change.items())))
    runs = {"as it was": whole.result, "with the change": other}
    data = {"as it was": whole.draft.data, "with the change": changed_data(whole, change)}
    worlds = {name: world_of(each, whole.draft.end_s) for name, each in data.items()}
    return fleet_comparison(runs, worlds, title=incident.title, marks=MARKS)
