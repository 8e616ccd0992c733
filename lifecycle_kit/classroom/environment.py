"""Is everything here that the course needs? Asked once, in lesson 00.

Its one rule: every line that says no also says what to do.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from lifecycle_kit.classroom.kept import can_be_kept
from lifecycle_kit.live.errors import LiveError
from lifecycle_kit.live.film import shoot

__all__ = ["Environment", "environment"]

_PACKAGES = ("jupyterlab", "ipywidgets", "matplotlib", "psutil", "nbgrader")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Environment:
    """What was found; shows itself as one line each.

    Attributes:
        lines: what was looked for, whether it is there, and what was found or is to be done.
    """

    lines: tuple[tuple[str, bool, str], ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return all(there for _, there, _ in self.lines)

    def __repr__(self) -> str:
        """Return the lines, and a last one that sums them up."""
        width = max(len(what) for what, _, _ in self.lines)
        text = [f"{what:<{width}}  {'ok' if there else 'NO'}  {words}" for what, there, words in self.lines]
        end = "Everything is here." if self.complete else "See the lines with NO."
        return "\n".join([*text, end])


def environment() -> Environment:
    """Return whether Python, the packages and real processes are there for the course."""
    packages = (_package(name) for name in _PACKAGES)
    return Environment(lines=(_python(), *packages, _processes(), _predictions()))


def _python() -> tuple[str, bool, str]:
    there = sys.version_info >= (3, 11)
    way_out = "" if there else "; the course needs 3.11 or newer: run `make lab`"
    return "Python", there, ".".join(platform.python_version_tuple()[:2]) + way_out


def _package(name: str) -> tuple[str, bool, str]:
    try:
        return name, True, version(name)
    except PackageNotFoundError:
        return name, False, "not installed: close this, and start the course with `make lab`"


def _processes() -> tuple[str, bool, str]:
    what = "real processes"
    try:
        end = shoot("zombie", "reap").states[-1]
    except LiveError as error:
        return what, False, f"{error}; lessons show recordings instead"
    return what, end == "gone", "one was started, looked at, and reaped"


def _predictions() -> tuple[str, bool, str]:
    if can_be_kept():
        return "predictions", True, "are kept beside the notebooks, for you alone"
    return "predictions", False, "are kept in memory only: this folder cannot be written"
