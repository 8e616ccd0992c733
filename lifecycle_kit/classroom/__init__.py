"""The classroom: instant checks and hints for learners, and what test cells are made of.

Rule: it judges answers on plain data and knows nothing of notebooks, kernels or gradebooks.
"""

from __future__ import annotations

from lifecycle_kit.classroom.checks import check, expect_on_cases
from lifecycle_kit.classroom.hints import hint
from lifecycle_kit.classroom.points import NotYet, expect, one_point

__all__ = ["NotYet", "check", "expect", "expect_on_cases", "hint", "one_point"]
