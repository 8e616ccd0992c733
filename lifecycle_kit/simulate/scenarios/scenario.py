"""A scenario: a story, a world in which it happens, what cures it, and what only looks as if it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle_kit.simulate.fleet.result import WorldResult
from lifecycle_kit.simulate.fleet.world import World
from lifecycle_kit.simulate.scenarios.measures import Measure
from lifecycle_kit.simulate.scenarios.reading import nearest

__all__ = ["Change", "Scenario"]

Described = Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a scenario: a cure, or what looks like one.

    Attributes:
        title: what is done, as one would say it.
        why: why it helps, or why it does not.
        world: what becomes of the world.
        sets: what is changed in the file, by path.
        described: as of a `Scenario`.
    """

    title: str
    why: str
    world: World
    sets: Mapping[str, Any]
    described: Described


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An incident that can be run.

    Attributes:
        name: of its file.
        title: in a line.
        story: as one who was on call would tell it.
        notice: what to look at.
        until_s: end of the run, seconds.
        seed: of every draw, if no other is given.
        world: with the fault.
        cures: changes that cure it, by name.
        wrong_cures: changes that do not, by name.
        measure: what the effect is measured by, None if the file does not say.
        described: how the old and the new instances of each fleet are supervised, in the words of a trace's header.
    """

    name: str
    title: str
    story: str
    notice: Sequence[str]
    until_s: float
    seed: int
    world: World
    cures: Mapping[str, Change]
    wrong_cures: Mapping[str, Change]
    measure: Measure | None
    described: Described

    def change(self, name: str) -> Change:
        """Return a cure, or what looks like one, by its name.

        Raises:
            ValueError: naming those there are.
        """
        changes = {**self.cures, **self.wrong_cures}
        if name not in changes:
            raise ValueError(f"{self.name} has no cure {name!r}; {nearest(name, changes)}")
        return changes[name]

    def run(self, cure: str | None = None, *, seed: int | None = None, until_s: float | None = None) -> WorldResult:
        """Return what comes of the scenario, with a cure (or what looks like one) or without.

        Args:
            cure: its name; None: with the fault as it is.
            seed: another one than the file's.
            until_s: another end than the file's, seconds.

        The header of the trace says how each instance is supervised, so that the trace can be replayed.
        """
        from lifecycle_kit.simulate import run_world  # here: that package offers this one's names as well

        change = None if cure is None else self.change(cure)
        world, described = (self.world, self.described) if change is None else (change.world, change.described)
        used = self.seed if seed is None else seed
        result = run_world(world, self.until_s if until_s is None else until_s, seed=used)
        instances = dict[str, Mapping[str, Any]]()
        for name, fleet in result.fleets.items():
            old, new = described[name]
            instances |= {each: new if each.startswith(f"{name}-new-") else old for each in fleet.log.names}
        result.trace.header.update(scenario=self.name, cure=cure, seed=used, instances=instances)
        return result
