"""The generated pages of the systems: one file each, with every rule and its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle_kit.show.systems_page import rooms, system_pages
from lifecycle_kit.systems import SYSTEMS

DOCS = Path(__file__).resolve().parents[1] / "docs" / "systems"
PAGES = system_pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_its_room_says(name: str) -> None:
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == PAGES[name], "run: python tools/make_docs.py"


def test_there_is_a_page_for_every_system_and_no_other() -> None:
    assert set(SYSTEMS) <= set(PAGES)
    assert {path.stem for path in DOCS.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_page_of_a_room_names_its_rule_and_its_source(name: str) -> None:
    for module in rooms()[name]:
        text = module.__doc__ or ""
        assert "Rule" in text, module.__name__
        assert "Source" in text, module.__name__


def test_a_page_holds_all_modules_of_its_room_and_all_its_options() -> None:
    for part in ("kubernetes_prober.py", "kubernetes_backoff.py", "deployment.py", "failureThreshold", "KEP-753"):
        assert part in PAGES["kubernetes"]
    assert "StartLimitBurst" in PAGES["systemd"]
    assert "`on_exit`" in PAGES["supervisord"]
