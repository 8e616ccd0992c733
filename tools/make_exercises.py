"""Make `exercises/`, what students get, from `solutions/`, with nbgrader's own `generate_assignment`.

python tools/make_exercises.py           write exercises/ anew
python tools/make_exercises.py --check   write nothing; exit with 1 if exercises/ is out of date
"""

from __future__ import annotations

import argparse
import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Write or check the release; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--check", action="store_true", help="only compare; exit with 1 if out of date")
    check = options.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        fresh = generate(Path(folder))
        stale = differing(fresh, ROOT / "exercises")
        if check:
            for name in stale:
                print(f"out of date: exercises/{name}")
            if stale:
                print("run `make exercises` and commit the result")
            return 1 if stale else 0
        shutil.rmtree(ROOT / "exercises", ignore_errors=True)
        shutil.copytree(fresh, ROOT / "exercises")
    print(f"exercises/: {len(stale)} files changed")
    return 0


def generate(course: Path) -> Path:
    """Release all assignments into the folder `course`; return where they are."""
    shutil.copytree(ROOT / "solutions", course / "solutions", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "nbgrader_config.py", course)
    # The release does not depend on the gradebook, so none is made here.
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--no-db", "--force", "--assignment"]
    for assignment in sorted(path.name for path in (course / "solutions").iterdir() if path.is_dir()):
        done = subprocess.run([*command, assignment], cwd=course, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"nbgrader could not release {assignment}:\n{done.stderr}")
    return course / "exercises"


def differing(one: Path, other: Path) -> list[str]:
    """Return the relative paths of files that are not the same bytes in both folders, or only in one."""
    names = {path.relative_to(side) for side in (one, other) for path in side.rglob("*") if path.is_file()}
    kept = {name for name in names if ".ipynb_checkpoints" not in name.parts}
    return sorted(str(name) for name in kept if not _same(one / name, other / name))


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


if __name__ == "__main__":
    raise SystemExit(main())
