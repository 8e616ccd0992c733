"""One case to look at: where it is from, what was given, and what was observed beside what the kit predicts.

Restart cases are two timelines above each other, all others a table of both sides. Every picture has its text.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from lifecycle_kit.atlas import Case, load
from lifecycle_kit.fidelity.check import Verdict, check
from lifecycle_kit.fidelity.sides import sides
from lifecycle_kit.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CaseView", "UnknownCase", "find", "show_case", "view_case"]

WIDTH = 100  # characters, as many as a notebook's page holds
MOST_ROWS = 12  # of a list; the rest is counted


class UnknownCase(ValueError):
    """No case has this id; the message names near ones."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CaseView:
    """A case, its verdict, and both sides as text and, where they are lives, as a trace.

    Attributes:
        verdict: what came of comparing.
        trace: the two sides of a restart case, None where there is nothing to draw.
        keys: which of the observed keys the table shows; all if empty.
    """

    verdict: Verdict
    trace: Trace | None
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([*self.heading(), "", *self.table()])

    @property
    def observed(self) -> Mapping[str, Any]:
        """What the real system did, by key."""
        return self.verdict.case.observed

    def heading(self) -> list[str]:
        """Return what the case is, where it is known from, and the verdict."""
        case, verdict = self.verdict.case, self.verdict
        lines = [f"{case.id}: {case.title}", f"{case.system} {case.version}, {case.evidence}: {case.source}"]
        lines.append(verdict.verdict + (f": {verdict.reason}" if verdict.reason else ""))
        return [part for line in lines for part in textwrap.wrap(line, WIDTH, break_on_hyphens=False)]

    def table(self) -> list[str]:
        """Return both sides, a line for each key and a line for each entry of a list; `!` marks what differs."""
        case, predicted = self.verdict.case, self.verdict.predicted
        rows = [("", "", case.evidence, "predicted" if predicted else "")]
        for key in self.keys or self.observed:
            differs = "!" if key in self.verdict.differing else ""
            rows += _rows(key, self.observed[key], predicted.get(key), differs)
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def find(name: str, cases: Iterable[Case]) -> Case:
    """Return the case with this id.

    Raises:
        UnknownCase: naming those whose ids hold the same word.
    """
    known = {case.id: case for case in cases}
    if name in known:
        return known[name]
    near = ", ".join([each for each in known if name.rpartition("/")[2] in each][:5])
    hint = f"did you mean {near}?" if near else "`lifecycle-kit atlas list` names them all"
    raise UnknownCase(f"no case is called {name!r}; {hint}")


def view_case(case: Case, *keys: str) -> CaseView:
    """Return a case with the kit's prediction beside it.

    Raises:
        BadGiven: if the case cannot be predicted because its `given` cannot be read.
        ValueError: if the case does not observe one of `keys`.
    """
    if unknown := [key for key in keys if key not in case.observed]:
        raise ValueError(f"{case.id} does not observe {unknown[0]!r}; it observes {', '.join(case.observed)}")
    verdict = check(case)
    trace = sides(case, verdict.predicted) if case.kind == "restart" else None
    return CaseView(verdict=verdict, trace=trace, keys=keys)


def show_case(case: Case | str, *keys: str, ax: Axes | None = None) -> CaseView:
    """Draw what was recorded above what the kit predicts, and return both with their text.

    Of cases that are no lives, only the text is returned. A case of level `fact` has one side: it is not predicted.

    Args:
        case: one of `atlas.load()`, or its id.
        keys: which of the observed keys the text shows; all if none is named.
        ax: where to draw; a new figure if None.

    Raises:
        UnknownCase: if the shipped atlas has no case of that id.
        BadGiven: if the case cannot be predicted because its `given` cannot be read.
        ValueError: if the case does not observe one of `keys`.

    >>> show_case(load(system="docker", kind="decision")[0]).verdict.verdict
    'agrees'
    """
    view = view_case(find(case, load()) if isinstance(case, str) else case, *keys)
    if view.trace is not None:
        from lifecycle_kit.show import timeline

        timeline(view.trace, ax)
    return view


def _rows(key: str, observed: Any, predicted: Any, mark: str) -> list[tuple[str, str, str, str]]:
    if not isinstance(observed, list) or not observed:
        return [(mark, key, _word(observed), "" if predicted is None else _word(predicted))]
    other = predicted if isinstance(predicted, list) else [] if predicted is None else [predicted]
    pairs = list(zip_longest(map(_word, observed), map(_word, other), fillvalue=""))
    rows = [(mark if i == 0 else "", key if i == 0 else "", *pair) for i, pair in enumerate(pairs[:MOST_ROWS])]
    if len(pairs) > MOST_ROWS:
        rows.append(("", "", f"... {len(pairs) - MOST_ROWS} more", ""))
    return rows


def _word(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{round(value, 3):g}"
    if isinstance(value, list | tuple) and not any(isinstance(part, Mapping | list) for part in value):
        return ", ".join(map(_word, value)) or "nothing"
    return value if isinstance(value, str) else json.dumps(value, default=str)
