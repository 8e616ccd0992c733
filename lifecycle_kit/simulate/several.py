"""Several instances through the same: one script, one clock, one trace, and as many policies as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifecycle_kit.instance import Unit
from lifecycle_kit.simulate.agenda import Agenda
from lifecycle_kit.simulate.one import Lives, Simulated
from lifecycle_kit.simulate.script import Script
from lifecycle_kit.trace import Trace
from lifecycle_kit.units import ns

__all__ = ["side_by_side"]


def side_by_side(
    units: Mapping[str, Unit],
    lives: Lives | Script,
    until_s: float = 600.0,
    *,
    requests: Iterable[tuple[float, str]] = (),
    seed: int = 0,
) -> Trace:
    """Return one trace of an instance of each unit; each moves as it would alone in `simulate`.

    Args:
        units: by the name that the instance gets in the trace.
        lives: what the process of each does, as in `simulate`.
        until_s: end of the run, seconds, that instant included.
        requests: `(at_s, request)` to each, beside the start at 0.
        seed: of every draw; instances draw by their names, so no two draw alike.

    >>> from lifecycle_kit import like
    >>> from lifecycle_kit.trace import starts
    >>> units = {"patient": like("supervisord"), "hasty": like("systemd", Restart="always")}
    >>> starts(side_by_side(units, Script(run_s=0)).transitions, "hasty")
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    agenda, asked = Agenda(), [(0.0, "start"), *requests]
    trace = Trace(header={"made_by": "simulate", "until_ns": ns(until_s), "seed": seed})
    lives = [lives] if isinstance(lives, Script) else lives
    for name, unit in units.items():
        one = Simulated(agenda, trace, name, unit, lives, seed)
        for at_s, request in asked:
            agenda.at(ns(at_s), lambda one=one, request=request: one.ask(request))  # type: ignore[misc]
    agenda.run(ns(until_s))
    return trace
