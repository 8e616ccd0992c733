"""The kinds of incidents, a module each: what is drawn, the world, the settings, the log.

Its one rule: a kind says what happens and what shows it; what is said about it stands in `words.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lifecycle_kit.classroom.incidents.draft import Kind
from lifecycle_kit.classroom.incidents.kinds.drain_cut import DRAIN_CUT
from lifecycle_kit.classroom.incidents.kinds.half_started import HALF_STARTED
from lifecycle_kit.classroom.incidents.kinds.herd import HERD
from lifecycle_kit.classroom.incidents.kinds.leak import LEAK
from lifecycle_kit.classroom.incidents.kinds.liveness_on_dependency import LIVENESS_ON_DEPENDENCY
from lifecycle_kit.classroom.incidents.kinds.no_startup_probe import NO_STARTUP_PROBE
from lifecycle_kit.classroom.incidents.kinds.poison_message import POISON_MESSAGE
from lifecycle_kit.classroom.incidents.kinds.slow_route import SLOW_ROUTE
from lifecycle_kit.classroom.incidents.kinds.superficial_readiness import SUPERFICIAL_READINESS
from lifecycle_kit.classroom.incidents.kinds.two_owners import TWO_OWNERS
from lifecycle_kit.classroom.incidents.kinds.wrong_credentials import WRONG_CREDENTIALS

__all__ = ["KINDS"]

_ALL = (
    *(NO_STARTUP_PROBE, LIVENESS_ON_DEPENDENCY, LEAK),
    *(HALF_STARTED, DRAIN_CUT, SLOW_ROUTE, SUPERFICIAL_READINESS),
    *(WRONG_CREDENTIALS, POISON_MESSAGE, HERD, TWO_OWNERS),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.cause: kind for kind in _ALL})
