"""Where a lab's control groups are, in cgroups(7)' version 1 or 2."""

from collections.abc import Iterable
from pathlib import Path

from nbh_provisioner.engine import Running

_GROUPS = Path("/sys/fs/cgroup")


def of(running: Running, controller: str, files: Iterable[str]) -> Path | None:
    """The lab's own group that has one of these files: the container's id is in its name.

    Args:
        controller: as version 1 names it.

    Raises:
        OSError: the lab has ended.
    """
    wanted = tuple(files)
    for line in Path(f"/proc/{running.process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or controller in controllers.split(","):
            there = _GROUPS / controllers.partition(",")[0] / path.lstrip("/")
            for place in (there, *there.parents):
                if running.container in place.name and _has_any(place, wanted):
                    return place
    return None


def _has_any(place: Path, files: Iterable[str]) -> bool:
    return any((place / file).exists() for file in files)
