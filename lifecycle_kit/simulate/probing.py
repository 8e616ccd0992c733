"""The probes of a simulated instance: none is made, only the changes of their verdicts are on the agenda."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lifecycle_kit.health import Segment, Watch, advance, next_change
from lifecycle_kit.probes import ProbeSettings, Tally, new_life
from lifecycle_kit.simulate.agenda import Agenda

__all__ = ["Probing"]

Target = Callable[[str], Sequence[Segment]]


class Probing:
    """What the probes of one instance find, life after life.

    Args:
        agenda: where changes of a verdict are put.
        target: what a probe of this kind sees in the present life, at absolute instants.
        tell: called with the kind and the verdict when it has changed.
    """

    __slots__ = ("_agenda", "_born_ns", "_first_birth_ns", "_pending", "_target", "_tell", "_watches")

    def __init__(self, agenda: Agenda, target: Target, tell: Callable[[str, bool], None]) -> None:
        self._agenda, self._target, self._tell = agenda, target, tell
        self._watches: dict[str, Watch] = {}
        self._pending: dict[str, object] = {}  # of the probes that have begun in this life: the change expected next
        self._first_birth_ns: int | None = None
        self._born_ns = 0

    def born(self) -> None:
        """Begin a life now."""
        self._born_ns = self._agenda.now_ns
        self._pending.clear()
        if self._first_birth_ns is None:
            self._first_birth_ns = self._born_ns

    def ended(self) -> None:
        """End the life now, and bring the counting up to here: the next life goes on from there."""
        for probe in self._pending:
            self._watches[probe] = advance(self._watches[probe], self._target(probe), self._agenda.now_ns)
        self.forget()

    def forget(self) -> None:
        """Expect no more changes in this life."""
        self._pending = dict.fromkeys(self._pending)

    def verdict(self, probe: str) -> bool:
        """Return the verdict of a probe in the last life; True for one that is not made."""
        return self._watches[probe].tally.good if probe in self._pending else True

    def watch(self, settings: ProbeSettings, at_once: bool) -> None:
        """Begin to probe; `at_once`: do not wait for the next tick."""
        now, before = self._agenda.now_ns, self._watches.get(settings.kind)
        tally = Tally.first(settings) if before is None else new_life(settings, before.tally)
        # One worker ticks for all lives of an instance, from its first birth on (Kubernetes prober/worker.go).
        phase = None if at_once else self._first_birth_ns
        watch = Watch.begin(settings, tally, now, self._born_ns, phase)
        if watch.next_ns == now and not at_once and now > self._born_ns:
            watch = Watch.begin(settings, tally, now + 1, self._born_ns, phase)
        self._follow(settings.kind, watch)

    def look_again(self) -> None:
        """Expect other changes, because what the probes see from now on has changed; what they saw before has not."""
        for probe in list(self._pending):
            self._follow(probe, self._watches[probe])

    def _follow(self, probe: str, watch: Watch) -> None:
        self._watches[probe] = watch
        mark = self._pending[probe] = object()
        change = next_change(watch, self._target(probe))
        if change is None:
            return
        at, changed = change

        def tell() -> None:
            if self._pending.get(probe) is mark:
                self._watches[probe] = changed
                self._tell(probe, changed.tally.good)
                if self._pending.get(probe) is mark:
                    self._follow(probe, changed)

        self._agenda.at(at, tell)
