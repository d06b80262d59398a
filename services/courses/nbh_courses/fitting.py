"""An index as one value of the bucket INDEXES: whole, or as much of it as fits. Pure.

NATS carries 1 MiB in one message, and the bus packs what is large. A course of 10 000 notebooks
fits; beyond that titles are left out, then long tracks: what is left still says where to go.
"""

from collections.abc import Iterator

import msgspec

from nbh_proto import CourseIndex, Track
from nbh_proto.packing import packed

MOST_BYTES = 900 * 1024
_PROBLEMS = 100


def fitting(index: CourseIndex, most: int = MOST_BYTES) -> CourseIndex:
    """The index, if it fits; else without what can best be done without."""
    return next(smaller for smaller in _smaller(index) if _size(smaller) <= most)


def _size(index: CourseIndex) -> int:
    return len(packed(msgspec.json.encode(index)))


def _smaller(index: CourseIndex) -> Iterator[CourseIndex]:
    yield index
    index = msgspec.structs.replace(index, problems=index.problems[:_PROBLEMS])
    yield index
    all_ = index.notebooks
    while index.notebooks:
        shown = index.notebooks[: len(index.notebooks) // 2]
        index = msgspec.structs.replace(index, notebooks=shown, left_out=len(all_) - len(shown))
        yield index
    most = max((len(s.notebooks) for t in index.tracks for s in t.sections), default=0)
    while most := most // 2:
        tracks = tuple(_shortened(track, most) for track in index.tracks)
        index = msgspec.structs.replace(index, tracks=tracks)
        yield index
    yield (index := msgspec.structs.replace(index, tracks=()))
    yield msgspec.structs.replace(index, builds=(), problems=())


def _shortened(track: Track, most: int) -> Track:
    sections = tuple(
        msgspec.structs.replace(section, notebooks=section.notebooks[:most])
        for section in track.sections
    )
    return msgspec.structs.replace(track, sections=sections)
