"""Faults that grow inside a server: a loop that hangs, memory that leaks, a log that is flooded.

Its one rule: a switch makes the program really ill; nothing is acted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from lifecycle_kit.live.programs.common import crash_after, span

__all__ = ["add_faults", "take_their_course"]

_FOREVER_S = 1e6
_TURN_S = 0.05
_MB = 1_000_000


def add_faults(parser: argparse.ArgumentParser) -> None:
    """Add the switches."""
    add = parser.add_argument_group("faults").add_argument
    add("--slow-start", type=span, default=0, metavar="S", help="be alive at once, and ready only after so long")
    add("--half-started", action="store_true", help="routing table never loads, connection pool cannot open")
    add("--lose-pool-after", type=span, metavar="S", help="lose the database this long after the start")
    add("--lose-pool-for", type=span, default=_FOREVER_S, metavar="S", help="have it back after so long")
    add("--no-drain", action="store_true", help="do nothing at SIGTERM, so that it ends the process at once")
    add("--deaf", action="store_true", help="ignore SIGTERM")
    add("--hang-after", type=span, metavar="S", help="exist, but answer nothing any more from this age on")
    add("--crash-after", type=span, metavar="S", help="crash at this age")
    add("--leak", type=span, default=0, metavar="MB_PER_S", help="take memory and keep it")
    add("--flood", type=span, default=0, metavar="LINES_PER_S", help="write so many log lines")


async def take_their_course(options: argparse.Namespace) -> None:
    """Let those faults take their course that come by themselves; as long as some go on, this does not return."""
    crash_after(options.crash_after)
    if options.hang_after is not None:
        # The loop itself stands still: no answers, no signal handlers, no notices.
        asyncio.get_running_loop().call_later(options.hang_after, time.sleep, _FOREVER_S)
    hoard, written, born = [], 0, time.monotonic()
    while options.leak or options.flood:
        await asyncio.sleep(_TURN_S)
        hoard.append(bytearray(round(options.leak * _TURN_S * _MB)))
        due = int(options.flood * (time.monotonic() - born))
        sys.stdout.writelines(f"debug: still nothing to report ({number})\n" for number in range(written, due))
        sys.stdout.flush()
        written = due
