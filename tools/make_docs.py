"""Make the generated pages of docs/ anew; with --check only say which of them are stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lifecycle_kit.show.states_page import PICTURE, states_page, states_picture
from lifecycle_kit.show.systems_page import system_pages

DOCS = Path(__file__).resolve().parents[1] / "docs"


def pages() -> dict[Path, str]:
    """Return what every generated file should hold."""
    rooms = {DOCS / "systems" / f"{name}.md": text for name, text in system_pages().items()}
    return {DOCS / "states.md": states_page(), DOCS / PICTURE: states_picture(), **rooms}


def stale() -> list[Path]:
    """Return the generated files that are missing or differ from what they should hold."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def main() -> int:
    """Write the files that are stale, or with --check name them and return 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a file is stale")
    found = stale() if parser.parse_args().check else []
    for path in found:
        print(f"{path.relative_to(DOCS.parent)} is stale; run python tools/make_docs.py", file=sys.stderr)
    if found:
        return 1
    for path in stale():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
