"""The thundering herd: clients that lose the same service at the same moment, and try again with the same waits.

Rule: arithmetic over all clients at once, held to `Backoff` by a test; every client has draws of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lifecycle_kit.backoff import JITTERS

__all__ = ["TENTHS", "attempts", "herd"]

TENTHS = 10  # parts of a second: what comes within one of them comes at once

Floats = npt.NDArray[np.float64]


def attempts(waits_s: Sequence[float], draws: Floats, jitter: str, cap_s: float) -> Floats:
    """Return when each client makes each attempt, seconds, a row per client.

    Args:
        waits_s: the waits without jitter, one for each attempt.
        draws: uniform draws from [0, 1), a row per client and a column per attempt.
        jitter: one of `backoff.JITTERS`.
        cap_s: the longest wait, for "decorrelated".

    Raises:
        ValueError: if the jitter is not known.
    """
    waits = np.asarray(waits_s, float)
    match jitter:
        case "none":
            made = np.broadcast_to(waits, draws.shape)
        case "full":
            made = draws * waits
        case "equal":
            made = waits / 2 + draws * waits / 2
        case "decorrelated":
            made = _decorrelated(float(waits[0]) if len(waits) else 0.0, draws, cap_s)
        case _:
            raise ValueError(f"jitter {jitter!r} is not known; choose one of {', '.join(JITTERS)}")
    return np.cumsum(made, axis=1)


def _decorrelated(first_s: float, draws: Floats, cap_s: float) -> Floats:
    made = np.empty_like(draws)
    previous = np.zeros(draws.shape[0])
    for attempt in range(draws.shape[1]):
        high = np.minimum(cap_s, 3 * np.maximum(previous, first_s))
        low = np.minimum(first_s, high)
        previous = made[:, attempt] = low + draws[:, attempt] * (high - low)
    return made


def herd(
    waits_s: Sequence[float], clients: int, jitter: str, until_s: int, *, cap_s: float = np.inf, seed: int = 0
) -> list[int]:
    """Return how many attempts reach the service in each tenth of a second up to `until_s`.

    >>> busy = herd([1, 2, 4], 50, "none", 8)
    >>> [(place, count) for place, count in enumerate(busy) if count]
    [(10, 50), (30, 50), (70, 50)]
    >>> max(herd([1, 2, 4], 50, "full", 8)) < 20
    True
    """
    draws = np.random.default_rng(seed).random((clients, len(waits_s)))
    # Sums of float seconds may end a hair below a tenth, and would be counted one too early.
    at = np.floor(attempts(waits_s, draws, jitter, cap_s).ravel() * TENTHS + 1e-6)
    bins = until_s * TENTHS
    counts: list[int] = np.bincount(at[at < bins].astype(int), minlength=bins)[:bins].tolist()
    return counts
