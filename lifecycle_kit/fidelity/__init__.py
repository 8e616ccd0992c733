"""Fidelity: what the kit predicts, held against what real supervisors did.

`check` predicts a case of the atlas with the rooms in `systems/` and compares it the way the atlas prescribes. How a
predictor is written is told in `fidelity.predict`.
"""

from __future__ import annotations

from lifecycle_kit.fidelity.check import VERDICTS, BadGiven, Verdict, check
from lifecycle_kit.fidelity.compare import MODES, Context, agrees
from lifecycle_kit.fidelity.predict import NotModelled, Predictor, predictor

__all__ = [
    "MODES",
    "VERDICTS",
    "BadGiven",
    "Context",
    "NotModelled",
    "Predictor",
    "Verdict",
    "agrees",
    "check",
    "predictor",
]
