"""Real programs to supervise: the running example's API service, worker and queue broker, and stand-ins for tests.

Its one rule: a program knows nothing of supervisors. It listens on 127.0.0.1 only, tells what it does as notices (see
`lifecycle_kit.live.notices`) and log lines, heeds SIGTERM, and misbehaves only where a switch says so:

    python -m lifecycle_kit.live.programs.api --help
    python -m lifecycle_kit.live.programs.worker --help
    python -m lifecycle_kit.live.programs.broker --help
"""

from __future__ import annotations

import sys

__all__ = ["command"]


def command(program: str, **options: object) -> list[str]:
    """Return the command that runs one of the programs.

    Args:
        program: "api", "worker" or "broker".
        options: its switches with `_` for `-`; True for a switch without a value; None and False leave it out.

    >>> command("api", slow_start=2, deaf=True, no_drain=False)[2:]
    ['lifecycle_kit.live.programs.api', '--slow-start', '2', '--deaf']
    """
    argv = [sys.executable, "-m", f"lifecycle_kit.live.programs.{program}"]
    for name, value in options.items():
        if value is not None and value is not False:
            argv += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return argv
