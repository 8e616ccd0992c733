"""What the processes of a run would have written into their logs.

Rule: a process writes what it knows: what happens to itself, what it cannot reach, why it exits. It writes nothing
when it is killed, and nothing when it hangs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lifecycle_kit.events import Blocked, Exited, Unblocked
from lifecycle_kit.show.fleet_events import who
from lifecycle_kit.simulate.fleet.result import FleetResult, WorldResult
from lifecycle_kit.simulate.fleet.world import Need, World
from lifecycle_kit.states import State
from lifecycle_kit.trace import Entry, Transition
from lifecycle_kit.units import NS_PER_S, seconds

__all__ = ["LogLine", "log_lines", "sampled"]

Downs = Mapping[str, Sequence[tuple[int, int]]]
EVERY_NS = 10 * NS_PER_S  # failed requests are counted for so long before they are written


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line that a process wrote."""

    at_s: float
    who: str
    text: str

    def __str__(self) -> str:
        return f"{self.at_s:9.3f}  {self.who}: {self.text}"


def log_lines(result: WorldResult, world: World | None = None) -> list[LogLine]:
    """Return what the processes of a run would have written, in order of time.

    Args:
        result: of a run with events, as the step engine makes it.
        world: what was run; without it a process does not say what it cannot reach.
    """
    lines: list[LogLine] = []
    for name, fleet in result.fleets.items():
        needs = () if world is None or name not in world.fleets else world.fleets[name].needs
        lines += _failures(fleet, [need for need in needs if need.requests == "error"], result.downs)
        lives = {instance: _Life(needs, result.downs) for instance in fleet.log.names}
        for entry in result.trace.entries:
            instance, at_ns = (
                (entry.instance, entry.at_ns) if isinstance(entry, Transition) else (entry[0], entry[1].at)
            )
            text = lives[instance].says(entry) if instance in lives else ""
            if text:
                lines.append(LogLine(at_s=seconds(at_ns), who=instance, text=text))
    return sorted(lines, key=lambda line: line.at_s)


class _Life:
    """What a process knows of itself while its trace is read."""

    def __init__(self, needs: Sequence[Need], downs: Downs) -> None:
        self.needs, self.downs, self.ready = needs, downs, False

    def says(self, entry: Entry | Transition) -> str:
        match entry:
            case Transition(target=State.STARTING):
                self.ready = False
                return "starting"
            case Transition(target=State.READY | State.RUNNING) if not self.ready:
                self.ready = True
                return "ready for work"
            case (_, Blocked(on=on)):
                return f"lost {on}, waiting for it"
            case (_, Unblocked()):
                return "connected again"
            case (_, Exited(at=at, code=int(code))):
                return self._last_words(at, code)
        return ""

    def _last_words(self, at_ns: int, code: int) -> str:
        for need in self.needs:
            if need.loss == "exit" and code == 1 and _down(self.downs, need.on, at_ns):
                return f"lost {need.on}; exit {code}"
            if need.connects and not self.ready and code == need.exit_code:
                why = "connection refused" if need.credentials else "login refused, wrong user or password"
                return f"cannot connect to {need.on}: {why}; exit {code}"
        return f"exit {code}"


def _down(downs: Downs, name: str, at_ns: int) -> bool:
    return any(start <= at_ns <= end for start, end in downs.get(name, ()))


def _failures(fleet: FleetResult, needs: Sequence[Need], downs: Downs) -> Iterator[LogLine]:
    """Yield a line for the requests that an instance answered badly within some seconds."""
    failed = sorted((r.instance, r.ended_ns) for r in fleet.requests if r.outcome == "error")
    for (instance, _), group in groupby(failed, key=lambda each: (each[0], each[1] // EVERY_NS)):
        instants = [at for _, at in group]
        missing = [need.on for need in needs if _down(downs, need.on, instants[-1])]
        why = f"cannot reach {', '.join(missing)}" if missing else "internal error"
        count = "1 request" if len(instants) == 1 else f"{len(instants)} requests"
        yield LogLine(at_s=seconds(instants[-1]), who=instance, text=f"{count} failed: {why}")


def sampled(lines: Sequence[LogLine], most: int) -> list[str]:
    """Return lines as text, at most so many: the first and the last ones, and how many are left out between.

    What several processes wrote at the same instant stands in one line.
    """
    made: dict[tuple[float, str], list[str]] = {}
    for line in lines:
        made.setdefault((line.at_s, line.text), []).append(line.who)
    shown = [str(LogLine(at_s=at_s, who=who(names), text=text)) for (at_s, text), names in made.items()]
    left_out = len(shown) - most
    if left_out <= 1:
        return shown
    head = most // 3
    return [*shown[:head], f"{'...':>9}  {left_out} lines left out", *shown[head + left_out :]]
