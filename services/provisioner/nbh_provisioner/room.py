"""How much a student's files of one course may take, and what follows when they do. Pure.

Who is full is told so. One who goes on writing beyond a tenth more, where nothing but being
watched keeps them from it, loses their lab, never a file; and since they must be able to come back
and delete, one who was beyond that already when their lab began has a hundredth more than then.
"""

from typing import Literal, NamedTuple

from nbh_kit import settings
from nbh_proto.workspace import Bound, Full

_NO_USE = 0.01
_NO_USE_BYTES = 1024**2
"""What is left of bytes is of no use if it is less than both: the next save fails."""

_NEARLY = 0.9
"""Beyond this share of it a workspace is nearly full: its student may still act in time."""

_AGAIN = 0.95
"""Who was full has room again below this share, who was nearly full below this part of that one:
not at every file that comes and goes."""

_GRACE = 0.1
_LEAST_GRACE = 0.01


class Room(NamedTuple):
    """What a workspace may take."""

    bytes: int
    files: int
    """Folders too."""


class Taken(NamedTuple):
    """What a workspace takes."""

    bytes: int
    files: int
    is_more: bool = False
    """Whether there is more than that: so many files are not counted to their end."""


class Seen(NamedTuple):
    """What is remembered of a workspace in which a lab works."""

    generation: int
    first: Taken
    """What it took when this lab was first looked at."""

    full: Full | None = None
    """What was last told to be full."""

    is_nearly: bool = False
    """Whether it was told to be nearly full, and is."""


class Verdict(NamedTuple):
    """What is to be done about a workspace."""

    seen: Seen
    tell: Literal["full", "nearly-full", "has-room"] | None = None
    stop: bool = False
    """Whether its lab has to end."""


def room_of(limits: settings.Lab) -> Room:
    """What a course's workspaces may take; ``limits`` as `run_spec.limits_of` has them."""
    return Room(limits.disk, limits.files)


def countable(room: Room) -> int:
    """How many files are worth counting: what is beyond that needs no number."""
    return round(room.files * (1 + 2 * _GRACE)) + 1


def full(taken: Taken | None, room: Room) -> Full | None:
    """What a workspace has no room left for; None if for nothing, or if nobody knows."""
    if taken is None:
        return None
    if taken.bytes >= room.bytes - min(room.bytes * _NO_USE, _NO_USE_BYTES):
        return Full(of="bytes", taken=taken.bytes, limit=room.bytes)
    if taken.files >= room.files:
        return Full(of="files", taken=taken.files, limit=room.files)
    return None


def nearly_full(taken: Taken, room: Room) -> Full | None:
    """What a workspace has little room left for; None if for nothing."""
    if taken.bytes >= room.bytes * _NEARLY:
        return Full(of="bytes", taken=taken.bytes, limit=room.bytes)
    if taken.files >= room.files * _NEARLY:
        return Full(of="files", taken=taken.files, limit=room.files)
    return None


def verdict(before: Seen | None, generation: int, taken: Taken, room: Room) -> Verdict:
    """What becomes of what is remembered, and what is to be done, now that it takes that."""
    is_same_lab = before is not None and before.generation == generation
    first = before.first if before and is_same_lab else taken
    told, there = before.full if before else None, full(taken, room)
    stop = _is_beyond("bytes", taken, first, room) or _is_beyond("files", taken, first, room)
    if there and (told is None or told.of != there.of):
        return Verdict(Seen(generation, first, there), "full", stop)
    if told:
        if _is_below(_AGAIN, taken, room):
            return Verdict(Seen(generation, first), "has-room", stop)
        return Verdict(Seen(generation, first, told), None, stop)
    was_nearly = before is not None and is_same_lab and before.is_nearly
    return _verdict_on_little(Seen(generation, first, is_nearly=was_nearly), taken, room)


def _verdict_on_little(seen: Seen, taken: Taken, room: Room) -> Verdict:
    """Nobody whose workspace is not full is to be stopped."""
    if seen.is_nearly and _is_below(_AGAIN * _NEARLY, taken, room):
        return Verdict(seen._replace(is_nearly=False), "has-room")
    if not seen.is_nearly and nearly_full(taken, room):
        return Verdict(seen._replace(is_nearly=True), "nearly-full")
    return Verdict(seen)


def _is_below(share: float, taken: Taken, room: Room) -> bool:
    return taken.bytes < room.bytes * share and taken.files < room.files * share


def _is_beyond(of: Bound, taken: Taken, first: Taken, room: Room) -> bool:
    limit: int = getattr(room, of)
    began: int = getattr(first, of)
    now: int = getattr(taken, of)
    return now > max(limit * (1 + _GRACE), began + limit * _LEAST_GRACE)
