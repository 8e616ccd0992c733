"""One JupyterLab and one browser for all these tests; each is skipped with a reason where something is missing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.desk import FLAGS, Desk, axe_source, chromium
from tests.browser.server import Server, serve


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A JupyterLab that serves an empty folder."""
    pytest.importorskip("anywidget", reason="needs lifecycle-kit[course]")
    with tempfile.TemporaryDirectory(prefix="lifecycle-kit-browser-") as folder, serve(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium without a window, that cannot reach another machine."""
    api = pytest.importorskip("playwright.sync_api", reason="needs lifecycle-kit[dev]")
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium is installed here; $CHROMIUM may name one")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def desk(browser: Any, server: Server) -> Iterator[Desk]:
    """A page as large as that of a small laptop with the file list closed."""
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    yield Desk(page, server)
    page.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The program of axe-core."""
    source = axe_source()
    if source is None:
        pytest.skip("axe-core is not installed here; $AXE_CORE may name its axe.min.js")
    return source
