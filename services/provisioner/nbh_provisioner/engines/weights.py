"""A lab's share of the CPU while others want it, too: set in its control group, which costs
nothing, where podman's API would take some milliseconds."""

import contextlib
from pathlib import Path

from nbh_provisioner.engine import Running
from nbh_provisioner.engines import groups

_FULL = (("cpu.shares", "1024"), ("cpu.weight", "100"))
"""As every container has it that nothing was said about, in cgroups(7)' versions 1 and 2."""


def give_full(running: Running) -> None:
    """Give a lab as much as any other. Where that cannot be, it is slower than it should be while
    the machine is busy, no more."""
    with contextlib.suppress(OSError):
        if there := group(running):
            for file, value in _FULL:
                if (there / file).exists():
                    (there / file).write_text(value)


def group(running: Running) -> Path | None:
    """The lab's own group for the CPU."""
    return groups.of(running, "cpu", (file for file, _ in _FULL))
