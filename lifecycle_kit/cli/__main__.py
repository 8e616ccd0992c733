"""`python -m lifecycle_kit.cli` is `lifecycle-kit`."""

from __future__ import annotations

from lifecycle_kit.cli import main

if __name__ == "__main__":
    main()
