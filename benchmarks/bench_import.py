"""How long `import lifecycle_kit` takes, beyond an interpreter that imports nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import Case, Row, Topic

__all__ = ["topic"]


def topic(small: bool) -> Topic:  # noqa: ARG001 - there is no smaller import
    """Return the cases and rows."""
    return Topic(
        title="Import",
        cases=[_interpreter("python, nothing imported", "pass"), _interpreter("import", "import lifecycle_kit")],
        rows=[
            Row(
                title="import lifecycle_kit",
                of=("python, nothing imported", "import"),
                value=lambda figures: 1e3 * (figures["import"].median - figures["python, nothing imported"].median),
                unit="ms",
            )
        ],
    )


def _interpreter(name: str, code: str) -> Case:
    def prepare() -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).returncode

    return Case(name=name, prepare=prepare)
