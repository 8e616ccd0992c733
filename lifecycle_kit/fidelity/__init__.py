"""Fidelity: what the kit predicts, held against what real supervisors did.

`check` predicts a case of the atlas with the rooms in `systems/` and compares it the way the atlas prescribes. How a
predictor is written is told in `fidelity.predict`. `show_case` draws both sides of a case.
"""

from __future__ import annotations

from lifecycle_kit.fidelity.check import VERDICTS, BadGiven, Verdict, check
from lifecycle_kit.fidelity.compare import MODES, Context, agrees
from lifecycle_kit.fidelity.predict import NotModelled, Predictor, predictor
from lifecycle_kit.fidelity.shown import CaseView, UnknownCase, show_case, view_case

__all__ = [
    "MODES",
    "VERDICTS",
    "BadGiven",
    "CaseView",
    "Context",
    "NotModelled",
    "Predictor",
    "UnknownCase",
    "Verdict",
    "agrees",
    "check",
    "predictor",
    "show_case",
    "view_case",
]
