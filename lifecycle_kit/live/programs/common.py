"""What all the programs share: how they speak, what their options mean, and how they crash.

Its one rule: no import that costs time. A worker needs no server and should be up at once.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from typing import NoReturn

__all__ = ["CREDENTIALS", "NO_PERMISSION", "UNAVAILABLE", "crash_after", "fail", "log", "port", "say", "span"]

UNAVAILABLE, NO_PERMISSION = 69, 77  # EX_UNAVAILABLE and EX_NOPERM of sysexits.h
CREDENTIALS = "open-sesame"  # what the broker accepts and the worker shows, unless told otherwise


def say(word: str, **more: object) -> None:
    """Give notice of something, to whoever supervises."""
    log(json.dumps({"lifecycle": word, **more}))


def log(line: str) -> None:
    """Write one line, at once."""
    print(line, flush=True)


def fail(code: int, why: str) -> NoReturn:
    """Leave with an exit code, after saying why."""
    log(f"error: {why}")
    sys.exit(code)


def span(text: str) -> float:
    """Return an option's number: seconds, or anything else that is counted from 0."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more, and finite")
    return number


def port(text: str) -> int:
    """Return an option's port, 0 for any that is free."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: give 1 to 65535, or 0 for any that is free")
    return number


def crash_after(seconds: float | None) -> None:
    """End this process with code 1 at this age, whatever it is doing then; never if None."""
    if seconds is None:
        return

    def crash(_signal: int, _frame: object) -> None:
        log("fatal: an error that nobody caught")
        os._exit(1)  # as in a crash, nothing is finished, closed or handed back

    signal.signal(signal.SIGALRM, crash)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))  # 0 would mean never
