"""What a person asks of an instance of the quick engine: `machine`'s requests over plain attributes."""

from __future__ import annotations

from lifecycle_kit.simulate.fleet.quick_end import Ending
from lifecycle_kit.simulate.fleet.quick_facts import BLOCKED, DRAINING, FAILED, STARTING, TERMINATED

__all__ = ["Asked"]


class Asked(Ending):
    """An instance that takes requests; how it is started is told below."""

    __slots__ = ()

    def start(self, now: int, cause: str, *, manual: bool) -> bool:
        """Begin a life; return False if that is refused."""
        raise NotImplementedError

    def on_request(self, now: int, request: str) -> None:
        """Do what a person asks for, or refuse it."""
        state = self.state
        working, process = STARTING <= state <= BLOCKED, STARTING <= state <= DRAINING
        done = True
        if request == "stop":
            done = self.stop(now)
        elif request == "restart" and working:
            self.begin_stop(now, "restart", "restart requested", self.stop_plan())
        elif (request == "restart" and state != DRAINING) or (request == "start" and not process):
            done = self.start(now, "start requested", manual=True)
        elif request == "kill" and process:
            self.memory = self.judge.request(self.memory, "kill", now)
            if working:
                self.go(now, DRAINING, "kill requested")
                self.plan, self.stop_at = self.rules.unit.stop, now
            self.purpose = "stop"
            self.kill(now)
        elif request == "reset":
            self.memory = self.judge.request(self.memory, "reset", now)
        else:
            done = False
        if done:
            self.line.look(self, now)

    def stop(self, now: int) -> bool:
        """Stop on request; return False if there is nothing to stop."""
        before, state = self.memory, self.state
        memory = self.judge.request(before, "stop", now)
        if state in (TERMINATED, FAILED) and memory == before:
            return False
        self.memory = memory
        if STARTING <= state <= BLOCKED:
            self.begin_stop(now, "stop", "stop requested", self.stop_plan())
        elif state == DRAINING:
            again, self.purpose = self.purpose == "stop", "stop"
            if again:
                self.kill(now)
        elif state not in (TERMINATED, FAILED):
            self.go(now, TERMINATED, "stop requested")
        return True
