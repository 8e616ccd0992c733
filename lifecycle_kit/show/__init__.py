"""Pictures and their words: every view takes values of the core, and comes with a text that says the same.

Names are loaded when they are first used, so that a state diagram needs no matplotlib. No module here may have the
name of a public function: importing it would hide the function.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle_kit.show.diagram import state_diagram as state_diagram
    from lifecycle_kit.show.fleet_operator import operator_view as operator_view
    from lifecycle_kit.show.fleet_picture import fleet_chart as fleet_chart
    from lifecycle_kit.show.fleet_picture import fleet_comparison as fleet_comparison
    from lifecycle_kit.show.fleet_sentences import fleet_words as fleet_words
    from lifecycle_kit.show.ladder_chart import ladder as ladder
    from lifecycle_kit.show.ladder_chart import ladder_text as ladder_text
    from lifecycle_kit.show.os_states import os_diagram as os_diagram
    from lifecycle_kit.show.probe_chart import probe_strip as probe_strip
    from lifecycle_kit.show.probe_words import probe_strip_text as probe_strip_text
    from lifecycle_kit.show.svg import Svg as Svg
    from lifecycle_kit.show.svg import beside as beside
    from lifecycle_kit.show.systems import systems_chart as systems_chart
    from lifecycle_kit.show.systems import systems_text as systems_text
    from lifecycle_kit.show.timeline_chart import timeline as timeline
    from lifecycle_kit.show.timeline_words import timeline_text as timeline_text

_HOME = {
    "Svg": "svg",
    "beside": "svg",
    "fleet_chart": "fleet_picture",
    "fleet_comparison": "fleet_picture",
    "fleet_words": "fleet_sentences",
    "ladder": "ladder_chart",
    "ladder_text": "ladder_chart",
    "operator_view": "fleet_operator",
    "os_diagram": "os_states",
    "probe_strip": "probe_chart",
    "probe_strip_text": "probe_words",
    "state_diagram": "diagram",
    "systems_chart": "systems",
    "systems_text": "systems",
    "timeline": "timeline_chart",
    "timeline_text": "timeline_words",
}

__all__ = [
    "Svg",
    "beside",
    "fleet_chart",
    "fleet_comparison",
    "fleet_words",
    "ladder",
    "ladder_text",
    "operator_view",
    "os_diagram",
    "probe_strip",
    "probe_strip_text",
    "state_diagram",
    "systems_chart",
    "systems_text",
    "timeline",
    "timeline_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"lifecycle_kit.show has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"lifecycle_kit.show.{_HOME[name]}"), name)
