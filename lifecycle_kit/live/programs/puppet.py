"""A real process that plays a script: the scripts the simulator plays, for tests and comparisons.

Its one rule: it does what its script says and nothing else. It needs only the standard library and
runs as `python -I -S puppet.py SCRIPTS`, so that it is up after some ten milliseconds.

SCRIPTS is a JSON list with one object per life (the last one repeats); times are seconds from its
birth, and all keys may be left out:

    run_s, exit        it ends by itself then, with this code or by this signal ("SIGKILL")
    hangs_after_s      from then on it answers no probe and ignores the stop signal
    says               [[at_s, notice], ...]: what it says of itself, each a JSON object
    health             [[at_s, kind, outcome], ...]: what probes of this kind find from then on
    flags              the folder for the answers to probes: one file per life and kind
    deaf               it ignores the stop signal
    stop_takes_s       from the stop signal to its end
    stop_exit          code or signal of that end; by the stop signal itself if missing
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
FOREVER_S = 1e6
AT_BIRTH = [[0, kind, "ok"] for kind in ("startup", "readiness", "liveness")]


class Stopped(BaseException):
    """A stop signal has come."""


def stop(number: int, _frame: object) -> None:
    """Leave off whatever is going on, once."""
    heed_stops(signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


def heed_stops(handler: object) -> None:
    """Do `handler` when a stop signal comes."""
    for number in STOP_SIGNALS:
        signal.signal(number, handler)  # type: ignore[arg-type]


def end(how: object) -> None:
    """End with an exit code, or by the signal of that name."""
    if isinstance(how, int):
        os._exit(how)
    number = signal.Signals[str(how)]
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    time.sleep(FOREVER_S)


class Puppet:
    """One life of one script."""

    def __init__(self, script: dict[str, object], life: int) -> None:
        self.script, self.life, self.born = script, life, time.monotonic()

    def scenes(self) -> list[tuple[float, str, object]]:
        """Return `(at_s, what, detail)` in order of time; at equal times an end comes last."""
        listed = [(at, "say", notice) for at, notice in self.of("says")]
        listed += [(at, "flag", rest) for at, *rest in AT_BIRTH + self.of("health")]
        for key, what in (("hangs_after_s", "hang"), ("run_s", "run out")):
            if self.script.get(key) is not None:
                listed.append((self.script[key], what, None))
        return sorted(listed, key=lambda scene: scene[0])

    def of(self, key: str) -> list:  # type: ignore[type-arg]
        """Return what the script lists under `key`."""
        return self.script.get(key, [])  # type: ignore[return-value]

    def play(self) -> None:
        """Do everything in its time, then wait for ever."""
        for at_s, what, detail in self.scenes():
            time.sleep(max(0.0, self.born + at_s - time.monotonic()))
            if what == "say":
                print(json.dumps(detail), flush=True)
            elif what == "flag":
                self.flag(*detail)  # type: ignore[misc]
            elif what == "run out":
                end(self.script.get("exit", 1))
            else:
                self.hang()
        time.sleep(FOREVER_S)

    def flag(self, kind: str, outcome: str) -> None:
        """Let probes of this kind find `outcome`; a look never sees half a word."""
        if "flags" in self.script:
            name = f"{self.script['flags']}/{self.life}.{kind}"
            descriptor = os.open(name + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, outcome.encode())
            os.close(descriptor)
            os.replace(name + ".new", name)  # noqa: PTH105 - pathlib costs more than all the rest

    def hang(self) -> None:
        """Hear and answer nothing any more."""
        heed_stops(signal.SIG_IGN)
        for _, kind, _ in AT_BIRTH:
            self.flag(str(kind), "hang")
        time.sleep(FOREVER_S)


def main() -> None:
    """Play the script of this life, and leave as it says when asked to."""
    scripts = json.loads(sys.argv[1])
    life = int(os.environ.get("LIFECYCLE_KIT_LIFE", "1"))
    script = scripts[min(life, len(scripts)) - 1]
    try:
        heed_stops(signal.SIG_IGN if script.get("deaf") else stop)
        Puppet(script, life).play()
    except Stopped as asked:
        time.sleep(script.get("stop_takes_s", 0))
        how = script.get("stop_exit")
        end(str(asked) if how is None else how)


if __name__ == "__main__":
    main()
