"""A browser page with JupyterLab in it, and what a test does there; it notes whatever must not happen."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.browser.server import PATIENCE_S, ROOT, Server

HERE = frozenset({"127.0.0.1", "localhost"})
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --force-prefers-reduced-motion"
).split()
AXE = "node_modules/axe-core/axe.min.js"
SHOTS = ROOT / ".pytest_cache" / "screenshots"  # looked at after a change of what is seen


def chromium() -> str | None:
    """Return the browser to use: $CHROMIUM, or one that is installed; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def axe_source() -> str | None:
    """Return axe-core's program: $AXE_CORE, or that of an installed axe-core; None if there is none."""
    places = [Path(place) for place in filter(None, [os.environ.get("AXE_CORE")])]
    places += [ROOT / ".venv" / AXE, ROOT / AXE]
    return next((place.read_text(encoding="utf-8") for place in places if place.is_file()), None)


class Desk:
    """One page of the browser.

    Attributes:
        page: as playwright sees it.
        server: the JupyterLab.
        problems: errors on the console and in scripts.
        strangers: requests to other machines.
    """

    def __init__(self, page: Any, server: Server) -> None:
        self.page, self.server = page, server
        self.problems: list[str] = []
        self.strangers: list[str] = []
        page.set_default_timeout(PATIENCE_S * 1000 / 3)
        page.on("console", lambda each: self.problems.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in HERE:
            self.strangers.append(url)

    def open(self, name: str) -> None:
        """Open a notebook and wait until its cells are there."""
        self.page.goto(self.server.page(name), wait_until="domcontentloaded")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE_S * 1000)

    def run_all(self, pages: int) -> None:
        """Run all cells and wait for so many pages of ours."""
        self.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=PATIENCE_S * 1000)
        self.page.click("#jp-MainMenu >> text=Run")
        self.page.click(".lm-Menu-itemLabel >> text=/^Run All Cells$/")
        self.page.wait_for_function(
            f"document.querySelectorAll('.lk-page').length === {pages}", timeout=PATIENCE_S * 1000
        )

    def sheet(self, title: str) -> Any:
        """Return our page with this title, scrolled into view."""
        sheet = self.page.locator(".lk-page").filter(has=self.page.locator(".lk-title", has_text=re.compile(title)))
        sheet.first.scroll_into_view_if_needed()
        return sheet.first

    @contextmanager
    def changing(self, sheet: Any, part: str = ".lk-picture") -> Iterator[None]:
        """Do something that must change a part of `sheet`, and wait until it has."""
        place = sheet.locator(part)
        before = place.inner_html()
        yield
        self.until(lambda: place.inner_html() != before, f"{part} stayed as it was")

    def until(self, true: Callable[[], bool], otherwise: str) -> None:
        """Wait until something is true; AssertionError with `otherwise` if it never is."""
        for _ in range(int(PATIENCE_S / 3 * 20)):
            if true():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(otherwise)

    def save(self) -> None:
        """Save the notebook, once the last pictures have followed."""
        self.page.wait_for_timeout(1200)
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function("!document.querySelector('.jp-mod-dirty')", timeout=PATIENCE_S * 1000)

    def shot(self, name: str, sheet: Any | None = None) -> None:
        """Keep a picture of the sheet, or of all that is seen, for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        if sheet is None:
            self.page.screenshot(path=SHOTS / f"{name}.png")
            return
        size = self.page.viewport_size  # the notebook scrolls by itself: what does not fit would be cut off
        self.page.set_viewport_size({**size, "height": 2200})
        sheet.scroll_into_view_if_needed()
        self.page.wait_for_timeout(150)
        sheet.screenshot(path=SHOTS / f"{name}.png")
        self.page.set_viewport_size(size)

    def violations(self, within: str, source: str) -> list[str]:
        """Return what axe-core calls serious or critical within a part of the page."""
        self.page.evaluate(source)
        found: list[str] = self.page.evaluate(
            """async (within) => (await axe.run(within)).violations
                 .filter(({impact}) => impact === "serious" || impact === "critical")
                 .map(({id, impact, nodes}) => `${impact} ${id}: ${nodes.map(({html}) => html).join(" ")}`)""",
            within,
        )
        return found
