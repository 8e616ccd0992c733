"""Film real processes in every state, and save what was seen for systems that cannot show it.

Run it on Linux, where all kinds can be had: `.venv/bin/python tools/record_os_states.py`.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

from lifecycle_kit.live.film import as_plain, shoot
from lifecycle_kit.live.specimens import KINDS

FILE = Path(__file__).parents[1] / "lifecycle_kit" / "live" / "recordings" / "os-states.json"

FILMS: list[tuple[str, ...]] = [
    *((kind,) for kind in KINDS),
    ("sleeping", "SIGTERM", "reap"),
    ("stopped", "SIGTERM"),
    ("stopped", "SIGTERM", "SIGCONT", "reap"),
    ("stopped", "SIGKILL", "reap"),
    ("uninterruptible", "SIGTERM", "SIGKILL", "reap"),
    ("zombie", "SIGKILL", "reap"),
    ("neglected", "parent ends"),
    ("child", "parent ends"),
    ("adopted", "parent ends", "SIGTERM"),
]


def main() -> None:
    """Write the file of recordings anew."""
    films = [as_plain(kind, steps, shoot(kind, *steps)) for kind, *steps in FILMS]
    kernel = ".".join(platform.release().split(".")[:2])
    recorded = {"recorded_on": f"{platform.system()} {kernel}", "films": films}
    FILE.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
