"""Runs for sweeps that another process can import."""

from __future__ import annotations

import time
from pathlib import Path

from lifecycle_kit import like
from lifecycle_kit.simulate import Fleet, Load, Wear


def product(a: int, b: int, seed: int) -> dict[str, float]:
    """Return numbers; one combination is impossible."""
    if a == b == 2:
        raise ValueError("2 and 2 do not go together")
    return {"product": a * b + seed / 10, "sum": a + b}


def worn(mtbf_s: float, replicas: int = 2) -> Fleet:
    """Return a fleet whose processes wear out."""
    return Fleet(unit=like("kubernetes"), replicas=replicas, lives=Wear(mtbf_s=mtbf_s), load=Load(per_s=2))


def slow(number: int, folder: str) -> int:
    """Leave a file, and take a while."""
    Path(folder, str(number)).touch()
    time.sleep(0.05)
    return number
