"""A JupyterLab of its own: a fresh port on this machine, folders of its own, ended by its process number."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
TOKEN = "only-for-this-test"
PATIENCE_S = 90.0  # a machine that runs many tests is slow
START_PATIENCE_S = 240.0  # the first start after an installation reads all of JupyterLab from a cold disk
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}  # or it asks whether it may


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running JupyterLab.

    Attributes:
        url: its address.
        folder: what it serves.
    """

    url: str
    folder: Path

    def write(self, name: str, *cells: str) -> None:
        """Write a notebook of code cells into the folder."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        code = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), self.folder / name)

    def page(self, name: str) -> str:
        """Return the address of a notebook, in a workspace without tabs from before."""
        return f"{self.url}/lab/tree/{name}?token={TOKEN}&reset"

    def end_sessions(self) -> None:
        """End every kernel."""
        for session in self._ask("GET", "/api/sessions"):
            self._ask("DELETE", f"/api/sessions/{session['id']}")

    def _ask(self, method: str, path: str) -> Any:
        request = urllib.request.Request(f"{self.url}{path}?token={TOKEN}", method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run JupyterLab on `folder` and its parent's neighbours for settings, until the block ends."""
    served, own = folder / "notebooks", folder / "jupyter"
    served.mkdir()
    settings = own / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "default_setting_overrides.json").write_text(json.dumps(QUIET))
    server = Server(url=f"http://127.0.0.1:{_free_port()}", folder=served)
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(_command(server), env=_environment(own), cwd=served, stdout=log, stderr=log)
    try:
        _wait_for(server, process, folder / "server.log")
        yield server
        server.end_sessions()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _command(server: Server) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={server.url.rpartition(':')[2]}", "--no-browser",
        "--allow-root", f"--ServerApp.root_dir={server.folder}", f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.port_retries=0", "--LabApp.extension_manager=readonly", "--LabApp.news_url=None",
    ]  # fmt: skip


def _environment(own: Path) -> dict[str, str]:
    return {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "LIFECYCLE_KIT_STATE_DIR": str(own / "answers"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
    }


def _wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            server._ask("GET", "/api")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not answer within {START_PATIENCE_S:g} s:\n{log.read_text()[-2000:]}")
