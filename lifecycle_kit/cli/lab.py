"""`lifecycle-kit lab`: the course in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import click

from lifecycle_kit.cli import out

__all__ = ["command", "course_folder"]

START = "00-start-here.ipynb"


def course_folder(package: Path) -> tuple[Path, bool]:
    """Return where the lessons are, and whether that is a checkout, in which they may be edited.

    Args:
        package: the folder of the installed package.

    Raises:
        BadInput: if they are neither beside the package (a checkout) nor inside it (an installed wheel).
    """
    for folder, editable in ((package.parent / "course", True), (package / "_course", False)):
        if (folder / START).is_file():
            return folder, editable
    raise out.BadInput(f"there is no {START} beside or inside the package; install lifecycle-kit again")


@click.command("lab")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the server; a free one if left out.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    default="lifecycle-course",
    show_default=True,
    help="Where to put the lessons if they come from an installed package.",
)
@click.option("--browser/--no-browser", default=None, help="Open a browser; by default if there is one.")
def command(port: int | None, folder: str, browser: bool | None) -> None:
    """Open the course in JupyterLab.

    From a checkout the lessons open where they are. From an installed package they are copied first, and a copy that
    is there already is left alone. The server listens on 127.0.0.1 only; Ctrl-C ends it.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise out.BadInput("JupyterLab is not installed here; install lifecycle-kit[course]")
    course, editable = course_folder(Path(__file__).resolve().parents[1])
    if not editable:
        course = _copied(course, Path(folder))
    _trust(course)
    # nbgrader calls its database tool by its bare name.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    click.echo("Starting JupyterLab; Ctrl-C ends it.")
    arguments = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ip=127.0.0.1",
        f"--ServerApp.root_dir={course.parent}",
        f"--LabApp.default_url=/lab/tree/{course.name}/{START}",
        "--LabApp.extension_manager=readonly",  # its list of extensions would come from the network
        "--log-level=WARN",
        "-y",  # Ctrl-C ends it without asking; JupyterLab has saved by then
    ]
    if port is not None:
        arguments.append(f"--port={port}")
    if browser is False or (browser is None and not _has_browser()):
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    os.execv(sys.executable, arguments)


def _copied(course: Path, folder: Path) -> Path:
    try:
        if not (folder / START).is_file():
            shutil.copytree(course, folder, dirs_exist_ok=True)
    except OSError as error:
        raise out.BadInput(f"cannot write the lessons to {folder}: {error.strerror}; choose another --folder") from None
    return folder.resolve()


def _trust(course: Path) -> None:
    """Sign the lessons: JupyterLab shows saved SVG pictures only of notebooks that it trusts."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in sorted(course.glob("**/*.ipynb")):
        # A notebook that cannot be read or signed opens all the same, with words in place of its pictures.
        with suppress(OSError, ValueError):
            notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()


def _has_browser() -> bool:
    # Without a display Python may find a text browser, which would take the terminal away from the server.
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in displays)
