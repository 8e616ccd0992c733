"""Programs for the run queue, written by hand or drawn from a seed.

Its one rule: a program is a sequence of `cpu` and `io`, nothing else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

Op = str
"""One instruction: `cpu`, `io`, or `io_done` (which every `io` brings with it)."""

_PROGRAM_PART = re.compile(r"c(\d+)|i")
_MIX = re.compile(r"(\d+):(\d+)")


def program(text: str) -> tuple[Op, ...]:
    """Return the instructions that a short text stands for.

    Args:
        text: parts joined by commas: `c7` is seven `cpu` instructions, `i` is one `io`.

    Raises:
        ValueError: a part is neither.

    Source: option -P of OSTEP's `process-run.py`.

    >>> program("c2,i,c1")
    ('cpu', 'cpu', 'io', 'cpu')
    """
    ops: list[Op] = []
    for part in text.split(","):
        match = _PROGRAM_PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(
                f"{part!r} in {text!r} is not an instruction; write c and a number for CPU work "
                f"(c7), i for an io, and commas between them (c7,i,c1)"
            )
        ops += ["io"] if match[1] is None else ["cpu"] * int(match[1])
    return tuple(ops)


def random_programs(mixes: str, *, seed: int) -> tuple[tuple[Op, ...], ...]:
    """Return one program per mix; the same seed gives the same programs.

    Args:
        mixes: parts joined by commas: `5:80` is five instructions, each `cpu` with a chance
            of 80 in 100, else `io`.
        seed: any whole number.

    Raises:
        ValueError: a part has another form, or a chance over 100.

    Source: options -s and -l of OSTEP's `process-run.py`, which draws the same programs.

    >>> random_programs("3:100,2:0", seed=1)
    (('cpu', 'cpu', 'cpu'), ('io', 'io'))
    """
    dice = random.Random(seed)
    programs = []
    for part in mixes.split(","):
        match = _MIX.fullmatch(part.strip())
        if match is None or int(match[2]) > 100:
            raise ValueError(
                f"{part!r} in {mixes!r} is not a mix; write how many instructions, a colon, and "
                f"the chance of CPU work in 100, as in 5:80"
            )
        length, chance = int(match[1]), int(match[2])
        programs.append(tuple("cpu" if dice.random() < chance / 100 else "io" for _ in range(length)))
    return tuple(programs)


def instructions(given: str | Sequence[Op]) -> list[Op]:
    """Return what the CPU works through: every `io` is followed by its `io_done`.

    Args:
        given: a text for `program`, or a sequence of `cpu` and `io`.

    Raises:
        ValueError: an instruction is neither.

    >>> instructions("c1,i")
    ['cpu', 'io', 'io_done']
    """
    ops = program(given) if isinstance(given, str) else tuple(given)
    code: list[Op] = []
    for op in ops:
        if op not in ("cpu", "io"):
            raise ValueError(f"{op!r} is not an instruction; a program is made of 'cpu' and 'io'")
        code += [op, "io_done"] if op == "io" else [op]
    return code
