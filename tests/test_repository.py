"""The repository as it is cloned: no private address in it, a lock that fits, a full wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest

import lifecycle_kit

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
SKIPPED_FOLDERS = frozenset(".git .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis __pycache__".split())

# In two pieces each, so that this file does not contain what it looks for.
REGISTRY_HOSTS = [
    first + second
    for first, second in (
        ("py", "pi.org"),
        ("files.python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("registry.yarn", "pkg.com"),
        ("conda.ana", "conda.org"),
        ("deb.deb", "ian.org"),
        ("archive.ubu", "ntu.com"),
        ("proxy.go", "lang.org"),
        ("static.cra", "tes.io"),
        ("docker", ".io/"),
        ("gh", "cr.io"),
    )
]
# What a saved output or a traceback gives away about the machine it came from.
MACHINE_PATHS = [
    re.compile(pattern)
    for pattern in (
        r"/(?:home|Users)/(?!\.\.\.)[\w.-]+/",
        r"/ro" + r"ot/",
        r"/tmp/(?:ipykernel|pytest-of|tmp)[_-]?\w",
        r"[A-Z]:\\\\?Users\\",
        *(re.escape(str(place)) + "/" for place in (ROOT, Path.home()) if len(place.parts) > 1),
    )
]


@cache
def committed_files() -> tuple[Path, ...]:
    """Return the files git keeps or would keep; without git, all that are not made by a tool."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    else:
        listing = None
    if listing and listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not SKIPPED_FOLDERS & set(path.relative_to(ROOT).parts)]
    return tuple(path for path in found if path.is_file())


def texts() -> dict[str, str]:
    """Return the text of every committed text file by its path in the repository."""
    found = {}
    for path in committed_files():
        content = path.read_bytes()
        if b"\0" not in content:
            found[path.relative_to(ROOT).as_posix()] = content.decode("utf-8")
    return found


def test_no_file_names_a_package_registry() -> None:
    named = [f"{path}: {host}" for path, text in texts().items() for host in REGISTRY_HOSTS if host in text]
    assert not named, "\n".join(named)


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    held = [
        f"{path}: {found[0]}"
        for path, text in texts().items()
        for pattern in MACHINE_PATHS
        if (found := pattern.search(text))
    ]
    assert not held, "\n".join(held)


def test_the_lock_holds_pins_and_hashes_and_no_address() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    requirements = [block for block in re.split(r"\n(?=\S)", lock.strip()) if not block.startswith("#")]
    assert len(requirements) > 100
    unpinned = [
        block.splitlines()[0]
        for block in requirements
        if not re.match(r"[A-Za-z0-9._-]+==\S+", block) or "--hash=sha256:" not in block
    ]
    assert not unpinned
    assert not re.search(r"://|index-url|find-links| @ |file:", lock)


def test_the_lock_covers_every_dependency_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {re.split(r"[<>=!~\[ ;]", line, maxsplit=1)[0] for group in groups for line in group}
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.M))
    assert declared <= locked, f"run make lock: {sorted(declared - locked)} not pinned"


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    cited = re.findall(r"^version: (\S+)$", citation, re.M)
    assert [lifecycle_kit.__version__, *cited] == [project["version"]] * 2


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel, without the network, and return the names of the files in it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    ("folder", "inside"), [("lifecycle_kit", "lifecycle_kit"), ("course", "lifecycle_kit/_course")]
)
def test_the_wheel_ships_every_file_of(folder: str, inside: str, wheel_names: set[str]) -> None:
    expected = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in committed_files()
        if path.is_relative_to(ROOT / folder)
    }
    assert expected, f"{folder}/ is empty"
    assert expected <= wheel_names


def test_the_wheel_ships_nothing_outside_the_package(wheel_names: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name}
    assert tops == {"lifecycle_kit"}
