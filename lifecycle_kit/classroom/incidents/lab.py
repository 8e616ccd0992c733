"""An incident on the bench: its evidence piece by piece, its picture, and changes tried beside it.

Rule: it shows what is seen up to the moment of the incident; only a change that is tried shows the rest of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifecycle_kit.classroom.done import Verdict
from lifecycle_kit.classroom.incidents.changed import (
    change_problem,
    changed_data,
    changed_result,
    judge_change,
)  # fmt: skip
from lifecycle_kit.classroom.incidents.diagnosis import judge
from lifecycle_kit.classroom.incidents.evidence import evidence_text, incident_text
from lifecycle_kit.classroom.incidents.make import Made, incident, made
from lifecycle_kit.classroom.incidents.values import SECTIONS, Incident, Value
from lifecycle_kit.classroom.incidents.worlds import world_of
from lifecycle_kit.show import Svg, fleet_chart, fleet_comparison

__all__ = ["Lab", "lab"]

MARKS = ("change", "alert")  # what an operator knows; the fault is what is asked for


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lab:
    """One incident to work on; shows itself as all that an operator sees.

    Attributes:
        incident: which one.
    """

    incident: Incident

    @property
    def story(self) -> str:
        """What somebody says on the phone."""
        return self.incident.story

    @property
    def question(self) -> str:
        """What happens next, and in which unit to say it."""
        return f"{self.incident.question.text} (in {self.incident.question.unit})"

    def show(self, *sections: str) -> None:
        """Print some sections of the evidence, with the numbers of their lines.

        Args:
            sections: of "settings", "metrics", "events", "log".

        Raises:
            ValueError: naming those there are.
        """
        if unknown := set(sections) - set(SECTIONS):
            raise ValueError(f"no section is called {min(unknown)!r}; there are {', '.join(SECTIONS)}")
        print(evidence_text(self.incident.lines, sections))  # noqa: T201 - speaks to the learner

    def chart(self) -> Svg:
        """Return the run as a picture, up to the moment of the incident."""
        whole = self._made
        shown = world_of(whole.draft.data, whole.draft.end_s)
        title, until_s = self.incident.title, self.incident.until_s
        return fleet_chart(whole.result, shown, title=title, until_s=until_s, marks=MARKS)

    def tried(self, change: dict[str, Value]) -> str:
        """Return what a change does to the harm, in words."""
        return judge_change(change, self.incident).words

    def beside(self, change: dict[str, Value]) -> Svg:
        """Return the whole run as it was, and beside it the same time with a change.

        Raises:
            ValueError: if it is no change that can be made.
        """
        if problem := change_problem(change, self.incident):
            raise ValueError(problem)
        whole = self._made
        other = changed_result(whole.incident.kind, whole.incident.seed, tuple(sorted(change.items())))
        runs = {"as it was": whole.result, "with the change": other}
        worlds = {"as it was": whole.draft.data, "with the change": changed_data(whole, change)}
        described = {name: world_of(data, whole.draft.end_s) for name, data in worlds.items()}
        return fleet_comparison(runs, described, title=self.incident.title, marks=MARKS)

    def check(self, cause: Any, lines: Any, next: Any, change: Any) -> Verdict:
        """Return what is right about a diagnosis, and what speaks against the rest; three dots are no answer yet."""
        parts = {"cause": cause, "lines": lines, "next": next, "change": change}
        if any(value is ... for value in parts.values()):
            return Verdict(done=False, words="not yet: put your answers in place of the dots, then run the cell again.")
        marks = judge(parts, self.incident)
        done = all(mark.right for mark in marks)
        first = "done. You may move on." if done else "not yet:"
        return Verdict(done=done, words="\n".join([first, *map(repr, marks)]))

    def __repr__(self) -> str:
        """Return the whole evidence."""
        return incident_text(self.incident)

    @property
    def _made(self) -> Made:
        return made(self.incident.kind, self.incident.seed)


def lab(kind: str | None = None, seed: int = 0) -> Lab:
    """Return an incident on the bench.

    Args:
        kind: its cause; None: the seed chooses, and nobody tells.
        seed: another one gives other names, numbers and times.
    """
    return Lab(incident=incident(kind, seed))
