"""Several instances that depend on each other: who starts after whom, and whom an end takes along.

Rule: a group is a value like an instance, and `group_step` is to it what `machine.step` is to one instance. Members are
stopped and started by requests to `step`, so that whatever a group does can be replayed member by member.
"""

from __future__ import annotations

from lifecycle_kit.group.members import AUTO_SHUTDOWNS, STRATEGIES, Group, Limit, Member, Rules, Work, form
from lifecycle_kit.group.steps import group_step, start_all, stop_all, stop_order, taken_along
from lifecycle_kit.group.told import Told, by_cause

__all__ = [
    "AUTO_SHUTDOWNS",
    "STRATEGIES",
    "Group",
    "Limit",
    "Member",
    "Rules",
    "Told",
    "Work",
    "by_cause",
    "form",
    "group_step",
    "start_all",
    "stop_all",
    "stop_order",
    "taken_along",
]
