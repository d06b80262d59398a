"""A lab's share of the CPU while others want it, too: set in its control group, which costs
nothing, where podman's API would take some milliseconds."""

import contextlib
from pathlib import Path

from nbh_provisioner.engine import Running

_GROUPS = Path("/sys/fs/cgroup")
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
    """The lab's own group for the CPU: the one that its container's id is in the name of."""
    for line in Path(f"/proc/{running.process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "cpu") or "cpu" in controllers.split(","):
            root = _GROUPS / controllers.partition(",")[0]
            for place in (root / path.lstrip("/"), *(root / path.lstrip("/")).parents):
                if running.container in place.name and _has_weight(place):
                    return place
    return None


def _has_weight(place: Path) -> bool:
    return any((place / file).exists() for file, _ in _FULL)
