"""Real children in real time: the asyncio driver over the same `step` that the simulator drives.

POSIX only. No child outlives its supervisor: not after an error, an interrupted cell, a restarted
kernel or a `kill -9`. See `children` for what is promised, and `sentinel` for the one process it
cannot hold.
"""

from __future__ import annotations
