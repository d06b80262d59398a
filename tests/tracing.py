"""A program whose system calls fail, are its last, or are written down, with strace.

``--seccomp-bpf`` would spare a fifth of a second of CPU at each start of Python, but strace 6.1
injects nothing then from the second call on.
"""

import os
from pathlib import Path


def strace(*what: str, log: Path | str = os.devnull) -> tuple[str, ...]:
    """What runs a program, and all that it starts, under strace: put it before its words."""
    return ("strace", "-f", "-qq", "-o", str(log), *what)


def killed_at(call: str, nth: int) -> tuple[str, ...]:
    """The same: it is killed when it makes a call for the nth time (each thread counts alone)."""
    return strace(*killing(call, nth))


def killing(call: str, nth: int) -> tuple[str, ...]:
    """What strace is told for that."""
    return ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")
