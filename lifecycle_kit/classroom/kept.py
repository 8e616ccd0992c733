"""Plain data kept from one kernel to the next: one small JSON file for each kind, in one folder.

Its one rule: keeping is a convenience. What cannot be written, or read again, is as good as never
kept, and stops nobody.

The folder is the one that the environment variable `LIFECYCLE_KIT_STATE_DIR` names, or else
`.lifecycle-kit` beside the notebook.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["FOLDER_VARIABLE", "can_be_kept", "drop", "load", "save"]

FOLDER_VARIABLE = "LIFECYCLE_KIT_STATE_DIR"


def load(name: str) -> Any:
    """Return what was last saved under `name`, or None if nothing is there that can be read."""
    try:
        return json.loads(_file(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def save(name: str, data: object) -> None:
    """Save plain data under `name`, if the folder allows it."""
    with contextlib.suppress(OSError):
        file = _file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        # another kernel may be reading: it sees the old file or the new one, never half of it
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        fresh.replace(file)


def drop(name: str) -> None:
    """Forget what was saved under `name`."""
    with contextlib.suppress(OSError):
        _file(name).unlink(missing_ok=True)


def can_be_kept() -> bool:
    """Return whether the folder can be written."""
    folder = _file("").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _file(name: str) -> Path:
    return Path(os.environ.get(FOLDER_VARIABLE) or ".lifecycle-kit") / f"{name}.json"
