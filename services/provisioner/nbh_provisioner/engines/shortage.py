"""Whether a process of a lab was ended since the lab needed more memory than it has (R-16).

Podman's own ``OOMKilled`` stays false for it where control groups are of version 1 (podman 4.3,
measured). The kernel's counter is read in the moment in which the lab has ended: a little later
its control group is gone.
"""

from pathlib import Path

from nbh_provisioner.engine import Running
from nbh_provisioner.engines import groups

_FILES = ("memory.events", "memory.oom_control")
"""In version 2 and in version 1 of control groups."""

_KILLS = "oom_kill"


def counter(running: Running) -> Path | None:
    """Where the kernel counts; None if that cannot be seen from here. Asked while the lab runs."""
    try:
        group = groups.of(running, "memory", _FILES)
    except OSError:
        return None
    return next((group / f for f in _FILES if (group / f).exists()), None) if group else None


def kills(counter: Path | None) -> int:
    """How many processes were ended so far."""
    if counter is None:
        return 0
    try:
        rows = dict(line.split(maxsplit=1) for line in counter.read_text().splitlines())
    except OSError:
        return 0
    return int(rows.get(_KILLS, 0))
