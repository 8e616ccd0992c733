"""Real programs to supervise: the running example's API service, worker and queue broker, and stand-ins for tests.

Its one rule: a program knows nothing of supervisors. It listens on 127.0.0.1 only, tells what it does as notices (see
`lifecycle_kit.live.notices`) and log lines, heeds SIGTERM, and misbehaves only where a switch says so:

    python -m lifecycle_kit.live.programs.api --help
    python -m lifecycle_kit.live.programs.worker --help
    python -m lifecycle_kit.live.programs.broker --help
"""

from __future__ import annotations
