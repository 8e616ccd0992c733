"""A process that brings itself into one state of the operating system, says so, and stays there.

Its one rule: it ends by itself after ten minutes, whatever happens to everybody else.

It runs as `python -I -S specimen.py KIND PIPE`, needs only the standard library, and prints the
number of the process to look at, then that of its parent, once both exist. PIPE is a named pipe.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_LONGEST_LIFE_S = 600
EXIT_CODE = 7  # what `zombie` and the child in `neglect` end with


def begin(name: str) -> None:
    """Set the end of this life, and take a name for the process table (its own: Linux only)."""
    signal.alarm(_LONGEST_LIFE_S)
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def say(*pids: int) -> None:
    """Tell whoever started us that the process to look at is there."""
    print(*pids, flush=True)


def busy() -> None:
    """Compute for ever: R."""
    os.nice(19)  # nobody else shall wait for a CPU because of us
    say(os.getpid(), os.getppid())
    while True:
        pass


def sleeper() -> None:
    """Wait for a signal: S."""
    say(os.getpid(), os.getppid())
    while True:
        signal.pause()


def vforker() -> None:
    """Start a child that never gets as far as its program: D.

    posix_spawn on Linux suspends the parent until the child has begun to run its program; this
    child must first open a named pipe for reading, and nobody ever opens it for writing.
    """
    opens = (os.POSIX_SPAWN_OPEN, 0, sys.argv[2], os.O_RDONLY, 0)
    say(os.getpid(), os.getppid())
    os.posix_spawn("/bin/true", ["true"], {}, file_actions=[opens])


def zombie() -> None:
    """End at once; whether we stay as a zombie is up to the one who started us: Z."""
    say(os.getpid(), os.getppid())
    sys.exit(EXIT_CODE)


def neglect() -> None:
    """Have a child that ends, and never wait for it: the child is Z, its parent is to blame."""
    begin("neglectful")
    child = os.fork()
    if child == 0:
        begin("child")
        os._exit(EXIT_CODE)
    say(child, os.getpid())
    while True:
        signal.pause()


def family() -> None:
    """Be the grandparent of a sleeping child, and pass on what is sent to its parent or to itself.

    Through the named pipe: a line such as `parent SIGTERM` or `child SIGKILL`. We wait for our own
    child, the parent; the child is not ours to wait for, unless the kernel makes us its reaper.
    """
    begin("grandparent")
    # For writing, too: the pipe would else end with the first one who closes it.
    orders = os.fdopen(os.open(sys.argv[2], os.O_RDWR), "rb", buffering=0)
    hears, tells = os.pipe()
    parent = os.fork()
    if parent == 0:
        begin("parent")
        have_child(tells)
    child = int(os.read(hears, 64))
    signal.signal(signal.SIGCHLD, lambda *_: reap_all())
    say(child, parent)
    for order in orders:
        whom, name = order.decode().split()
        with suppress(ProcessLookupError):
            os.kill({"parent": parent, "child": child}[whom], signal.Signals[name])


def have_child(tells: int) -> None:
    """Fork a child, write its number to a pipe, and wait for signals, as does the child."""
    child = os.fork()
    if child == 0:
        begin("child")
    else:
        os.write(tells, f"{child}\n".encode())
    while True:
        signal.pause()


def reap_all() -> None:
    """Wait for every child that has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def adopters() -> None:
    """Be such a family, with the grandparent as reaper of all orphans below it (Linux only)."""
    import ctypes

    set_child_subreaper = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)
    family()


KINDS = {each.__name__: each for each in (busy, sleeper, vforker, zombie, neglect, family, adopters)}


def main() -> None:
    """Become the kind named by the first argument."""
    begin(sys.argv[1])
    KINDS[sys.argv[1]]()


if __name__ == "__main__":
    main()
