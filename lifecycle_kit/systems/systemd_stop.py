"""systemd's stop: hooks, signals and deadlines before the end of the main process, and what follows it.

Rule: ExecStop, then KillSignal, then after TimeoutStopSec SIGKILL (or SIGABRT first), each with its own timeout; once
the main process has ended ExecStopPost runs and what remains of the control group is killed, as far as KillMode says
so. After a crash ExecStop is left out.

Source: systemd.service(5), systemd.kill(5); src/core/service.c (`service_enter_stop`, `service_enter_signal`,
`service_enter_stop_post`, `service_dispatch_timer`) of 261~devel; recordings of systemd 257.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.drain import Phase, StopPlan, Until
from lifecycle_kit.systems.options import Option, choice, signal_name, switch, timespan

__all__ = ["STOP_OPTIONS", "Stopping", "finite"]


def _hook(value: Any) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError("give a command")
    return text


STOP_OPTIONS = (
    Option("ExecStop", None, _hook, "command that asks it to stop, before the signal"),
    Option("ExecStopPost", None, _hook, "command that runs after every end"),
    Option("TimeoutStopSec", 90.0, timespan, "longest time for each part of a stop"),
    Option("TimeoutAbortSec", None, timespan, "from SIGABRT to SIGKILL (TimeoutStopSec)"),
    Option("TimeoutStopFailureMode", "terminate", choice("terminate", "abort", "kill"), "what a slow stop is met with"),
    Option("KillSignal", "SIGTERM", signal_name, "signal that asks it to stop"),
    Option("KillMode", "control-group", choice("control-group", "mixed", "process"), "who gets the signals"),
    Option("SendSIGKILL", True, switch, "whether a stop may end in SIGKILL"),
)


def finite(value_s: float) -> float | None:
    """Return a timeout, None for one that never ends: infinity, and 0 as well (systemd.service(5), TimeoutStopSec=)."""
    return None if math.isinf(value_s) or value_s == 0 else value_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """How a unit is stopped (times in seconds, None: no limit); phases bear the names of its sub-states."""

    timeout_s: float | None = 90.0
    abort_s: float | None = 90.0
    signal: str = "SIGTERM"
    mode: str = "control-group"
    aborts: bool = False
    kills: bool = True
    stop_hook: bool = False
    post_hook: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Stopping:
        """Return what the options say."""
        timeout_s, abort_s = values["TimeoutStopSec"], values["TimeoutAbortSec"]
        return cls(
            timeout_s=finite(timeout_s), abort_s=finite(timeout_s if abort_s is None else abort_s),
            signal=values["KillSignal"], mode=values["KillMode"],
            aborts=values["TimeoutStopFailureMode"] == "abort", kills=values["SendSIGKILL"],
            stop_hook=values["ExecStop"] is not None, post_hook=values["ExecStopPost"] is not None,
        )  # fmt: skip

    def plan(self) -> StopPlan:
        """Return the stop of a running unit; without SIGKILL a second SIGTERM is the last that is tried."""
        return StopPlan(phases=(*self._hook(), *self._signals()))

    def early(self) -> StopPlan:
        """Return the stop of a unit that has not been started yet: there is nothing that ExecStop could end."""
        return StopPlan(phases=tuple(self._signals()))

    def _signals(self) -> list[Phase]:
        last = self._kill("stop-sigkill") if self.kills else [*self._post(), *self._term("final-sigterm")]
        return [*self._term("stop-sigterm"), *self._abort(), *last]

    def abort(self) -> StopPlan:
        """Return what a watchdog does: SIGABRT, and SIGKILL after TimeoutAbortSec."""
        abort = Phase(name="stop-watchdog", signal="SIGABRT", to=self._polite, limit_s=self.abort_s)
        return StopPlan(phases=(abort, *(self._kill("stop-sigkill") if self.kills else ())))

    def after_end(self, *, stopped: bool, orderly: bool) -> StopPlan | None:
        """Return what follows the end of the main process.

        Args:
            stopped: it ended in the course of a stop.
            orderly: it had been up and ended clean, so that ExecStop is run for the end that came by itself.
        """
        phases: list[Phase] = []
        if not stopped:
            phases += [*(self._hook() if orderly else ()), *self._sweep("stop")]
        phases += [*self._post(), *self._sweep("final")]
        return StopPlan(phases=tuple(phases)) if phases else None

    def _sweep(self, part: str) -> list[Phase]:
        """Return the kill of what remains of the control group; KillMode=mixed spares it no time, =process all."""
        term = [*self._term(f"{part}-sigterm", Until.EMPTY)] if self.mode == "control-group" else []
        kill = [*self._kill(f"{part}-sigkill", Until.EMPTY)] if self.kills and self.mode != "process" else []
        return term + kill

    @property
    def _polite(self) -> str:
        return "group" if self.mode == "control-group" else "main"

    def _hook(self) -> list[Phase]:
        return [Phase(name="stop", until=Until.HOOK, limit_s=self.timeout_s)] if self.stop_hook else []

    def _post(self) -> list[Phase]:
        return [Phase(name="stop-post", until=Until.HOOK, limit_s=self.timeout_s)] if self.post_hook else []

    def _term(self, name: str, until: Until = Until.EXIT) -> list[Phase]:
        return [Phase(name=name, signal=self.signal, to=self._polite, until=until, limit_s=self.timeout_s)]

    def _abort(self) -> list[Phase]:
        if not self.aborts:
            return []
        return [Phase(name="stop-watchdog", signal="SIGABRT", to=self._polite, limit_s=self.abort_s)]

    def _kill(self, name: str, until: Until = Until.EXIT) -> list[Phase]:
        to = "main" if self.mode == "process" else "group"
        return [Phase(name=name, signal="SIGKILL", to=to, until=until, limit_s=self.timeout_s)]
