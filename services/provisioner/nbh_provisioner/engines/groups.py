"""Where a lab's control groups are, in cgroups(7)' version 1 or 2."""

from collections.abc import Iterable, Iterator
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
    return next((g for g in levels(running, controller, files) if _is_its(g, running)), None)


def levels(running: Running, controller: str, files: Iterable[str]) -> Iterator[Path]:
    """The lab's own group that has one of these files, after those below it that have one too: a
    runtime may put what runs a level deeper than podman's group.

    Raises:
        OSError: the lab has ended.
    """
    wanted = tuple(files)
    for line in Path(f"/proc/{running.process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or controller in controllers.split(","):
            there = _GROUPS / controllers.partition(",")[0] / path.lstrip("/")
            yield from _up_to_its_own(there, running, wanted)


def _up_to_its_own(there: Path, running: Running, wanted: tuple[str, ...]) -> Iterator[Path]:
    places = (there, *there.parents)
    own = [n for n, place in enumerate(places) if _is_its(place, running)]
    yield from (p for p in places[: own[-1] + 1 if own else 0] if _has_any(p, wanted))


def _is_its(place: Path, running: Running) -> bool:
    return running.container in place.name


def _has_any(place: Path, files: Iterable[str]) -> bool:
    return any((place / file).exists() for file in files)
