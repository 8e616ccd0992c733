"""What OSTEP's process-run.py would count."""

from __future__ import annotations

from lifecycle_kit.fidelity.predict import Given, Observed, Predictor
from lifecycle_kit.simulate.runqueue import IoDone, Switch, run_queue

__all__ = ["FAMILIES"]


def _process_run(given: Given) -> Observed:
    trace = run_queue(
        given["processes"],
        io_length=given.get("io_length", 5),
        switch=Switch(given.get("switch", "SWITCH_ON_IO")),
        io_done=IoDone(given.get("io_done", "IO_RUN_LATER")),
    )
    return {
        "total_ticks": trace.total_ticks,
        "cpu_ticks": trace.cpu_ticks,
        "io_ticks": trace.io_ticks,
        "io_done_ticks": list(trace.io_done_ticks),
    }


FAMILIES: dict[tuple[str, str], Predictor] = {("state", "process-run"): _process_run}
