"""One case, predicted and compared: agrees, differs, not modelled - or a fact, which is shown and not predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifecycle_kit.atlas import Case, comparisons
from lifecycle_kit.fidelity.compare import Context, agrees
from lifecycle_kit.fidelity.predict import NotModelled, predictor
from lifecycle_kit.systems.options import OptionError

__all__ = ["VERDICTS", "BadGiven", "Verdict", "check"]

VERDICTS = ("agrees", "differs", "not modelled", "fact")


class BadGiven(ValueError):
    """The situation of a case cannot be read; `key` says where as far as that is known."""

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one case.

    Attributes:
        case: the case.
        verdict: one of `VERDICTS`.
        predicted: what the kit says, by key; empty where it says nothing.
        differing: the keys of `observed` with which the prediction does not agree.
        reason: why, in words, where it does not agree.
    """

    case: Case
    verdict: str
    predicted: Mapping[str, Any] = field(default_factory=dict)
    differing: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data: id, verdict, predicted, observed, reason."""
        return {
            "id": self.case.id, "verdict": self.verdict, "predicted": dict(self.predicted),
            "observed": dict(self.case.observed), "reason": self.reason,
        }  # fmt: skip


def check(case: Case) -> Verdict:
    """Return whether the kit predicts what was observed.

    Raises:
        BadGiven: if `given` lacks a key that the prediction needs, or has a value that is not allowed.
    """
    if case.level == "fact":
        return Verdict(case=case, verdict="fact", reason="not predictable from what is given: shown, not predicted")
    try:
        predicted = predictor(case.system, case.kind, case.family)(case.given)
    except (NotModelled, OptionError) as gap:  # such a value may be real, but no room here knows it
        return Verdict(case=case, verdict="not modelled", reason=str(gap))
    except KeyError as error:
        raise BadGiven(f"given...{error.args[0]}", "it is missing, and the prediction needs it") from error
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, StopIteration) as error:
        raise BadGiven("given", str(error)) from error
    differing = tuple(key for key in case.observed if not _same(case, key, predicted))
    if not differing:
        return Verdict(case=case, verdict="agrees", predicted=predicted)
    silent = [key for key in differing if key not in predicted]
    reason = f"{', '.join(differing)} differ" if len(differing) > 1 else f"{differing[0]} differs"
    if silent:
        reason += f" (nothing is predicted for {', '.join(silent)})"
    return Verdict(case=case, verdict="differs", predicted=predicted, differing=differing, reason=reason)


def _same(case: Case, key: str, predicted: Mapping[str, Any]) -> bool:
    if key not in predicted:
        return False
    context = Context.of(case.given, case.observed, case.tolerance_s)
    return agrees(_mode(case, key), predicted[key], case.observed[key], context)


def _mode(case: Case, key: str) -> str:
    """Return how this key is compared: as its family does, else as other families of its kind do."""
    table = comparisons()
    own = table.get(case.sort, {})
    others = (modes[key] for sort, modes in table.items() if sort.startswith(f"{case.kind}/") and key in modes)
    return own.get(key) or next(others, "exact")
