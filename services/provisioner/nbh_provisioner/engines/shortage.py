"""How often the kernel refused a lab more than it may have (R-16, S-38), as it counts it itself.

Podman's own ``OOMKilled`` stays false for a lab that ended so where control groups are of version
1 (podman 4.3, measured). The counter is read in the moment in which the lab has ended: a little
later its control group is gone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nbh_proto.lab import Scarce
from nbh_provisioner.engine import Running, Shortage
from nbh_provisioner.engines import groups


class Kind(NamedTuple):
    """Something that a lab has a limit of."""

    of: Scarce
    controller: str
    counts: tuple[str, ...]
    """The files that count, in version 2 and in version 1 of control groups."""

    key: str
    limits: tuple[str, ...]


MEMORY = Kind(
    *("memory", "memory"),
    ("memory.events", "memory.oom_control"),
    "oom_kill",
    ("memory.max", "memory.limit_in_bytes"),
)
PROCESSES = Kind("processes", "pids", ("pids.events",), "max", ("pids.max",))


class Counter(NamedTuple):
    """Where the kernel counts one kind for one lab."""

    kind: Kind
    files: tuple[Path, ...]
    """One in the lab's own group, and those below it: before Linux 6.11 processes that could not
    begin were counted where they would have been, not above, where the limit is."""

    limit: Path

    def so_far(self) -> int:
        """How often so far; 0 once the lab is gone."""
        return max(map(self._count, self.files), default=0)

    def shortage(self) -> Shortage:
        """The same, as it is told."""
        return Shortage(of=self.kind.of, limit=_number(self.limit), times=self.so_far())

    def _count(self, file: Path) -> int:
        try:
            rows = dict(line.split(maxsplit=1) for line in file.read_text().splitlines())
        except OSError:
            return 0
        return int(rows.get(self.kind.key, 0))


class Tally:
    """What was counted for one lab, and how much of it is known already."""

    def __init__(self, counters: Iterable[Counter]) -> None:
        self._known = {counter: counter.so_far() for counter in counters}

    @property
    def files(self) -> list[Path]:
        """Where it is counted."""
        return [file for counter in self._known for file in counter.files]

    def more(self) -> list[Shortage]:
        """What was refused since the last call."""
        found = []
        for counter, known in self._known.items():
            if counter.so_far() > known:
                found.append(now := counter.shortage())
                self._known[counter] = now.times
        return found


def tally(running: Running) -> Tally:
    """What was counted until now, as far as it can be seen from here. Asked while the lab runs."""
    found = (_counter(running, kind) for kind in (MEMORY, PROCESSES))
    return Tally(counter for counter in found if counter)


def killed(running: Running) -> Counter | None:
    """Where it is counted how many processes of a lab were ended for want of memory; None if that
    cannot be seen from here. Asked while the lab runs."""
    return _counter(running, MEMORY)


def _counter(running: Running, kind: Kind) -> Counter | None:
    try:
        places = list(groups.levels(running, kind.controller, kind.counts))
    except OSError:
        return None
    files = tuple(_existing(places, kind.counts))
    limit = next(_existing(places[::-1], kind.limits), None)
    return Counter(kind, files, limit) if files and limit else None


def _existing(places: list[Path], names: tuple[str, ...]) -> Iterator[Path]:
    return (file for place in places for name in names if (file := place / name).exists())


def _number(file: Path) -> int:
    """A limit; 0 for none."""
    try:
        text = file.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0
