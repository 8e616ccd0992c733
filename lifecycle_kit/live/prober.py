"""One probe of one instance in real time: looks at the target when a look is due, and counts.

Its one rule: the counting is `lifecycle_kit.probes`' own; here is only the waiting and the looking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lifecycle_kit.health import Watch, probed
from lifecycle_kit.live.checks import Check, Target, look
from lifecycle_kit.probes import ProbeSettings, Tally, new_life
from lifecycle_kit.units import seconds

__all__ = ["Prober"]


class Prober:
    """A probe with a memory that outlives lives.

    Args:
        settings: how often it looks and how many equal answers count.
        check: how it looks.
        clock: the time now, nanoseconds.
    """

    def __init__(self, settings: ProbeSettings, check: Check, clock: Callable[[], int]) -> None:
        self._settings, self._check, self._clock = settings, check, clock
        self._tally: Tally | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(
        self,
        target: Callable[[], Target],
        tell: Callable[[bool], None],
        *,
        born_ns: int,
        phase_ns: int | None,
    ) -> None:
        """Watch a life from now on, and `tell` every change of the verdict.

        Args:
            target: what to look at, asked anew at each look.
            tell: called with the verdict whenever it changes, and with False at a final failure.
            born_ns: when the life began.
            phase_ns: an instant at which this probe ticks; None looks at once.
        """
        self.end()
        now = self._clock()
        old = self._tally
        tally = Tally.first(self._settings) if old is None else new_life(self._settings, old)
        watch = Watch.begin(self._settings, tally, now, born_ns, phase_ns)
        self._task = asyncio.create_task(self._watch(watch, target, tell))

    def end(self) -> None:
        """Look no more in this life; what has been counted stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self, watch: Watch, target: Callable[[], Target], tell: Callable[[bool], None]) -> None:
        while not watch.tally.on_hold(self._settings):
            await asyncio.sleep(max(0.0, seconds(watch.next_ns - self._clock())))
            # A loop may wake a hair early; a look before its tick would be due twice.
            start, before = max(watch.next_ns, self._clock()), watch.tally
            outcome = await look(self._check, target(), self._settings.timeout_s)
            watch = probed(watch, start, max(start, self._clock()), outcome)
            self._tally = watch.tally
            if (watch.tally.good, watch.tally.failed) != (before.good, before.failed):
                tell(watch.tally.good)
