"""The behaviour atlas: what real supervisors did, or promise, as data that the lessons quote and the kit must predict.

Rule: the files in `data/` are never edited to please a prediction. `data/README.md` defines every key.
"""

from __future__ import annotations

from lifecycle_kit.atlas.case import KINDS, LEVELS, Case
from lifecycle_kit.atlas.load import BadAtlas, Problem, comparisons, load, read, shipped

__all__ = ["KINDS", "LEVELS", "BadAtlas", "Case", "Problem", "comparisons", "load", "read", "shipped"]
